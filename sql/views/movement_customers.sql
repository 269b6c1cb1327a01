-- movement_customers: whom the counts of the headline views are, by segment.
-- Grain: month, dimension, segment, as_of, customer_id
-- Columns:
--   month: the first day of the month
--   dimension: total, region, product, segment, channel, tier, tenure_band, or a configured one
--   segment: the value of the dimension as of as_of; `all` in total
--   customer_id: who
--   status, churn_kind: of the month
--   status_before: of the month before, where the customer was in the base then; else null
--   in_base: whether it is in the base at the end of this month
--   charged: whether it had business above 0 in the month
--   moved: whether it was in the base at both ends and its segment changed; never in total
--   as_of: the month before for what looks back (opening, churned, retained, moved_out, the lost), this month for what
--     looks at now; a customer in the base at both ends has a row for either
-- Source: customer_month
with
opening as (
    select
        cast(month + interval '1 month' as date) as next_month, customer_id as opening_customer,
        status as status_before{% for name in dimensions %}, {{ name }} as {{ name }}_before{% endfor %}
    from customer_month
    where status in ('new', 'carried', 'returned', 'at_risk', 'active')
),
changed as (
    select
        customer.month, customer.customer_id, customer.status, customer.churn_kind, opening.status_before,
        customer.status in ('new', 'carried', 'returned', 'at_risk', 'active') as in_base,
        customer.last_month = customer.month as charged{% for name in dimensions %},
        customer.{{ name }}, opening.{{ name }}_before{% endfor %}
    from customer_month as customer
    left join opening on opening.opening_customer = customer.customer_id and opening.next_month = customer.month
),
dimension_name as (
    select column1 as dimension
    from (values ('total'){% for name in dimensions %}, ('{{ name }}'){% endfor %})
),
sided as (
    select
        month, dimension,
        case dimension{% for name in dimensions %} when '{{ name }}' then {{ name }}_before{% endfor %} else 'all'
            end as side,
        case dimension{% for name in dimensions %} when '{{ name }}' then {{ name }}_before <> {{ name }}{% endfor %}
            else false end as differs,
        customer_id, status, churn_kind, status_before, in_base, charged,
        cast(month - interval '1 month' as date) as as_of
    from dimension_name
    cross join changed
    where status_before is not null
    union all
    select
        month, dimension,
        case dimension{% for name in dimensions %} when '{{ name }}' then {{ name }}{% endfor %} else 'all' end as side,
        case dimension{% for name in dimensions %} when '{{ name }}' then {{ name }}_before <> {{ name }}{% endfor %}
            else false end as differs,
        customer_id, status, churn_kind, status_before, in_base, charged, month as as_of
    from dimension_name
    cross join changed
)
select
    month, dimension, side as segment, customer_id, status, churn_kind, status_before, in_base, charged,
    coalesce(in_base and differs, false) as moved,
    as_of
from sided
