-- new_customers: who became a customer in a month: the names behind churn_rate's new.
-- Grain: month, customer_id
-- Columns:
--   month: the month of the first charge
--   customer_id: who
--   since_month: the month of the first entering event, where it lies before the first charge; else month
--   region, product, segment, channel, tier, tenure_band and configured ones; group_id: as of the month
--   annual_revenue, monthly_value: what the customer brings, a year and a month
--   annual_profit: annual_revenue × margin of its tier, rounded
--   charged_months: 1
--   charged_months_a_year: 12 over the usual gap, policy.at_risk_after
--   revenue_in_all: its revenue of the month
--   last_charge_on, last_charge_type: the day of the latest line in it that is business above 0, and its charge type
--   last_contact_on, last_contact: the latest call (its category) or channel event (its name) up to the month's end
-- Units: charged_months_a_year = number
-- Formula: as in customer_moves
-- Note: those carried over from before the history, and those who joined and left within the month, are not new;
--   customer_moves lists them.
-- Source: customer_moves
select
    month, customer_id, since_month
    {%- for name in dimensions %}, {{ name }}{% endfor %}, group_id,
    annual_revenue, monthly_value, annual_profit,
    charged_months, charged_months_a_year, revenue_in_all,
    last_charge_on, last_charge_type, last_contact_on, last_contact
from customer_moves
where status = 'new'
