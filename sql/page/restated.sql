-- restated: files of a year that were sent again, with the rows that they held before and hold now.
with
sent as (
    select
        source, key, landing, rows, first_month, last_month, current, retracted,
        lag(rows) over (partition by source, key order by version, landed_at) as rows_before
    from landings
)
select source, key, first_month, last_month, rows_before, rows
from sent
where current and rows_before is not null and first_month <= $month and last_month > $year_ago
order by source, key
limit 20
