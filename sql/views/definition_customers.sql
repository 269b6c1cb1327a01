-- definition_customers: whom each definition of churn counts, and how.
-- Grain: month, definition, customer_id
-- Columns:
--   month: the first day of the month
--   definition: as in churn_definitions
--   customer_id: who
--   status, churn_kind: of this month; null where the customer has no row in it
--   counted: in ours, as in churn_counted
--   counted_there: in the definition
--   revenue_change: this month's revenue less that of the month before, in the definitions of revenue
-- Note: whoever is counted by one of them has a row for each. What the counts of churn_definitions count.
-- Source: churn_counted
{% set definitions = [
    'opening_base', 'charged_before', 'joined_and_left_in_both', 'terminations_only', 'silence_only', 'voluntary_only',
    'avoidable_only', 'revenue_gross', 'revenue_net'
] %}
with
definition as (
    select column1 as definition from (values{% for name in definitions %} ('{{ name }}'){{ ',' if not loop.last }}{% endfor %})
)
select
    month, definition, customer_id, status, churn_kind,
    opening_base as counted,
    case definition{% for name in definitions %} when '{{ name }}' then {{ name }}{% endfor %} end as counted_there,
    case when definition in ('revenue_gross', 'revenue_net') then revenue_change end as revenue_change
from churn_counted
cross join definition
