-- churn_definition_customers: the customers that make a definition of churn differ from ours.
-- Grain: month, definition, customer_id
-- Columns:
--   month: the first day of the month
--   definition: as in churn_definitions
--   customer_id: who
--   status, churn_kind: of this month; null where the customer has no row in it
--   counted: in ours: whether we count the customer as lost (churned) or in the base only (base), or not at all
--   counted_there: the same in the definition; in those of revenue whether its change enters the loss (revenue)
--   revenue_change: this month's revenue less that of the month before, in the definitions of revenue
-- Note: as many rows as differs_by of churn_definitions.
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
        last_month = month as charged_before,
        status in ('new', 'carried', 'returned', 'at_risk', 'active') as in_base_before
    from customer_month
),
base_differs as (
    select
        before.next_month as month, 'charged_before' as definition, before.before_customer as customer_id,
        now_customer.status, now_customer.churn_kind,
        case
            when now_customer.status = 'churned' then 'churned'
            when before.in_base_before then 'base'
            else 'no'
        end as counted,
        case
            when now_customer.status = 'churned' then 'churned, not in the base'
            when before.charged_before then 'base'
            else 'no'
        end as counted_there,
        cast(null as decimal(24, 2)) as revenue_change
    from before
    left semi join closed on closed.closed_month = before.next_month
    left join now_customer
        on now_customer.customer_id = before.before_customer and now_customer.month = before.next_month
    where before.in_base_before <> before.charged_before
),
narrower as (
    select column1 as definition, column2 as kind
    from (values
        ('terminations_only', 'lapsed'), ('terminations_only', 'lapsed_uncharged'),
        ('silence_only', 'switched'), ('silence_only', 'passive'), ('silence_only', 'unavoidable'), ('silence_only', 'left'),
        ('voluntary_only', 'passive'), ('voluntary_only', 'unavoidable'), ('voluntary_only', 'lapsed'),
        ('voluntary_only', 'lapsed_uncharged'),
        ('avoidable_only', 'passive'), ('avoidable_only', 'unavoidable')
    )
),
kind_differs as (
    select
        month, definition, customer_id, status, churn_kind,
        'churned' as counted, 'base' as counted_there,
        cast(null as decimal(24, 2)) as revenue_change
    from narrower
    join now_customer on now_customer.churn_kind = narrower.kind
    where now_customer.status = 'churned'
),
joined_differs as (
    select
        month, 'joined_and_left_in_both' as definition, customer_id, status, churn_kind,
        'no' as counted, 'churned' as counted_there,
        cast(null as decimal(24, 2)) as revenue_change
    from now_customer
    where status = 'joined_and_left'
),
changed as (
    select
        now_customer.month, now_customer.customer_id, now_customer.status, now_customer.churn_kind,
        cast(now_customer.revenue - coalesce(before.revenue_before, 0) as decimal(24, 2)) as revenue_change,
        now_customer.charged,
        coalesce(before.charged_before, false) as charged_before
    from now_customer
    left join before
        on before.before_customer = now_customer.customer_id and before.next_month = now_customer.month
    where now_customer.status in ('at_risk', 'active', 'churned')
),
by_revenue as (
    select column1 as definition, column2 as counts_gain
    from (values ('revenue_gross', false), ('revenue_net', true))
),
revenue_differs as (
    -- The lost whose revenue did not change, and those not lost whose revenue did.
    select
        month, definition, customer_id, status, churn_kind,
        case when status = 'churned' then 'churned' else 'base' end as counted,
        case when status = 'churned' then 'base' else 'revenue' end as counted_there,
        revenue_change
    from by_revenue
    cross join changed
    where case
        when status = 'churned' then revenue_change = 0
        when revenue_change = 0 then false
        when charged_before and not charged then true
        when charged_before and revenue_change < 0 then true
        else counts_gain and charged
    end
)
{% set columns = 'month, definition, customer_id, status, churn_kind, counted, counted_there, revenue_change' %}
select {{ columns }} from base_differs
union all
select {{ columns }} from kind_differs
union all
select {{ columns }} from joined_differs
union all
select {{ columns }} from revenue_differs
