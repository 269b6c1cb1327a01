-- churn_counted: how each definition of churn counts each customer of a month.
-- Grain: month, customer_id
-- Columns:
--   month: the first day of the month
--   customer_id: who
--   status, churn_kind: of this month; null where the customer has no row in it
--   opening_base: as lost (churned), in the base only (base), or not at all (no)
--   charged_before: the same; churned, not in the base: a loss outside the base of this definition
--   joined_and_left_in_both, terminations_only, silence_only, voluntary_only, avoidable_only: as opening_base
--   revenue_gross, revenue_net: the same of whose revenue changed; revenue: not lost, but the change enters the loss
--   revenue_change: this month's revenue less that of the month before
-- Note: a row for whoever is counted by at least one; the definitions are those of churn_definitions.
-- Source: customer_month, movement
with
closed as (
    select month as closed_month
    from movement
    where dimension = 'total'
),
now_customer as (
    select
        month, customer_id, status, churn_kind, revenue,
        last_month = month as charged
    from customer_month
),
before as (
    select
        month_date(month_number(month) + cast(1 as int)) as next_month,
        customer_id as before_customer,
        revenue as revenue_before,
        last_month = month as was_charged,
        status in ('new', 'carried', 'returned', 'at_risk', 'active') as in_base_before
    from customer_month
    where last_month = month or status in ('new', 'carried', 'returned', 'at_risk', 'active')
),
met as (
    select
        next_month as month, before_customer as customer_id, status, churn_kind, in_base_before, was_charged,
        coalesce(charged, false) as charged,
        cast(coalesce(revenue, 0) - revenue_before as decimal(24, 2)) as change
    from before
    left semi join closed on closed.closed_month = before.next_month
    left join now_customer on customer_id = before_customer and month = next_month
    union all
    select
        month, customer_id, status, churn_kind, false, false,
        charged,
        cast(revenue as decimal(24, 2))
    from now_customer
    left anti join before on before_customer = customer_id and next_month = month
    where status = 'joined_and_left'
),
ours as (
    select
        *,
        case when status = 'churned' then 'churned' when in_base_before then 'base' else 'no' end as opening_base,
        was_charged and (not charged or change < 0) as brings_less
    from met
)
select
    month, customer_id, status, churn_kind, opening_base,
    case
        when status = 'churned' and not was_charged then 'churned, not in the base'
        when status = 'churned' then 'churned'
        when was_charged then 'base'
        else 'no'
    end as charged_before,
    case when status = 'joined_and_left' then 'churned' else opening_base end as joined_and_left_in_both,
    case when churn_kind in ('lapsed', 'lapsed_uncharged') then 'base' else opening_base end as terminations_only,
    case when churn_kind not in ('lapsed', 'lapsed_uncharged') then 'base' else opening_base end as silence_only,
    case when churn_kind not in ('switched', 'left') then 'base' else opening_base end as voluntary_only,
    case when churn_kind in ('passive', 'unavoidable') then 'base' else opening_base end as avoidable_only,
    case
        when status = 'churned' and change = 0 then 'base'
        when opening_base = 'base' and change <> 0 and brings_less then 'revenue'
        else opening_base
    end as revenue_gross,
    case
        when status = 'churned' and change = 0 then 'base'
        when opening_base = 'base' and change <> 0 and (brings_less or charged) then 'revenue'
        else opening_base
    end as revenue_net,
    change as revenue_change
from ours
