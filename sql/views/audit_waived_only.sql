-- audit_waived_only: customers who are served and have never been charged.
-- Grain: month, customer_id
-- Columns:
--   month: the month in which they were seen
--   customer_id: who
--   what: what is wrong, in words
--   lines, waived_lines: their bill lines of the month, and those waived
--   amount: what the lines say
--   evidence: the same in words
-- Note: those with a waived line, or one of amount 0, in the month and no charged month up to it. A first charge
--   takes the customer off the list from its month on, not before. Accounts of the house are not listed.
-- Source: billing, customer_month, house_account, movement
with
billed as (
    select
        line.month, line.customer_id,
        count(*) as lines,
        sum(case when line.waived then 1 else 0 end) as waived_lines,
        cast(sum(line.amount) as decimal(24, 2)) as amount
    from billing as line
    left anti join house_account as house on house.customer_id = line.customer_id
    group by line.month, line.customer_id
    having bool_or(line.waived or line.amount = 0)
),
closed as (
    select month as closed_month
    from movement
    where dimension = 'total'
)
select
    billed.month, billed.customer_id,
    'seen but never charged' as what,
    billed.lines, billed.waived_lines, billed.amount,
    concat('bill lines: ', billed.lines, ', waived: ', billed.waived_lines, ', in all: ', billed.amount) as evidence
from billed
left semi join closed on closed.closed_month = billed.month
-- Whoever has a bill line has a row in the month from the first charged month on.
left anti join customer_month as charged
    on charged.customer_id = billed.customer_id and charged.month = billed.month
