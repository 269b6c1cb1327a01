-- visit_interval: how often customers come, for choosing the windows of the policy.
-- Grain: month, dimension, segment
-- Columns:
--   month: the last of the twelve months looked at
--   dimension: total, region, product, segment, channel, tier, tenure_band, or a configured one
--   segment: the value of the dimension, month by month as of the month; `all` in total
--   charged_months: customers charged, added up over the months
--   charged_months_a_year: in how many months of a year a customer is charged
--   gaps: charged months that had one before
--   mean_gap, median_gap, p90_gap: months between a charged month and the one before; null without gaps
-- Units: charged_months_a_year, mean_gap, median_gap, p90_gap = number
-- Formula: charged_months_a_year = 12 × charged_months / customers there, month by month: closing + churned +
--   joined_and_left
-- Note: over the twelve months up to this one, or all closed ones where they are fewer. A gap counts in the
--   month that ends it, whenever it began, also where the customer was lost in between; gaps that last yet
--   are not known, so early in the history long ones are missing. Percentiles lie between two gaps where
--   the rank does: nine gaps in ten are no longer than p90_gap.
-- Source: spell, movement
with
all_months as (
    select month as seen_from from movement where dimension = 'total'
),
there as (
    select
        seen_from as month, dimension, segment,
        sum(charged_customers) as charged_months,
        sum(closing + churned + joined_and_left) as customer_months
    from all_months
    join movement
        on movement.month <= seen_from and movement.month > seen_from - interval '12 months'
    group by seen_from, dimension, segment
),
gap_count as (
    select
        seen_from as gap_month, dimension as gap_dimension, segment as gap_segment, months as gap,
        sum(customers) as gaps
    from all_months
    join spell
        on spell.month <= seen_from and spell.month > seen_from - interval '12 months'
    where spell = 'gap'
    group by seen_from, dimension, segment, months
),
ranked as (
    -- The gaps of one length take the ranks from `before` on, counted from 0, up to below `up_to`.
    select
        gap_count.*,
        sum(gaps) over so_far - gaps as before,
        sum(gaps) over so_far as up_to,
        sum(gaps) over (partition by gap_month, gap_dimension, gap_segment) - 1 as last_rank
    from gap_count
    window so_far as (partition by gap_month, gap_dimension, gap_segment order by gap)
),
measured as (
    select
        gap_month, gap_dimension, gap_segment,
        sum(gaps) as gaps,
        sum(gap * gaps) as gap_sum,
        max(last_rank) as last_rank,
        max(case when before <= last_rank / 2 then gap end) as half_below,
        max(case when before <= (last_rank + 1) / 2 then gap end) as half_above,
        max(case when before <= last_rank * 9 / 10 then gap end) as tenth_below,
        max(case when before <= (last_rank * 9 + 9) / 10 then gap end) as tenth_above
    from ranked
    group by gap_month, gap_dimension, gap_segment
)
select
    there.month, there.dimension, there.segment,
    charged_months,
    12 * cast(charged_months as double) / nullif(customer_months, 0) as charged_months_a_year,
    coalesce(gaps, 0) as gaps,
    cast(gap_sum as double) / gaps as mean_gap,
    cast(half_below + half_above as double) / 2 as median_gap,
    tenth_below + cast((tenth_above - tenth_below) * (last_rank * 9 % 10) as double) / 10 as p90_gap
from there
left join measured
    on gap_month = there.month and gap_dimension = there.dimension and gap_segment = there.segment
