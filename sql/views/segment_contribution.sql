-- segment_contribution: which customers earn the money, and what five more points of churn among them would cost.
-- Grain: month, dimension, segment
-- Columns:
--   month: the first day of the month
--   dimension: total, region, product, segment, channel, tier, tenure_band, or a configured one
--   segment: the value of the dimension; `all` in total
--   customers: customers in the base at the end of the month
--   revenue: the month's, as in arpu_by_segment
--   annual_profit: annual revenue of the base times the margin of the tier, rounded per customer
--   customer_share, revenue_share, profit_share: parts of the total; add up to 1 in each dimension
--   arpu_index: the segment's arpu over the total's; 1 is the average
--   profit_per_customer: 4 decimals; null without customers
--   opening_profit: the annual profit of the opening base, by the attributes and values of the month before
--   churn_up_5_loss: the annual profit that this month would have lost besides, had its churn rate here been
--     five points higher
--   churn_up_5_of_profit: that as a part of the annual profit of the whole opening base
--   churn_up_5_of_loss: that as a part of the month's whole lost_annual_profit: by how much it would have grown
-- Units: arpu_index = number
-- Customers:
--   customers = movement_customers where as_of = month and in_base
-- Formula: profit_per_customer = annual_profit / customers; churn_up_5_loss = 0.05 × opening_profit;
--   churn_up_5_of_profit = 0.05 × opening_profit / opening_profit of the total;
--   churn_up_5_of_loss = 0.05 × opening_profit / lost_annual_profit of the total
-- Note: churn is over the opening base, so that five points of it are a twentieth of the opening base, as of the
--   month before; the shares look at the base now. Ratios are null where there is nothing to divide by.
-- Source: movement, value_movement
with
opening as (
    select
        month_date(month_number(month) + cast(1 as int)) as next_month,
        dimension as opening_dimension, segment as opening_segment, annual_profit as opening_profit
    from value_movement
),
earned as (
    select
        movement.month, movement.dimension, movement.segment,
        movement.closing as customers,
        movement.revenue,
        coalesce(value.annual_profit, 0) as annual_profit,
        coalesce(opening.opening_profit, 0) as opening_profit,
        movement.lost_annual_profit,
        case
            when movement.opening = 0 then 2 * movement.closing
            else movement.opening + movement.closing
        end as twice_customers
    from movement
    left join value_movement as value
        on value.month = movement.month and value.dimension = movement.dimension and value.segment = movement.segment
    left join opening
        on opening.next_month = movement.month
        and opening.opening_dimension = movement.dimension and opening.opening_segment = movement.segment
),
whole as (
    select
        month as whole_month, customers as whole_customers, revenue as whole_revenue, annual_profit as whole_profit,
        opening_profit as whole_opening_profit, lost_annual_profit as whole_loss, twice_customers as whole_twice_customers
    from earned
    where dimension = 'total'
)
select
    month, dimension, segment, customers, revenue, annual_profit,
    cast(customers as double) / nullif(whole_customers, 0) as customer_share,
    cast(revenue as double) / nullif(cast(whole_revenue as double), 0) as revenue_share,
    cast(annual_profit as double) / nullif(cast(whole_profit as double), 0) as profit_share,
    cast(revenue as double) / nullif(twice_customers, 0)
        / nullif(cast(whole_revenue as double) / nullif(whole_twice_customers, 0), 0) as arpu_index,
    cast(round(cast(annual_profit as decimal(30, 8)) / nullif(customers, 0), 4) as decimal(28, 4)) as profit_per_customer,
    opening_profit,
    cast(round(opening_profit * cast(0.05 as decimal(3, 2)), 2) as decimal(24, 2)) as churn_up_5_loss,
    0.05 * cast(opening_profit as double) / nullif(cast(whole_opening_profit as double), 0) as churn_up_5_of_profit,
    0.05 * cast(opening_profit as double) / nullif(cast(whole_loss as double), 0) as churn_up_5_of_loss
from whole
join earned on earned.month = whole.whole_month
