-- shares_add_up: shares add up to 1, of each dimension and of a month's reasons; those of five points more churn to a twentieth.
with
contributed as (
    select
        month, dimension, sum(customer_share) as customer_share, sum(revenue_share) as revenue_share,
        sum(profit_share) as profit_share, sum(churn_up_5_of_profit) as churn_up_5_of_profit
    from segment_contribution
    group by month, dimension
),
told as (
    select
        month as told_month, coalesce(sum(share), 0) as share, coalesce(sum(share_of_avoidable), 0) as share_of_avoidable
    from churn_reasons
    group by month
),
-- What nobody was lost of has no shares.
reason as (
    select
        month,
        case when churned > 0 then share end as share,
        case when avoidable_lost_customers > 0 then share_of_avoidable end as share_of_avoidable
    from movement
    join told on told_month = month
    where dimension = 'total'
),
added as (
    select month, dimension as "of", 'customer_share' as what, customer_share as added, 1.0 as expected from contributed
    union all
    select month, dimension, 'revenue_share', revenue_share, 1.0 from contributed
    union all
    select month, dimension, 'profit_share', profit_share, 1.0 from contributed
    union all
    select month, dimension, 'churn_up_5_of_profit', churn_up_5_of_profit, 0.05 from contributed
    union all
    select month, 'reason', 'share', share, 1.0 from reason
    union all
    select month, 'reason', 'share_of_avoidable', share_of_avoidable, 1.0 from reason
)
select month, "of", what, added, expected
from added
where abs(added - expected) > 1e-9
