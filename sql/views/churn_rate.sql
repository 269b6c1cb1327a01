-- churn_rate: how many of the customers that a month began with it lost.
-- Grain: month, dimension, segment
-- Columns:
--   month: the first day of the month
--   dimension: total, region, product, segment, channel, tier, tenure_band, or a configured one
--   segment: the value of the dimension; `all` in total
--   opening: customers in the base at the end of the month before
--   churned: opening customers not in the base at the end of this month
--   voluntary_churned: those of kind switched or left
--   moved_out, moved_in: retained customers whose segment changed (0 in total)
--   new, returned, carried: customers that entered the base
--   joined_and_left: customers that came and went within the month; in neither rate
--   closing: customers in the base at the end of this month
--   churn_rate: null where opening is 0
--   voluntary_churn_rate: the part of it that customers chose
--   churn_rate_incl_moves: by product, what the product's manager lost
-- Customers:
--   opening = movement_customers where as_of < month
--   churned = movement_customers where as_of < month and status = 'churned'
--   voluntary_churned = movement_customers where as_of < month and churn_kind in ('switched', 'left')
--   moved_out = movement_customers where as_of < month and moved
--   moved_in = movement_customers where as_of = month and moved
--   new = movement_customers where as_of = month and status = 'new'
--   returned = movement_customers where as_of = month and status = 'returned'
--   carried = movement_customers where as_of = month and status = 'carried'
--   joined_and_left = movement_customers where as_of = month and status = 'joined_and_left'
--   closing = movement_customers where as_of = month and in_base
-- Formula: churn_rate = churned / opening; voluntary_churn_rate = voluntary_churned / opening;
--   churn_rate_incl_moves = (churned + moved_out) / opening
-- Note: what looks back (opening, churned, moved_out) takes the attributes of the month before, what looks
--   at now (moved_in, new, returned, carried, joined_and_left, closing) those of the month.
-- Source: movement
select
    month, dimension, segment, opening, churned, voluntary_churned, moved_out, moved_in, new, returned, carried,
    joined_and_left, closing,
    cast(churned as double) / nullif(opening, 0) as churn_rate,
    cast(voluntary_churned as double) / nullif(opening, 0) as voluntary_churn_rate,
    cast(churned + moved_out as double) / nullif(opening, 0) as churn_rate_incl_moves
from movement
