//! One file on its way: hashed, read and typed on one thread, encoded to Parquet by month on another.
//! Its data files are written, and count for nothing before they are committed.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::datatypes::Schema;
use object_store::ObjectStoreExt;
use serde::Serialize;
use tokio::sync::mpsc;

use super::events::Events;
use super::fetch::{LocalFile, content_of, fetch};
use super::months::MonthWriters;
use super::{FoundFile, LandError, Landing, Options};
use crate::config::Config;
use crate::extract::{Extract, Piece, Reject, SourceConfig, SourceKind};
use crate::warehouse::{DataFile, Warehouse, layout};

/// Rejected rows below which a file is not refused for its share of them.
const FEW_REJECTS: usize = 10;
/// Bytes of rows that go from thread to thread at a time: to wake the other one takes as long as to type some rows.
const HANDED: usize = 1 << 20;
/// How often whoever watches hears of the bytes read.
const WATCHED_EVERY: std::time::Duration = std::time::Duration::from_millis(100);

/// A file, what the ledger says of its key, and its place in the order of its source's deliveries.
pub struct Plan {
    pub file: FoundFile,
    pub current: Option<Landing>,
    pub delivery: i32,
}

/// What came of staging a file.
pub enum Stage {
    /// It is to be committed.
    Ready(Box<Staged>),
    /// Its rows are in the tables already.
    Unchanged,
    /// It was withdrawn, and its bytes are still the same.
    Withdrawn,
}

/// A file whose data files are written and not committed.
pub struct Staged {
    /// The ledger's row to be.
    pub landing: Landing,
    /// Its source.
    pub kind: SourceKind,
    /// Its data files.
    pub files: Vec<DataFile>,
    /// Its rejected rows.
    pub rejects: Vec<RejectedRow>,
    /// What a person should look at.
    pub warnings: Vec<String>,
}

/// A row of the table `rejected`.
#[derive(Clone, Debug, Serialize)]
pub struct RejectedRow {
    source: SourceKind,
    file: String,
    landing: String,
    line: u64,
    column: Option<String>,
    reason: String,
    raw: String,
}

/// Stages one file. The plan is handed back, so that the outcome can be told of the file.
pub async fn stage(
    warehouse: &Warehouse,
    config: &Config,
    plan: Plan,
    options: &Options<'_>,
) -> (Plan, Result<Stage, LandError>) {
    options.watch.begins(&plan.file);
    let result = stage_file(warehouse, config, &plan, options).await;
    (plan, result)
}

async fn stage_file(
    warehouse: &Warehouse,
    config: &Config,
    plan: &Plan,
    options: &Options<'_>,
) -> Result<Stage, LandError> {
    let Some(source) = config.extracts.get(plan.file.kind) else {
        let why = format!("[extracts.{}] is not configured", plan.file.kind);
        return Err(LandError::Unreadable { path: plan.file.shown.clone(), why });
    };
    // Only channel events carry dimensions: another one is no reason to land the other sources again.
    let carried = match plan.file.kind {
        SourceKind::Channel => format!("{:?}", config.dimensions),
        SourceKind::Billing | SourceKind::Hotline => "{}".to_owned(),
    };
    let description = layout::digest(&[source.description().as_bytes(), carried.as_bytes()]);
    let current = plan.current.as_ref();
    let described = current.filter(|landing| landing.description == description);
    let unread = |landing: &&Landing| {
        !options.rehash
            && !options.named
            && landing.modified == plan.file.modified
            && landing.bytes.unsigned_abs() == plan.file.size
    };
    if let Some(landing) = described.filter(unread) {
        return Ok(same(landing));
    }
    let local = fetch(&plan.file).await?;
    let (path, shown) = (local.path.clone(), plan.file.shown.clone());
    let content = blocking(move || content_of(&path, &shown)).await?;
    let known =
        |landing: &&Landing| landing.content == content && !(landing.retracted && options.named);
    if let Some(landing) = described.filter(known) {
        return Ok(same(landing));
    }
    let landing = Landing {
        delivery: plan.delivery,
        source: plan.file.kind,
        key: plan.file.key.clone(),
        landing: layout::digest(&[
            plan.file.key.as_bytes(),
            content.as_bytes(),
            description.as_bytes(),
        ]),
        file: plan.file.shown.clone(),
        content,
        description,
        bytes: plan.file.size as i64,
        modified: plan.file.modified.clone(),
        ..Landing::default()
    };
    let replaces = current.is_some_and(|landing| !landing.retracted);
    let job = Job { warehouse, config, source, plan, options };
    let staged = job.read(local, landing).await?;
    check(staged, source, replaces, warehouse).await.map(|staged| Stage::Ready(Box::new(staged)))
}

fn same(landing: &Landing) -> Stage {
    if landing.retracted { Stage::Withdrawn } else { Stage::Unchanged }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LandError> + Send + 'static,
) -> Result<T, LandError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(LandError::Unreadable { path: "a thread".into(), why: error.to_string() })
    })
}

/// Everything that reading one file needs.
struct Job<'a> {
    warehouse: &'a Warehouse,
    config: &'a Config,
    source: &'a SourceConfig,
    plan: &'a Plan,
    options: &'a Options<'a>,
}

