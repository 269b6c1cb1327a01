-- revenue_reconciles: a month's revenue is what its landed lines say, without waived lines, house accounts
-- and customers who have not been charged by then.
with
line_sum as (
    select line.month, line.customer_id, sum(line.amount) as amount
    from billing as line
    left anti join house_account as house on house.customer_id = line.customer_id
    where not line.waived
    group by line.month, line.customer_id
),
billed as (
    -- Who has a billing line and a first charge has a row in the month.
    select line_sum.month, sum(line_sum.amount) as amount
    from line_sum
    join customer_month as charged
        on charged.customer_id = line_sum.customer_id and charged.month = line_sum.month
    group by line_sum.month
)
select total.month, total.revenue, billed.amount as landed_amount
from movement as total
left join billed on billed.month = total.month
where total.dimension = 'total' and total.revenue <> coalesce(billed.amount, 0)
