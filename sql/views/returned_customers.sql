-- returned_customers: who came back in a month: the names behind churn_rate's returned.
-- Grain: month, customer_id
-- Columns:
--   month: the month of the return
--   customer_id: who
--   loss_month, churn_kind, reason: the loss that the customer came back from; null where it had joined and left
--     before, which is no loss
--   charged_before: the last charged month before the return
--   months_away: from that to the return
--   first_month: the first charged month
--   since_month: the month of the first entering event, where it lies before that; else first_month
--   region, product, segment, channel, tier, tenure_band and configured ones; group_id: as of the month
--   annual_revenue, monthly_value: what the customer brings, a year and a month
--   annual_profit: annual_revenue × margin of its tier, rounded
--   charged_months: months with business above 0, up to the month
--   charged_months_a_year: how often the customer came while it was there
--   revenue_in_all: its revenue up to the month
--   last_charge_on, last_charge_type: the day of the latest line in it that is business above 0, and its charge type
--   last_contact_on, last_contact: the latest call (its category) or channel event (its name) up to the month's end
-- Units: charged_months_a_year = number
-- Formula: months_away = month - charged_before; the others as in customer_moves
-- Note: a bill after a termination is no return but a charge: charged_before may lie after loss_month.
-- Source: customer_moves
select
    month, customer_id, loss_month, churn_kind, reason, charged_before,
    month_number(month) - month_number(charged_before) as months_away,
    first_month, since_month
    {%- for name in dimensions %}, {{ name }}{% endfor %}, group_id,
    annual_revenue, monthly_value, annual_profit,
    charged_months, charged_months_a_year, revenue_in_all,
    last_charge_on, last_charge_type, last_contact_on, last_contact
from customer_moves
where status = 'returned'
