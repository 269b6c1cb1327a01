//! Landing: extract files become commits to `billing`, `channel` and `hotline`, and rows of the ledger.
//! A file lands whole or not at all, once; the same key with other bytes replaces what it landed before.
//! It refuses a file of which too much is broken, and knows no SQL.

mod commit;
mod duplicates;
mod events;
mod fetch;
mod files;
mod ids;
mod ledger;
mod months;
mod stage;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, channel, unbounded};
use futures::future::{join, join_all};
use futures::{FutureExt, Stream, StreamExt};
use tokio::sync::Mutex;

pub use duplicates::{Occurrence, live_landings, superseded};
pub use files::{FoundFile, list};
pub use ledger::{Landing, Ledger};
pub use stage::Staged;

use crate::config::Config;
use crate::extract::{self, ExtractError, SourceKind};
use crate::warehouse::{Warehouse, WarehouseError};
use commit::{Books, Committer};

/// What goes wrong when files land.
#[derive(Debug, thiserror::Error)]
pub enum LandError {
    /// The file or its description.
    #[error(transparent)]
    Extract(#[from] ExtractError),
    /// The tables.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// A path of the configuration matches no file.
    #[error("extracts.{kind}.path matches no file: {path}")]
    NoFile {
        /// The source.
        kind: SourceKind,
        /// The path as configured.
        path: String,
        /// Something near it that exists.
        near: Option<String>,
    },
    /// A file can't be listed or read.
    #[error("can't read {path}: {why}")]
    Unreadable {
        /// The file or folder.
        path: String,
        /// Why.
        why: String,
    },
    /// Too many rows are broken.
    #[error(
        "{file}: {rejected} of {rows} rows are rejected, so the file is refused whole\n{lines}"
    )]
    Refused {
        /// The file.
        file: String,
        /// Rejected rows.
        rejected: u64,
        /// Rows read.
        rows: u64,
        /// The first few, a line each.
        lines: String,
    },
    /// A file with a header and nothing else.
    #[error("{0}: holds no rows, only a header")]
    HeaderOnly(String),
    /// `--retract` names what never landed.
    #[error("no landed file has this key: {key}")]
    UnknownKey {
        /// The key as given.
        key: String,
        /// The nearest one.
        near: Option<String>,
    },
    /// `--retract` names a key that several sources have.
    #[error("several sources have a file of this key: {0}")]
    AmbiguousKey(String),
}

impl LandError {
    /// What remedies it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Extract(error) => error.hint(),
            Self::Warehouse(error) => error.hint(),
            Self::NoFile { near, .. } => {
                let near = near.as_ref().map(|near| format!("; near it lies: {near}")).unwrap_or_default();
                Some(format!("paths start at the folder of churnhouse.toml{near}"))
            }
            Self::Refused { .. } => Some(
                "correct the source's description or the file and run it again; max_rejected of the source is the bound"
                    .into(),
            ),
            Self::HeaderOnly(_) => Some("ask the source system for the rows; nothing of it has landed".into()),
            Self::UnknownKey { near, .. } => {
                let near = near.as_ref().map(|near| format!("did you mean {near}? "));
                Some(format!("{}`churnhouse sql \"select source, key from landings\"` lists the keys", near.unwrap_or_default()))
            }
            Self::AmbiguousKey(key) => Some(format!("name the source: churnhouse land SOURCE --retract {key}")),
            Self::Unreadable { .. } => None,
        }
    }
}

/// How a landing proceeds, for whoever shows it.
pub trait Watch: Send + Sync {
    /// A file of so many bytes begins.
    fn begins(&self, file: &FoundFile);
    /// Bytes of it have been read since the last call.
    fn reads(&self, file: &FoundFile, bytes: u64);
    /// It has landed, or was found landed already, or was refused.
    fn ends(&self, file: &FoundFile, outcome: &Outcome);
}

/// What became of one file.
#[derive(Debug)]
pub enum Outcome {
    /// Its rows are in the warehouse.
    Landed {
        /// The ledger's row.
        landing: Landing,
        /// Whether it replaced an earlier version.
        replaced: bool,
        /// What a person should look at.
        warnings: Vec<String>,
    },
    /// It would land (`--dry-run`).
    WouldLand {
        /// Rows that fit.
        rows: u64,
        /// Rows that do not.
        rejected: u64,
    },
    /// It was in the warehouse already.
    Unchanged,
    /// It was withdrawn, and its bytes are still the same.
    Withdrawn,
    /// It was refused.
    Failed(LandError),
}

/// How to land.
pub struct Options<'a> {
    /// Read files again whose size and time have not changed.
    pub rehash: bool,
    /// Check only.
    pub dry_run: bool,
    /// Files were named by the user: land them even if they were withdrawn.
    pub named: bool,
    /// Today, for dates that lie too far ahead.
    pub today: chrono::NaiveDate,
    /// Compiles a SQL expression of a column mapping.
    pub compile: &'a Compiler,
    /// Who watches.
    pub watch: &'a dyn Watch,
    /// Threads that read and encode; a few files more are under way.
    pub threads: usize,
}

