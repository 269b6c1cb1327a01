-- rates_add_up: churn_rate + retention_rate = 1 wherever there is an opening base.
select churn.month, churn.dimension, churn.segment, churn.churn_rate, kept.retention_rate
from churn_rate as churn
join retention_rate as kept
    on kept.month = churn.month and kept.dimension = churn.dimension and kept.segment = churn.segment
where churn.opening > 0 and abs(churn.churn_rate + kept.retention_rate - 1) > 1e-12
