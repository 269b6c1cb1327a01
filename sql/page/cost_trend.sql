-- cost_trend: what the customers lost in each month of two years would have brought in a year.
select
    month, lost_customers, lost_annual_revenue, avoidable_lost_annual_revenue, lost_annual_profit, replacement_cost,
    people_influenced
from profit_loss_from_churn
where dimension = 'total' and month between $since and $month
order by month
