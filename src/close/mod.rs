//! The close: month by month, from a month's landed rows and the state of the month before, to that
//! month's partition of `customer_month`, `dormant` and the tables of sums. Its cost follows the month, not the
//! history. A month whose inputs are those that it was closed from is left alone; a month that is missing,
//! partial or re-sent is refused.

mod aliases;
mod inventory;
mod period;
mod plan;
mod record;
mod run;
mod save;
mod specification;
mod step;
mod tables;

pub use aliases::{AliasError, Aliases};
pub use inventory::{Inventory, Landed};
pub use plan::{Openness, Reason, Schedule};
pub use record::{CloseRecord, Closes};
pub use specification::{definitions, stage_inputs};

use arrow::array::RecordBatch;

use crate::config::{Config, ConfigError};
use crate::engine::{Engine, EngineError, threads};
use crate::month::Month;
use crate::warehouse::{Warehouse, WarehouseError};
use run::Run;
use save::Saver;
use step::Step;
use tables::Tables;

/// What goes wrong when months close.
#[derive(Debug, thiserror::Error)]
pub enum CloseError {
    /// The tables.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// What is configured.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The table of aliases.
    #[error(transparent)]
    Alias(#[from] AliasError),
    /// Our own SQL.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A month is not fit to close.
    #[error("{month} is not closed: {reason}")]
    Refused {
        /// The month.
        month: Month,
        /// What is wrong with it.
        reason: Reason,
    },
    /// Months were closed under another policy, other dimensions or other SQL, and would stay beside those
    /// that close now.
    #[error("{} closed under other definitions than those in force; nothing was closed", spans(.0))]
    OtherDefinitions(Vec<Month>),
    /// A month that was asked for lies outside the history.
    #[error("{month} lies outside the history, which goes from {first} to {last}")]
    Outside {
        /// The month as given.
        month: Month,
        /// The first month.
        first: Month,
        /// The last month with billing lines.
        last: Month,
    },
}

impl CloseError {
    /// What remedies it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Warehouse(error) => error.hint(),
            Self::Engine(error) => error.hint(),
            Self::Config(error) => error.hint(),
            Self::Alias(error) => Some(error.hint()),
            Self::Refused { month, reason } => Some(reason.ways_on(*month)),
            Self::OtherDefinitions(_) => Some(
                "`churnhouse close --full` closes all months again; or take back what was changed in [policy] or [dimensions]".into(),
            ),
            Self::Outside { .. } => Some("[close] first_month sets where it begins".into()),
        }
    }
}

/// What to close.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Close again from this month on.
    pub from: Option<Month>,
    /// Close no further than this month.
    pub through: Option<Month>,
    /// Close again from the first month on.
    pub full: bool,
    /// Months whose volume a person accepts.
    pub accept: Vec<Month>,
    /// Compute by `sql/core`, the definition, rather than by the step written by hand.
    pub by_sql: bool,
    /// Today: a month closes when it is over.
    pub today: chrono::NaiveDate,
}

impl Options {
    /// Whether a month closes again, whatever it was made from.
    fn forces(&self, month: Month) -> bool {
        self.full || self.from.is_some_and(|from| month >= from)
    }

    /// Whether a month closes at all.
    fn reaches(&self, month: Month) -> bool {
        self.through.is_none_or(|last| month <= last)
    }
}

/// What a close did.
#[derive(Debug, Default)]
pub struct Report {
    /// Months that were closed, and whether they came out otherwise than before.
    pub closed: Vec<(Month, bool)>,
    /// Why it stopped before the last month.
    pub stopped: Option<CloseError>,
}

/// Makes rows of tables, on the thread that is to encode them.
type Making = Box<dyn FnOnce() -> Result<Vec<RecordBatch>, WarehouseError> + Send>;

/// A part of a month that has been computed, on its way to its files.
enum Part {
    /// Rows of `customer_month` and `dormant`, of customers behind those of the part before.
    Customers(Making),
    /// The rows of the tables of sums, in the order of `layout::SUMS`; nothing comes after them.
    Sums(Making),
}

/// How a close proceeds, for whoever shows it.
#[derive(Clone, Copy, Debug)]
pub enum Progress {
    /// A month begins.
    Begins {
        /// The month.
        month: Month,
        /// In how many ranges of customers it goes.
        ranges: usize,
    },
    /// Its files are written.
    Ends {
        /// The month.
        month: Month,
        /// Customers that have a row in it.
        customers: u64,
    },
}

/// Hears how a close proceeds.
pub type Watch<'a> = dyn FnMut(Progress) + Send + 'a;

/// Closes all months that are open, in order, until one is not fit. `watch` hears of each month.
/// While a month's files are written, the next one is computed.
///
/// # Errors
/// The warehouse can't be read or written, or our SQL fails. A month that is refused is in the report.
pub async fn close(
    warehouse: &Warehouse,
    engine: &Engine,
    config: &Config,
    options: &Options,
    watch: &mut Watch<'_>,
) -> Result<Report, CloseError> {
    let tables = tokio::spawn(Tables::read(warehouse.clone()));
    let inventory = Inventory::read(warehouse, config).await?;
    let (mut closes, tables) = tables.await.map_err(fell)??;
    let mut saver = Saver::new(warehouse, threads(config), tables);
    accept(&mut closes, &mut saver, &options.accept);
    let definitions = definitions(config);
    let Some(schedule) = Schedule::new(&inventory, &closes, config, &definitions) else {
        saver.save(&closes).await?;
        return Ok(Report::default());
    };
    let asked =
        options.from.into_iter().chain(options.through).chain(options.accept.iter().copied());
    schedule.within(asked)?;
    if closes.retain(|month| schedule.covers(month)) {
        saver.touch();
    }
    let left = left_behind(&closes, &definitions, options);
    if !left.is_empty() {
        saver.save(&closes).await?;
        return Err(CloseError::OtherDefinitions(left));
    }
    let (inventory, step) = (&inventory, Step::new(warehouse, config, &inventory, schedule.first));
    let report = Report::default();
    let mut run = Run {
        warehouse,
        engine,
        config,
        options,
        inventory,
        schedule: &schedule,
        closes,
        saver,
        step,
        report,
        watch,
    };
    run.months().await?;
    run.saver.save(&run.closes).await?;
    Ok(run.report)
}

/// Months closed under other definitions that a close would leave as they are.
fn left_behind(closes: &Closes, definitions: &str, options: &Options) -> Vec<Month> {
    let other = closes.under_others(definitions).into_iter();
    other.filter(|month| !(options.forces(*month) && options.reaches(*month))).collect()
}

/// Months in words: each unbroken run by its ends.
pub fn spans(months: &[Month]) -> String {
    let runs = months.chunk_by(|one, other| one.next() == *other);
    let words = runs.filter_map(|run| match (run.first()?, run.last()?) {
        (first, last) if first == last => Some(first.to_string()),
        (first, last) => Some(format!("{first} to {last}")),
    });
    let words = words.collect::<Vec<_>>().join(", ");
    format!("{words} {}", if months.len() == 1 { "is" } else { "are" })
}

/// A task of the close has ended without a result.
fn fell(error: tokio::task::JoinError) -> WarehouseError {
    let source = parquet::errors::ParquetError::General(error.to_string());
    WarehouseError::Parquet { file: "a month that is being closed".into(), source }
}

fn accept(closes: &mut Closes, saver: &mut Saver<'_>, months: &[Month]) {
    for month in months {
        if !closes.get(*month).is_some_and(|record| record.accepted) {
            closes.accept(*month);
            saver.touch();
        }
    }
}
