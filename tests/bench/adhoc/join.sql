-- A join: what customers of each status and tier called about, and how long they waited, in the same month.
select status, tier, topic, count(*) as calls, sum(wait_seconds) as waited, sum(revenue) as total
from customer_month
join hotline on hotline.customer_id = customer_month.customer_id and hotline.month = customer_month.month
group by status, tier, topic
