-- dormant: what the next close must know of customers outside the base, a row per customer seen this
-- month who is not in the base at its end: long gone, or seen and never charged. The latest row of a
-- customer holds, unless the customer is in the base. Sorted by customer_id.
select
    customer_id,
    month_date(first_month) as first_month,
    month_date(since_month) as since_month,
    month_date(start_month) as start_month,
    month_date(last_month) as last_month,
    month_date(paid_month) as paid_month,
    month_date(seen_month) as seen_month,
    annual_revenue, monthly_value, carried, terminated,
    month_date(left_month) as left_month,
    left_reason, left_by_port_out,
    relifting, charged_months, several_products,
    month_date(lost_month) as lost_month, lost_kind,
    month_date(won_month) as won_month, won_kind,
    value_sum, tier_sum, event_product, billed_product, entry_channel, region, segment, group_id{% for name in own %},
    {{ name }}{% endfor %}
from customer_step
where not in_base
order by customer_id
