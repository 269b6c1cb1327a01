-- lists_equal_counts: the customers of each status are as many as the views count.
with
listed as (
    select
        month,
        sum(case when status = 'churned' then 1 else 0 end) as churned,
        sum(case when status = 'new' then 1 else 0 end) as new,
        sum(case when status = 'returned' then 1 else 0 end) as returned,
        sum(case when status in ('new', 'carried', 'returned', 'at_risk', 'active') then 1 else 0 end) as closing
    from customer_month
    group by month
)
select total.month, total.churned, listed.churned as listed_churned, total.closing, listed.closing as listed_closing
from movement as total
left join listed on listed.month = total.month
where total.dimension = 'total' and (
    total.churned <> coalesce(listed.churned, 0) or total.new <> coalesce(listed.new, 0)
    or total.returned <> coalesce(listed.returned, 0) or total.closing <> coalesce(listed.closing, 0)
)
