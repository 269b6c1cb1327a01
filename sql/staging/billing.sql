-- billing: the landed bill lines that count, a row per line.
-- Of rows with one line_id the one in the last place counts (deliveries in the order of their first
-- landing, lines in the file); nothing else is done here.
select
    line.month, line.customer_id, line.billed_on, line.product, line.charge_type, line.amount,
    line.waived, line.paid_through, line.line_id, line.delivery, line.line
from landed.billing as line
left anti join landed.superseded as other
    on other.source = 'billing' and other.delivery = line.delivery and other.line = line.line
