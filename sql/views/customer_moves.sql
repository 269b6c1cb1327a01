-- customer_moves: the customers who came, came back or went in a month, by name, with what is known of each.
-- Grain: month, status, customer_id
-- Columns:
--   month: the first day of the month
--   status: new, returned, carried, churned or joined_and_left
--   customer_id: who
--   first_month: the first charged month
--   since_month: the month of the first entering event, where it lies before that; else first_month
--   region, product, segment, channel, tier, tenure_band and configured ones: of churned customers as of the month
--     before, like the counts of churn_rate; of the others as of the month
--   group_id: so, too; may be null
--   loss_month, churn_kind, reason: the latest loss up to the month, which is the churned ones' own; null where there
--     is none
--   annual_revenue, monthly_value: the customer's value, of churned ones as of the month before
--   annual_profit: annual_revenue × margin of its tier, rounded
--   charged_months: months with business above 0, up to the month
--   charged_months_a_year: how often the customer comes
--   revenue_in_all: its revenue up to the month
--   charged_before: the last charged month before the month itself; null where there is none
--   last_month: the last charged month
--   last_charge_on, last_charge_type: the day of the latest line in it that is business above 0, and its charge type;
--     of several on that day the bytewise greatest
--   last_contact_on, last_contact: the latest call (its category) or channel event (its name) up to the month's end;
--     of several at that instant the bytewise greatest, one with a name before a call without a category; null where
--     there is none
-- Units: charged_months_a_year = number
-- Formula: charged_months_a_year = 12 × charged_months / months there, in the base, lost or charged; at least
--   policy.at_risk_after of them, the usual gap
-- Note: leaving events are no contact here: kind and reason tell of them. Nothing after the month's end is seen, so
--   that an old month's list stays as it was.
-- Source: customer_month, billing, channel, hotline, tier_margin, not_business, policy
with
moved as (
    select
        month, status, customer_id, first_month, since_month, last_month, annual_revenue, monthly_value,
        group_id{% for name in dimensions %}, {{ name }}{% endfor %}
    from customer_month
    where status in ('new', 'returned', 'carried', 'churned', 'joined_and_left')
),
opening as (
    -- The constant is joined on, so that a list of another status does not read the month before.
    select
        cast(month + interval '1 month' as date) as next_month,
        'churned' as opening_status,
        customer_id as opening_customer,
        group_id as group_before{% for name in dimensions %}, {{ name }} as {{ name }}_before{% endfor %}
    from customer_month
    where status in ('new', 'carried', 'returned', 'at_risk', 'active')
),
history as (
    select
        moved.month as history_month, moved.status as history_status, moved.customer_id as history_customer,
        sum(case when past.last_month = past.month then 1 else 0 end) as charged_months,
        sum(case when past.status <> 'lost' or past.last_month = past.month then 1 else 0 end) as months_there,
        sum(past.revenue) as revenue_in_all,
        max(case when past.last_month = past.month and past.month < moved.month then past.month end) as charged_before,
        max(case when past.status = 'churned' then past.month end) as loss_month,
        last_value(past.churn_kind order by past.month) filter (where past.status = 'churned') as churn_kind,
        last_value(past.reason order by past.month) filter (where past.status = 'churned') as reason
    from moved
    -- What lies before the first charged month was another person's (policy.recycled_after).
    join customer_month as past
        on past.customer_id = moved.customer_id and past.month <= moved.month and past.month >= moved.first_month
    group by moved.month, moved.status, moved.customer_id
),
business_line as (
    select line.month, line.customer_id, line.billed_on, line.charge_type
    from billing as line
    left join not_business as no_business on no_business.charge_type = line.charge_type
    where no_business.charge_type is null and not line.waived and line.amount > 0
),
recent_line as (
    -- Lines by the month that they are looked at from, so that a month's list reads four months and not all.
    {%- for back in range(4) %}
    {%- if not loop.first %}
    union all
    {%- endif %}
    select
        cast(month + interval '{{ back }} months' as date) as seen_from,
        month, customer_id, billed_on, charge_type
    from business_line
    {%- endfor %}
),
last_line as (
    select moved.month, moved.status, moved.customer_id, line.billed_on, line.charge_type
    from moved
    join recent_line as line
        on line.customer_id = moved.customer_id and line.seen_from = moved.month and line.month = moved.last_month
    union all
    select moved.month, moved.status, moved.customer_id, line.billed_on, line.charge_type
    from moved
    join business_line as line on line.customer_id = moved.customer_id and line.month = moved.last_month
    where moved.last_month < moved.month - interval '3 months'
),
charge as (
    select
        month as charge_month, status as charge_status, customer_id as charge_customer,
        max(billed_on) as last_charge_on,
        -- A date's text sorts as the date does and is ten bytes long.
        max(cast(billed_on as varchar) || coalesce(charge_type, '')) as last_charge
    from last_line
    group by month, status, customer_id
),
met as (
    select moved.month, moved.status, moved.customer_id, event.occurred_at as met_at, event.event as met_for
    from moved
    join channel as event on event.customer_id = moved.customer_id and event.month <= moved.month
    where event.event not in ('terminate', 'port_out')
    union all
    select moved.month, moved.status, moved.customer_id, call.called_at as met_at, call.category as met_for
    from moved
    join hotline as call on call.customer_id = moved.customer_id and call.month <= moved.month
),
contact as (
    select
        month as contact_month, status as contact_status, customer_id as contact_customer,
        cast(max(met_at) as date) as last_contact_on,
        last_value(met_for order by met_at, met_for nulls first) as last_contact
    from met
    group by month, status, customer_id
),
placed as (
    select
        moved.month, moved.status, moved.customer_id, moved.first_month, moved.since_month, moved.last_month,
        moved.annual_revenue, moved.monthly_value,
        case when opening_customer is not null then group_before else moved.group_id end as group_id
        {%- for name in dimensions %},
        coalesce({{ name }}_before, moved.{{ name }}) as {{ name }}{% endfor %}
    from moved
    left join opening
        on opening_customer = moved.customer_id and next_month = moved.month and opening_status = moved.status
)
select
    placed.month, placed.status, placed.customer_id, placed.first_month, placed.since_month
    {%- for name in dimensions %}, placed.{{ name }}{% endfor %}, placed.group_id,
    history.loss_month, history.churn_kind, history.reason,
    placed.annual_revenue, placed.monthly_value,
    cast(round(placed.annual_revenue * cast(margin.margin as decimal(12, 6)), 2) as decimal(24, 2)) as annual_profit,
    history.charged_months,
    12 * cast(history.charged_months as double) / greatest(history.months_there, policy.at_risk_after)
        as charged_months_a_year,
    cast(history.revenue_in_all as decimal(24, 2)) as revenue_in_all,
    history.charged_before, placed.last_month,
    charge.last_charge_on,
    nullif(substr(charge.last_charge, 11), '') as last_charge_type,
    contact.last_contact_on, contact.last_contact
from policy
cross join (
    placed
    join tier_margin as margin on margin.name = placed.tier
    left join history
        on history_month = placed.month and history_status = placed.status and history_customer = placed.customer_id
    left join charge
        on charge_month = placed.month and charge_status = placed.status and charge_customer = placed.customer_id
    left join contact
        on contact_month = placed.month and contact_status = placed.status and contact_customer = placed.customer_id
)
