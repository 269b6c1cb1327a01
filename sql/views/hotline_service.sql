-- hotline_service: what the hotline is asked and how it serves, by topic and in all.
-- Grain: month, topic
-- Columns:
--   month: the first day of the month
--   topic: what the call was about; unknown where it does not say; `all` for all calls, and `all (topic)` for
--     those whose topic is called all
--   calls: how many
--   customers: different callers
--   complaints: calls of the category complaint
--   complaint_rate: complaints of all calls
--   repeat_complaints: complaints of a customer who had complained of the same topic in the 90 days before
--   unresolved_rate: calls not resolved, of those that say whether they were
--   wait_seconds_p50, wait_seconds_p95: half and 95 in 100 of the calls waited no longer
--   satisfaction: mean score, 1 to 5, of the calls that were answered
--   dissatisfied_rate: scores of 1 and 2, of those answered
--   would_recommend_rate: scores of 9 and 10, of those who answered whether they would recommend
--   nps: net promoter score, -100 to 100: percent of 9 and 10 less percent of 0 to 6
--   estimated_dissatisfied: how many customers are dissatisfied, if only some of them complain
-- Units: wait_seconds_p50, wait_seconds_p95, satisfaction, nps = number
-- Customers:
--   customers = calling_customers
-- Formula: estimated_dissatisfied = customers with a complaint / complaining_share, rounded;
--   nps = 100 × (scores 9 and 10 - scores 0 to 6) / scores
-- Note: calls of the house accounts do not count, those of callers who are no customers yet do. Rates are
--   null where nobody answered; percentiles lie between two calls where the rank does. A repeated complaint
--   counts in the month of the later call, at most 90 days after the earlier one, each time. A month without
--   calls is one row of 0 for `all`.
-- Source: hotline, house_account, movement, policy
with
service_call as (
    select
        call.*,
        case call.topic when 'all' then 'all (topic)' else coalesce(call.topic, 'unknown') end as named_topic,
        coalesce(call.category = 'complaint', false) as complains
    from hotline as call
    left anti join house_account as house on house.customer_id = call.customer_id
),
complaint as (
    select month, call_id, customer_id, named_topic, called_at
    from service_call
    where complains
),
complaint_before as (
    -- Ninety days reach into four months before, through equal keys, so that one month reads five.
    select month, call_id, customer_id, named_topic, called_at from complaint
    union all
    select cast(month + interval '1 month' as date), call_id, customer_id, named_topic, called_at from complaint
    union all
    select cast(month + interval '2 months' as date), call_id, customer_id, named_topic, called_at from complaint
    union all
    select cast(month + interval '3 months' as date), call_id, customer_id, named_topic, called_at from complaint
    union all
    select cast(month + interval '4 months' as date), call_id, customer_id, named_topic, called_at from complaint
),
repeated as (
    select complaint.month as repeated_month, complaint.call_id as repeated_id
    from complaint
    left semi join complaint_before as before
        on before.month = complaint.month and before.customer_id = complaint.customer_id
        and before.named_topic = complaint.named_topic
        and (before.called_at < complaint.called_at
            or (before.called_at = complaint.called_at and before.call_id < complaint.call_id))
        and cast(complaint.called_at as date) <= cast(before.called_at as date) + interval '90 days'
),
told as (
    select service_call.*, repeated_id is not null as repeats
    from service_call
    left join repeated on repeated_month = service_call.month and repeated_id = service_call.call_id
),
shown as (
    select told.*, case when every then 'all' else named_topic end as shown_topic
    from (values (true), (false)) as row_of(every)
    cross join told
),
counted as (
    select
        month as counted_month, shown_topic,
        count(*) as calls,
        count(distinct customer_id) as customers,
        sum(case when complains then 1 else 0 end) as complaints,
        count(distinct case when complains then customer_id end) as complaining_customers,
        sum(case when repeats then 1 else 0 end) as repeat_complaints,
        count(resolved) as told_whether_resolved,
        sum(case when not resolved then 1 else 0 end) as unresolved,
        round(percentile_cont(0.5) within group (order by cast(wait_seconds as double)), 2) as wait_seconds_p50,
        round(percentile_cont(0.95) within group (order by cast(wait_seconds as double)), 2) as wait_seconds_p95,
        count(satisfaction) as scores,
        sum(satisfaction) as score_sum,
        sum(case when satisfaction <= 2 then 1 else 0 end) as dissatisfied,
        count(recommend_score) as recommend_scores,
        sum(case when recommend_score >= 9 then 1 else 0 end) as promoters,
        sum(case when recommend_score <= 6 then 1 else 0 end) as detractors
    from shown
    group by month, shown_topic
),
all_months as (
    select month, 'all' as topic from movement where dimension = 'total'
),
listed as (
    select month, topic from all_months
    union all
    select counted_month, shown_topic from counted
    left semi join all_months on all_months.month = counted.counted_month
    where shown_topic <> 'all'
)
select
    listed.month, listed.topic,
    coalesce(calls, 0) as calls,
    coalesce(customers, 0) as customers,
    coalesce(complaints, 0) as complaints,
    cast(complaints as double) / nullif(calls, 0) as complaint_rate,
    coalesce(repeat_complaints, 0) as repeat_complaints,
    cast(unresolved as double) / nullif(told_whether_resolved, 0) as unresolved_rate,
    wait_seconds_p50, wait_seconds_p95,
    cast(score_sum as double) / nullif(scores, 0) as satisfaction,
    cast(dissatisfied as double) / nullif(scores, 0) as dissatisfied_rate,
    cast(promoters as double) / nullif(recommend_scores, 0) as would_recommend_rate,
    100 * cast(promoters - detractors as double) / nullif(recommend_scores, 0) as nps,
    cast(round(coalesce(complaining_customers, 0) / nullif(complaining_share, 0)) as bigint) as estimated_dissatisfied
from policy
cross join listed
left join counted on counted.counted_month = listed.month and counted.shown_topic = listed.topic
