-- headline: the numbers of the month, of the month before and of the same month a year ago, and what has changed.
-- A month that is not closed has no row, nor has the change since then.
with
numbers as (
    select
        churn.month, churn.closing, churn.churn_rate, retained.retention_rate, arpu.revenue, arpu.arpu,
        loss.lost_annual_revenue, loss.lost_annual_profit
    from churn_rate as churn
    join retention_rate as retained
        on retained.month = churn.month and retained.dimension = 'total' and retained.month in ($month, $before, $year_ago)
    join arpu_by_segment as arpu
        on arpu.month = churn.month and arpu.dimension = 'total' and arpu.month in ($month, $before, $year_ago)
    join profit_loss_from_churn as loss
        on loss.month = churn.month and loss.dimension = 'total' and loss.month in ($month, $before, $year_ago)
    where churn.dimension = 'total' and churn.month in ($month, $before, $year_ago)
),
change as (
    select
        case earlier.month when $before then 'change_month' else 'change_year' end as at, earlier.month,
        now.closing - earlier.closing as closing, now.churn_rate - earlier.churn_rate as churn_rate,
        now.retention_rate - earlier.retention_rate as retention_rate, now.revenue - earlier.revenue as revenue,
        now.arpu - earlier.arpu as arpu,
        now.lost_annual_revenue - earlier.lost_annual_revenue as lost_annual_revenue,
        now.lost_annual_profit - earlier.lost_annual_profit as lost_annual_profit
    from numbers as earlier
    join numbers as now on now.month = $month and earlier.month < $month
)
select
    case month when $month then 'now' when $before then 'month_before' else 'year_ago' end as at, month, closing,
    churn_rate, retention_rate, revenue, arpu, lost_annual_revenue, lost_annual_profit
from numbers
union all
select at, month, closing, churn_rate, retention_rate, revenue, arpu, lost_annual_revenue, lost_annual_profit
from change
order by at desc
