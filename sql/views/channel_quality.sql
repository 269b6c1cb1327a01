-- channel_quality: what the customers that an outlet activated in a month turned out to be worth.
-- Grain: month, outlet, channel_type
-- Reads: later months
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
-- Customers:
--   activations = activation_customers
--   charged = activation_customers where charged
--   never_charged = activation_customers where not charged
--   early_churned = activation_customers where early_churned
--   passive_churned = activation_customers where passive_churned
--   joined_and_left = activation_customers where joined_and_left
-- Source: activation_customers
with
counted as (
    select
        month, outlet, channel_type,
        count(*) as activations,
        sum(case when charged then 1 else 0 end) as charged,
        sum(cast(early_churned as int)) as early_churned,
        sum(case when passive_churned then 1 else 0 end) as passive_churned,
        sum(case when joined_and_left then 1 else 0 end) as joined_and_left
    from activation_customers
    group by month, outlet, channel_type
)
select
    month, outlet, channel_type, activations, charged,
    activations - charged as never_charged,
    early_churned, passive_churned, joined_and_left,
    cast(early_churned as double) / activations as early_churn_rate
from counted
