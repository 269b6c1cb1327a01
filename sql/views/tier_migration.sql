-- tier_migration: from which tier to which the opening base went, the lost among them.
-- Grain: month, from_tier, to_tier
-- Columns:
--   month: the first day of the month
--   from_tier: the tier at the end of the month before
--   to_tier: the tier at the end of this month; `churned` for those no longer in the base
--   direction: same, up, down, out_of_new (the first months are over) or churned
--   customers: how many of the opening base
--   share: of the from_tier's opening base; adds up to 1 in each from_tier
--   annual_revenue: their revenue of a year, as of the month before
--   annual_revenue_now: as of this month; that of the lost stands still
-- Customers:
--   customers = opening_customers
-- Note: every tier with an opening base has a row to churned, with 0 where nobody was lost; other pairs have a
--   row where somebody took that way. A month without an opening base has none.
-- Source: customer_month, movement, tier
with
opening as (
    select
        month_date(month_number(month) + cast(1 as int)) as next_month,
        customer_id as opening_customer, tier as from_tier, annual_revenue
    from customer_month
    where status in ('new', 'carried', 'returned', 'at_risk', 'active')
),
way as (
    select
        customer.month,
        opening.from_tier,
        case when customer.status = 'churned' then 'churned' else customer.tier end as to_tier,
        opening.annual_revenue,
        customer.annual_revenue as annual_revenue_now
    from customer_month as customer
    join opening on opening.opening_customer = customer.customer_id and opening.next_month = customer.month
),
taken as (
    select
        month, from_tier, to_tier,
        count(*) as customers, sum(annual_revenue) as annual_revenue, sum(annual_revenue_now) as annual_revenue_now
    from way
    group by month, from_tier, to_tier
    union all
    select
        month, segment as from_tier, 'churned' as to_tier,
        0 as customers, 0 as annual_revenue, 0 as annual_revenue_now
    from movement
    where dimension = 'tier' and opening > 0
),
added as (
    select
        month, from_tier, to_tier,
        sum(customers) as customers,
        cast(sum(annual_revenue) as decimal(24, 2)) as annual_revenue,
        cast(sum(annual_revenue_now) as decimal(24, 2)) as annual_revenue_now
    from taken
    group by month, from_tier, to_tier
),
place as (
    -- The last tier has no least value and stands below all.
    select name, coalesce(cast(at_least as double), -1) as least
    from tier
)
select
    added.month, added.from_tier, added.to_tier,
    case
        when added.to_tier = 'churned' then 'churned'
        when added.to_tier = added.from_tier then 'same'
        when added.from_tier = 'new' then 'out_of_new'
        when target.least > origin.least then 'up'
        else 'down'
    end as direction,
    added.customers,
    cast(added.customers as double)
        / sum(added.customers) over (partition by added.month, added.from_tier) as share,
    added.annual_revenue, added.annual_revenue_now
from added
left join place as origin on origin.name = added.from_tier
left join place as target on target.name = added.to_tier
