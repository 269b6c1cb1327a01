-- at_risk_flow: what became of the customers at risk.
-- Grain: month
-- Columns:
--   month: the first day of the month
--   opening_at_risk: customers at risk at the end of the month before
--   recovered: those of them in the base and not at risk at the end of this month
--   churned: those of them not in the base then
--   still_at_risk: those of them at risk then, too
--   newly_at_risk: customers at risk then who had not been
--   closing_at_risk: customers at risk at the end of this month
--   recovery_rate: null where opening_at_risk is 0
-- Customers:
--   opening_at_risk = movement_customers where dimension = 'total' and as_of < month
--     and status_before = 'at_risk'
--   recovered = movement_customers where dimension = 'total' and as_of < month
--     and status_before = 'at_risk' and status = 'active'
--   churned = movement_customers where dimension = 'total' and as_of < month
--     and status_before = 'at_risk' and status = 'churned'
--   still_at_risk = movement_customers where dimension = 'total' and as_of < month
--     and status_before = 'at_risk' and status = 'at_risk'
--   newly_at_risk = movement_customers where dimension = 'total' and as_of = month
--     and status_before <> 'at_risk' and status = 'at_risk'
--   closing_at_risk = movement_customers where dimension = 'total' and as_of = month
--     and status = 'at_risk'
-- Formula: opening_at_risk = recovered + churned + still_at_risk; closing_at_risk = still_at_risk +
--   newly_at_risk; recovery_rate = recovered / opening_at_risk
-- Note: the churned of this view are a part of those of churn_rate: a customer not at risk may leave at once.
-- Source: spell, movement, policy
with
flow as (
    select
        month as flow_month,
        sum(case when months >= at_risk_after then customers else 0 end) as opening_at_risk,
        sum(case when months >= at_risk_after then active else 0 end) as recovered,
        sum(case when months >= at_risk_after then churned else 0 end) as churned,
        sum(customers - churned - active) as closing_at_risk
    from policy
    cross join spell
    where dimension = 'total' and spell = 'idle'
    group by month
),
counted as (
    select
        all_months.month,
        coalesce(flow.opening_at_risk, 0) as opening_at_risk,
        coalesce(flow.recovered, 0) as recovered,
        coalesce(flow.churned, 0) as churned,
        coalesce(flow.closing_at_risk, 0) as closing_at_risk
    from movement as all_months
    left join flow on flow.flow_month = all_months.month
    where all_months.dimension = 'total'
)
select
    month, opening_at_risk, recovered, churned,
    opening_at_risk - recovered - churned as still_at_risk,
    closing_at_risk - (opening_at_risk - recovered - churned) as newly_at_risk,
    closing_at_risk,
    cast(recovered as double) / nullif(opening_at_risk, 0) as recovery_rate
from counted
