-- A top-n: the greatest bill lines.
select customer_id, billed_on, product, charge_type, amount
from billing
order by amount desc, customer_id, billed_on, product, charge_type
limit 100
