-- group_churn: how many members of each group left, and which groups leave together.
-- Grain: month, group_id
-- Columns:
--   month: the first day of the month
--   group_id: the group, such as a firm or a family
--   members: those of the group in the base at the end of the month before
--   churned: those of them not in the base at the end of this month
--   churn_rate: never null: a group without members is no row
--   members_2m, churned_2m: the same over two months: those in the base two months before, and those of them not in
--     it now
--   annual_revenue: the members' revenue of a year, as of the month before
--   bill_change_3m: their bills of the three months up to this one against the three before, as a part of those; null
--     where these are not above 0 or there are fewer than six closed months
--   flagged: whether the group leaves together
-- Customers:
--   members = group_customers where months = 1
--   churned = group_customers where months = 1 and churned
--   members_2m = group_customers where months = 2
--   churned_2m = group_customers where months = 2 and churned
-- Formula: churn_rate = churned / members; bill_change_3m = bills of months 0 to 2 back / bills of 3 to 5 back - 1;
--   flagged = churned >= group_min and churned >= group_share × members, or the same of churned_2m and members_2m
-- Note: group_min counts the members that leave, as the policy says, not those of the group. A member is who was in the
--   group when the one or two months began; who moves to another group is none that left. Bills are those of the
--   members of the month before, of months before they joined the group as well.
-- Source: customer_month, movement, policy
with
kept as (
    select month as kept_month, customer_id as kept_customer, first_month as kept_first
    from customer_month
    where status in ('new', 'carried', 'returned', 'at_risk', 'active')
),
{%- for back in [1, 2] %}
member_{{ back }} as (
    select
        cast(month + interval '{{ back }} months' as date) as seen_from,
        month as member_month, customer_id as member, group_id as member_group, annual_revenue
    from customer_month
    where status in ('new', 'carried', 'returned', 'at_risk', 'active') and group_id is not null
),
group_{{ back }} as (
    select
        seen_from as month_{{ back }}, member_group as group_{{ back }},
        count(*) as members,
        sum(case when kept_customer is null then 1 else 0 end) as churned,
        sum(annual_revenue) as annual_revenue
    from member_{{ back }}
    -- Whoever was first charged since is somebody else under the same id.
    left join kept on kept_customer = member and kept_month = seen_from and kept_first <= member_month
    group by seen_from, member_group
),
{%- endfor %}
bill as (
    {%- for back in range(6) %}
    {%- if not loop.first %}
    union all
    {%- endif %}
    select
        cast(month + interval '{{ back }} months' as date) as billed_from, customer_id as billed_customer,
        case when {{ back }} < 3 then revenue else 0 end as recent,
        case when {{ back }} < 3 then 0 else revenue end as earlier
    from customer_month
    {%- endfor %}
),
group_bill as (
    select seen_from as bill_month, member_group as bill_group, sum(recent) as recent, sum(earlier) as earlier
    from member_1
    join bill on billed_customer = member and billed_from = seen_from
    group by seen_from, member_group
),
closed as (
    select month as closed_month from movement where dimension = 'total'
),
comparable as (
    select cast(closed_month + interval '5 months' as date) as comparable_month from closed
),
counted as (
    select
        one.month_1 as month, one.group_1 as group_id, one.members, one.churned, one.annual_revenue,
        coalesce(two.members, 0) as members_2m,
        coalesce(two.churned, 0) as churned_2m,
        case when comparable_month is not null and earlier > 0
            then cast(recent as double) / cast(earlier as double) - 1 end as bill_change_3m
    from group_1 as one
    join closed on closed_month = one.month_1
    left join group_2 as two on two.month_2 = one.month_1 and two.group_2 = one.group_1
    left join comparable on comparable_month = one.month_1
    left join group_bill on bill_month = one.month_1 and bill_group = one.group_1
)
select
    month, group_id, members, churned,
    cast(churned as double) / members as churn_rate,
    members_2m, churned_2m,
    cast(annual_revenue as decimal(24, 2)) as annual_revenue,
    bill_change_3m,
    (churned >= group_min and churned >= group_share * members)
        or (churned_2m >= group_min and churned_2m >= group_share * members_2m) as flagged
from policy
cross join counted
