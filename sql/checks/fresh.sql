-- fresh: every closed month was made from what is landed now, under the definitions in force.
select month, state
from month_state
where state in ('stale', 'other definitions')
