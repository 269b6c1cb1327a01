-- cohort_customers: the customers of each month's cohort, month by month.
-- Grain: cohort, age, customer_id
-- Columns:
--   month: the month looked at, cohort + age
--   cohort: the month of the first charge
--   age: months since
--   customer_id: who
--   in_base: whether it is in the base at the end of the month
-- Note: who is long gone has no row any more; at age 0 all are there.
-- Source: customer_month
select
    month, first_month as cohort, month_number(month) - month_number(first_month) as age, customer_id,
    status in ('new', 'carried', 'returned', 'at_risk', 'active') as in_base
from customer_month
