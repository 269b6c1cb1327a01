-- cohort_retention: how much of each month's first-time customers stays, month by month; a triangle.
-- Grain: cohort, age
-- Report: all months
-- Columns:
--   month: the month looked at, cohort + age
--   cohort: the month of the first charge
--   age: months since
--   size: customers whose first charge fell in the cohort's month
--   in_base: those of them in the base at the end of the month
--   retention: null where size is 0
--   revenue: what they brought in the month
-- Customers:
--   size = cohort_customers by cohort where age = 0
--   in_base = cohort_customers where in_base
-- Formula: retention = in_base / size
-- Note: the cohort of the history's first month holds the customers that were there before it.
-- Source: cohort, movement
with
cohorts as (
    select cohort as of_cohort, joined as size
    from cohort
    where cohort = month
),
closed as (
    select distinct month as closed_month
    from movement
    where dimension = 'total'
),
cell as (
    select of_cohort, size, closed_month
    from cohorts
    join closed on closed_month >= of_cohort
)
select
    cell.closed_month as month,
    cell.of_cohort as cohort,
    month_number(cell.closed_month) - month_number(cell.of_cohort) as age,
    cell.size,
    coalesce(lived.in_base, 0) as in_base,
    cast(coalesce(lived.in_base, 0) as double) / nullif(cell.size, 0) as retention,
    coalesce(lived.revenue, 0) as revenue
from cell
left join cohort as lived on lived.cohort = cell.of_cohort and lived.month = cell.closed_month
