-- spell: how long the customers of a month had been there, been silent, stayed away before they came.
-- Grain: month, dimension, segment, spell, months
-- Columns:
--   month: the first day of the month
--   dimension: total, region, product, segment, channel, tier, tenure_band, or a configured one
--   segment: the value of the dimension; `all` in total
--   spell: age (of the stay, at this month's end), idle (months at the end of the month before), gap (from
--     the charged month before this charged one)
--   months: how many
--   customers: age and idle: in the base at the end of the month before; gap: charged in this month
--   churned: those of them not in the base at the end of this month; null for gap
--   active: those in the base and not at risk then; null for gap
-- Note: what survival, visit_interval and at_risk_flow stand on. Age and idle take the attributes of the
--   month before, gap those of the month. A stay carried into the history has an age where an entering
--   event before it tells its beginning, else it is left out of age; a first charge is left out of gap.
-- Source: customer_month
with
now_customer as (
    select
        month, customer_id,
        status = 'churned' as churned,
        status = 'active' as active,
        case
            when not (carried and start_month = first_month) then month_number(month) - month_number(start_month)
            when since_month < first_month then month_number(month) - month_number(since_month)
        end as age
    from customer_month
    where status in ('active', 'at_risk', 'churned')
),
before_customer as (
    select
        cast(month + interval '1 month' as date) as month, customer_id, idle{% for name in dimensions %},
        {{ name }}{% endfor %}
    from customer_month
    where status in ('new', 'carried', 'returned', 'at_risk', 'active')
),
opened as (
    select
        now_customer.month, age, idle, churned, active{% for name in dimensions %}, {{ name }}{% endfor %},
        count(*) as customers
    from now_customer
    join before_customer
        on before_customer.month = now_customer.month and before_customer.customer_id = now_customer.customer_id
    group by now_customer.month, age, idle, churned, active{% for name in dimensions %}, {{ name }}{% endfor %}
),
charge as (
    select
        month{% for name in dimensions %}, {{ name }}{% endfor %},
        month_number(month) - month_number(lag(month) over (partition by customer_id order by month)) as gap
    from customer_month
    where last_month = month
),
charged as (
    select month, gap{% for name in dimensions %}, {{ name }}{% endfor %}, count(*) as customers
    from charge
    where gap is not null
    group by month, gap{% for name in dimensions %}, {{ name }}{% endfor %}
),
dimension_name as (
    select * from (values ('total'){% for name in dimensions %}, ('{{ name }}'){% endfor %}) as name_of(dimension)
),
length as (
    select
        month, spell, case spell when 'age' then age else idle end as months, customers,
        case when churned then customers else 0 end as churned,
        case when active then customers else 0 end as active{% for name in dimensions %}, {{ name }}{% endfor %}
    from (values ('age'), ('idle')) as kind(spell)
    cross join opened
    union all
    select
        month, 'gap' as spell, gap as months, customers,
        null as churned, null as active{% for name in dimensions %}, {{ name }}{% endfor %}
    from charged
),
placed as (
    select
        month, dimension, spell, months, customers, churned, active,
        case dimension
            when 'total' then 'all'{% for name in dimensions %}
            when '{{ name }}' then length.{{ name }}{% endfor %}
        end as placed_segment
    from dimension_name
    cross join length
)
select
    month, dimension, placed_segment as segment, spell, months,
    sum(customers) as customers,
    sum(churned) as churned,
    sum(active) as active
from placed
where months is not null
group by month, dimension, placed_segment, spell, months
