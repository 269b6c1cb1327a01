//! What the program says while it works: one kind of event for each thing that happens, with its figures. A
//! person reads its text, a log its fields; both are written in this room and nowhere else.

mod text;

use serde::Serialize;

pub use text::from_to;

use crate::extract::SourceKind;
use crate::month::Month;

/// Who should hear of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Everybody: something was not done.
    Error,
    /// Who should look at something.
    Warning,
    /// Who wants to know what was done.
    Info,
    /// Who wants to know every step.
    Debug,
}

/// The months from a first to a last one, and how many they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// How many.
    pub months: usize,
    /// The first.
    pub first: Month,
    /// The last.
    pub last: Month,
}

/// Something that happened.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A file's rows are in the warehouse.
    FileLanded {
        /// Its source.
        source: SourceKind,
        /// The file.
        file: String,
        /// Rows that landed.
        rows: i64,
        /// Rows that were rejected.
        rejected: i64,
        /// Rows whose id another row has as well.
        sharing_id: i64,
        /// Whether it replaced an earlier version.
        restated: bool,
        /// The first month that it touches.
        first_month: Option<Month>,
        /// The last one.
        last_month: Option<Month>,
    },
    /// A file would land (`--dry-run`).
    FileChecked {
        /// The file.
        file: String,
        /// Rows that fit.
        rows: u64,
        /// Rows that do not.
        rejected: u64,
    },
    /// A file was left as it is.
    FileSkipped {
        /// The file.
        file: String,
        /// Why.
        why: &'static str,
        /// How it lands all the same.
        hint: Option<String>,
    },
    /// A file was refused.
    FileRefused {
        /// The file.
        file: String,
        /// Why.
        message: String,
        /// What remedies it.
        hint: Option<String>,
    },
    /// All files have been looked at.
    Landed {
        /// Files that landed.
        files: usize,
        /// Rows that landed.
        rows: i64,
        /// Files that were in the warehouse already, or withdrawn.
        unchanged: usize,
        /// Files that were refused.
        refused: usize,
        /// How long it took.
        seconds: f64,
        /// Rows landed or rejected a second.
        rows_per_second: u64,
    },
    /// Rows were rejected.
    RowsRejected {
        /// How many.
        rows: i64,
        /// The command that shows them.
        look_at: String,
    },
    /// A month is closed.
    MonthClosed {
        /// The month.
        month: Month,
        /// Customers that have a row in it.
        customers: u64,
        /// How long it took; the next one begins before its files are written.
        seconds: f64,
    },
    /// All months that could be closed are.
    Closed {
        /// Which; none where nothing was open.
        #[serde(flatten)]
        span: Option<Span>,
        /// How long it took.
        seconds: f64,
    },
    /// A check has run.
    Check {
        /// Its name.
        check: String,
        /// Whether it found nothing.
        passed: bool,
    },
    /// All checks have run.
    Checked {
        /// Those that found nothing.
        passed: usize,
        /// All.
        checks: usize,
        /// How long they took.
        seconds: f64,
    },
    /// A month's folder has appeared.
    MonthExported {
        /// The export.
        export: String,
        /// The month.
        month: Month,
        /// The folder.
        folder: String,
        /// Files in it.
        files: usize,
        /// Their bytes.
        bytes: u64,
    },
    /// All that was due of an export is made.
    Exported {
        /// The export.
        export: String,
        /// Of which months; none where nothing was due.
        #[serde(flatten)]
        span: Option<Span>,
        /// The folder that holds the months.
        folder: String,
    },
    /// The main job has ended.
    Ended {
        /// The exit status.
        status: u8,
        /// How long it took.
        seconds: f64,
    },
    /// Something else was done.
    Note {
        /// What.
        message: String,
    },
    /// A step of something.
    Detail {
        /// What.
        message: String,
    },
    /// Something to be looked at.
    Warning {
        /// What.
        message: String,
    },
    /// Something was not done.
    Error {
        /// What, and why.
        message: String,
        /// What remedies it.
        hint: Option<String>,
    },
}

impl Span {
    /// The span of months in order; none of no months.
    pub fn of(months: &[Month]) -> Option<Self> {
        let (first, last) = (*months.first()?, *months.last()?);
        Some(Self { months: months.len(), first, last })
    }
}

impl Event {
    /// Who should hear of it.
    pub fn level(&self) -> Level {
        match self {
            Self::FileRefused { .. } | Self::Error { .. } => Level::Error,
            Self::RowsRejected { .. } | Self::Warning { .. } => Level::Warning,
            Self::Exported { span: None, .. } | Self::FileSkipped { .. } | Self::Detail { .. } => {
                Level::Debug
            }
            _ => Level::Info,
        }
    }

    /// Whether it is a step of something that ends with an event of its own: people hear of the whole.
    pub fn is_step(&self) -> bool {
        matches!(
            self,
            Self::MonthClosed { .. }
                | Self::Check { .. }
                | Self::MonthExported { .. }
                | Self::Ended { .. }
        )
    }

    /// Whether a person at a terminal sees it: bars show what goes well, lines the stages and what does not.
    pub fn is_for_terminal(&self) -> bool {
        match self {
            Self::FileLanded { rejected, restated, .. } => *rejected > 0 || *restated,
            Self::Ended { .. } => true,
            other => other.level() < Level::Debug && !other.is_step(),
        }
    }

    /// What remedies it.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::FileRefused { hint, .. }
            | Self::FileSkipped { hint, .. }
            | Self::Error { hint, .. } => hint.as_deref(),
            _ => None,
        }
    }
}
