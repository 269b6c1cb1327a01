-- churned_customers: who was lost in a month: the names behind churn_rate and profit_loss_from_churn.
-- Grain: month, customer_id
-- Columns:
--   month: the month of the loss
--   customer_id: who
--   churn_kind: switched, passive, unavoidable, left, lapsed_uncharged, lapsed
--   reason: the reason told on termination, else none
--   reason_class: the policy's class of the reason, else other
--   avoidable: whether the operator could have kept them: all kinds but passive and unavoidable
--   first_month: the first charged month
--   since_month: the month of the first entering event, where it lies before that; else first_month
--   region, product, segment, channel, tier, tenure_band and configured ones; group_id: as of the month before
--   annual_revenue, monthly_value: what the customer brought, a year and a month
--   annual_profit: annual_revenue × margin of its tier, rounded
--   charged_months: months with business above 0, up to the month
--   charged_months_a_year: how often the customer came
--   revenue_in_all: its revenue up to the month
--   last_month: the last charged month
--   last_charge_on, last_charge_type: the day of the latest line in it that is business above 0, and its charge type
--   last_contact_on, last_contact: the latest call (its category) or channel event (its name) up to the month's end
-- Units: charged_months_a_year = number
-- Formula: as in customer_moves
-- Note: attributes and values are those of the month before, so that customers, annual_revenue and annual_profit add
--   up to churned, lost_annual_revenue and lost_annual_profit in every segment. customer_month has the month's own.
-- Source: customer_moves, reason_class
select
    moves.month, moves.customer_id, moves.churn_kind, moves.reason,
    coalesce(class.reason_class, 'other') as reason_class,
    moves.churn_kind not in ('passive', 'unavoidable') as avoidable,
    moves.first_month, moves.since_month
    {%- for name in dimensions %}, moves.{{ name }}{% endfor %}, moves.group_id,
    moves.annual_revenue, moves.monthly_value, moves.annual_profit,
    moves.charged_months, moves.charged_months_a_year, moves.revenue_in_all,
    moves.last_month, moves.last_charge_on, moves.last_charge_type, moves.last_contact_on, moves.last_contact
from customer_moves as moves
left join reason_class as class on class.reason = moves.reason
where moves.status = 'churned'
