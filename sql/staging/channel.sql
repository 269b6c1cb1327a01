-- channel: the landed events that count, a row per event.
-- Of rows with one event_id the one in the last place counts; a person's earlier id (table alias) gives way
-- to the newest one; nothing else is done here.
select
    event.month, event.event_id,
    case when other.until is null then event.customer_id else other.person end as customer_id,
    event.occurred_at, event.event, event.channel, event.channel_type, event.region, event.product, event.segment,
    event.group_id, event.reason,
    case when friend.until is null then event.referred_by else friend.person end as referred_by,
    {% for name in own %}event.{{ name }}, {% endfor %}event.delivery, event.line
from landed.channel as event
left anti join landed.superseded as gone
    on gone.source = 'channel' and gone.delivery = event.delivery and gone.line = event.line
-- Where there are no aliases the planner drops the join and `case` with it; `coalesce` it would keep.
left join landed.alias as other
    on other.id = event.customer_id and cast(event.occurred_at as date) >= other.since
        and cast(event.occurred_at as date) < other.until
left join landed.alias as friend
    on friend.id = event.referred_by and cast(event.occurred_at as date) >= friend.since
        and cast(event.occurred_at as date) < friend.until
