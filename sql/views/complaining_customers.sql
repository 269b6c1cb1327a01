-- complaining_customers: the customers lost in a month, by how long before they last complained.
-- Grain: month, customer_id
-- Columns:
--   month: the month of the loss
--   days_band: days from the last complaint to the month's last day: 0-30, 31-60, 61-90, over 90; none for those who
--     left in silence
--   customer_id: who
--   complained_on: the day of the last complaint; null where there is none
--   as_of: the month before
-- Note: what complaint_to_churn stands on.
-- Source: customer_month, hotline, recycled_ids
with
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
    select lost.month as told_month, lost.customer_id as told_customer, max(complaint.complained_on) as complained_on
    from lost
    join complaint on complaint.customer_id = lost.customer_id and complaint.complained_on <= lost.month_end
    -- What an id said before it was this person's does not count.
    left anti join recycled_ids as given
        on given.customer_id = lost.customer_id and given.since_month <= lost.month
            and given.since_month > complaint.complained_on
    group by lost.month, lost.customer_id
)
select
    month,
    case
        when complained_on is null then 'none'
        when month_end <= complained_on + interval '30 days' then '0-30'
        when month_end <= complained_on + interval '60 days' then '31-60'
        when month_end <= complained_on + interval '90 days' then '61-90'
        else 'over 90'
    end as days_band,
    customer_id, complained_on,
    cast(month - interval '1 month' as date) as as_of
from lost
left join last_complaint on told_month = lost.month and told_customer = lost.customer_id
