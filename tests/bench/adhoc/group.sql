-- A group-by of high cardinality: what each customer was billed for in all, where it was much.
select customer_id, product, charge_type, count(*) as bill_lines, sum(amount) as total, max(billed_on) as last_on
from billing
where not waived
group by customer_id, product, charge_type
having sum(amount) >= 1500
