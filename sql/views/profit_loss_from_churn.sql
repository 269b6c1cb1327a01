-- profit_loss_from_churn: what the customers lost in a month would have brought in a year.
-- Grain: month, dimension, segment
-- Columns:
--   month: the first day of the month
--   dimension: total, region, product, segment, channel, tier, tenure_band, or a configured one
--   segment: the value of the dimension, as of the month before; `all` in total
--   lost_customers: the customers churned in the month
--   lost_annual_revenue: their revenue of a year, as of the month before
--   lost_annual_profit: that times the margin of their tier, rounded per customer
--   replacement_cost: what winning as many new customers costs
--   people_influenced: people whom they talk to
--   avoidable_*: the same without the kinds passive and unavoidable
-- Customers:
--   lost_customers = movement_customers where as_of < month and status = 'churned'
--   avoidable_lost_customers = movement_customers where as_of < month and churn_kind not in ('passive', 'unavoidable')
-- Formula: replacement_cost = lost_customers × retention_cost × acquisition_multiple;
--   people_influenced = lost_customers × influence; annual_profit = round(annual_revenue × margin, 2)
-- Source: movement, policy
select
    month, dimension, segment,
    churned as lost_customers,
    lost_annual_revenue, lost_annual_profit,
    cast(round(churned * retention_cost * acquisition_multiple, 2) as decimal(24, 2)) as replacement_cost,
    cast(round(churned * influence) as bigint) as people_influenced,
    avoidable_lost_customers, avoidable_lost_annual_revenue, avoidable_lost_annual_profit,
    cast(round(avoidable_lost_customers * retention_cost * acquisition_multiple, 2) as decimal(24, 2))
        as avoidable_replacement_cost,
    cast(round(avoidable_lost_customers * influence) as bigint) as avoidable_people_influenced
from policy
cross join movement
