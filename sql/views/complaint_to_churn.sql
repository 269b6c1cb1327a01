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
--   ones do not. Every band is a row in every month.
-- Source: customer_month, hotline, movement
with
band as (
    select * from (values ('0-30'), ('31-60'), ('61-90'), ('over 90'), ('none')) as distance(days_band)
),
complaint as (
    select customer_id, cast(called_at as date) as complained_on
    from hotline
    where category = 'complaint'
),
lost as (
    select month, customer_id, cast(month + interval '1 month' - interval '1 day' as date) as month_end
    from customer_month
    where status = 'churned'
),
last_complaint as (
    select lost.month, lost.customer_id, lost.month_end, max(complaint.complained_on) as complained_on
    from lost
    left join complaint
        on complaint.customer_id = lost.customer_id and complaint.complained_on <= lost.month_end
    group by lost.month, lost.customer_id, lost.month_end
),
banded as (
    select
        month,
        case
            when complained_on is null then 'none'
            when month_end <= complained_on + interval '30 days' then '0-30'
            when month_end <= complained_on + interval '60 days' then '31-60'
            when month_end <= complained_on + interval '90 days' then '61-90'
            else 'over 90'
        end as days_band,
        count(*) as customers
    from last_complaint
    group by 1, 2
)
select
    all_months.month, band.days_band,
    coalesce(banded.customers, 0) as customers,
    cast(coalesce(banded.customers, 0) as double) / nullif(all_months.churned, 0) as share
from band
cross join movement as all_months
left join banded on banded.month = all_months.month and banded.days_band = band.days_band
where all_months.dimension = 'total'
