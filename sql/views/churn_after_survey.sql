-- churn_after_survey: how many of those who had answered a survey left, by the score that they had given.
-- Grain: month, satisfaction
-- Columns:
--   month: the first day of the month
--   satisfaction: the latest score in the twelve months before this one, 1 (worst) to 5; none without one
--   opening: customers in the base at the end of the month before
--   churned: those of them not in the base at the end of this month
--   churn_rate: null where opening is 0
--   charged_again: those of them with business above 0 in this month: who came again, or left with a last bill
--   charged_again_rate: null where opening is 0
-- Customers:
--   opening = contact_customers
--   churned = contact_customers where churned
--   charged_again = contact_customers where charged_again
-- Formula: churn_rate = churned / opening; charged_again_rate = charged_again / opening
-- Note: a call without a score is no answer and hides no earlier one; of two answers the later counts, at
--   one instant that of the greater call_id.
-- Source: opening_contact, movement
with
score as (
    select * from (values ('none'), ('1'), ('2'), ('3'), ('4'), ('5')) as scale(satisfaction)
),
by_score as (
    select
        month, satisfaction,
        sum(opening) as opening, sum(churned) as churned, sum(charged_again) as charged_again
    from opening_contact
    group by month, satisfaction
),
counted as (
    select
        all_months.month, score.satisfaction,
        coalesce(by_score.opening, 0) as opening,
        coalesce(by_score.churned, 0) as churned,
        coalesce(by_score.charged_again, 0) as charged_again
    from score
    cross join movement as all_months
    left join by_score on by_score.month = all_months.month and by_score.satisfaction = score.satisfaction
    where all_months.dimension = 'total'
)
select
    month, satisfaction, opening, churned,
    cast(churned as double) / nullif(opening, 0) as churn_rate,
    charged_again,
    cast(charged_again as double) / nullif(opening, 0) as charged_again_rate
from counted
