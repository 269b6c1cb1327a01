-- segment_revenue_closes: every segment's bridge ends with the revenue that movement has of it.
select total.month, total.dimension, total.segment, total.revenue, bridge.closing_revenue
from movement as total
left join revenue_bridge as bridge
    on bridge.month = total.month and bridge.dimension = total.dimension and bridge.segment = total.segment
where total.revenue <> coalesce(bridge.closing_revenue, 0)
