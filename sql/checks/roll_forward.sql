-- roll_forward: closing = opening - churned - moved_out + moved_in + new + returned + carried, in every segment.
select month, dimension, segment, closing,
    opening - churned - moved_out + moved_in + new + returned + carried as rolled_forward
from movement
where closing <> opening - churned - moved_out + moved_in + new + returned + carried
