-- calling_customers: who called the hotline in a month, by topic and in all.
-- Grain: month, topic, customer_id
-- Columns:
--   month: the first day of the month
--   topic: what the calls were about; unknown where they do not say; `all` for all calls, and `all (topic)` for those
--     whose topic is called all
--   customer_id: the caller, who may be no customer yet
--   calls: how many
--   complaints: those of the category complaint
-- Note: whom the customers of hotline_service are; without the house accounts.
-- Source: hotline, house_account
with
service_call as (
    select
        call.month, call.customer_id,
        case call.topic when 'all' then 'all (topic)' else coalesce(call.topic, 'unknown') end as named_topic,
        coalesce(call.category = 'complaint', false) as complains
    from hotline as call
    left anti join house_account as house on house.customer_id = call.customer_id
),
shown as (
    select
        month, customer_id, complains,
        case when every then 'all' else named_topic end as shown_topic
    from (values (true), (false)) as row_of(every)
    cross join service_call
)
select
    month, shown_topic as topic, customer_id,
    count(*) as calls,
    sum(case when complains then 1 else 0 end) as complaints
from shown
group by month, shown_topic, customer_id
