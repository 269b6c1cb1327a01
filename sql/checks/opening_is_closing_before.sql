-- opening_is_closing_before: a segment opens with the customers that it closed with.
with
before as (
    select month + interval '1 month' as next_month, dimension as before_dimension, segment as before_segment, closing
    from movement
),
opened as (
    select month, dimension, segment, opening
    from movement
    where month > (select min(month) from movement)
)
select opened.month, opened.dimension, opened.segment, opened.opening, before.closing as closing_before
from opened
left join before
    on before.next_month = opened.month and before.before_dimension = opened.dimension
    and before.before_segment = opened.segment
where opened.opening <> coalesce(before.closing, 0)
