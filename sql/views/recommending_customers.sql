-- recommending_customers: the customers who brought others in, by segment.
-- Grain: month, dimension, segment, customer_id
-- Columns:
--   month: the first day of the month
--   dimension: total, region, product, segment, channel, tier, tenure_band, or a configured one
--   segment: the value of the dimension, as of this month; `all` in total
--   customer_id: whom an activation of the month names as the one who recommended
-- Note: as in recommendation_rate, which counts them.
-- Source: channel, customer_month, house_account
with
named as (
    select distinct event.month, event.referred_by as customer_id
    from channel as event
    left anti join house_account as house on house.customer_id = event.customer_id
    where event.event in ('activate', 'port_in')
        and event.referred_by is not null and event.referred_by <> event.customer_id
),
recommender as (
    select customer.month, customer.customer_id{% for name in dimensions %}, customer.{{ name }}{% endfor %}
    from named
    join customer_month as customer
        on customer.month = named.month and customer.customer_id = named.customer_id
),
dimension_name as (
    select * from (values ('total'){% for name in dimensions %}, ('{{ name }}'){% endfor %}) as name_of(dimension)
)
select
    month, dimension,
    case dimension
        when 'total' then 'all'{% for name in dimensions %}
        when '{{ name }}' then recommender.{{ name }}{% endfor %}
    end as segment,
    customer_id
from dimension_name
cross join recommender
