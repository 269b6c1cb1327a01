-- no_orphan_segments: every segment of movement is an attribute of a customer in the month or the one before.
with
known as (
    {% for name in dimensions %}
    select distinct month, '{{ name }}' as known_dimension, {{ name }} as known_segment from customer_month
    union
    select distinct cast(month + interval '1 month' as date) as month, '{{ name }}' as known_dimension, {{ name }} as known_segment
    from customer_month
    {% if not loop.last %}union{% endif %}
    {% endfor %}
)
select orphan.month, orphan.dimension, orphan.segment
from movement as orphan
left anti join known
    on known.month = orphan.month and known.known_dimension = orphan.dimension and known.known_segment = orphan.segment
where orphan.dimension <> 'total'
    and orphan.month > (select min(month) from movement)
