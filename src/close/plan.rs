//! Which months are open, and whether an open one is fit to close. A missing file is not a lost
//! customer: a month that is missing, partial or re-sent is refused before anybody is counted as gone.

use std::fmt;

use chrono::{Days, NaiveDate};

use super::{CloseError, CloseRecord, Closes, Inventory, period};
use crate::config::Config;
use crate::extract::SourceKind;
use crate::month::Month;

/// Rows of a month from which the next one's volume is judged.
const JUDGED: u64 = 1000;

/// How a month of the history stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Openness {
    /// Closed, from what is landed now.
    Closed,
    /// Closed under another policy or other SQL.
    OtherDefinitions,
    /// Closed, and what it was made from has changed.
    Stale,
    /// Not closed yet.
    Open,
}

/// Why a month is not fit to close.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No billing lines, while a later month has some.
    Missing,
    /// Far fewer billing lines than the month before.
    Partial {
        /// Its lines.
        lines: u64,
        /// Those of the month before.
        before: u64,
    },
    /// Far more billing lines than the month before.
    Resent {
        /// Its lines.
        lines: u64,
        /// Those of the month before.
        before: u64,
    },
    /// No rows of a source that had many the month before.
    Silent {
        /// The source.
        source: SourceKind,
        /// Its rows in the month before.
        before: u64,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => write!(f, "it has no billing lines, while a later month has some"),
            Self::Partial { lines, before } => {
                write!(
                    f,
                    "it is probably partial, with {lines} billing lines after {before} in the month before"
                )
            }
            Self::Resent { lines, before } => {
                write!(
                    f,
                    "it is probably sent twice, with {lines} billing lines after {before} in the month before"
                )
            }
            Self::Silent { source, before } => {
                write!(f, "it has no {source} rows, after {before} in the month before")
            }
        }
    }
}

impl Reason {
    /// The two ways on.
    pub fn ways_on(&self, month: Month) -> String {
        match self {
            Self::Missing => format!("land the file of {month}; no later month closes without it"),
            Self::Resent { .. } => format!(
                "withdraw the file that is too much (churnhouse land --retract KEY), or say that it is right: churnhouse close --accept {month}"
            ),
            _ => format!(
                "land the rest of {month}, or say that it is right: churnhouse close --accept {month}"
            ),
        }
    }
}

/// The history: its months, and what each should have been closed from.
#[derive(Debug)]
pub struct Schedule<'a> {
    inventory: &'a Inventory,
    config: &'a Config,
    definitions: &'a str,
    /// The first month of the history.
    pub first: Month,
    /// The last month with billing lines.
    pub last: Month,
}

impl<'a> Schedule<'a> {
    /// The history of what is landed; `None` where no month has billing lines.
    pub fn new(
        inventory: &'a Inventory,
        closes: &Closes,
        config: &'a Config,
        definitions: &'a str,
    ) -> Option<Self> {
        let months = inventory.billing_months();
        let last = *months.last()?;
        let found = inventory.default_first_month()?;
        // A hole that appears later must not cut off what is closed before it.
        let closed = closes.months().next().filter(|month| months.contains(month));
        let unbroken = |month: Month| month.through(found).all(|month| months.contains(&month));
        let kept = closed.filter(|closed| *closed < found && !unbroken(*closed));
        let first = config.close.first_month.or(kept).unwrap_or(found);
        (first <= last).then_some(Self { inventory, config, definitions, first, last })
    }

    /// All months, closed or not.
    pub fn months(&self) -> impl Iterator<Item = Month> + use<> {
        self.first.through(self.last)
    }

    /// Whether a month belongs to the history.
    pub fn covers(&self, month: Month) -> bool {
        (self.first..=self.last).contains(&month)
    }

    /// Billing lines that landed and lie before the history.
    pub fn lines_before(&self) -> u64 {
        let months = self.inventory.billing_months();
        months
            .range(..self.first)
            .map(|month| self.inventory.source(SourceKind::Billing).rows(*month))
            .sum()
    }

    /// Refuses months outside the history.
    ///
    /// # Errors
    /// The first such month.
    pub fn within(&self, mut months: impl Iterator<Item = Month>) -> Result<(), CloseError> {
        match months.find(|month| *month < self.first || *month > self.last.plus(1)) {
            Some(month) => Err(CloseError::Outside { month, first: self.first, last: self.last }),
            None => Ok(()),
        }
    }

