-- movement: month × dimension × segment counts and sums, what the headline views read. A row where any
-- count or sum is not 0; `total` always. Sorted by dimension and segment.
{% set measures = [
    'opening', 'churned', 'voluntary_churned', 'moved_out', 'moved_in', 'new', 'returned', 'carried',
    'joined_and_left', 'closing', 'charged_customers', 'revenue', 'lost_annual_revenue', 'lost_annual_profit',
    'avoidable_lost_customers', 'avoidable_lost_annual_revenue', 'avoidable_lost_annual_profit',
] %}
{% macro looking_back(moved) %}
        customers as opening,
        case when status = 'churned' then customers else 0 end as churned,
        case when churn_kind in ('switched', 'left') then customers else 0 end as voluntary_churned,
        case when in_base and {{ moved }} then customers else 0 end as moved_out,
        0 as moved_in, 0 as new, 0 as returned, 0 as carried, 0 as joined_and_left, 0 as closing,
        0 as charged_customers, 0 as revenue,
        case when status = 'churned' then annual_revenue else 0 end as lost_annual_revenue,
        case when status = 'churned' then annual_profit else 0 end as lost_annual_profit,
        case when churn_kind not in ('passive', 'unavoidable') then customers else 0 end as avoidable_lost_customers,
        case when churn_kind not in ('passive', 'unavoidable') then annual_revenue else 0 end as avoidable_lost_annual_revenue,
        case when churn_kind not in ('passive', 'unavoidable') then annual_profit else 0 end as avoidable_lost_annual_profit
{% endmacro %}
{% macro looking_at_now(moved) %}
        0 as opening, 0 as churned, 0 as voluntary_churned, 0 as moved_out,
        case when in_base and was_in_base and {{ moved }} then customers else 0 end as moved_in,
        case when status = 'new' then customers else 0 end as new,
        case when status = 'returned' then customers else 0 end as returned,
        case when status = 'carried' then customers else 0 end as carried,
        case when status = 'joined_and_left' then customers else 0 end as joined_and_left,
        case when in_base then customers else 0 end as closing,
        charged_customers, revenue,
        0 as lost_annual_revenue, 0 as lost_annual_profit, 0 as avoidable_lost_customers,
        0 as avoidable_lost_annual_revenue, 0 as avoidable_lost_annual_profit
{% endmacro %}
with
side as (
    select 'total' as dimension, 'all' as segment, {{ looking_back('false') }} from customer_change where was_in_base
    union all
    select 'total' as dimension, 'all' as segment, {{ looking_at_now('false') }} from customer_change
    {% for name in dimensions %}
    union all
    select '{{ name }}' as dimension, {{ name }}_before as segment, {{ looking_back(name ~ '_before <> ' ~ name ~ '_now') }}
    from customer_change where was_in_base
    union all
    select '{{ name }}' as dimension, {{ name }}_now as segment, {{ looking_at_now(name ~ '_before <> ' ~ name ~ '_now') }}
    from customer_change
    {% endfor %}
    union all
    select 'total' as dimension, 'all' as segment{% for measure in measures %}, 0 as {{ measure }}{% endfor %}
)
select dimension, segment{% for measure in measures %}, sum({{ measure }}) as {{ measure }}{% endfor %}
from side
group by dimension, segment
having dimension = 'total'{% for measure in measures %} or sum({{ measure }}) <> 0{% endfor %}
order by dimension, segment
