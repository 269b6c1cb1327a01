-- spell: how long the customers of the month had been there, been silent, stayed away before they came:
-- dimension × segment × spell × months counts, what survival, visit_interval and at_risk_flow read.
-- spell is age (of the stay, at this month's end), idle (months at the end of the month before) or gap (from
-- the charged month before this charged one). age and idle count the customers in the base at the end of the
-- month before, by the attributes of then: customers, the churned of them, and the active (in the base now,
-- and not at risk). gap counts those charged now, by the attributes of now. A stay carried into the history
-- has an age where an entering event before it tells its beginning; a first charge has no gap.
-- Sorted by dimension, segment, spell and months.
with
opened as (
    select
        case
            when not (now.carried and now.start_month = now.first_month)
                then closing.number - month_number(now.start_month)
            when now.since_month < now.first_month then closing.number - month_number(now.since_month)
        end as age,
        before.idle, now.status{% for name in dimensions %}, before.{{ name }}{% endfor %}
    from closing
    cross join prior as before
    join customer_month as now on now.customer_id = before.customer_id
    where before.status in ('new', 'carried', 'returned', 'at_risk', 'active')
),
opened_count as (
    select
        age, idle, count(*) as customers,
        sum(case when status = 'churned' then 1 else 0 end) as churned,
        sum(case when status = 'active' then 1 else 0 end) as active{% for name in dimensions %}, {{ name }}{% endfor %}
    from opened
    group by age, idle{% for name in dimensions %}, {{ name }}{% endfor %}
),
charged as (
    select
        closing.number - known.last_month as gap{% for name in dimensions %}, now.{{ name }}{% endfor %}
    from closing
    cross join customer_month as now
    join known on known.customer_id = now.customer_id
    where now.last_month = closing.month and known.last_month is not null
),
length as (
    select
        spell, case spell when 'age' then age else idle end as months,
        customers, churned, active{% for name in dimensions %}, {{ name }}{% endfor %}
    from (values ('age'), ('idle')) as kind(spell)
    cross join opened_count
    union all
    select
        'gap' as spell, gap as months, count(*) as customers, null as churned, null as active{% for name in dimensions %},
        {{ name }}{% endfor %}
    from charged
    group by gap{% for name in dimensions %}, {{ name }}{% endfor %}
),
dimension_name as (
    select * from (values ('total'){% for name in dimensions %}, ('{{ name }}'){% endfor %}) as name_of(dimension)
),
placed as (
    select
        dimension, spell, months, customers, churned, active,
        case dimension
            when 'total' then 'all'{% for name in dimensions %}
            when '{{ name }}' then length.{{ name }}{% endfor %}
        end as placed_segment
    from dimension_name
    cross join length
)
select
    dimension, placed_segment as segment, spell, months,
    sum(customers) as customers, sum(churned) as churned, sum(active) as active
from placed
where months is not null
group by dimension, placed_segment, spell, months
order by dimension, placed_segment, spell, months
