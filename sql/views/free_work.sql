-- free_work: what was done and not charged.
-- Grain: month, house_account, charge_type
-- Columns:
--   month: the first day of the month
--   house_account: whether it was booked on an account of the house
--   charge_type: as billed; `unknown` where the line names none
--   lines: bill lines that were waived, of amount 0, or booked on an account of the house
--   customers: how many customers they were for; accounts of the house are none
--   amount: what the lines say: what the work would have cost
-- Customers:
--   customers = free_work_customers
-- Note: a line on an account of the house counts whatever it says, since nobody pays it. Credits that are not
--   waived are no work. A month without free work is one row with 0 lines, the rest null.
-- Source: billing, house_account, movement
with
booked as (
    select
        line.month,
        house.customer_id is not null as house_account,
        coalesce(line.charge_type, 'unknown') as charge_type,
        line.customer_id,
        line.amount
    from billing as line
    left join house_account as house on house.customer_id = line.customer_id
    where line.waived or line.amount = 0 or house.customer_id is not null
),
added as (
    select
        month, house_account, charge_type,
        count(*) as lines,
        count(distinct case when not house_account then customer_id end) as customers,
        cast(sum(amount) as decimal(24, 2)) as amount
    from booked
    group by month, house_account, charge_type
),
closed as (
    select month
    from movement
    where dimension = 'total'
)
select
    closed.month, added.house_account, added.charge_type,
    coalesce(added.lines, 0) as lines,
    coalesce(added.customers, 0) as customers,
    added.amount
from closed
left join added on added.month = closed.month
