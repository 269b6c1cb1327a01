-- sources: the files of a year that the month was made from, and what was refused of them.
select
    source, count(*) as files, sum(rows) as rows, sum(rejected) as rejected, sum(duplicates) as duplicates
from landings
where current and first_month <= $month and last_month > $year_ago
group by source
order by source
