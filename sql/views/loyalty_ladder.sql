-- loyalty_ladder: how far up the customers have come, from the first charge to recommending the house.
-- Grain: month, place
-- Columns:
--   month: as of its end
--   place: the order in which the stages are asked for; the first that holds is the customer's
--   stage: lost, at_risk, advocate, long_term, repeat, first_time
--   customers: how many; in all stages, whoever was ever charged up to the month
--   revenue: what they brought in the month
-- Customers:
--   customers = ladder_customers
-- Formula: lost: not in the base; at_risk: status at_risk; advocate: the latest recommend_score of the twelve months up
--   to this one is 9 or 10, or an activate or port_in of these names the customer in referred_by; long_term: charged
--   in 12 months and more; repeat: in 2 to 11, or for two products and more; first_time: the rest
-- Note: charged months are counted over all stays. Bills before the history do not count, so that its first year shows
--   customers carried over from before it lower than they stand. Two products are those that the lines of business
--   above 0 of the first charged month name. Nobody recommends himself, and an activation of a house account recommends nobody.
-- Source: customer_month, cohort, movement, advocate
with
stage_name as (
    select column1 as place, column2 as stage
    from (values
        (1, 'lost'), (2, 'at_risk'), (3, 'advocate'), (4, 'long_term'), (5, 'repeat'), (6, 'first_time')
    )
),
all_months as (
    select month as seen_from, closing from movement where dimension = 'total'
),
speaking as (
    select month as speaking_month, customer_id as speaker from advocate
),
counted as (
    select month, customer_id, status, first_month, last_month, revenue, charged_months, several_products
    from customer_month
    where status in ('new', 'carried', 'returned', 'at_risk', 'active')
),
based as (
    -- The side with few rows stands left: the engine keeps it in memory.
    select
        month,
        case
            when status = 'at_risk' then 'at_risk'
            when speaker is not null then 'advocate'
            when charged_months >= 12 then 'long_term'
            when first_month < last_month or several_products then 'repeat'
            else 'first_time'
        end as stage,
        revenue
    from speaking
    right join counted on speaking_month = month and speaker = customer_id
),
staged as (
    select month, stage, count(*) as customers, sum(revenue) as revenue from based group by month, stage
),
first_charged as (
    select month as first_charged_month, joined as customers
    from cohort
    where cohort = month
),
ever as (
    select seen_from as ever_month, closing, sum(customers) as customers
    from all_months
    left join first_charged on first_charged_month <= seen_from
    group by seen_from, closing
),
late as (
    select month as late_month, sum(revenue) as revenue
    from customer_month
    where status in ('churned', 'joined_and_left', 'lost')
    group by month
),
laddered as (
    select month as ladder_month, stage as ladder_stage, customers, revenue from staged
    union all
    select ever_month as ladder_month, 'lost' as ladder_stage, customers - closing as customers, revenue
    from ever
    left join late on late_month = ever_month
)
select
    all_months.seen_from as month, stage_name.place, stage_name.stage,
    coalesce(laddered.customers, 0) as customers,
    cast(coalesce(laddered.revenue, 0) as decimal(24, 2)) as revenue
from stage_name
cross join all_months
left join laddered on ladder_month = all_months.seen_from and ladder_stage = stage_name.stage
