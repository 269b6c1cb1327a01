-- recycled_ids: the ids that were given to another person, and since when they are that person's.
-- Grain: month, customer_id
-- Columns:
--   month: the first charged month of the new owner
--   customer_id: the id
--   since_month: the month of the new owner's activation: what lies before it was the owner's before
-- Note: there are none unless policy.recycled_after is set. An owner who was gone before the history is not known of.
-- Source: customer_month, dormant, policy
with
gone as (
    select dormant.customer_id as gone_customer, month_number(left_month) + recycled_after as free_from
    from policy
    cross join dormant
    where terminated and recycled_after is not null
),
begun as (
    select month, customer_id, since_month from customer_month where month = first_month
)
select distinct begun.month, begun.customer_id, begun.since_month
from gone
join begun on begun.customer_id = gone_customer
where month_number(begun.since_month) >= free_from
