-- cohorts: how much of each month's first-time customers stayed; the cohorts and ages of two years.
select cohort, age, size, in_base, retention
from cohort_retention
where month <= $month and cohort >= $since
order by cohort, age
