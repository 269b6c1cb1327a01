//! The close: month by month, from a month's landed rows and the state of the month before, to that
//! month's partition of `customer_month`, `dormant` and the tables of sums. Its cost follows the month, not the
//! history. A month whose inputs are those that it was closed from is left alone; a month that is missing,
//! partial or re-sent is refused.

mod aliases;
mod inventory;
mod period;
mod plan;
mod record;
mod save;
mod specification;
mod step;

pub use aliases::{AliasError, Aliases};
pub use inventory::{Inventory, Landed};
pub use plan::{Openness, Reason, Schedule};
pub use record::{CloseRecord, Closes};
pub use specification::{definitions, stage_inputs};

use arrow::array::RecordBatch;

use crate::config::{Config, ConfigError};
use crate::engine::{Engine, EngineError, threads};
use crate::month::Month;
use crate::warehouse::{Warehouse, WarehouseError, layout};
use save::Saver;
use specification::Closing;
use step::{IdRange, Step};

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

/// What a month's close makes.
#[derive(Debug)]
pub struct Made {
    /// Its rows of `customer_month`.
    pub customer_month: RecordBatch,
    /// Its rows of `dormant`.
    pub dormant: RecordBatch,
    /// Its rows of the tables of sums, in the order of `layout::SUMS`.
    pub sums: Vec<RecordBatch>,
}

/// Customers of a month that has been computed either way.
enum Taken {
    BySql(Made),
    ByHand(Box<step::Taken>),
}

impl Taken {
    /// Whether its customers are the last of the month.
    fn is_last(&self) -> bool {
        match self {
            Self::BySql(_) => true,
            Self::ByHand(taken) => taken.is_last(),
        }
    }

    fn made(self) -> Result<Made, WarehouseError> {
        match self {
            Self::BySql(made) => Ok(made),
            Self::ByHand(taken) => taken.made(),
        }
    }
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
    let inventory = Inventory::read(warehouse, config).await?;
    let mut closes = Closes::read(warehouse).await?;
    let mut saver = Saver::new(warehouse, threads(config));
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
    let mut step = Step::new(warehouse, config, &inventory, schedule.first);
    let mut report = Report::default();
    for month in schedule.months() {
        if !options.reaches(month) {
            break;
        }
        let forced = options.forces(month);
        let depends = !forced && closes.closed(month).is_some();
        if depends || options.by_sql {
            settle(&mut saver, 0, &schedule, &mut closes, &mut report, watch).await?;
        }
        if depends && schedule.openness(&closes, month) == Openness::Closed {
            continue;
        }
        match schedule.fit(&closes, month, options.today) {
            Ok(true) => {}
            Ok(false) => break,
            Err(reason) => {
                report.stopped = Some(CloseError::Refused { month, reason });
                break;
            }
        }
        let ranges = match options.by_sql {
            true => vec![IdRange::default()],
            false => step.ranges(&closes, month).await?,
        };
        watch(Progress::Begins { month, ranges: ranges.len() });
        if ranges.len() > 1 {
            settle(&mut saver, 0, &schedule, &mut closes, &mut report, watch).await?;
        }
        saver.begin(month);
        for range in ranges {
            if options.by_sql {
                let (inventory, closes) = (&inventory, &closes);
                let closing = Closing { warehouse, engine, config, inventory, closes, month };
                saver.push(Taken::BySql(closing.run(schedule.first).await?));
            } else {
                let mut out = |taken| saver.push(Taken::ByHand(Box::new(taken)));
                step.close(&closes, month, &range, &mut out).await?;
            }
        }
        settle(&mut saver, 1, &schedule, &mut closes, &mut report, watch).await?;
        saver.save_if_due(&closes).await?;
    }
    settle(&mut saver, 0, &schedule, &mut closes, &mut report, watch).await?;
    saver.save(&closes).await?;
    Ok(report)
}

/// Waits for the files of the months that were begun, but for the last so many, and tells of each.
async fn settle(
    saver: &mut Saver<'_>,
    but: usize,
    schedule: &Schedule<'_>,
    closes: &mut Closes,
    report: &mut Report,
    watch: &mut Watch<'_>,
) -> Result<(), CloseError> {
    while let Some((month, changed)) = saver.settle(but, schedule, closes).await? {
        let file = closes.closed(month).and_then(|record| record.file(layout::CUSTOMER_MONTH));
        watch(Progress::Ends { month, customers: file.map_or(0, |file| file.rows) });
        report.closed.push((month, changed));
    }
    Ok(())
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
