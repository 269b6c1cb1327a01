-- definition_pair_customers: the customers that two definitions of churn count otherwise.
-- Grain: month, definition, other, customer_id
-- Columns:
--   month: the first day of the month
--   definition, other: two of churn_definitions; every pair, in both orders
--   customer_id: who
--   status, churn_kind: of this month; null where the customer has no row in it
--   counted_there: in the definition, as in churn_counted
--   counted_in_other: in the other
--   revenue_change: this month's revenue less that of the month before, where one of the two is of revenue
-- Note: as many rows as differs_by of definition_pairs. Without a filter on the two it is long: a row for each pair.
-- Source: definition_customers
select
    there.month, there.definition, other.definition as other, there.customer_id, there.status, there.churn_kind,
    there.counted_there,
    other.counted_there as counted_in_other,
    coalesce(there.revenue_change, other.revenue_change) as revenue_change
from definition_customers as there
join definition_customers as other on other.customer_id = there.customer_id and other.month = there.month
where there.counted_there <> other.counted_there
