-- stay_customers: the stays that survival looks at, a month each.
-- Grain: dimension, segment, age, month, customer_id
-- Columns:
--   dimension: total, region, product, segment, channel, tier, tenure_band, or a configured one
--   segment: the value of the dimension as of the month before; `all` in total
--   age: months since the stay began
--   month: the month at whose end the stay had this age
--   customer_id: who; in the base at the end of the month before
--   churned: whether it is not in the base any more
--   as_of: the month before
-- Note: what survival counts. Who came back reaches an age once a stay.
-- Source: customer_month
with
opening as (
    select
        cast(month + interval '1 month' as date) as next_month, month as as_of,
        customer_id as opening_customer{% for name in dimensions %}, {{ name }}{% endfor %}
    from customer_month
    where status in ('new', 'carried', 'returned', 'at_risk', 'active')
),
aged as (
    -- As in core/spell.sql: of whom was there before the history, the stay's age is known by an entering event only.
    select
        month as age_month, customer_id as aged_customer, status = 'churned' as churned,
        case
            when not (carried and start_month = first_month) then month_number(month) - month_number(start_month)
            when since_month < first_month then month_number(month) - month_number(since_month)
        end as age
    from customer_month
),
stay as (
    select
        age_month as month, aged_customer as customer_id, age, churned, as_of{% for name in dimensions %},
        opening.{{ name }}{% endfor %}
    -- The side with few columns stands left: the engine keeps it in memory.
    from aged
    join opening on opening_customer = aged_customer and next_month = age_month
    where age is not null
),
dimension_name as (
    select column1 as dimension
    from (values ('total'){% for name in dimensions %}, ('{{ name }}'){% endfor %})
)
select
    dimension,
    case dimension{% for name in dimensions %} when '{{ name }}' then {{ name }}{% endfor %} else 'all' end as segment,
    age, month, customer_id, churned, as_of
from dimension_name
cross join stay
