-- group_customers: the members of each group, a month and two months on.
-- Grain: month, group_id, months, customer_id
-- Columns:
--   month: the first day of the month
--   group_id: the group when the one or two months began
--   months: 1 or 2
--   customer_id: who; in the base so many months before
--   churned: whether it is not in the base at the end of this month
--   as_of: the month so many months before
-- Note: whom the members and churned of group_churn are.
-- Source: customer_month
with
kept as (
    select month as kept_month, customer_id as kept_customer, first_month as kept_first
    from customer_month
    where status in ('new', 'carried', 'returned', 'at_risk', 'active')
),
member as (
    {%- for back in [1, 2] %}
    {%- if not loop.first %}
    union all
    {%- endif %}
    select
        cast(month + interval '{{ back }} months' as date) as seen_from, {{ back }} as months,
        customer_id as member_customer, group_id, month as as_of
    from customer_month
    where status in ('new', 'carried', 'returned', 'at_risk', 'active') and group_id is not null
    {%- endfor %}
)
select
    member.seen_from as month, member.group_id, member.months, member.member_customer as customer_id,
    kept_customer is null as churned, member.as_of
from member
-- Whoever was first charged since is somebody else under the same id.
left join kept
    on kept_customer = member.member_customer and kept_month = member.seen_from and kept_first <= member.as_of
