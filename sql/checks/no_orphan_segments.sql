-- no_orphan_segments: every segment of movement is an attribute of a customer in the month or the one before.
with
combination as (
    select distinct month{% for name in dimensions %}, {{ name }}{% endfor %} from customer_month
),
dimension_name as (
    select column1 as known_dimension, column2 as later
    from (values {% for name in dimensions %}('{{ name }}', 0), ('{{ name }}', 1){% if not loop.last %}, {% endif %}{% endfor %})
),
known as (
    select
        month_date(month_number(month) + cast(later as int)) as known_month, known_dimension,
        case known_dimension{% for name in dimensions %} when '{{ name }}' then {{ name }}{% endfor %} end as known_segment
    from dimension_name
    cross join combination
)
select orphan.month, orphan.dimension, orphan.segment
from movement as orphan
left anti join known
    on known_month = orphan.month and known_dimension = orphan.dimension and known_segment = orphan.segment
where orphan.dimension <> 'total'
    and orphan.month > (select min(month) from movement)
