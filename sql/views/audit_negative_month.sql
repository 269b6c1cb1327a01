-- audit_negative_month: customers to whom a month's bill gave money back.
-- Grain: month, customer_id
-- Columns:
--   month: the first day of the month
--   customer_id: who
--   what: what is wrong, in words
--   lines: bill lines that are not waived
--   amount: their sum, below 0
--   credits: the sum of those below 0
--   first_month: the first charged month, as known at the end of the month told; null where there was none yet
--   evidence: the same in words
-- Note: credits before a first charge are in no revenue, and are listed here. Accounts of the house are not.
-- Source: billing, customer_month, house_account, movement
with
billed as (
    select
        line.month, line.customer_id,
        count(*) as lines,
        cast(sum(line.amount) as decimal(24, 2)) as amount,
        cast(sum(case when line.amount < 0 then line.amount else 0 end) as decimal(24, 2)) as credits
    from billing as line
    left anti join house_account as house on house.customer_id = line.customer_id
    where not line.waived
    group by line.month, line.customer_id
    having sum(line.amount) < 0
),
closed as (
    select month as closed_month
    from movement
    where dimension = 'total'
)
select
    billed.month, billed.customer_id,
    'a month below 0' as what,
    billed.lines, billed.amount, billed.credits,
    customer.first_month,
    concat(
        'bill lines: ', billed.lines, ', in all: ', billed.amount, ', credits: ', billed.credits,
        case when customer.first_month is null then ', never charged' else '' end
    ) as evidence
from billed
left semi join closed on closed.closed_month = billed.month
left join customer_month as customer
    on customer.customer_id = billed.customer_id and customer.month = billed.month
