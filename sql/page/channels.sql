-- channels: the outlets whose new customers left soonest, of a year's activations of which that is known by now.
-- An outlet with fewer than five activations says too little.
select
    outlet, channel_type, sum(activations) as activations, sum(early_churned) as early_churned,
    cast(sum(early_churned) as double) / sum(activations) as early_churn_rate
from channel_quality
where month between $settled_since and $settled
group by outlet, channel_type
having sum(activations) >= 5 and sum(early_churned) > 0
order by early_churn_rate desc, activations desc, outlet
limit 10
