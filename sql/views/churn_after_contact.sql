-- churn_after_contact: how many of those who had called the hotline left, beside those who had not.
-- Grain: month, contact
-- Columns:
--   month: the first day of the month
--   contact: the gravest contact in the three months before this one: none, inquiry, complaint_resolved,
--     complaint_unresolved
--   opening: customers in the base at the end of the month before
--   churned: those of them not in the base at the end of this month
--   churn_rate: null where opening is 0
--   relative_risk: the churn rate as a multiple of that of none; null where nobody of those left
-- Units: relative_risk = number
-- Customers:
--   opening = contact_customers
--   churned = contact_customers where churned
-- Formula: churn_rate = churned / opening; relative_risk = churn_rate / churn_rate of none
-- Note: every call that is no complaint is an inquiry here. A complaint is unresolved where the hotline
--   says so, and not where it says nothing. Calls of the month itself do not count: they may follow the loss.
-- Source: opening_contact, movement
with
contact_type as (
    select * from (values ('none'), ('inquiry'), ('complaint_resolved'), ('complaint_unresolved')) as type(contact)
),
by_contact as (
    select month, contact, sum(opening) as opening, sum(churned) as churned
    from opening_contact
    group by month, contact
),
counted as (
    select
        all_months.month, contact_type.contact,
        coalesce(by_contact.opening, 0) as opening,
        coalesce(by_contact.churned, 0) as churned
    from contact_type
    cross join movement as all_months
    left join by_contact on by_contact.month = all_months.month and by_contact.contact = contact_type.contact
    where all_months.dimension = 'total'
),
rated as (
    select counted.*, cast(churned as double) / nullif(opening, 0) as churn_rate
    from counted
)
select
    month, contact, opening, churned, churn_rate,
    churn_rate / nullif(max(case when contact = 'none' then churn_rate end) over (partition by month), 0)
        as relative_risk
from rated