impl Job<'_> {
    /// Reads and types on a thread of its own, encodes in a task of its own.
    async fn read(&self, local: LocalFile, mut landing: Landing) -> Result<Staged, LandError> {
        let mut extract = self.open(local.path.clone()).await?;
        let (send, pieces) = mpsc::channel(2);
        let read = extract.bytes_read();
        let reading = tokio::task::spawn_blocking(move || {
            let _local = local;
            while let Some(pieces) = some(&mut extract).transpose() {
                if send.blocking_send(pieces).is_err() {
                    break;
                }
            }
        });
        let gathered = Gathered::new(self.warehouse, &landing);
        let mut encoding = tokio::spawn(gathered.all(pieces));
        let mut seen = 0;
        let gathered = loop {
            tokio::select! {
                ended = &mut encoding => break ended,
                () = tokio::time::sleep(WATCHED_EVERY) => {
                    let now = read.load(std::sync::atomic::Ordering::Relaxed);
                    self.options.watch.reads(&self.plan.file, now - seen);
                    seen = now;
                }
            }
        };
        let fell = |error: tokio::task::JoinError| LandError::Unreadable {
            path: landing.file.clone(),
            why: error.to_string(),
        };
        let (gathered, files) = gathered.map_err(fell)??;
        reading.await.map_err(fell)?;
        landing.rows = gathered.rows as i64 - gathered.rejects.len() as i64;
        landing.rejected = gathered.rejects.len() as i64;
        landing.first_month = files.iter().filter_map(|file| file.month).min();
        landing.last_month = files.iter().filter_map(|file| file.month).max();
        let warnings = gathered.events.warnings(&landing);
        Ok(Staged { kind: landing.source, landing, files, rejects: gathered.rejects, warnings })
    }

    async fn open(&self, path: PathBuf) -> Result<Extract, LandError> {
        let (shown, kind, source) =
            (self.plan.file.shown.clone(), self.plan.file.kind, self.source.clone());
        let (dimensions, delivery, today) =
            (self.config.dimensions.clone(), self.plan.delivery, self.options.today);
        let compile = Arc::clone(self.options.compile);
        let open = move || {
            let compile = |sql: &str, schema: &Schema| compile(sql, schema);
            Ok(Extract::open(&path, &shown, kind, &source, &dimensions, delivery, today, &compile)?)
        };
        blocking(open).await
    }
}

/// The next rows of a file, some of them at a time; none at its end.
fn some(extract: &mut Extract) -> Result<Option<Vec<Piece>>, LandError> {
    let (mut pieces, mut bytes) = (Vec::new(), 0);
    while bytes < HANDED
        && let Some(piece) = extract.next()?
    {
        bytes += piece.batch.get_array_memory_size();
        pieces.push(piece);
    }
    Ok(Some(pieces).filter(|pieces| !pieces.is_empty()))
}

/// What has been read of a file so far.
struct Gathered {
    rows: u64,
    rejects: Vec<RejectedRow>,
    events: Events,
    writers: MonthWriters,
    kind: SourceKind,
    landing: String,
    file: String,
}

impl Gathered {
    fn new(warehouse: &Warehouse, landing: &Landing) -> Self {
        Self {
            rows: 0,
            rejects: Vec::new(),
            events: Events::default(),
            writers: MonthWriters::new(warehouse, landing),
            kind: landing.source,
            landing: landing.landing.clone(),
            file: landing.file.clone(),
        }
    }

    /// Takes all pieces until the reader ends, and ends the data files, which are handed out.
    async fn all(
        mut self,
        mut read: mpsc::Receiver<Result<Vec<Piece>, LandError>>,
    ) -> Result<(Self, Vec<DataFile>), LandError> {
        while let Some(pieces) = read.recv().await {
            for piece in pieces? {
                self.take(piece).await?;
            }
        }
        let files = self.writers.finish().await?;
        Ok((self, files))
    }

    async fn take(&mut self, piece: Piece) -> Result<(), LandError> {
        self.rows += piece.rows_read;
        for reject in piece.rejects {
            let row = self.rejected(reject);
            self.rejects.push(row);
        }
        if piece.batch.num_rows() == 0 {
            return Ok(());
        }
        if self.kind == SourceKind::Channel {
            self.events.count(&piece.batch);
        }
        self.writers.write(piece.batch).await
    }

    fn rejected(&self, reject: Reject) -> RejectedRow {
        RejectedRow {
            source: self.kind,
            file: self.file.clone(),
            landing: self.landing.clone(),
            line: reject.line,
            column: reject.column,
            reason: reject.reason,
            raw: reject.raw,
        }
    }
}

/// Refuses a staged file of which too much is broken, and removes what was written of it.
async fn check(
    staged: Staged,
    source: &SourceConfig,
    replaces: bool,
    warehouse: &Warehouse,
) -> Result<Staged, LandError> {
    let rejected = staged.rejects.len();
    let rows = staged.landing.rows.unsigned_abs() + rejected as u64;
    let too_many = rejected >= FEW_REJECTS && rejected as f64 > source.max_rejected() * rows as f64;
    let nothing_left = rejected > 0 && staged.landing.rows == 0;
    let refusal = if too_many || nothing_left {
        LandError::Refused {
            file: staged.landing.file.clone(),
            rejected: rejected as u64,
            rows,
            lines: first_lines(&staged.rejects),
        }
    } else if rows == 0 && !replaces {
        LandError::HeaderOnly(staged.landing.file.clone())
    } else {
        return Ok(staged);
    };
    for file in &staged.files {
        let path = warehouse.path(&format!("{}/{}", layout::landed(staged.kind), file.path));
        // What can't be removed counts for nothing, since it is not committed.
        let _ = warehouse.store().delete(&path).await;
    }
    Err(refusal)
}

fn first_lines(rejects: &[RejectedRow]) -> String {
    let line = |row: &RejectedRow| {
        let column = row.column.as_ref().map(|column| format!("{column} ")).unwrap_or_default();
        format!(
            "  line {}: {column}{}: {}",
            row.line,
            row.reason,
            row.raw.chars().take(120).collect::<String>()
        )
    };
    let lines: Vec<String> = rejects.iter().take(3).map(line).collect();
    lines.join("\n")
}
