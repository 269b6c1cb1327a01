-- arpu_by_tier: what a customer of each tier brings, this month and the month before.
with
months as (
    select month, segment, average_customers, revenue, arpu
    from arpu_by_segment
    where dimension = 'tier' and month in ($month, $before)
)
select
    now.segment as tier, now.average_customers, now.revenue, now.arpu, earlier.arpu as arpu_before
from months as now
left join months as earlier on earlier.segment = now.segment and earlier.month = $before
where now.month = $month
order by now.arpu desc nulls last, now.segment
