-- winback_customers: the customers lost in a month, month by month, with when each came back.
-- Grain: month, lost_month, churn_kind, customer_id
-- Reads: later months
-- Columns:
--   month: the month looked at
--   lost_month: the month of the loss
--   churn_kind: of the loss; `all` in a second row of each customer
--   months_since: months since the loss, up to the latest close
--   customer_id: who
--   return_month: the month of the first return after the loss, be it after the month looked at; null where there
--     is none
--   as_of: the month before the loss
-- Note: whom the counts of winback are. Between two losses lies one return.
-- Source: customer_month, movement
with
loss as (
    select customer_id, first_month, month as lost_month, churn_kind
    from customer_month
    where status = 'churned'
),
win as (
    select customer_id as won_customer, first_month as won_first, month as won_month
    from customer_month
    where status = 'returned'
),
fate as (
    select loss.customer_id, loss.lost_month, loss.churn_kind, min(won_month) as return_month
    from loss
    -- Of an id that was given to another person each has a life of its own.
    left join win
        on won_customer = loss.customer_id and won_first = loss.first_month and won_month > loss.lost_month
    group by loss.customer_id, loss.lost_month, loss.churn_kind
),
all_months as (
    select month as closed_month from movement where dimension = 'total'
)
select
    closed_month as month, lost_month,
    case when every then 'all' else churn_kind end as churn_kind,
    month_number(closed_month) - month_number(lost_month) as months_since,
    customer_id, return_month,
    cast(lost_month - interval '1 month' as date) as as_of
from (values (true), (false)) as row_of(every)
cross join (fate join all_months on closed_month >= lost_month)
