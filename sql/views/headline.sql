-- headline: the numbers that are asked for first when a month is over, on one line.
-- Grain: month
-- Columns:
--   month: the first day of the month
--   closing: customers in the base at the end of this month
--   opening: customers in the base at the end of the month before
--   new, returned: customers that entered the base
--   churned: opening customers not in the base at the end of this month
--   churn_rate: the part of the opening customers that was lost; null where opening is 0
--   voluntary_churn_rate: the part of it that customers chose
--   retention_rate: the part of the opening customers that was kept
--   revenue: billed and not waived, credits included
--   arpu: revenue per customer of the base, 4 decimals
--   arppu: revenue per customer that was charged, 4 decimals
--   lost_annual_revenue: what the churned brought in a year, as of the month before
--   lost_annual_profit: that times the margin of their tier
--   replacement_cost: what winning as many new customers costs
-- Customers:
--   closing = movement_customers where dimension = 'total' and as_of = month and in_base
--   opening = movement_customers where dimension = 'total' and as_of < month
--   new = movement_customers where dimension = 'total' and as_of = month and status = 'new'
--   returned = movement_customers where dimension = 'total' and as_of = month and status = 'returned'
--   churned = movement_customers where dimension = 'total' and as_of < month and status = 'churned'
-- Headline: churn_rate, closing, revenue
-- Formula: churn_rate = churned / opening; retention_rate = (opening - churned) / opening
-- Note: the rows of dimension total of the four views below, which tell each number by region, product, tier, ….
-- Source: churn_rate, retention_rate, arpu_by_segment, profit_loss_from_churn
with
moved as (
    select month, closing, opening, new, returned, churned, churn_rate, voluntary_churn_rate
    from churn_rate
    where dimension = 'total'
),
kept as (
    select month as kept_month, retention_rate
    from retention_rate
    where dimension = 'total'
),
billed as (
    select month as billed_month, revenue, arpu, arppu
    from arpu_by_segment
    where dimension = 'total'
),
lost as (
    select month as lost_month, lost_annual_revenue, lost_annual_profit, replacement_cost
    from profit_loss_from_churn
    where dimension = 'total'
)
select
    month, closing, opening, new, returned, churned, churn_rate, voluntary_churn_rate, retention_rate,
    revenue, arpu, arppu, lost_annual_revenue, lost_annual_profit, replacement_cost
from moved
left join kept on kept_month = month
left join billed on billed_month = month
left join lost on lost_month = month
