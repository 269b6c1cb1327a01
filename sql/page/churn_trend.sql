-- churn_trend: the churn rate of two years, month by month, and the part of it that customers chose.
select month, opening, churned, voluntary_churned, churn_rate, voluntary_churn_rate
from churn_rate
where dimension = 'total' and month between $since and $month
order by month
