-- reasons: why those lost in the month left, the greatest groups first.
select churn_kind, reason, avoidable, customers, share, lost_annual_revenue
from churn_reasons
where month = $month and customers > 0
order by customers desc, lost_annual_revenue desc, churn_kind, reason
limit 12
