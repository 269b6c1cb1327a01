-- won_back: who was lost, and what came back of those lost before, by lost_month and churn_kind of the loss,
-- what winback reads: lost (in lost_month itself), returned (this month), revenue (of this month, of those who
-- have returned; up to their next return a customer's revenue belongs to the return before).
-- Sorted by lost_month and churn_kind.
with
flow as (
    select closing.month as flow_month, churn_kind as flow_kind, 1 as lost, 0 as returned, 0 as revenue
    from closing
    cross join customer_month
    where status = 'churned'
    union all
    select
        won_month as flow_month, won_kind as flow_kind, 0 as lost,
        case when start_month = closing.month then 1 else 0 end as returned,
        revenue
    from closing
    cross join customer_month
    where won_month is not null
)
select
    flow_month as lost_month, flow_kind as churn_kind,
    sum(lost) as lost, sum(returned) as returned, sum(revenue) as revenue
from flow
group by flow_month, flow_kind
order by flow_month, flow_kind
