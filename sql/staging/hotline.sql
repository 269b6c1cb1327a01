-- hotline: the landed calls that count, a row per call.
-- Of rows with one call_id the one in the last place counts; nothing else is done here.
select
    call.month, call.call_id, call.customer_id, call.called_at, call.category, call.topic,
    call.wait_seconds, call.talk_seconds, call.resolved, call.satisfaction, call.recommend_score,
    call.delivery, call.line
from landed.hotline as call
left anti join landed.superseded as other
    on other.source = 'hotline' and other.delivery = call.delivery and other.line = call.line
