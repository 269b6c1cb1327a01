-- churn_definitions: the same month's churn by the definitions in use, and how many customers make the difference.
-- Grain: month, place
-- Columns:
--   month: the first day of the month
--   place: the order of the definitions; the first is ours
--   definition: its name
--   unit: what churned and base count: customers or revenue
--   churned: what the definition counts as lost
--   base: over what
--   rate: null where the base is 0
--   churned_customers, base_customers: churned and base again, where they are customers; null where they are revenue
--   differs_by: customers counted otherwise than by ours, lost or in the base; listed in churn_definition_customers
--   note: the definition in words
-- Units: churned, base = number
-- Customers:
--   churned_customers = definition_customers by month, definition where definition not like 'revenue%' and counted_there like 'churned%'
--   base_customers = definition_customers by month, definition where definition not like 'revenue%' and counted_there in ('churned', 'base')
--   differs_by = churn_definition_customers by month, definition
-- Formula: rate = churned / base
-- Note: charged_before counts our losses over last month's charged customers: who lapses is not among these.
--   In the definitions of revenue differs_by counts the lost whose revenue did not change, and those not lost
--   whose revenue did. The history's first month has nothing behind it: all is 0.
-- Source: movement, revenue_bridge, definition_pairs
with
definition as (
    select column1 as place, column2 as definition, column3 as unit, column4 as note
    from (values
        (1, 'opening_base', 'customers',
            'ours and most subscription tools'': the lost over those in the base a month before'),
        (2, 'charged_before', 'customers',
            'over consumers: the lost over those charged in the month before'),
        (3, 'joined_and_left_in_both', 'customers',
            'Stripe''s: who joined and left within the month is among the lost and in the base'),
        (4, 'terminations_only', 'customers', 'who was terminated: silence is no churn'),
        (5, 'silence_only', 'customers', 'who lapsed: terminations are no churn'),
        (6, 'voluntary_only', 'customers', 'who chose to go: switched or left'),
        (7, 'avoidable_only', 'customers', 'whom the house could have kept: without passive and unavoidable'),
        (8, 'revenue_gross', 'revenue', 'revenue lost of those that were there: 1 - gross_retention of the revenue bridge'),
        (9, 'revenue_net', 'revenue', 'the same less what the kept ones brought more: 1 - net_retention')
    )
),
counts as (
    select
        month, opening, churned, voluntary_churned, joined_and_left, avoidable_lost_customers,
        avoidable_lost_customers - voluntary_churned as lapsed
    from movement
    where dimension = 'total'
),
charged as (
    select month_date(month_number(month) + cast(1 as int)) as next_month, charged_customers
    from movement
    where dimension = 'total'
),
bridge as (
    select
        month as bridge_month, opening_revenue,
        -(contraction + paused + churned) as gross_loss,
        -(contraction + paused + churned + expansion + resumed) as net_loss
    from revenue_bridge
    where dimension = 'total'
),
differing as (
    select month as differing_month, definition as differing_definition, differs_by
    from definition_pairs
    where other = 'opening_base'
),
measured as (
    select
        counts.month, definition.place, definition.definition, definition.unit, definition.note,
        cast(case definition.definition
            when 'joined_and_left_in_both' then counts.churned + counts.joined_and_left
            when 'terminations_only' then counts.churned - counts.lapsed
            when 'silence_only' then counts.lapsed
            when 'voluntary_only' then counts.voluntary_churned
            when 'avoidable_only' then counts.avoidable_lost_customers
            when 'revenue_gross' then bridge.gross_loss
            when 'revenue_net' then case when charged.next_month is null then 0 else bridge.net_loss end
            else counts.churned
        end as decimal(24, 2)) as churned,
        cast(case definition.definition
            when 'charged_before' then coalesce(charged.charged_customers, 0)
            when 'joined_and_left_in_both' then counts.opening + counts.joined_and_left
            when 'revenue_gross' then bridge.opening_revenue
            when 'revenue_net' then bridge.opening_revenue
            else counts.opening
        end as decimal(24, 2)) as base
    from definition
    cross join (
        counts
        join bridge on bridge.bridge_month = counts.month
        left join charged on charged.next_month = counts.month
    )
)
select
    measured.month, measured.place, measured.definition, measured.unit, measured.churned, measured.base,
    cast(measured.churned as double) / nullif(cast(measured.base as double), 0) as rate,
    case unit when 'customers' then cast(churned as bigint) end as churned_customers,
    case unit when 'customers' then cast(base as bigint) end as base_customers,
    coalesce(differs_by, 0) as differs_by,
    measured.note
from measured
left join differing
    on differing.differing_month = measured.month and differing.differing_definition = measured.definition
