-- advocate: the customers who speak for the house, as of each month.
-- Grain: month, customer_id
-- Columns:
--   month: as of its end
--   customer_id: whose latest recommend_score of the twelve months up to this one is 9 or 10, or whom an activate or
--     port_in of these names in referred_by
-- Note: what loyalty_ladder and its list stand on; not all of them are in the base. Nobody recommends himself, and an
--   activation of a house account recommends nobody. What somebody said or brought who had the id before does not
--   count for its new owner.
-- Source: movement, hotline, channel, house_account, recycled_ids
with
all_months as (
    select month as seen_from from movement where dimension = 'total'
),
scored as (
    select
        seen_from as scored_month, customer_id as scored_customer,
        last_value(recommend_score order by called_at, call_id) as recommend_score
    from all_months
    join hotline on hotline.month <= seen_from and hotline.month > seen_from - interval '12 months'
    left anti join recycled_ids as given
        on given.customer_id = hotline.customer_id and given.since_month <= seen_from
            and given.since_month > hotline.month
    where recommend_score is not null
    group by seen_from, customer_id
),
referral as (
    select event.month, event.referred_by
    from channel as event
    left anti join house_account as house on house.customer_id = event.customer_id
    where event.event in ('activate', 'port_in') and event.referred_by <> event.customer_id
),
recommending as (
    select distinct seen_from as referral_month, referred_by as referral_customer
    from all_months
    join referral on referral.month <= seen_from and referral.month > seen_from - interval '12 months'
    left anti join recycled_ids as given
        on given.customer_id = referral.referred_by and given.since_month <= seen_from
            and given.since_month > referral.month
)
select scored_month as month, scored_customer as customer_id
from scored
where recommend_score >= 9
union
select referral_month as month, referral_customer as customer_id
from recommending
