-- market_share: each operator's part of the market.
-- Grain: month, operator
-- Columns:
--   month: the first day of the month
--   operator: as in the market table, our own house among them
--   customers: the operator's customers
--   market_size: those of all operators
--   share: null where the market is empty
--   growth: of the operator's customers against the month before; null where that month is not told, or 0
-- Formula: share = customers / market_size; growth = customers / customers of the month before - 1
-- Note: there where [tables.market] of churnhouse.toml names a file with month, operator, customers.
-- Requires: market
-- Source: market
with
told as (
    -- Whatever day of the month the source names.
    select
        month_date(month_number(cast(month as date))) as month,
        operator,
        sum(customers) as customers
    from market
    group by month_date(month_number(cast(month as date))), operator
),
before as (
    select
        month_date(month_number(month) + cast(1 as int)) as next_month,
        operator as operator_before, customers as customers_before
    from told
)
select
    told.month, told.operator, told.customers,
    sum(told.customers) over (partition by told.month) as market_size,
    cast(told.customers as double) / nullif(sum(told.customers) over (partition by told.month), 0) as share,
    cast(told.customers as double) / nullif(before.customers_before, 0) - 1 as growth
from told
left join before on before.next_month = told.month and before.operator_before = told.operator
