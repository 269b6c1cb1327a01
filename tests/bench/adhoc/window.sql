-- A window per customer: how many paid less for the second time in a row, by month and tier.
with followed as (
    select month, tier, revenue,
        lag(revenue, 1) over (partition by customer_id order by month) as before,
        lag(revenue, 2) over (partition by customer_id order by month) as two_before
    from customer_month
)
select month, tier, count(*) as customers, sum(revenue) as total, sum(two_before) as total_before
from followed
where revenue < before and before < two_before
group by month, tier
