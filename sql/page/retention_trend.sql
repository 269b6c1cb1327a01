-- retention_trend: the retention rate of two years, month by month.
select month, opening, retained, retention_rate
from retention_rate
where dimension = 'total' and month between $since and $month
order by month
