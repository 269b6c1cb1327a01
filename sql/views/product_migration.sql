-- product_migration: moves inside the house, from one product to another.
-- Grain: month, from_product, to_product
-- Columns:
--   month: the first day of the month
--   from_product: the product at the end of the month before
--   to_product: the product at the end of this month
--   customers: those in the base at both ends
--   revenue_change: their revenue of this month less that of the month before; 0 in a month without a move
-- Customers:
--   customers = opening_customers where to_product <> 'churned' and from_product <> to_product
-- Note: no churn of the company; customers add up to moved_out and moved_in of churn_rate by product. A month
--   without a move is one row with 0 customers, the products null.
-- Source: customer_month, movement
with
opening as (
    select
        month_date(month_number(month) + cast(1 as int)) as next_month,
        customer_id as opening_customer, product as from_product, revenue as revenue_before
    from customer_month
    where status in ('new', 'carried', 'returned', 'at_risk', 'active')
),
moved as (
    select
        customer.month, opening.from_product, customer.product as to_product,
        count(*) as customers,
        sum(customer.revenue - opening.revenue_before) as revenue_change
    from customer_month as customer
    join opening on opening.opening_customer = customer.customer_id and opening.next_month = customer.month
    where customer.status in ('new', 'carried', 'returned', 'at_risk', 'active')
        and customer.product <> opening.from_product
    group by customer.month, opening.from_product, customer.product
),
closed as (
    select month
    from movement
    where dimension = 'total'
)
select
    closed.month, moved.from_product, moved.to_product,
    coalesce(moved.customers, 0) as customers,
    cast(coalesce(moved.revenue_change, 0) as decimal(24, 2)) as revenue_change
from closed
left join moved on moved.month = closed.month
