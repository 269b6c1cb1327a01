-- contact_customers: the customers that a month began with, each with what it had told the hotline before it.
-- Grain: month, customer_id
-- Columns:
--   month: the first day of the month
--   customer_id: who; in the base at the end of the month before
--   contact: the gravest contact in the three months before: none, inquiry, complaint_resolved,
--     complaint_unresolved
--   satisfaction: the latest score in the twelve months before, 1 to 5; none without one
--   churned: whether it is not in the base at the end of this month
--   charged_again: whether it had business above 0 in this month
--   as_of: the month before
-- Note: what opening_contact stands on. Calls reach a month through equal keys, so that a query for one month
--   reads its twelve months of calls only. Calls of somebody who had the id before are not the customer's.
-- Source: customer_month, hotline, recycled_ids
with
call_grade as (
    select
        month, customer_id,
        max(case
            when category = 'complaint' and not resolved then 3
            when category = 'complaint' then 2
            else 1
        end) as gravity
    from hotline
    group by month, customer_id
),
grade_before as (
    select cast(month + interval '1 month' as date) as seen_from, month as called, customer_id, gravity from call_grade
    union all select cast(month + interval '2 months' as date), month, customer_id, gravity from call_grade
    union all select cast(month + interval '3 months' as date), month, customer_id, gravity from call_grade
),
gravest as (
    select seen_from as month, customer_id, max(gravity) as gravity
    from grade_before
    left anti join recycled_ids as given
        on given.customer_id = grade_before.customer_id and given.since_month <= seen_from
            and given.since_month > called
    group by seen_from, customer_id
),
month_score as (
    select month, customer_id, last_value(satisfaction order by called_at, call_id) as score
    from hotline
    where satisfaction is not null
    group by month, customer_id
),
score_before as (
    select cast(month + interval '1 month' as date) as seen_from, month as called, customer_id, 1 as ago, score from month_score
    union all select cast(month + interval '2 months' as date), month, customer_id, 2, score from month_score
    union all select cast(month + interval '3 months' as date), month, customer_id, 3, score from month_score
    union all select cast(month + interval '4 months' as date), month, customer_id, 4, score from month_score
    union all select cast(month + interval '5 months' as date), month, customer_id, 5, score from month_score
    union all select cast(month + interval '6 months' as date), month, customer_id, 6, score from month_score
    union all select cast(month + interval '7 months' as date), month, customer_id, 7, score from month_score
    union all select cast(month + interval '8 months' as date), month, customer_id, 8, score from month_score
    union all select cast(month + interval '9 months' as date), month, customer_id, 9, score from month_score
    union all select cast(month + interval '10 months' as date), month, customer_id, 10, score from month_score
    union all select cast(month + interval '11 months' as date), month, customer_id, 11, score from month_score
    union all select cast(month + interval '12 months' as date), month, customer_id, 12, score from month_score
),
latest as (
    -- The score of the fewest months ago: a score is one digit.
    select seen_from as month, customer_id, min(10 * ago + score) % 10 as satisfaction
    from score_before
    left anti join recycled_ids as given
        on given.customer_id = score_before.customer_id and given.since_month <= seen_from
            and given.since_month > called
    group by seen_from, customer_id
),
opened as (
    -- Who is active, at risk or churned now was in the base a month before.
    select month, customer_id, status = 'churned' as churned, last_month = month as charged
    from customer_month
    where status in ('active', 'at_risk', 'churned')
)
select
    opened.month, opened.customer_id,
    case coalesce(gravest.gravity, 0)
        when 3 then 'complaint_unresolved' when 2 then 'complaint_resolved' when 1 then 'inquiry' else 'none'
    end as contact,
    coalesce(cast(latest.satisfaction as varchar), 'none') as satisfaction,
    opened.churned, opened.charged as charged_again,
    cast(opened.month - interval '1 month' as date) as as_of
from opened
left join gravest on gravest.month = opened.month and gravest.customer_id = opened.customer_id
left join latest on latest.month = opened.month and latest.customer_id = opened.customer_id
