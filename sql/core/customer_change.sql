-- customer_change: how many customers went from which attributes to which, a row per combination, for
-- the sums by segment. What looks back takes the attributes and values of the month before.
with
now_customer as (
    select
        customer_id, status, churn_kind, revenue, last_month = closing.month as charged,
        status in ('new', 'carried', 'returned', 'at_risk', 'active') as in_base{% for name in dimensions %},
        {{ name }} as {{ name }}_now{% endfor %}
    from closing
    cross join customer_month
),
before_customer as (
    select
        prior.customer_id as before_id,
        prior.annual_revenue,
        round(prior.annual_revenue * cast(tier.margin as decimal(12, 6)), 2) as annual_profit{% for name in dimensions %},
        prior.{{ name }} as {{ name }}_before{% endfor %}
    from prior
    join tier_margin as tier on tier.name = prior.tier
    where prior.status in ('new', 'carried', 'returned', 'at_risk', 'active')
)
select
    status, churn_kind, in_base, before_id is not null as was_in_base{% for name in dimensions %},
    {{ name }}_now, {{ name }}_before{% endfor %},
    count(*) as customers,
    sum(case when charged then 1 else 0 end) as charged_customers,
    sum(revenue) as revenue,
    sum(annual_revenue) as annual_revenue,
    sum(annual_profit) as annual_profit
from now_customer
left join before_customer on before_customer.before_id = now_customer.customer_id
group by
    status, churn_kind, in_base, before_id is not null{% for name in dimensions %},
    {{ name }}_now, {{ name }}_before{% endfor %}
