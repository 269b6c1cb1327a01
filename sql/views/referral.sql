-- referral: how many customers of a segment brought others in.
-- Grain: month, dimension, segment
-- Columns:
--   month: the first day of the month
--   dimension: total, region, product, segment, channel, tier, tenure_band, or a configured one
--   segment: the value of the dimension, as of this month; `all` in total
--   recommenders: customers whom an activation of the month names as the one who recommended
-- Customers:
--   recommenders = recommending_customers
-- Note: what recommendation_rate stands on. Segments without a recommender have no row.
-- Source: recommending_customers
select month, dimension, segment, count(*) as recommenders
from recommending_customers
group by month, dimension, segment
