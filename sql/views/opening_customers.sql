-- opening_customers: the customers that a month began with, from what to what each went.
-- Grain: month, customer_id
-- Columns:
--   month: the first day of the month
--   customer_id: who; in the base at the end of the month before
--   from_tier, from_product: at the end of the month before
--   to_tier, to_product: at the end of this month; `churned` for those no longer in the base
--   as_of: the month before
-- Source: customer_month
with
opening as (
    select
        cast(month + interval '1 month' as date) as next_month, month as as_of, customer_id as opening_customer,
        tier as from_tier, product as from_product
    from customer_month
    where status in ('new', 'carried', 'returned', 'at_risk', 'active')
)
select
    customer.month, customer.customer_id, opening.from_tier,
    case when customer.status = 'churned' then 'churned' else customer.tier end as to_tier,
    opening.from_product,
    case when customer.status = 'churned' then 'churned' else customer.product end as to_product,
    opening.as_of
from customer_month as customer
join opening on opening.opening_customer = customer.customer_id and opening.next_month = customer.month
