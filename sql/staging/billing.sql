-- billing: the landed bill lines that count, a row per line.
-- Of rows with one line_id the one in the last place counts (deliveries in the order of their first
-- landing, lines in the file); a person's earlier id (table alias) gives way
-- to the newest one; nothing else is done here.
select
    line.month, case when other.until is null then line.customer_id else other.person end as customer_id,
    line.billed_on, line.product, line.charge_type, line.amount, line.waived, line.paid_through, line.line_id,
    line.delivery, line.line
from landed.billing as line
left anti join landed.superseded as gone
    on gone.source = 'billing' and gone.delivery = line.delivery and gone.line = line.line
-- Where there are no aliases the planner drops the join and `case` with it; `coalesce` it would keep.
left join landed.alias as other
    on other.id = line.customer_id and line.billed_on >= other.since and line.billed_on < other.until
