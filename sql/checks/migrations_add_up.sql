-- migrations_add_up: everybody of a tier's opening base goes one way, the lost among them, and the moves between
-- products are those that movement counts.
with
tiered as (
    select
        month as tier_month, from_tier, sum(customers) as customers,
        sum(case when to_tier = 'churned' then customers else 0 end) as churned
    from tier_migration
    group by month, from_tier
),
moved as (
    select month as moved_month, from_product, sum(customers) as customers
    from product_migration
    where from_product is not null
    group by month, from_product
),
first as (
    select min(month) as first_month
    from movement
)
select
    counted.month, counted.dimension, counted.segment, counted.opening, tiered.customers as listed,
    counted.churned, tiered.churned as listed_churned
from first
cross join (
    movement as counted
    left join tiered on tiered.tier_month = counted.month and tiered.from_tier = counted.segment
)
where counted.dimension = 'tier' and counted.month > first.first_month
    and (counted.opening <> coalesce(tiered.customers, 0) or counted.churned <> coalesce(tiered.churned, 0))
union all
select
    counted.month, counted.dimension, counted.segment, counted.moved_out as opening, moved.customers as listed,
    null as churned, null as listed_churned
from first
cross join (
    movement as counted
    left join moved on moved.moved_month = counted.month and moved.from_product = counted.segment
)
where counted.dimension = 'product' and counted.month > first.first_month
    and counted.moved_out <> coalesce(moved.customers, 0)
