-- churn_definition_customers: the customers that make a definition of churn differ from ours.
-- Grain: month, definition, customer_id
-- Columns:
--   month: the first day of the month
--   definition: as in churn_definitions
--   customer_id: who
--   status, churn_kind: of this month; null where the customer has no row in it
--   counted: in ours: whether we count the customer as lost (churned) or in the base only (base), or not at all
--   counted_there: the same in the definition; in those of revenue whether its change enters the loss (revenue)
--   revenue_change: this month's revenue less that of the month before, in the definitions of revenue
-- Note: as many rows as differs_by of churn_definitions. Any two definitions: definition_pairs.
-- Source: definition_customers
select month, definition, customer_id, status, churn_kind, counted, counted_there, revenue_change
from definition_customers
where counted <> counted_there
