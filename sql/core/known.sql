-- known: the state at the end of the month before, a row per customer in the base then, or outside it
-- and seen this month. Months are numbers (month_number).
{% macro state(relifting) %}
    customer_id,
    month_number(first_month) as first_month,
    month_number(since_month) as since_month,
    month_number(start_month) as start_month,
    month_number(last_month) as last_month,
    month_number(paid_month) as paid_month,
    month_number(seen_month) as seen_month,
    annual_revenue, monthly_value, carried, terminated,
    month_number(left_month) as left_month,
    left_reason, left_by_port_out,
    {{ relifting }} as relifting,
    charged_months, several_products,
    month_number(lost_month) as lost_month, lost_kind,
    month_number(won_month) as won_month, won_kind,
    value_sum, tier_sum,
    event_product, billed_product, entry_channel, region, segment, group_id
    {%- for name in own %}, {{ name }}{% endfor %}
{%- endmacro %}
with
based as (
    select * from prior where status in ('new', 'carried', 'returned', 'at_risk', 'active')
),
seen as (
    select customer_id as seen_customer from customer_charge
    union
    select customer_id as seen_customer from customer_event
),
awakened as (
    select
        sleeping.*,
        row_number() over (partition by sleeping.customer_id order by sleeping.month desc) as age
    from dormant as sleeping
    left semi join seen on seen.seen_customer = sleeping.customer_id
    left anti join based on based.customer_id = sleeping.customer_id
),
told as (
    select customer_id as told_customer, issued_now from customer_event
),
same_person as (
    -- Of an id that was given to somebody else nothing is known.
    select awakened.*
    from closing
    cross join policy
    cross join awakened
    left join told on told_customer = awakened.customer_id
    where awakened.age = 1
        and not coalesce(
            issued_now and awakened.terminated
                and closing.number - month_number(awakened.left_month) >= policy.recycled_after,
            false
        )
)
select {{ state('relifting') }}, true as in_base from based
union all
-- Who was not seen the month before was not charged in it: the charged months in a row end there.
select {{ state('case when month_number(same_person.month) = closing.number - 1 then relifting else 0 end') }}, false as in_base
from closing
cross join same_person
