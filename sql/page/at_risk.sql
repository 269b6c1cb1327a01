-- at_risk: the head of the list for account managers.
select rank, customer_id, tier, region, signals, idle, annual_revenue
from at_risk_customers
where month = $month and rank <= 10
order by rank
