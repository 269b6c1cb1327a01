-- channel: the landed events that count, a row per event.
-- Of rows with one event_id the one in the last place counts; nothing else is done here.
select
    event.month, event.event_id, event.customer_id, event.occurred_at, event.event, event.channel,
    event.channel_type, event.region, event.product, event.segment, event.group_id, event.reason,
    event.referred_by, {% for name in own %}event.{{ name }}, {% endfor %}event.delivery, event.line
from landed.channel as event
left anti join landed.superseded as other
    on other.source = 'channel' and other.delivery = event.delivery and other.line = event.line
