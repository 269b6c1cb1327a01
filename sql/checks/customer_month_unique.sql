-- customer_month_unique: a customer has one row a month.
select month, customer_id, count(*) as found
from customer_month
group by month, customer_id
having count(*) > 1
