-- arpu_by_segment: revenue per customer, and per customer that was charged.
-- Grain: month, dimension, segment
-- Columns:
--   month: the first day of the month
--   dimension: total, region, product, segment, channel, tier, tenure_band, or a configured one
--   segment: the value of the dimension; `all` in total
--   opening, closing: customers in the base at the end of the month before, and of this one
--   average_customers: their mean; closing where opening is 0
--   charged_customers: customers with business above 0 in the month
--   revenue: billed and not waived, credits included, from each customer's first charge on
--   arpu: average revenue per user, 4 decimals; null without customers
--   arppu: average revenue per paying user, 4 decimals; null where nobody was charged
-- Units: average_customers = number
-- Headline: arpu
-- Customers:
--   opening = movement_customers where as_of < month
--   closing = movement_customers where as_of = month and in_base
--   charged_customers = movement_customers where as_of = month and charged
-- Formula: average_customers = (opening + closing) / 2, or closing where opening = 0;
--   arpu = revenue / average_customers; arppu = revenue / charged_customers
-- Source: movement
with
doubled as (
    select
        month, dimension, segment, opening, closing, charged_customers, revenue,
        case when opening = 0 then 2 * closing else opening + closing end as twice_customers
    from movement
)
select
    month, dimension, segment, opening, closing,
    cast(twice_customers as double) / 2 as average_customers,
    charged_customers, revenue,
    cast(round(cast(2 * revenue as decimal(30, 8)) / nullif(twice_customers, 0), 4) as decimal(28, 4)) as arpu,
    cast(round(cast(revenue as decimal(30, 8)) / nullif(charged_customers, 0), 4) as decimal(28, 4)) as arppu
from doubled
