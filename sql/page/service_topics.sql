-- service_topics: what the hotline was asked in the month, and how it served.
select topic, calls, complaints, unresolved_rate, wait_seconds_p50, satisfaction, nps
from hotline_service
where topic <> 'all' and month = $month
order by calls desc, topic
