-- customer_month: the core, a row per customer and month that matters: from the first charged month on,
-- for customers in the base at the end of this month or the one before, or with a billing line or an
-- entering or leaving event in it. Sorted by customer_id. It carries all that the next close must know.
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
    value_sum, tier_sum, event_product, billed_product, entry_channel,
    coalesce(region, 'unknown') as region,
    coalesce(segment, 'unknown') as segment,
    group_id, status, churn_kind, reason, idle, revenue, tier, tenure_band,
    coalesce(event_product, billed_product, 'unknown') as product,
    coalesce(entry_channel, 'unknown') as channel{% for name in own %},
    coalesce({{ name }}, 'unknown') as {{ name }}{% endfor %}
from customer_step
where first_month is not null and (in_base or was_in_base or billed or moved_now)
order by customer_id
