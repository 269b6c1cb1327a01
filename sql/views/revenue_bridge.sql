-- revenue_bridge: how a month's revenue came about from that of the month before.
-- Grain: month, dimension, segment
-- Columns:
--   month: the first day of the month
--   dimension: total, region, product, segment, channel, tier, tenure_band, or a configured one
--   segment: the value of the dimension, as of this month for both sides; `all` in total
--   opening_revenue: the revenue of the month before, of the customers that are in the segment now
--   new, returned: what the customers that entered the base brought
--   expansion, contraction: more and less from those in the base and charged in both months
--   paused, resumed: from those in the base and charged only the month before, only this month
--   churned: from those lost this month; a last bill makes it smaller
--   other: from those that joined and left or had left before, and in the base without a charge in both months
--   closing_revenue: the revenue of this month
--   gross_retention: the part of the opening revenue that was kept; null where that is 0
--   net_retention: the same with what the kept customers brought more
-- Formula: each part = Σ (revenue this month - revenue the month before) of its customers;
--   closing_revenue = opening_revenue + all eight parts;
--   gross_retention = (opening_revenue + contraction + paused + churned) / opening_revenue;
--   net_retention = (opening_revenue + contraction + paused + churned + expansion + resumed) / opening_revenue
-- Note: who lapses was not charged for months, so that the loss is in paused when the silence begins.
--   The history's first month opens with 0, and those carried over from before it are resumed.
-- Source: value_movement
select
    month, dimension, segment, opening_revenue,
    new_revenue as new,
    returned_revenue as returned,
    expansion, contraction, paused, resumed,
    churned_revenue as churned,
    other_revenue as other,
    closing_revenue,
    cast(opening_revenue + contraction + paused + churned_revenue as double)
        / nullif(cast(opening_revenue as double), 0) as gross_retention,
    cast(opening_revenue + contraction + paused + churned_revenue + expansion + resumed as double)
        / nullif(cast(opening_revenue as double), 0) as net_retention
from value_movement
