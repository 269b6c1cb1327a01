-- ids_unique: an event, a call, a bill line with an id counts once.
with
identified as (
    select 'channel' as source, event_id as id from channel
    union all
    select 'hotline' as source, call_id as id from hotline
    union all
    select 'billing' as source, line_id as id from billing where line_id is not null
)
select source, id, count(*) as found
from identified
group by source, id
having count(*) > 1
