-- rejected: rows of the year's files that broke the contract.
select
    landing.source, landing.key, refused.line, refused."column", refused.reason
from rejected as refused
join landings as landing
    on landing.source = refused.source and landing.file = refused.file and landing.current
    and landing.first_month <= $month and landing.last_month > $year_ago
order by landing.source, landing.key, refused.line
limit 20
