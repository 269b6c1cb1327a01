-- tier_equivalence: how many customers of one tier bring what one of another does.
-- Grain: month, tier, other
-- Columns:
--   month: the first day of the month
--   tier: the tier of the one customer
--   other: the tier that is counted
--   worth: customers of the other tier that bring as much profit a year as one of this
-- Units: worth = number
-- Formula: worth = profit per customer of tier / profit per customer of other
-- Note: null where either tier has no customer in the base at the month's end, or the other brings no profit.
--   A tier has rows in the months in which movement has a row of it.
-- Source: movement, value_movement
with
one as (
    select
        movement.month, movement.segment as tier,
        cast(coalesce(value.annual_profit, 0) as double) / nullif(movement.closing, 0) as profit
    from movement
    left join value_movement as value
        on value.month = movement.month and value.dimension = movement.dimension and value.segment = movement.segment
    where movement.dimension = 'tier'
),
many as (
    select month as other_month, tier as other, profit as other_profit
    from one
)
select month, tier, other, profit / nullif(other_profit, 0) as worth
from one
join many on many.other_month = one.month
