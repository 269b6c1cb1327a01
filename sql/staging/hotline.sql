-- hotline: the landed calls that count, a row per call.
-- Of rows with one call_id the one in the last place counts; a person's earlier id (table alias) gives way
-- to the newest one; nothing else is done here.
select
    call.month, call.call_id,
    case when other.until is null then call.customer_id else other.person end as customer_id,
    call.called_at, call.category, call.topic, call.wait_seconds, call.talk_seconds, call.resolved, call.satisfaction,
    call.recommend_score, call.delivery, call.line
from landed.hotline as call
left anti join landed.superseded as gone
    on gone.source = 'hotline' and gone.delivery = call.delivery and gone.line = call.line
-- Where there are no aliases the planner drops the join and `case` with it; `coalesce` it would keep.
left join landed.alias as other
    on other.id = call.customer_id and cast(call.called_at as date) >= other.since
        and cast(call.called_at as date) < other.until
