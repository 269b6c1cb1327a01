-- audit_billed_after_termination: customers who had to pay although they had been terminated.
-- Grain: month, customer_id
-- Columns:
--   month: the month of the bill
--   customer_id: who
--   what: what is wrong, in words
--   left_month: the month of the termination
--   months_after: how many months after it the bill is; 1 is often no more than a last bill
--   revenue: what was billed and not waived in the month
--   reason: that of the termination, else none
--   evidence: the same in words
-- Note: with a revenue above 0 in a month after that of the termination, until enough charged months in a row
--   (policy.relift_after) tell that the customer is back, or an entering event does.
-- Source: customer_month
with
billed as (
    select
        month, customer_id, left_month, revenue, reason,
        month_number(month) - month_number(left_month) as months_after
    from customer_month
    where terminated and left_month < month and revenue > 0
)
select
    month, customer_id,
    'billed after termination' as what,
    left_month, months_after, revenue, reason,
    concat(
        'terminated in ', substr(cast(left_month as varchar), 1, 7), ', billed ', revenue, ' in ',
        substr(cast(month as varchar), 1, 7)
    ) as evidence
from billed
