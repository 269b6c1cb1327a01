-- roll_forward: from the customers that the month began with to those that it ended with, step by step.
-- Steps that nobody took are left out, but for those that every manager looks for.
with
moves as (
    select opening, churned, new, returned, carried, closing
    from churn_rate
    where dimension = 'total' and month = $month
),
steps as (
    select 1 as place, 'opening' as step, opening as customers from moves
    union all
    select 2 as place, 'churned' as step, -churned as customers from moves
    union all
    select 3 as place, 'new' as step, new as customers from moves
    union all
    select 4 as place, 'returned' as step, returned as customers from moves
    union all
    select 5 as place, 'carried' as step, carried as customers from moves
    union all
    select 6 as place, 'closing' as step, closing as customers from moves
)
select step, customers
from steps
where customers <> 0 or step <> 'carried'
order by place
