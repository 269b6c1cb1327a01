-- value_movement: month × dimension × segment sums of money: what the base is worth, and how revenue changed.
-- Grain: month, dimension, segment
-- Columns:
--   month: the first day of the month
--   dimension: total, region, product, segment, channel, tier, tenure_band, or a configured one
--   segment: the value of the dimension, as of this month; `all` in total
--   opening_revenue, closing_revenue: revenue of the month before, and of this one
--   new_revenue, returned_revenue, churned_revenue: the change of customers of that status
--   expansion, contraction: what customers of the base charged in both months pay more, and less
--   paused, resumed: the change of customers of the base charged in one of the months
--   other_revenue: the change of all others
--   annual_revenue, annual_profit: of the base at the month's end; profit rounded per customer
--   exact_profit: profit before rounding, for margins
-- Formula: closing_revenue = opening_revenue + the eight changes
-- Note: what revenue_bridge, segment_contribution, tier_equivalence and retention_value stand on.
-- Source: customer_month, dormant, movement, policy, tier, tier_margin
with
before as (
    select
        customer_id as before_id,
        month_date(month_number(month) + cast(1 as int)) as next_month,
        revenue as revenue_before,
        last_month = month as charged_before
    from customer_month
),
margin as (
    select name as margin_tier, cast(margin as decimal(12, 6)) as margin from tier_margin
),
closed as (
    select month as closed_month from movement where dimension = 'total'
),
present as (
    select
        customer.month,
        customer.status,
        customer.status in ('new', 'carried', 'returned', 'at_risk', 'active') as in_base,
        customer.last_month = customer.month as charged,
        coalesce(before.charged_before, false) as charged_before,
        customer.revenue,
        coalesce(before.revenue_before, 0) as revenue_before,
        customer.revenue - coalesce(before.revenue_before, 0) as difference,
        customer.annual_revenue,
        margin.margin{% for name in dimensions %},
        customer.{{ name }}{% endfor %}
    from margin
    join customer_month as customer on customer.tier = margin.margin_tier
    left join before on before.before_id = customer.customer_id and before.next_month = customer.month
),
silent as (
    select
        month_date(month_number(gone.month) + cast(1 as int)) as month,
        month_number(gone.month) + cast(1 as int) as now,
        gone.customer_id, gone.revenue, gone.since_month, gone.first_month, gone.carried, gone.monthly_value{% for name in dimensions %},
        gone.{{ name }}{% endfor %}
    from customer_month as gone
    where gone.status not in ('new', 'carried', 'returned', 'at_risk', 'active') and gone.revenue <> 0
),
gone as (
    select
        silent.month, silent.revenue,
        coalesce(seen.event_product, seen.billed_product, silent.product) as product,
        coalesce(seen.entry_channel, silent.channel) as channel,
        {% for name in ['region', 'segment'] + own %}coalesce(seen.{{ name }}, silent.{{ name }}) as {{ name }},
        {% endfor %}case
            when silent.now - month_number(silent.since_month) < policy.new_for and not silent.carried then 'new'
            else tier.name
        end as tier,
        case
            when silent.carried and silent.since_month = silent.first_month then 'unknown'
            when silent.now - month_number(silent.since_month) < 3 then '0-2'
            when silent.now - month_number(silent.since_month) < 6 then '3-5'
            when silent.now - month_number(silent.since_month) < 12 then '6-11'
            when silent.now - month_number(silent.since_month) < 24 then '12-23'
            else '24+'
        end as tenure_band
    from policy
    cross join tier
    join silent
        on (tier.at_least is null or silent.monthly_value >= tier.at_least)
        and (tier.below is null or silent.monthly_value < tier.below)
    left semi join closed on closed.closed_month = silent.month
    left anti join customer_month as back on back.customer_id = silent.customer_id and back.month = silent.month
    left join dormant as seen on seen.customer_id = silent.customer_id and seen.month = silent.month
),
change as (
    select
        month{% for name in dimensions %}, {{ name }}{% endfor %},
        sum(revenue_before) as opening_revenue,
        sum(case when status = 'new' then difference else 0 end) as new_revenue,
        sum(case when status = 'returned' then difference else 0 end) as returned_revenue,
        sum(case when status in ('carried', 'at_risk', 'active') and charged and charged_before and difference > 0 then difference else 0 end) as expansion,
        sum(case when status in ('carried', 'at_risk', 'active') and charged and charged_before and difference < 0 then difference else 0 end) as contraction,
        sum(case when status in ('carried', 'at_risk', 'active') and not charged and charged_before then difference else 0 end) as paused,
        sum(case when status in ('carried', 'at_risk', 'active') and charged and not charged_before then difference else 0 end) as resumed,
        sum(case when status = 'churned' then difference else 0 end) as churned_revenue,
        sum(case
            when status in ('joined_and_left', 'lost') then difference
            when status in ('carried', 'at_risk', 'active') and not charged and not charged_before then difference
            else 0
        end) as other_revenue,
        sum(revenue) as closing_revenue,
        sum(case when in_base then annual_revenue else 0 end) as annual_revenue,
        sum(case when in_base then cast(round(annual_revenue * margin, 2) as decimal(24, 2)) else 0 end) as annual_profit,
        sum(case when in_base then annual_revenue * margin else 0 end) as exact_profit
    from present
    group by month{% for name in dimensions %}, {{ name }}{% endfor %}
    union all
    select
        month{% for name in dimensions %}, {{ name }}{% endfor %},
        revenue as opening_revenue,
        0 as new_revenue, 0 as returned_revenue, 0 as expansion, 0 as contraction, 0 as paused, 0 as resumed,
        0 as churned_revenue, -revenue as other_revenue, 0 as closing_revenue,
        0 as annual_revenue, 0 as annual_profit, 0 as exact_profit
    from gone
),
{% set measures = [
    'opening_revenue', 'new_revenue', 'returned_revenue', 'expansion', 'contraction', 'paused', 'resumed',
    'churned_revenue', 'other_revenue', 'closing_revenue', 'annual_revenue', 'annual_profit',
] %}
dimension_name as (
    select column1 as dimension
    from (values ('total'){% for name in dimensions %}, ('{{ name }}'){% endfor %})
),
side as (
    select
        month, dimension,
        case dimension{% for name in dimensions %} when '{{ name }}' then {{ name }}{% endfor %} else 'all' end as segment,
        {% for measure in measures %}{{ measure }}, {% endfor %}exact_profit
    from dimension_name
    cross join change
    union all
    select closed_month as month, 'total' as dimension, 'all' as segment,
        {% for measure in measures %}0 as {{ measure }}, {% endfor %}0 as exact_profit
    from closed
)
select
    month, dimension, segment,
    {% for measure in measures %}cast(sum({{ measure }}) as decimal(24, 2)) as {{ measure }},
    {% endfor %}cast(sum(exact_profit) as decimal(32, 8)) as exact_profit
from side
group by month, dimension, segment
having dimension = 'total'{% for measure in measures %} or sum({{ measure }}) <> 0{% endfor %}
