-- tiers: from which tier to which the opening base went in the month, ways that nobody took among them.
with
moves as (
    select from_tier, to_tier, customers, share, annual_revenue
    from tier_migration
    where month = $month
),
starts as (
    select distinct from_tier from moves
),
goals as (
    select distinct to_tier from moves
),
ways as (
    select
        starts.from_tier, goals.to_tier, start_tier.at_least as start_from, start_tier.name is null as start_unnamed,
        goal_tier.at_least as goal_from, goal_tier.name is null as goal_unnamed
    from starts
    cross join goals
    left join tier as start_tier on start_tier.name = starts.from_tier
    left join tier as goal_tier on goal_tier.name = goals.to_tier
)
select
    ways.from_tier, ways.to_tier, coalesce(moves.customers, 0) as customers, coalesce(moves.share, 0) as share,
    coalesce(moves.annual_revenue, 0) as annual_revenue
from ways
left join moves on moves.from_tier = ways.from_tier and moves.to_tier = ways.to_tier
order by
    start_unnamed, start_from desc nulls last, ways.from_tier,
    ways.to_tier = 'churned', goal_unnamed, goal_from desc nulls last, ways.to_tier
