-- survival: how much of a segment is still there so many months after a stay began (Kaplan-Meier).
-- Grain: dimension, segment, age
-- Reads: later months
-- Columns:
--   dimension: total, region, product, segment, channel, tier, tenure_band, or a configured one
--   segment: the value of the dimension, month by month as of the month before; `all` in total
--   age: months since the stay began; at age 0 survival is 1
--   at_risk: stays in the base at age - 1 that were looked at a month later, over all closed months
--   churned: those of them not in the base then
--   hazard: the risk of leaving at this age
--   survival: the share of a segment's stays that lasts beyond this age
-- Customers:
--   at_risk = stay_customers by dimension, segment, age
--   churned = stay_customers by dimension, segment, age where churned
-- Formula: hazard = churned / at_risk; survival = the product of (1 - hazard) over the ages up to this one
-- Note: a stay begins with the first charge or with the return, so a returned customer starts anew, at
--   age 0. What still lasts at the latest close leaves the ages that it has not reached yet. A stay carried
--   into the history counts from the age that it had then (it could not be seen to end earlier), if an
--   entering event before the history tells that age, and not at all otherwise. Who joined and left within
--   a month is not in it. Ages that nobody was looked at have no row.
-- Source: spell
with
lasted as (
    select dimension, segment, months as age, sum(customers) as at_risk, sum(churned) as churned
    from spell
    where spell = 'age'
    group by dimension, segment, months
),
risky as (
    select lasted.*, cast(churned as double) / at_risk as hazard
    from lasted
)
select
    dimension, segment, age, at_risk, churned, hazard,
    -- No ln of 0: who is certain to leave leaves nobody, now and at any later age.
    case
        when max(hazard) over ages = 1 then 0.0
        else exp(sum(case when hazard < 1 then ln(1 - hazard) end) over ages)
    end as survival
from risky
window ages as (partition by dimension, segment order by age)
