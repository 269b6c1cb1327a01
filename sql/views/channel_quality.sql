-- channel_quality: what the customers that an outlet activated in a month turned out to be worth.
-- Grain: month, outlet, channel_type
-- Columns:
--   month: the month of the activation
--   outlet: the channel of the event, else `unknown`
--   channel_type: own_store, dealer, online, …, else `unknown`
--   activations: customers with an activate or port_in there in the month
--   charged: those of them charged in that month or later, as far as months are closed
--   never_charged: the others
--   early_churned: those lost within 3 months, that is by the end of the third month after it; null until that
--     month is closed
--   passive_churned: those whose first loss since was passive (arrears, fraud), as far as months are closed
--   joined_and_left: those who joined and left within the month; not among the churned
--   early_churn_rate: null until early_churned is known
-- Formula: early_churn_rate = early_churned / activations; charged + never_charged = activations
-- Note: a customer activated twice by an outlet in a month counts once, by two outlets for each. Activations
--   of the house's accounts, and those before the history, are left out.
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
        customer_id as lived_customer, month as lived_month, status, churn_kind, last_month = month as charged
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
        on lived.lived_customer = activation.customer_id and lived.lived_month >= activation.month
    group by activation.month, activation.customer_id, activation.outlet, activation.channel_type
),
counted as (
    select
        month, outlet, channel_type,
        count(*) as activations,
        sum(case when charged then 1 else 0 end) as charged,
        sum(case when month_number(lost_month) <= month_number(month) + 3 then 1 else 0 end) as early_churned,
        sum(case when passive_month = lost_month then 1 else 0 end) as passive_churned,
        sum(case when joined_and_left then 1 else 0 end) as joined_and_left
    from fate
    group by month, outlet, channel_type
),
known as (
    select
        counted.*,
        month_number(latest.latest_month) >= month_number(counted.month) + 3 as early_known
    from latest
    cross join counted
)
select
    month, outlet, channel_type, activations, charged,
    activations - charged as never_charged,
    case when early_known then early_churned end as early_churned,
    passive_churned, joined_and_left,
    case when early_known then cast(early_churned as double) / activations end as early_churn_rate
from known
