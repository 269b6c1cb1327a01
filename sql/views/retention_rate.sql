-- retention_rate: how many of the customers that a month began with it kept.
-- Grain: month, dimension, segment
-- Columns:
--   month: the first day of the month
--   dimension: total, region, product, segment, channel, tier, tenure_band, or a configured one
--   segment: the value of the dimension; `all` in total
--   opening: customers in the base at the end of the month before
--   retained: opening customers still in the base at the end of this month
--   churned: the others
--   closing: customers in the base at the end of this month
--   retention_rate: null where opening is 0
-- Customers:
--   opening = movement_customers where as_of < month
--   retained = movement_customers where as_of < month and in_base
--   churned = movement_customers where as_of < month and status = 'churned'
--   closing = movement_customers where as_of = month and in_base
-- Formula: retained = opening - churned; retention_rate = retained / opening
-- Note: retention_rate + churn_rate = 1 wherever there is an opening base.
-- Source: movement
select
    month, dimension, segment, opening,
    opening - churned as retained,
    churned, closing,
    cast(opening - churned as double) / nullif(opening, 0) as retention_rate
from movement
