-- value_movement: dimension × segment sums of money, by the attributes of this month: how revenue changed
-- against the month before, and what the base is worth. What the views of cost read. A row where any sum is
-- not 0; `total` always. Sorted by dimension and segment.
-- Of revenue: opening_revenue (of the month before), its changes by what became of the customer (new_revenue,
-- returned_revenue, churned_revenue; in the base expansion and contraction where both months are charged,
-- paused and resumed where one is; other_revenue), closing_revenue (of this month).
-- Of the base at the month's end: annual_revenue, annual_profit (rounded per customer), exact_profit (before
-- rounding, for margins).
-- Reads prior, customer_month, and dormant_now: what was told this month of those who have no row in it any more.
{% set measures = [
    'opening_revenue', 'new_revenue', 'returned_revenue', 'expansion', 'contraction', 'paused', 'resumed',
    'churned_revenue', 'other_revenue', 'closing_revenue', 'annual_revenue', 'annual_profit', 'exact_profit',
] %}
with
before as (
    select
        customer_id as before_id, first_month as before_first, revenue as revenue_before,
        last_month = month as charged_before
    from prior
),
margin as (
    select name as margin_tier, cast(margin as decimal(12, 6)) as margin from tier_margin
),
present as (
    select
        customer.status,
        customer.status in ('new', 'carried', 'returned', 'at_risk', 'active') as in_base,
        customer.status in ('carried', 'at_risk', 'active') as stays,
        customer.last_month = closing.month as charged,
        coalesce(before.charged_before, false) as charged_before,
        customer.revenue,
        coalesce(before.revenue_before, 0) as revenue_before,
        customer.revenue - coalesce(before.revenue_before, 0) as difference,
        customer.annual_revenue,
        margin.margin{% for name in dimensions %},
        customer.{{ name }}{% endfor %}
    from closing
    cross join margin
    join customer_month as customer on customer.tier = margin.margin_tier
    left join before
        on before.before_id = customer.customer_id and before.before_first = customer.first_month
),
silent as (
    -- Gone before, and without a row now: a last bill of the month before is revenue that ends. An id with another
    -- first month is another person's.
    select prior.*
    from prior
    left anti join customer_month as seen
        on seen.customer_id = prior.customer_id and seen.first_month = prior.first_month
    where prior.status not in ('new', 'carried', 'returned', 'at_risk', 'active') and prior.revenue <> 0
),
gone as (
    -- Their attributes as of this month: an event may tell them, and time goes on.
    select
        silent.revenue,
        coalesce(told.event_product, told.billed_product, silent.product) as product,
        coalesce(told.entry_channel, silent.channel) as channel,
        {% for name in ['region', 'segment'] + own %}coalesce(told.{{ name }}, silent.{{ name }}) as {{ name }},
        {% endfor %}case
            when closing.number - month_number(silent.since_month) < policy.new_for and not silent.carried then 'new'
            else tier.name
        end as tier,
        case
            when silent.carried and silent.since_month = silent.first_month then 'unknown'
            when closing.number - month_number(silent.since_month) < 3 then '0-2'
            when closing.number - month_number(silent.since_month) < 6 then '3-5'
            when closing.number - month_number(silent.since_month) < 12 then '6-11'
            when closing.number - month_number(silent.since_month) < 24 then '12-23'
            else '24+'
        end as tenure_band
    from closing
    cross join policy
    cross join tier
    join silent
        on (tier.at_least is null or silent.monthly_value >= tier.at_least)
        and (tier.below is null or silent.monthly_value < tier.below)
    left join dormant_now as told
        on told.customer_id = silent.customer_id and told.first_month = silent.first_month
),
change as (
    select
        revenue_before as opening_revenue,
        case when status = 'new' then difference else 0 end as new_revenue,
        case when status = 'returned' then difference else 0 end as returned_revenue,
        case when stays and charged and charged_before and difference > 0 then difference else 0 end as expansion,
        case when stays and charged and charged_before and difference < 0 then difference else 0 end as contraction,
        case when stays and not charged and charged_before then difference else 0 end as paused,
        case when stays and charged and not charged_before then difference else 0 end as resumed,
        case when status = 'churned' then difference else 0 end as churned_revenue,
        case
            when status in ('joined_and_left', 'lost') then difference
            when stays and not charged and not charged_before then difference
            else 0
        end as other_revenue,
        revenue as closing_revenue,
        case when in_base then annual_revenue else 0 end as annual_revenue,
        case when in_base then cast(round(annual_revenue * margin, 2) as decimal(24, 2)) else 0 end as annual_profit,
        case when in_base then annual_revenue * margin else 0 end as exact_profit{% for name in dimensions %},
        {{ name }}{% endfor %}
    from present
    union all
    select
        revenue as opening_revenue,
        0 as new_revenue, 0 as returned_revenue, 0 as expansion, 0 as contraction, 0 as paused, 0 as resumed,
        0 as churned_revenue, -revenue as other_revenue, 0 as closing_revenue,
        0 as annual_revenue, 0 as annual_profit, 0 as exact_profit{% for name in dimensions %},
        {{ name }}{% endfor %}
    from gone
),
change_sum as (
    select {% for measure in measures %}sum({{ measure }}) as {{ measure }}, {% endfor %}{{ dimensions | join(', ') }}
    from change
    group by {{ dimensions | join(', ') }}
),
dimension_name as (
    select * from (values ('total'){% for name in dimensions %}, ('{{ name }}'){% endfor %}) as name_of(dimension)
),
side as (
    select
        dimension,
        case dimension{% for name in dimensions %} when '{{ name }}' then {{ name }}{% endfor %} else 'all' end as segment,
        {{ measures | join(', ') }}
    from dimension_name
    cross join change_sum
    union all
    select 'total' as dimension, 'all' as segment{% for measure in measures %}, 0 as {{ measure }}{% endfor %}
)
select dimension, segment{% for measure in measures %}, sum({{ measure }}) as {{ measure }}{% endfor %}
from side
group by dimension, segment
having dimension = 'total'{% for measure in measures %} or sum({{ measure }}) <> 0{% endfor %}
order by dimension, segment
