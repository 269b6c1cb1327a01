-- ladder_customers: the customers on each stage of the loyalty ladder.
-- Grain: month, place, customer_id
-- Columns:
--   month: as of its end
--   place, stage: as in loyalty_ladder
--   customer_id: who; whoever was ever charged up to the month
--   charged_months: months with business above 0, up to the month
--   as_of: the month, or the last one before it in which the customer has a row in customer_month
-- Formula: as in loyalty_ladder
-- Note: whom the customers of loyalty_ladder are.
-- Source: customer_month, movement, advocate, billing, not_business
with
all_months as (
    select month as seen_from from movement where dimension = 'total'
),
present as (
    -- A life each: an id that was given to another person is two customers.
    select
        seen_from, past.customer_id, past.first_month,
        max(past.month) as as_of,
        sum(case when past.last_month = past.month then 1 else 0 end) as charged_months,
        last_value(past.status order by past.month) as last_status,
        max(past.last_month) as last_month
    from all_months
    join customer_month as past on past.month <= seen_from
    group by seen_from, past.customer_id, past.first_month
),
speaking as (
    select month as speaking_month, customer_id as speaker from advocate
),
product_line as (
    select line.month as line_month, line.customer_id as line_customer, line.product
    from billing as line
    left join not_business as no_business on no_business.charge_type = line.charge_type
    where no_business.charge_type is null and not line.waived and line.amount > 0 and line.product is not null
),
two_products as (
    select seen_from as products_month, line_customer as products_customer, first_month as products_first
    from present
    join product_line on line_customer = customer_id and line_month = last_month
    where charged_months = 1
    group by seen_from, line_customer, first_month
    having min(product) <> max(product)
),
staged as (
    select
        present.seen_from as month, present.customer_id, present.charged_months, present.as_of,
        case
            when as_of < seen_from or last_status in ('churned', 'joined_and_left', 'lost') then 1
            when last_status = 'at_risk' then 2
            when speaker is not null then 3
            when charged_months >= 12 then 4
            when charged_months >= 2 or products_customer is not null then 5
            else 6
        end as place
    from present
    left join speaking on speaking_month = present.seen_from and speaker = present.customer_id
    left join two_products
        on products_month = present.seen_from and products_customer = present.customer_id
        and products_first = present.first_month
)
select
    month, place,
    case place
        when 1 then 'lost' when 2 then 'at_risk' when 3 then 'advocate' when 4 then 'long_term' when 5 then 'repeat'
        else 'first_time'
    end as stage,
    customer_id, charged_months, as_of
from staged
