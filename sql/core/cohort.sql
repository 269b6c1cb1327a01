-- cohort: what is left of the customers of each first charged month (cohort): joined (those of this very
-- month), in_base at its end, their revenue in it. What cohort_retention reads. Sorted by cohort.
select
    first_month as cohort,
    sum(case when first_month = closing.month then 1 else 0 end) as joined,
    sum(case when status in ('new', 'carried', 'returned', 'at_risk', 'active') then 1 else 0 end) as in_base,
    sum(revenue) as revenue
from closing
cross join customer_month
group by first_month
order by first_month
