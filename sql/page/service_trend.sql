-- service_trend: how the hotline served in each month of two years.
select month, calls, complaints, complaint_rate, unresolved_rate, satisfaction, nps
from hotline_service
where topic = 'all' and calls > 0 and month between $since and $month
order by month