/// Lands files, the sources side by side and those of each in their order; later ones go on when one is refused.
///
/// # Errors
/// The warehouse can't be read or written. A refused file is an [`Outcome::Failed`], not an error.
pub async fn land(
    warehouse: &Warehouse,
    config: &Config,
    found: Vec<FoundFile>,
    options: &Options<'_>,
) -> Result<Vec<(FoundFile, Outcome)>, LandError> {
    let books = Books::open(warehouse).await?;
    let failed = AtomicBool::new(false);
    let mut sources: BTreeMap<SourceKind, Vec<FoundFile>> = BTreeMap::new();
    found.into_iter().for_each(|file| sources.entry(file.kind).or_default().push(file));
    // Each source's share of the threads, and a file more: while one is hashed or committed, others keep all busy.
    let under_way = options.threads.div_ceil(sources.len().max(1)) + 1;
    let (mut lanes, mut settled) = (Vec::new(), Vec::new());
    for (kind, files) in sources {
        let committer = Committer::new(&books, kind).await;
        let staged = futures::stream::iter(books.plan(kind, files).await)
            .map(|plan| stage::stage(warehouse, config, plan, options))
            .buffered(under_way);
        let (send, receive) = unbounded();
        lanes.push(settle_all(committer, staged, &failed, send, options));
        settled.push(receive);
    }
    let (ended, mut outcomes) = join(join_all(lanes), tell(settled, options.watch)).await;
    // An error matters more than a failure to save: the ledger is repaired from the commits.
    let saved = if options.dry_run { Ok(()) } else { books.save().await };
    ended.into_iter().collect::<Result<(), _>>()?;
    saved?;
    outcomes.sort_by_key(|(file, _)| file.kind);
    Ok(outcomes)
}

/// Tells what became of the files, the sources taking turns: in the same order whichever of them is quicker.
async fn tell(
    mut settled: Vec<UnboundedReceiver<(FoundFile, Outcome)>>,
    watch: &dyn Watch,
) -> Vec<(FoundFile, Outcome)> {
    let mut told = Vec::new();
    while !settled.is_empty() {
        for mut source in std::mem::take(&mut settled) {
            let Some((file, outcome)) = source.next().await else { continue };
            watch.ends(&file, &outcome);
            told.push((file, outcome));
            settled.push(source);
        }
    }
    told
}

/// Commits the staged files of one source in their order, until the warehouse fails any source.
async fn settle_all(
    committer: Committer,
    staged: impl Stream<Item = (stage::Plan, Result<stage::Stage, LandError>)>,
    failed: &AtomicBool,
    settled: UnboundedSender<(FoundFile, Outcome)>,
    options: &Options<'_>,
) -> Result<(), LandError> {
    let committer = Arc::new(Mutex::new(committer));
    // Staging goes on while a file is committed; to send fails only after a commit has.
    let (send, mut receive) = channel(options.threads);
    let stage_all = staged.map(Ok).forward(send).map(|_| Ok::<_, LandError>(()));
    let commit_all = async move {
        while let Some((plan, staged)) = receive.next().await {
            if failed.load(Ordering::Relaxed) {
                break;
            }
            let outcome = settle(&committer, staged, options).await;
            let outcome = outcome.inspect_err(|_| failed.store(true, Ordering::Relaxed))?;
            // Who tells of it listens to the end.
            let _ = settled.unbounded_send((plan.file, outcome));
        }
        Ok(())
    };
    futures::try_join!(stage_all, commit_all).map(|_| ())
}

/// Commits what is to be committed. Only an error of the warehouse ends the landing.
async fn settle(
    committer: &Arc<Mutex<Committer>>,
    staged: Result<stage::Stage, LandError>,
    options: &Options<'_>,
) -> Result<Outcome, LandError> {
    let outcome = match staged {
        Ok(stage::Stage::Ready(staged)) if options.dry_run => would_land(*staged),
        Ok(stage::Stage::Ready(staged)) => {
            // In a task of its own, so that what is being staged goes on meanwhile.
            let committer = Arc::clone(committer);
            let commit = async move { committer.lock().await.commit(*staged).await };
            let committed = tokio::spawn(commit).await;
            // After a panic nobody knows what the committer holds: the landing ends with it.
            committed.unwrap_or_else(|fell| std::panic::resume_unwind(fell.into_panic()))
        }
        Ok(stage::Stage::Unchanged) => Ok(Outcome::Unchanged),
        Ok(stage::Stage::Withdrawn) => Ok(Outcome::Withdrawn),
        Err(error) => Err(error),
    };
    match outcome {
        Err(LandError::Warehouse(error)) => Err(error.into()),
        other => Ok(other.unwrap_or_else(Outcome::Failed)),
    }
}

fn would_land(staged: Staged) -> Result<Outcome, LandError> {
    Ok(Outcome::WouldLand {
        rows: staged.landing.rows as u64,
        rejected: staged.rejects.len() as u64,
    })
}

/// Withdraws the file of a key: its rows leave the tables as if it had never been there.
///
/// # Errors
/// No source, or more than one, has a landed file of this key; the warehouse can't be written.
pub async fn retract(
    warehouse: &Warehouse,
    kind: Option<SourceKind>,
    key: &str,
) -> Result<Landing, LandError> {
    let books = Books::open(warehouse).await?;
    let landing = books.find(kind, key).await?;
    let landing = Committer::new(&books, landing.source).await.retract(landing).await?;
    books.save().await?;
    Ok(landing)
}

/// A store shared by readers.
pub(crate) type Store = Arc<dyn object_store::ObjectStore>;

/// Compiles a `sql` mapping against the source's columns; shared by the threads that read files.
pub type Compiler = Arc<
    dyn Fn(&str, &arrow::datatypes::Schema) -> Result<Box<dyn extract::Expression>, String>
        + Send
        + Sync,
>;

/// Whether any file of a source has landed.
///
/// # Errors
/// The store can't be read.
pub async fn has_landed(warehouse: &Warehouse, kind: SourceKind) -> Result<bool, WarehouseError> {
    Ok(Ledger::open(warehouse).await?.landings().iter().any(|landing| landing.source == kind))
}
