-- churn_reasons: why the customers lost in a month left.
-- Grain: month, churn_kind, reason
-- Columns:
--   month: the first day of the month
--   churn_kind: switched, passive, unavoidable, left, lapsed_uncharged, lapsed
--   reason: the reason told on termination, else none
--   reason_class: the policy's class of the reason, else other
--   avoidable: whether the operator could have kept them: all kinds but passive and unavoidable
--   customers: how many
--   share: of the month's churned customers; adds up to 1
--   share_of_avoidable: of the avoidable ones; 0 for the others, null where none was avoidable
--   lost_annual_revenue: their revenue of a year, as of the month before
-- Customers:
--   customers = churned_customers
-- Headline: customers
-- Note: a month without a loss is one row with 0 customers.
-- Source: customer_month, movement, reason_class
with
lost as (
    -- A lost customer's value stands still, so that this month's is that of the month before.
    select month, churn_kind, reason, count(*) as customers, sum(annual_revenue) as lost_annual_revenue
    from customer_month
    where status = 'churned'
    group by month, churn_kind, reason
),
classed as (
    select
        lost.*,
        coalesce(class.reason_class, 'other') as reason_class,
        lost.churn_kind not in ('passive', 'unavoidable') as avoidable
    from lost
    left join reason_class as class on class.reason = lost.reason
),
all_months as (
    select month, churned, avoidable_lost_customers
    from movement
    where dimension = 'total'
)
select
    all_months.month, classed.churn_kind, classed.reason, classed.reason_class, classed.avoidable,
    coalesce(classed.customers, 0) as customers,
    cast(classed.customers as double) / all_months.churned as share,
    cast(case when classed.avoidable then classed.customers when not classed.avoidable then 0 end as double)
        / nullif(all_months.avoidable_lost_customers, 0) as share_of_avoidable,
    classed.lost_annual_revenue
from all_months
left join classed on classed.month = all_months.month
