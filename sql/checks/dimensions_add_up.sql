-- dimensions_add_up: each dimension's counts and sums add up to the total's (moves and averages aside).
with
added as (
    select
        month, dimension, sum(opening) as opening, sum(churned) as churned, sum(new) as new,
        sum(returned) as returned, sum(carried) as carried, sum(joined_and_left) as joined_and_left,
        sum(closing) as closing, sum(charged_customers) as charged_customers, sum(revenue) as revenue,
        sum(lost_annual_revenue) as lost_annual_revenue, sum(lost_annual_profit) as lost_annual_profit
    from movement
    group by month, dimension
),
total as (
    select * from added where dimension = 'total'
)
select added.month, added.dimension, added.closing, total.closing as total_closing, added.revenue,
    total.revenue as total_revenue
from added
join total on total.month = added.month
where added.opening <> total.opening or added.churned <> total.churned or added.new <> total.new
    or added.returned <> total.returned or added.carried <> total.carried
    or added.joined_and_left <> total.joined_and_left or added.closing <> total.closing
    or added.charged_customers <> total.charged_customers or added.revenue <> total.revenue
    or added.lost_annual_revenue <> total.lost_annual_revenue
    or added.lost_annual_profit <> total.lost_annual_profit
