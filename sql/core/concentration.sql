-- concentration: how much comes from the few who bring most, what revenue_concentration reads: measure
-- (month: the revenue of those charged in the month; year: the annual revenue of the base) × percent of the
-- customers, with how many these are (rounded up) and what they bring; and for all customers of the measure:
-- how many, what they bring, and rank_sum, the sum of rank × amount, ranks from the least on.
-- Sorted by measure and percent.
with
measured as (
    select 'month' as measure, revenue as amount
    from closing
    cross join customer_month
    where last_month = closing.month
    union all
    select 'year' as measure, annual_revenue as amount
    from customer_month
    where status in ('new', 'carried', 'returned', 'at_risk', 'active')
),
amounts as (
    select measure, amount, count(*) as customers
    from measured
    group by measure, amount
),
ranked as (
    select
        measure, amount, customers,
        sum(customers) over (partition by measure order by amount) as up_to,
        sum(customers) over (partition by measure) as all_customers
    from amounts
),
cut as (
    select column1 as percent from (values (1), (5), (10), (20), (50))
)
select
    measure, percent,
    (all_customers * percent + 99) / 100 as customers,
    sum(amount * greatest(0, least(
        customers, (all_customers * percent + 99) / 100 - (all_customers - up_to)
    ))) as amount,
    all_customers,
    sum(amount * customers) as all_amount,
    -- Of equal amounts each customer has a rank of its own: after those below, 1 to n.
    sum(amount * (customers * (up_to - customers) + customers * (customers + 1) / 2)) as rank_sum
from cut
cross join ranked
group by measure, percent, all_customers
order by measure, percent
