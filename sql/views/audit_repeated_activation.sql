-- audit_repeated_activation: customers activated three times and more within 90 days.
-- Grain: month, customer_id
-- Columns:
--   month: the month of the activation that makes it three within 90 days
--   customer_id: who
--   outlet: where that one was, else `unknown`; of several in the month the last that makes three
--   what: what is wrong, in words
--   activations: how many lie in the 90 days up to that one
--   outlets: at how many outlets these were
--   first_at, last_at: the first and the last of these
--   evidence: the same in words
-- Note: an activation is an activate or a port_in; 90 days are counted to the second, the 90th included.
--   Accounts of the house are not listed.
-- Source: channel, house_account, movement
with
activation as (
    select
        event.month as activation_month, event.customer_id, event.event_id, event.occurred_at,
        coalesce(event.channel, 'unknown') as outlet
    from channel as event
    left anti join house_account as house on house.customer_id = event.customer_id
    where event.event in ('activate', 'port_in')
),
nearby as (
    -- A month's activations and those of the three months before: 90 days reach no further back.
    {% for ago in range(4) %}
    select
        month_date(month_number(activation_month) + cast({{ ago }} as int)) as month,
        activation_month, customer_id, event_id, occurred_at, outlet
    from activation
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),
often as (
    select month as often_month, customer_id as often_customer
    from nearby
    group by month, customer_id
    having count(*) >= 3
),
counted as (
    select
        nearby.month, nearby.activation_month, nearby.customer_id, nearby.event_id, nearby.occurred_at, nearby.outlet,
        count(*) over (
            partition by nearby.month, nearby.customer_id order by nearby.occurred_at
            range between interval '90 days' preceding and current row
        ) as activations
    from nearby
    left semi join often on often.often_customer = nearby.customer_id and often.often_month = nearby.month
),
told as (
    -- The last of the month's that makes three.
    select
        month, customer_id,
        last_value(outlet order by occurred_at, event_id) as outlet,
        max(occurred_at) as last_at,
        last_value(activations order by occurred_at, event_id) as activations
    from counted
    where activations >= 3 and activation_month = month
    group by month, customer_id
),
within as (
    select
        told.month, told.customer_id, told.outlet, told.activations, told.last_at,
        count(distinct nearby.outlet) as outlets,
        min(nearby.occurred_at) as first_at
    from told
    join nearby
        on nearby.customer_id = told.customer_id and nearby.month = told.month
        and nearby.occurred_at between told.last_at - interval '90 days' and told.last_at
    group by told.month, told.customer_id, told.outlet, told.activations, told.last_at
),
closed as (
    select month as closed_month
    from movement
    where dimension = 'total'
)
select
    within.month, within.customer_id, within.outlet,
    'activated again and again' as what,
    within.activations, within.outlets, within.first_at, within.last_at,
    concat(
        'activations: ', within.activations, ', outlets: ', within.outlets, ', from ',
        cast(cast(within.first_at as date) as varchar), ' to ', cast(cast(within.last_at as date) as varchar)
    ) as evidence
from within
left semi join closed on closed.closed_month = within.month
