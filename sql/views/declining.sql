-- declining: the customers of the base who bring much less than three months ago.
-- Grain: month, customer_id
-- Columns:
--   month: the first day of the month
--   customer_id: who
--   monthly_value_before, annual_revenue_before: as of three months ago
--   annual_revenue_now: as of this month
--   region, product, segment, channel, tier, tenure_band and configured ones: as of this month
-- Formula: monthly_value <= monthly_value three months ago × (1 - decline)
-- Note: what declining_value, its list and a signal of at_risk_customers stand on: who is in the base at both ends,
--   with a value above 0 three months ago.
-- Source: customer_month, policy
with
three_ago as (
    -- Nearly everybody is in the base: the value of the few others is made null, since leaving them out while reading
    -- would take longer.
    select
        month_date(month_number(customer.month) + cast(3 as int)) as three_on,
        customer.customer_id as valued_customer,
        case
            when customer.status in ('new', 'carried', 'returned', 'at_risk', 'active')
            then customer.monthly_value * (1 - policy.decline)
        end as much_less,
        customer.monthly_value as monthly_value_before,
        customer.annual_revenue as annual_revenue_before
    from policy
    cross join customer_month as customer
    where customer.monthly_value > 0
)
-- The side with few columns stands left: the engine keeps it in memory.
select
    valued.month, valued.customer_id, monthly_value_before, annual_revenue_before,
    valued.annual_revenue as annual_revenue_now{% for name in dimensions %},
    valued.{{ name }}{% endfor %}
from three_ago
join customer_month as valued on valued.customer_id = valued_customer and valued.month = three_on
where case when valued.status in ('new', 'carried', 'returned', 'at_risk', 'active') then valued.monthly_value end <= much_less
    -- Whoever was first charged since is somebody else under the same id.
    and valued.first_month <= month_date(month_number(valued.month) - cast(3 as int))
