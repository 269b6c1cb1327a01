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
--   above 0 name. Nobody recommends himself, and an activation of a house account recommends nobody.
-- Source: customer_month, movement, hotline, channel, billing, house_account, not_business
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
scored as (
    select
        seen_from as scored_month, customer_id as scored_customer,
        last_value(recommend_score order by called_at, call_id) as recommend_score
    from all_months
    join hotline on hotline.month <= seen_from and hotline.month > seen_from - interval '12 months'
    where recommend_score is not null
    group by seen_from, customer_id
),
referral as (
    select event.month, event.referred_by
    from channel as event
    left anti join house_account as house on house.customer_id = event.customer_id
    where event.event in ('activate', 'port_in') and event.referred_by <> event.customer_id
),
recommending as (
    select distinct seen_from as referral_month, referred_by as referral_customer
    from all_months
    join referral on referral.month <= seen_from and referral.month > seen_from - interval '12 months'
),
long_term as (
    -- The month of the twelfth charge holds for every month looked at: nobody is counted month by month.
    select customer_id as long_customer, array_sort(array_agg(month))[12] as long_since
    from customer_month
    where last_month = month
    group by customer_id
),
once_charged as (
    select month, customer_id, last_month
    from customer_month
    where status in ('new', 'carried', 'returned', 'active') and first_month = last_month
),
product_line as (
    select line.month, line.customer_id, line.product
    from billing as line
    left join not_business as no_business on no_business.charge_type = line.charge_type
    where no_business.charge_type is null and not line.waived and line.amount > 0 and line.product is not null
),
once_billed as (
    -- Apart, so that a month reads its own lines; the others are asked for only where a year is paid ahead.
    select once_charged.month, once_charged.customer_id, line.product
    from once_charged
    join product_line as line on line.customer_id = once_charged.customer_id and line.month = once_charged.month
    where once_charged.last_month = once_charged.month
    union all
    select once_charged.month, once_charged.customer_id, line.product
    from once_charged
    join product_line as line on line.customer_id = once_charged.customer_id and line.month = once_charged.last_month
    where once_charged.last_month < once_charged.month
),
mark as (
    select scored_month as month, scored_customer as customer_id, true as advocate, false as two_products
    from scored
    where recommend_score >= 9
    union all
    select referral_month as month, referral_customer as customer_id, true as advocate, false as two_products
    from recommending
    union all
    select month, customer_id, false as advocate, true as two_products
    from once_billed
    group by month, customer_id
    having min(product) <> max(product)
),
marked as (
    select
        month as marked_month, customer_id as marked_customer,
        bool_or(advocate) as advocate, bool_or(two_products) as two_products
    from mark
    group by month, customer_id
),
counted as (
    -- The side with few rows stands left, here and below: the engine keeps it in memory.
    select customer.month, customer.customer_id, status, first_month, last_month, revenue, long_since
    from long_term
    right join customer_month as customer on long_customer = customer.customer_id
    where status in ('new', 'carried', 'returned', 'at_risk', 'active')
),
based as (
    select
        month,
        case
            when status = 'at_risk' then 'at_risk'
            when advocate then 'advocate'
            when long_since <= month then 'long_term'
            when first_month < last_month or two_products then 'repeat'
            else 'first_time'
        end as stage,
        revenue
    from marked
    right join counted on marked_month = month and marked_customer = customer_id
),
staged as (
    select month, stage, count(*) as customers, sum(revenue) as revenue from based group by month, stage
),
first_charged as (
    select month as first_charged_month, count(*) as customers
    from customer_month
    where first_month = month
    group by month
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