    /// The record that the month will have when it is closed now, without what comes of closing it.
    pub fn record(&self, closes: &Closes, month: Month) -> CloseRecord {
        let rows = |kind| self.inventory.source(kind).rows(month);
        let version = |kind| self.inventory.version(kind);
        CloseRecord {
            month: Some(month),
            accepted: closes.get(month).is_some_and(|record| record.accepted),
            inputs: self.inventory.digest(month, month == self.first),
            prior_state: self.prior_state(closes, month),
            window_charges: self.window_charges(closes, month),
            openings: self.openings(closes, month),
            definitions: self.definitions.to_owned(),
            sleepers: self
                .prior(closes, month)
                .map(|prior| prior.sleepers.clone())
                .unwrap_or_default(),
            billing_lines: rows(SourceKind::Billing),
            channel_events: rows(SourceKind::Channel),
            hotline_calls: rows(SourceKind::Hotline),
            billing_version: version(SourceKind::Billing),
            channel_version: version(SourceKind::Channel),
            hotline_version: version(SourceKind::Hotline),
            ..CloseRecord::default()
        }
    }

    fn prior<'b>(&self, closes: &'b Closes, month: Month) -> Option<&'b CloseRecord> {
        closes.closed(month.previous()).filter(|_| month > self.first)
    }

    fn prior_state(&self, closes: &Closes, month: Month) -> String {
        self.prior(closes, month).map_or_else(|| "beginning".into(), |prior| prior.state.clone())
    }

    /// The state holds sums over the windows; what falls out of them is read from older months.
    fn window_charges(&self, closes: &Closes, month: Month) -> String {
        let policy = &self.config.policy;
        let windows =
            [policy.value_window, policy.tier_window].map(|months| month.plus(-(months as i32)));
        let charges = |month: Month| closes.closed(month).filter(|_| month >= self.first);
        windows.map(|month| charges(month).map_or("", |record| record.charges.as_str())).join(" ")
    }

    /// The month that ends a quarter or a year looks back at the customers that the period began with.
    fn openings(&self, closes: &Closes, month: Month) -> String {
        let opened = period::ended_by(month).map(|(_, opening)| opening);
        let opened = opened.filter(|opening| *opening >= self.first);
        let states = opened.filter_map(|opening| Some(closes.closed(opening)?.state.as_str()));
        states.collect::<Vec<_>>().join(" ")
    }

    /// How a month stands, given the closed months before it.
    pub fn openness(&self, closes: &Closes, month: Month) -> Openness {
        let Some(record) = closes.closed(month) else { return Openness::Open };
        let now = self.record(closes, month);
        let same = record.inputs == now.inputs
            && record.prior_state == now.prior_state
            && record.window_charges == now.window_charges
            && record.openings == now.openings;
        let as_defined = record.definitions == now.definitions && record.is_whole();
        match (as_defined, same) {
            (false, _) => Openness::OtherDefinitions,
            (true, false) => Openness::Stale,
            (true, true) => Openness::Closed,
        }
    }

    /// Whether a month may close today. A month that is not over yet is not, without being refused.
    ///
    /// # Errors
    /// Why the month is refused.
    pub fn fit(&self, closes: &Closes, month: Month, today: NaiveDate) -> Result<bool, Reason> {
        let over = month.next().first_day() + Days::new(u64::from(self.config.close.settle_days));
        if today < over {
            return Ok(false);
        }
        let billing = self.inventory.source(SourceKind::Billing);
        let lines = billing.rows(month);
        if lines == 0 {
            return Err(Reason::Missing);
        }
        if month > self.first && !closes.get(month).is_some_and(|record| record.accepted) {
            self.judge_volume(month)?;
        }
        Ok(true)
    }

    fn judge_volume(&self, month: Month) -> Result<(), Reason> {
        let rows = |kind, month| self.inventory.source(kind).rows(month);
        let (lines, before) =
            (rows(SourceKind::Billing, month), rows(SourceKind::Billing, month.previous()));
        let bounds = &self.config.close;
        if before >= JUDGED && (lines as f64) < bounds.min_volume * before as f64 {
            return Err(Reason::Partial { lines, before });
        }
        if before >= JUDGED && lines as f64 > bounds.max_volume * before as f64 {
            return Err(Reason::Resent { lines, before });
        }
        for source in [SourceKind::Channel, SourceKind::Hotline] {
            let before = rows(source, month.previous());
            if before >= JUDGED && rows(source, month) == 0 {
                return Err(Reason::Silent { source, before });
            }
        }
        Ok(())
    }
}
