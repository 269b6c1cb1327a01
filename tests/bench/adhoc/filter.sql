-- A filter: valuable customers of two regions who were lost.
select month, customer_id, churn_kind, reason, tier, annual_revenue, idle
from customer_month
where status = 'churned' and region in ('yinchuan', 'wuzhong') and annual_revenue >= 1200
