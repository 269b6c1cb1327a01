-- regions: the regions beside each other, those that lose the greatest part first; the twenty largest.
with
months as (
    select
        churn.month, churn.segment, churn.opening, churn.churned, churn.closing, churn.churn_rate, arpu.revenue,
        arpu.arpu
    from churn_rate as churn
    join arpu_by_segment as arpu
        on arpu.month = churn.month and arpu.segment = churn.segment and arpu.dimension = 'region'
        and arpu.month in ($month, $before)
    where churn.dimension = 'region' and churn.month in ($month, $before)
),
largest as (
    select segment, opening, churned, closing, churn_rate, revenue, arpu
    from months
    where month = $month
    order by opening desc, segment
    limit 20
)
select
    now.segment as region, now.opening, now.churned, now.closing, now.churn_rate,
    earlier.churn_rate as churn_rate_before, now.revenue, now.arpu
from largest as now
left join months as earlier on earlier.segment = now.segment and earlier.month = $before
order by now.churn_rate desc nulls last, now.segment
