-- opening_contact: the customers that a month began with, by what they had told the hotline before it.
-- Grain: month, contact, satisfaction
-- Columns:
--   month: the first day of the month
--   contact: the gravest contact in the three months before: none, inquiry, complaint_resolved,
--     complaint_unresolved
--   satisfaction: the latest score in the twelve months before, 1 to 5; none without one
--   opening: customers in the base at the end of the month before
--   churned: those of them not in the base at the end of this month
--   charged_again: those of them with business above 0 in this month
-- Customers:
--   opening = contact_customers
--   churned = contact_customers where churned
--   charged_again = contact_customers where charged_again
-- Note: what churn_after_contact and churn_after_survey stand on.
-- Source: contact_customers
select
    month, contact, satisfaction,
    count(*) as opening,
    sum(case when churned then 1 else 0 end) as churned,
    sum(case when charged_again then 1 else 0 end) as charged_again
from contact_customers
group by month, contact, satisfaction
