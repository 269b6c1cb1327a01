-- complaint_to_churn: how long before their loss the lost customers last complained.
-- Grain: month, days_band
-- Columns:
--   month: the month of the loss
--   days_band: days from the last complaint to the month's last day: 0-30, 31-60, 61-90, over 90; none for
--     those who left in silence
--   customers: customers churned in the month
--   share: of all churned in the month; null where nobody was
-- Note: a loss is a state at the month's end, so the days are counted to its last day: a complaint in the
--   month itself lies 0 to 30 days back. Complaints before the history and in an earlier stay count, later
--   ones do not, nor those of somebody who had the id before. Every band is a row in every month.
-- Customers:
--   customers = complaining_customers
-- Source: complaining_customers, movement
with
band as (
    select * from (values ('0-30'), ('31-60'), ('61-90'), ('over 90'), ('none')) as distance(days_band)
),
banded as (
    select month, days_band, count(*) as customers
    from complaining_customers
    group by month, days_band
)
select
    all_months.month, band.days_band,
    coalesce(banded.customers, 0) as customers,
    cast(coalesce(banded.customers, 0) as double) / nullif(all_months.churned, 0) as share
from band
cross join movement as all_months
left join banded on banded.month = all_months.month and banded.days_band = band.days_band
where all_months.dimension = 'total'
