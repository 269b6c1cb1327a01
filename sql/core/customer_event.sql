-- customer_event: what each customer's channel events say, a row per customer with an event.
-- Covers the events of the month; in the history's first month also all before it.
-- Events are ordered by occurred_at; at one instant leaving before the others, then by event_id.
-- The leaving events of a month end products, not the customer, when all of them name a product and the
-- customer has a line above 0, not waived, in that month for a product that none of them names.
-- An `activate` policy.recycled_after months and more after a termination is the first event of somebody else.
with
kinded_event as (
    select
        event.customer_id,
        event.event_id,
        event.occurred_at,
        event.month as event_month,
        event.event in ('terminate', 'port_out') as leaving,
        event.event in ('activate', 'resume', 'port_in') as entering,
        event.event in ('activate', 'port_in') as activation,
        event.event = 'activate' as issued,
        event.event = 'port_out' as port_out,
        event.channel_type,
        event.region,
        event.product,
        event.segment,
        event.group_id,
        event.reason{% for name in own %},
        event.{{ name }}{% endfor %}
    from channel as event
    left anti join house_account as house on house.customer_id = event.customer_id
),
all_named as (
    select customer_id as ending_customer, event_month as ending_month
    from kinded_event
    where leaving
    group by customer_id, event_month
    having count(*) = count(product)
),
ended_product as (
    select distinct customer_id as ended_customer, event_month as ended_month, product as ended
    from kinded_event
    where leaving
),
product_end as (
    select distinct ending.ending_customer, ending.ending_month
    from billing as line
    join all_named as ending
        on ending.ending_customer = line.customer_id and ending.ending_month = line.month
    left anti join ended_product as ended
        on ended.ended_customer = line.customer_id and ended.ended_month = line.month and ended.ended = line.product
    where line.amount > 0 and not line.waived and line.product is not null
),
ordered_event as (
    select
        kinded.*,
        kinded.leaving and product_end.ending_customer is null as leaves,
        row_number() over (
            partition by kinded.customer_id
            order by kinded.occurred_at, case when kinded.leaving then 0 else 1 end, kinded.event_id
        ) as place
    from kinded_event as kinded
    left join product_end
        on product_end.ending_customer = kinded.customer_id and product_end.ending_month = kinded.event_month
),
turned_event as (
    -- The month of the termination that an event finds; 0 where the event before it that turned anything entered.
    select
        ordered_event.*,
        last_value(case when leaves then month_number(event_month) when entering then 0 end) ignore nulls over (
            partition by customer_id order by place rows between unbounded preceding and 1 preceding
        ) as gone_month
    from ordered_event
),
life_event as (
    select
        turned.*,
        coalesce(max(case
            when issued and gone_month > 0 and month_number(event_month) - gone_month >= policy.recycled_after then place
        end) over (partition by customer_id), 0) as life_begins
    from policy
    cross join turned_event as turned
),
placed_event as (
    select
        life_event.*,
        coalesce(max(case when entering then place end) over (partition by customer_id), 0) as last_entering,
        coalesce(max(case when leaves then place end) over (partition by customer_id), 0) as last_leaving
    from life_event
    where place >= life_begins
)
select
    customer_id,
    max(month_number(event_month)) as seen_month,
    min(case when entering then month_number(event_month) end) as entered_month,
    bool_or(entering and event_month = closing.month) as entered_now,
    bool_or(activation and event_month = closing.month) as activated_now,
    bool_or(issued and event_month = closing.month) as issued_now,
    bool_or((entering or leaving) and event_month = closing.month) as moved_now,
    bool_or(entering) as enters,
    bool_or(leaves) as leaves,
    max(last_leaving) > max(last_entering) as gone,
    max(case when leaves and place > last_entering then month_number(event_month) end) as left_month,
    first_value(reason order by place)
        filter (where leaves and place > last_entering and reason is not null) as left_reason,
    coalesce(bool_or(port_out and leaves and place > last_entering), false) as left_by_port_out,
    first_value(channel_type order by place) filter (where activation and channel_type is not null) as entry_channel,
    last_value(product order by place) filter (where not leaving and product is not null) as event_product,
    last_value(region order by place) filter (where region is not null) as region,
    last_value(segment order by place) filter (where segment is not null) as segment,
    last_value(group_id order by place) filter (where group_id is not null) as group_id{% for name in own %},
    last_value({{ name }} order by place) filter (where {{ name }} is not null) as {{ name }}{% endfor %}
from closing
cross join placed_event
group by customer_id
