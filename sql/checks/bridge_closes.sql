-- bridge_closes: the revenue bridge closes to the cent, closes with movement's revenue, and opens with the month before's.
with
bridged as (
    select
        month, dimension, sum(opening_revenue) as opening_revenue, sum(closing_revenue) as closing_revenue,
        sum(
            opening_revenue + new + returned + expansion + contraction + paused + resumed + churned + other
        ) as bridged_revenue
    from revenue_bridge
    group by month, dimension
),
before as (
    select month_date(month_number(month) + cast(1 as int)) as next_month, revenue as revenue_before
    from movement
    where dimension = 'total'
),
told as (
    select total.month as told_month, total.revenue, before.revenue_before
    from movement as total
    left join before on before.next_month = total.month
    where total.dimension = 'total'
)
select
    bridged.month, bridged.dimension, bridged.opening_revenue, told.revenue_before, bridged.bridged_revenue,
    bridged.closing_revenue, told.revenue
from bridged
join told on told.told_month = bridged.month
where bridged.bridged_revenue <> bridged.closing_revenue
    or bridged.closing_revenue <> told.revenue
    or bridged.opening_revenue <> told.revenue_before
union all
select
    month, dimension, opening_revenue, null as revenue_before,
    opening_revenue + new + returned + expansion + contraction + paused + resumed + churned + other as bridged_revenue,
    closing_revenue, null as revenue
from revenue_bridge
where closing_revenue <> opening_revenue + new + returned + expansion + contraction + paused + resumed + churned + other
