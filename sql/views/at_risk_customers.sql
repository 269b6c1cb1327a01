-- at_risk_customers: whom an account manager should call, those worth most first.
-- Grain: month, rank
-- Columns:
--   month: as of its end
--   rank: 1 for the greatest annual_revenue; of equal ones the more signals, then the customer_id
--   customer_id: who; in the base at the month's end, with a signal at least
--   signals: their names, with a comma between
--   signal_count: how many
--   is_idle: idle for policy.at_risk_after months and more: the customers of status at_risk
--   is_declining: monthly value down by policy.decline and more against three months ago, as in declining
--   has_unresolved_complaint: a complaint that the hotline calls unresolved in the three months up to this one
--   group_leaving: of a group that group_churn flags in the month
--   is_overdue: idle for more than twice its own median gap
--   idle: months since the customer was last charged, or paid for
--   median_gap: the median of the months between its charged months, one and the next; null where idle is 2 and less,
--     or fewer than two months were charged
--   annual_revenue, monthly_value: what the customer brings, a year and a month
--   region, product, segment, channel, tier, tenure_band and configured ones; group_id: as of the month
--   last_month: the last charged month
-- Units: median_gap = number
-- Note: more than status at_risk, which is one signal of five. A complaint resolved later or elsewhere does not take
--   another one back. Gaps are counted up to the month, over a loss as well. Whoever had the id before
--   (policy.recycled_after) is somebody else, with its complaints, gaps and value.
-- Source: customer_month, hotline, group_churn, declining, recycled_ids
with
based as (
    select *
    from customer_month
    where status in ('new', 'carried', 'returned', 'at_risk', 'active')
),
declined as (
    select month as declining_month, customer_id as declining_customer from declining
),
complaint as (
    {%- for back in range(3) %}
    {%- if not loop.first %}
    union all
    {%- endif %}
    select cast(month + interval '{{ back }} months' as date) as heard_from, month as complained, customer_id
    from hotline
    where category = 'complaint' and not resolved
    {%- endfor %}
),
complaining as (
    select distinct heard_from as complaint_month, complaint.customer_id as complaint_customer
    from complaint
    left anti join recycled_ids as given
        on given.customer_id = complaint.customer_id and given.since_month <= heard_from
            and given.since_month > complained
),
leaving as (
    select month as leaving_month, group_id as leaving_group from group_churn where flagged
),
silent as (
    -- No gap is shorter than a month, so that nobody is overdue before the third.
    select month, customer_id, first_month, idle from based where idle > 2
),
charged as (
    select month as charged_month, customer_id as charged_customer from customer_month where last_month = month
),
gap as (
    select
        silent.month, silent.customer_id, silent.idle,
        month_number(charged_month) - lag(month_number(charged_month)) over (
            partition by silent.month, silent.customer_id order by charged_month
        ) as months
    from silent
    join charged
        on charged_customer = silent.customer_id and charged_month between silent.first_month and silent.month
),
habit as (
    select
        month as habit_month, customer_id as habit_customer,
        median(cast(months as double)) as median_gap
    from gap
    group by month, customer_id
),
signalled as (
    select
        based.month, based.customer_id, based.idle, habit.median_gap, based.annual_revenue, based.monthly_value,
        based.group_id, based.last_month{% for name in dimensions %}, based.{{ name }}{% endfor %},
        based.status = 'at_risk' as is_idle,
        declining_customer is not null as is_declining,
        complaint_customer is not null as has_unresolved_complaint,
        leaving_group is not null as group_leaving,
        coalesce(based.idle > 2 * habit.median_gap, false) as is_overdue
    from based
    left join declined on declining_month = based.month and declining_customer = based.customer_id
    left join complaining on complaint_month = based.month and complaint_customer = based.customer_id
    left join leaving on leaving_month = based.month and leaving_group = based.group_id
    left join habit on habit_month = based.month and habit_customer = based.customer_id
),
at_risk as (
    select
        signalled.*,
        concat_ws(
            ', ',
            case when is_idle then 'idle' end,
            case when is_declining then 'declining' end,
            case when has_unresolved_complaint then 'unresolved complaint' end,
            case when group_leaving then 'group leaving' end,
            case when is_overdue then 'overdue' end
        ) as signals,
        cast(is_idle as int) + cast(is_declining as int) + cast(has_unresolved_complaint as int)
            + cast(group_leaving as int) + cast(is_overdue as int) as signal_count
    from signalled
    where is_idle or is_declining or has_unresolved_complaint or group_leaving or is_overdue
)
select
    month,
    cast(row_number() over (
        partition by month order by annual_revenue desc, signal_count desc, customer_id
    ) as bigint) as rank,
    customer_id, signals, signal_count,
    is_idle, is_declining, has_unresolved_complaint, group_leaving, is_overdue,
    idle, median_gap, annual_revenue, monthly_value
    {%- for name in dimensions %}, {{ name }}{% endfor %}, group_id, last_month
from at_risk
