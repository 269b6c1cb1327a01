-- free_work_customers: the customers for whom work was done and not charged.
-- Grain: month, house_account, charge_type, customer_id
-- Columns:
--   month: the first day of the month
--   house_account: false; an account of the house is no customer
--   charge_type: as billed; `unknown` where the line names none
--   customer_id: who
--   lines: bill lines that were waived, or of amount 0
--   amount: what they say
-- Note: whom the customers of free_work are. Who was never charged has no row in customer_month, and no attributes.
-- Source: billing, house_account
select
    line.month, false as house_account, coalesce(line.charge_type, 'unknown') as charge_type, line.customer_id,
    count(*) as lines,
    cast(sum(line.amount) as decimal(24, 2)) as amount
from billing as line
left anti join house_account as house on house.customer_id = line.customer_id
where line.waived or line.amount = 0
group by line.month, coalesce(line.charge_type, 'unknown'), line.customer_id
