-- rejected: the rows of landed files that break the contract, a row per row.
-- Rows that an earlier version of a file left no longer count.
select refused.source, refused.file, refused.line, refused."column", refused.reason, refused.raw
from landed.rejected as refused
left semi join landings as landing on landing.landing = refused.landing and landing.current
