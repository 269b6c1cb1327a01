-- definition_pairs: how many customers two definitions of churn count otherwise.
-- Grain: month, definition, other
-- Columns:
--   month: the first day of the month
--   definition, other: two of churn_definitions; every pair, in both orders
--   differs_by: customers counted otherwise by the two, lost or in the base; listed in definition_pair_customers
-- Units: differs_by = customers
-- Customers:
--   differs_by = definition_pair_customers
-- Source: churn_counted
{% set definitions = [
    'opening_base', 'charged_before', 'joined_and_left_in_both', 'terminations_only', 'silence_only', 'voluntary_only',
    'avoidable_only', 'revenue_gross', 'revenue_net'
] %}
{% set names = definitions | join(', ') %}
with
counted as (
    select month, {{ names }}, count(*) as customers
    from churn_counted
    group by month, {{ names }}
),
by_definition as (
    select column1 as definition
    from (values{% for name in definitions %} ('{{ name }}'){{ ',' if not loop.last }}{% endfor %})
),
by_other as (
    select definition as other from by_definition
)
select
    month, definition, other,
    sum(case
        when case definition{% for name in definitions %} when '{{ name }}' then {{ name }}{% endfor %} end
            <> case other{% for name in definitions %} when '{{ name }}' then {{ name }}{% endfor %} end
        then customers
        else 0
    end) as differs_by
from counted
cross join by_definition
cross join by_other
where definition <> other
group by month, definition, other
