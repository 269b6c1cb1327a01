-- revenue_by_tier: the revenue of two years, month by month, from each tier.
select arpu.month, arpu.segment as tier, arpu.revenue
from arpu_by_segment as arpu
left join tier on tier.name = arpu.segment
where arpu.dimension = 'tier' and arpu.month between $since and $month
order by arpu.month, tier.name is null, tier.at_least desc nulls last, arpu.segment
