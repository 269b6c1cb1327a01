-- customer_charge: what each customer was billed in the month, a row per customer with a billing line.
-- Columns: business (what makes a charged month), revenue (all that is not waived, before it is known
-- whether the customer was ever charged), several_products (whether its lines of business above 0 name more
-- than one), paid_month (number of the latest month that a line pays for),
-- billed_product (of the line with the greatest (billed_on, product bytewise) that names one).
with
product_charge as (
    select
        line.customer_id,
        line.product,
        sum(case when not line.waived and no_business.charge_type is null then line.amount end) as business,
        sum(case when not line.waived then line.amount end) as revenue,
        coalesce(bool_or(not line.waived and no_business.charge_type is null and line.amount > 0), false) as sold,
        max(month_number(line.paid_through)) as paid_month,
        max(line.billed_on) as billed_on
    from billing as line
    left join not_business as no_business on no_business.charge_type = line.charge_type
    left anti join house_account as house on house.customer_id = line.customer_id
    group by line.customer_id, line.product
)
select
    customer_id,
    coalesce(sum(business), 0) as business,
    coalesce(sum(revenue), 0) as revenue,
    count(case when sold then product end) > 1 as several_products,
    max(paid_month) as paid_month,
    -- A date's text sorts as the date does and is ten bytes long.
    substr(max(case when product is not null then cast(billed_on as varchar) || product end), 11) as billed_product
from product_charge
group by customer_id
