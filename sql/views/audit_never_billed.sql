-- audit_never_billed: customers who were activated and got no bill in the three months after.
-- Grain: month, customer_id
-- Columns:
--   month: the third month after that of the activation, at whose end it is known
--   customer_id: who
--   outlet: where they were activated, for the last time in that month; `unknown` where the event names none
--   what: what is wrong, in words
--   activated_at: when
--   evidence: the same in words
-- Note: a bill is any bill line, waived or not, from the month of the activation to the month told. Listed
--   once, in the month told. Activations whose months are not all closed are left out, and accounts of the house.
-- Source: billing, channel, house_account, movement
with
closed as (
    select month as closed_month
    from movement
    where dimension = 'total'
),
activation as (
    select
        event.month as activation_month, event.customer_id,
        last_value(coalesce(event.channel, 'unknown') order by event.occurred_at, event.event_id) as outlet,
        max(event.occurred_at) as activated_at
    from channel as event
    left anti join house_account as house on house.customer_id = event.customer_id
    where event.event in ('activate', 'port_in')
    group by event.month, event.customer_id
),
due as (
    select
        month_date(month_number(activation_month) + cast(3 as int)) as month,
        activation_month, customer_id, outlet, activated_at
    from activation
),
-- A month's bills as seen from it and from the three months after.
bill as (
    {% for ago in range(4) %}
    select month_date(month_number(month) + cast({{ ago }} as int)) as bill_seen, customer_id as billed_customer
    from billing
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)
select
    due.month, due.customer_id, due.outlet,
    'activated and not billed' as what,
    due.activated_at,
    concat(
        'activated on ', cast(cast(due.activated_at as date) as varchar), ' at ', due.outlet,
        ', no bill line by the end of ', substr(cast(due.month as varchar), 1, 7)
    ) as evidence
from due
left semi join closed on closed.closed_month = due.month
left semi join closed as begun on begun.closed_month = due.activation_month
left anti join bill on bill.billed_customer = due.customer_id and bill.bill_seen = due.month
