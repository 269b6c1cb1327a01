-- customer_step: each customer one month on, a row per customer in the base at the end of the month
-- before, or with a billing line or a channel event now. It is customer_month and dormant before they
-- part. Months are numbers here (month_number), so that their difference is a count of months.
-- Reads: closing (the month and its number), policy (one row), known (the state at the end of the month
-- before), customer_charge, customer_event, and the revenue of the months that fall out of the two windows.
-- Besides what the month's columns need, a customer carries charged_months (how many up to now), several_products
-- (whether the business of its first charged month was in several), lost_month and lost_kind (the latest loss),
-- won_month and won_kind (the loss that the present or last stay came back from).
-- In a cross join the few rows stand left: the engine pairs each of them with whole batches of the right.
with
out_of_value as (
    select customer_id as value_customer, revenue as value_revenue from out_of_value_window
),
out_of_tier as (
    select customer_id as tier_customer, revenue as tier_revenue from out_of_tier_window
),
met as (
    select
        coalesce(known.customer_id, charge.customer_id, event.customer_id) as customer_id,
        closing.number as now,
        closing.first_number,
        coalesce(known.in_base, false) as was_in_base,
        charge.customer_id is not null as billed,
        coalesce(charge.business > 0, false) as charged,
        coalesce(event.entered_now, false) as entered_now,
        coalesce(event.activated_now, false) as activated_now,
        coalesce(event.moved_now, false) as moved_now,
        coalesce(known.first_month, case when charge.business > 0 then closing.number end) as first_month,
        known.first_month is null and coalesce(charge.business > 0, false) as first_charge,
        known.since_month as known_since,
        least(known.since_month, event.entered_month) as entered_month,
        known.start_month as known_start,
        case when charge.business > 0 then closing.number else known.last_month end as last_month,
        greatest(
            known.paid_month, charge.paid_month, case when charge.business > 0 then closing.number end
        ) as paid_month,
        greatest(
            known.seen_month, event.seen_month, case when charge.customer_id is not null then closing.number end
        ) as seen_month,
        coalesce(known.charged_months, 0) + case when charge.business > 0 then 1 else 0 end as charged_months,
        -- Of the first charged month, and for ever.
        case
            when known.first_month is null and charge.business > 0 then charge.several_products
            else coalesce(known.several_products, false)
        end as several_products,
        known.lost_month as known_lost_month,
        known.lost_kind as known_lost_kind,
        known.won_month as known_won_month,
        known.won_kind as known_won_kind,
        coalesce(charge.revenue, 0) as billed_revenue,
        coalesce(known.carried, false) as was_carried,
        case
            when event.gone then true
            when event.enters then false
            else coalesce(known.terminated, false)
        end as told_gone,
        case when event.gone then event.left_month else known.left_month end as left_month,
        case
            when event.enters then event.left_reason
            else coalesce(known.left_reason, event.left_reason)
        end as left_reason,
        case
            when event.enters then event.left_by_port_out
            else coalesce(known.left_by_port_out, false) or coalesce(event.left_by_port_out, false)
        end as left_by_port_out,
        case when event.gone then 0 else coalesce(known.relifting, 0) end as relifting_before,
        coalesce(known.annual_revenue, 0) as known_annual_revenue,
        coalesce(known.monthly_value, 0) as known_monthly_value,
        coalesce(known.value_sum, 0) as known_value_sum,
        coalesce(known.tier_sum, 0) as known_tier_sum,
        coalesce(event.event_product, known.event_product) as event_product,
        coalesce(charge.billed_product, known.billed_product) as seen_product,
        known.billed_product as known_billed_product,
        coalesce(known.entry_channel, event.entry_channel) as entry_channel,
        coalesce(event.region, known.region) as region,
        coalesce(event.segment, known.segment) as segment,
        coalesce(event.group_id, known.group_id) as group_id{% for name in own %},
        coalesce(event.{{ name }}, known.{{ name }}) as {{ name }}{% endfor %}
    from closing
    cross join (
        known
        full join customer_charge as charge on charge.customer_id = known.customer_id
        full join customer_event as event on event.customer_id = coalesce(known.customer_id, charge.customer_id)
    )
),
lifted as (
    select
        met.*,
        case when told_gone and charged and now > left_month then relifting_before + 1 else 0 end as relifting,
        cast(case when first_month is null then 0 else billed_revenue end as decimal(24, 2)) as revenue,
        greatest(0, now - paid_month) as idle
    from met
),
based as (
    select
        lifted.*,
        told_gone and relifting < policy.relift_after as terminated,
        not (told_gone and relifting < policy.relift_after)
            and (charged or (was_in_base and idle < policy.churned_after)) as in_base
    from policy
    cross join lifted
),
stated as (
    select
        based.*,
        case
            when first_month is null then null
            when in_base and first_charge and now = first_number and not activated_now then 'carried'
            when in_base and first_charge then 'new'
            when in_base and not was_in_base then 'returned'
            when in_base and idle >= policy.at_risk_after then 'at_risk'
            when in_base then 'active'
            when was_in_base then 'churned'
            when first_charge or (charged and entered_now) then 'joined_and_left'
            else 'lost'
        end as status,
        -- Before the first charge since_month holds the month of the first entering event.
        case
            when first_month is null then entered_month
            when first_charge and entered_month < now then entered_month
            when first_charge then now
            else known_since
        end as since_month
    from policy
    cross join based
),
started as (
    select
        stated.*,
        case when status in ('new', 'carried', 'returned') then now else known_start end as start_month,
        was_carried or coalesce(status = 'carried', false) as carried
    from stated
),
summed as (
    select
        started.*,
        cast(case
            when not in_base then 0
            when start_month = now then revenue
            else known_value_sum + revenue
                - case when now - policy.value_window >= start_month then coalesce(value_revenue, 0) else 0 end
        end as decimal(24, 2)) as value_sum,
        cast(case
            when not in_base then 0
            when start_month = now then revenue
            else known_tier_sum + revenue
                - case when now - policy.tier_window >= start_month then coalesce(tier_revenue, 0) else 0 end
        end as decimal(24, 2)) as tier_sum,
        greatest(
            least(policy.value_window, greatest(paid_month - start_month + 1, policy.at_risk_after)),
            paid_month - last_month + 1
        ) as value_span,
        greatest(
            least(policy.tier_window, greatest(paid_month - start_month + 1, policy.at_risk_after)),
            paid_month - last_month + 1
        ) as tier_span
    from policy
    cross join started
    left join out_of_value on value_customer = started.customer_id
    left join out_of_tier on tier_customer = started.customer_id
),
valued as (
    -- Money is rounded half away from zero. A decimal's division cuts digits off and never rounds them
    -- up, so that rounding its quotient gives what rounding the exact one would.
    select
        summed.*,
        cast(case
            when charged and in_base then round(cast(value_sum * 12 as decimal(30, 6)) / value_span, 2)
            else known_annual_revenue
        end as decimal(24, 2)) as annual_revenue,
        cast(case
            when charged and in_base then round(cast(tier_sum as decimal(30, 6)) / tier_span, 2)
            else known_monthly_value
        end as decimal(24, 2)) as monthly_value
    from summed
),
tiered as (
    select
        valued.*,
        case
            when now - since_month < policy.new_for and not carried then 'new'
            else tier.name
        end as tier
    from policy
    cross join tier
    join valued
        on (tier.at_least is null or valued.monthly_value >= tier.at_least)
        and (tier.below is null or valued.monthly_value < tier.below)
),
kinded as (
    select
        tiered.*,
        case
            when status is distinct from 'churned' then null
            when terminated and left_by_port_out then 'switched'
            when terminated and passive.reason is not null then 'passive'
            when terminated and switching.reason is not null then 'switched'
            when terminated and unavoidable.reason is not null then 'unavoidable'
            when terminated then 'left'
            when seen_month > last_month then 'lapsed_uncharged'
            else 'lapsed'
        end as churn_kind
    from tiered
    left join passive_reason as passive on passive.reason = tiered.left_reason
    left join switch_reason as switching on switching.reason = tiered.left_reason
    left join unavoidable_reason as unavoidable on unavoidable.reason = tiered.left_reason
)
select
    customer_id, status, in_base, was_in_base, billed, charged, moved_now, now, idle, revenue, terminated,
    first_month, since_month, start_month, last_month, paid_month, seen_month, annual_revenue, monthly_value,
    carried, left_month, left_reason, left_by_port_out, relifting, value_sum, tier_sum, tier,
    charged_months, several_products,
    churn_kind,
    case when status = 'churned' then now else known_lost_month end as lost_month,
    case when status = 'churned' then churn_kind else known_lost_kind end as lost_kind,
    case when status = 'returned' then known_lost_month else known_won_month end as won_month,
    case when status = 'returned' then known_lost_kind else known_won_kind end as won_kind,
    case when terminated then coalesce(left_reason, 'none') else 'none' end as reason,
    case
        when carried and since_month = first_month then 'unknown'
        when now - since_month < 3 then '0-2'
        when now - since_month < 6 then '3-5'
        when now - since_month < 12 then '6-11'
        when now - since_month < 24 then '12-23'
        else '24+'
    end as tenure_band,
    event_product,
    -- A bill's product counts from the first charged month on.
    case when first_month is null then known_billed_product else seen_product end as billed_product,
    entry_channel, region, segment, group_id{% for name in own %}, {{ name }}{% endfor %}
from kinded
