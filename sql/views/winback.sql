-- winback: who of the customers lost in a month came back, when, and what it brought.
-- Grain: lost_month, churn_kind, months_since
-- Report: all months
-- Columns:
--   month: the month looked at, lost_month + months_since
--   lost_month: the month of the loss
--   churn_kind: of the loss; `all` for all kinds
--   months_since: months since the loss, from 0 to the latest close
--   lost: customers churned in the month of the loss
--   came_back: those of them who came back in the month looked at
--   returned: those who had come back by its end
--   share: null where nobody was lost
--   revenue: what they brought from their return up to its end
-- Customers:
--   lost = winback_customers
--   came_back = winback_customers where return_month = month
--   returned = winback_customers where return_month <= month
-- Formula: share = returned / lost
-- Note: a return belongs to the loss before it. Who is lost again is in a new month of loss and stays
--   returned in the old one; the revenue after a second return belongs to the second loss. Who returned
--   without a loss (joined and left at first) is not in it. A month without a loss has rows for `all` only.
-- Source: won_back, movement
with
all_months as (
    select month as closed_month, churned from movement where dimension = 'total'
),
cohort as (
    select closed_month as lost_month, 'all' as churn_kind, churned as lost from all_months
    union all
    select lost_month, churn_kind, lost from won_back where lost_month = month
),
cell_sum as (
    select
        lost_month as sum_lost_month, case when every then 'all' else churn_kind end as sum_kind, month as sum_month,
        sum(returned) as came_back, sum(revenue) as revenue
    from (values (true), (false)) as row_of(every)
    cross join won_back
    where lost_month < month
    group by lost_month, case when every then 'all' else churn_kind end, month
),
cell as (
    select
        closed_month as month, cohort.lost_month, cohort.churn_kind, cohort.lost,
        coalesce(came_back, 0) as came_back,
        coalesce(revenue, 0) as brought_revenue
    from cohort
    join all_months on closed_month >= cohort.lost_month
    left join cell_sum
        on sum_lost_month = cohort.lost_month and sum_kind = cohort.churn_kind and sum_month = closed_month
),
summed as (
    select
        cell.*,
        sum(came_back) over so_far as returned,
        sum(brought_revenue) over so_far as revenue
    from cell
    window so_far as (partition by lost_month, churn_kind order by month)
)
select
    month, lost_month, churn_kind,
    month_number(month) - month_number(lost_month) as months_since,
    lost, came_back, returned,
    cast(returned as double) / nullif(lost, 0) as share,
    cast(revenue as decimal(28, 2)) as revenue
from summed
