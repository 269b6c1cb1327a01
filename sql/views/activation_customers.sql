-- activation_customers: the customers whom an outlet activated in a month, and what became of each.
-- Grain: month, outlet, channel_type, customer_id
-- Reads: later months
-- Columns:
--   month: the month of the activation
--   outlet: the channel of the event, else `unknown`
--   channel_type: own_store, dealer, online, …, else `unknown`
--   customer_id: who
--   charged: whether it was charged in that month or later, as far as months are closed
--   joined_and_left: whether it joined and left within the month
--   lost_month: the month of the first loss since; null where there is none yet
--   passive_churned: whether that loss was passive
--   early_churned: whether it lies within 3 months; null until the third month after the activation is closed
-- Note: what channel_quality stands on.
-- Source: channel, customer_month, house_account, movement
with
closed as (
    select month as closed_month
    from movement
    where dimension = 'total'
),
latest as (
    select max(closed_month) as latest_month
    from closed
),
activation as (
    select distinct
        event.month,
        event.customer_id,
        coalesce(event.channel, 'unknown') as outlet,
        coalesce(event.channel_type, 'unknown') as channel_type
    from channel as event
    left semi join closed on closed.closed_month = event.month
    left anti join house_account as house on house.customer_id = event.customer_id
    where event.event in ('activate', 'port_in')
),
lived as (
    select
        customer_id as lived_customer, month as lived_month, since_month as lived_since, status, churn_kind, last_month = month as charged
    from customer_month
),
fate as (
    select
        activation.month, activation.customer_id, activation.outlet, activation.channel_type,
        coalesce(bool_or(lived.charged), false) as charged,
        coalesce(bool_or(lived.status = 'joined_and_left' and lived.lived_month = activation.month), false)
            as joined_and_left,
        min(case when lived.status = 'churned' then lived.lived_month end) as lost_month,
        min(case when lived.churn_kind = 'passive' then lived.lived_month end) as passive_month
    from activation
    left join lived
        -- Whoever has come since is somebody else under the same id.
        on lived.lived_customer = activation.customer_id and lived.lived_month >= activation.month
            and lived.lived_since <= activation.month
    group by activation.month, activation.customer_id, activation.outlet, activation.channel_type
),
known as (
    select
        fate.*,
        month_number(latest.latest_month) >= month_number(fate.month) + 3 as early_known
    from latest
    cross join fate
)
select
    month, outlet, channel_type, customer_id, charged, joined_and_left, lost_month,
    coalesce(passive_month = lost_month, false) as passive_churned,
    case when early_known then coalesce(month_number(lost_month) <= month_number(month) + 3, false) end
        as early_churned
from known
