-- shares_add_up: the shares of each dimension add up to 1, and those of five points more churn to a twentieth.
with
added as (
    select
        month, dimension, sum(customer_share) as customer_share, sum(revenue_share) as revenue_share,
        sum(profit_share) as profit_share, sum(churn_up_5_of_profit) as churn_up_5_of_profit
    from segment_contribution
    group by month, dimension
)
select month, dimension, customer_share, revenue_share, profit_share, churn_up_5_of_profit
from added
where abs(customer_share - 1) > 1e-9 or abs(revenue_share - 1) > 1e-9 or abs(profit_share - 1) > 1e-9
    or abs(churn_up_5_of_profit - 0.05) > 1e-9
