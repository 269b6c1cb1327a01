-- recommendation_rate: how many customers brought others in.
-- Grain: month, dimension, segment
-- Columns:
--   month: the first day of the month
--   dimension: total, region, product, segment, channel, tier, tenure_band, or a configured one
--   segment: the value of the dimension, as of this month; `all` in total
--   recommenders: customers whom an activation of the month names as the one who recommended
--   charged_customers: customers with business above 0 in the month
--   recommendation_rate: null where nobody was charged
-- Customers:
--   recommenders = recommending_customers
--   charged_customers = movement_customers where as_of = month and charged
-- Formula: recommendation_rate = recommenders / charged_customers
-- Note: an activation is an activate or a port_in. Who is named by several counts once; nobody recommends
--   himself; the activations of house accounts do not count. A recommender is a customer with a row in
--   customer_month: one long gone, or never charged, is none.
-- Source: referral, movement
with
side as (
    select month, dimension, segment, 0 as recommenders, charged_customers from movement
    union all
    select month, dimension, segment, recommenders, 0 as charged_customers from referral
),
counted as (
    select month, dimension, segment, sum(recommenders) as recommenders, sum(charged_customers) as charged_customers
    from side
    group by month, dimension, segment
)
select
    month, dimension, segment, recommenders, charged_customers,
    cast(recommenders as double) / nullif(charged_customers, 0) as recommendation_rate
from counted
