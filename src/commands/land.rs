//! `land`: extracts into the warehouse, or out of it again.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Instant;

use indicatif::ProgressBar;

use super::{House, seconds_since};
use crate::cli::LandArgs;
use crate::engine::{compiler, threads};
use crate::error::{Error, Status};
use crate::event::{Event, from_to};
use crate::extract::{SourceConfig, SourceKind};
use crate::land::{self, FoundFile, LandError, Landing, Options, Outcome, Watch};
use crate::printer::Printer;

/// What landing did, for what follows it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Landed {
    /// Files that were refused.
    pub failed: usize,
    /// Rows that were rejected in this run.
    pub rejected: i64,
}

impl Landed {
    /// How the command ends.
    pub fn status(self) -> Status {
        match (self.failed, self.rejected) {
            (0, 0) => Status::Done,
            (0, _) => Status::Rejected,
            _ => Status::Failed,
        }
    }
}

/// Lands, checks only, or withdraws.
pub async fn run(house: &House<'_>, args: &LandArgs) -> Result<Status, Error> {
    if let Some(key) = &args.retract {
        return retract(house, args.source, key).await;
    }
    if args.dry_run {
        return Ok(land(house, args).await?.status());
    }
    let lock = house.warehouse.lock().await?;
    let landed = land(house, args).await;
    lock.release().await;
    Ok(landed?.status())
}

async fn retract(house: &House<'_>, kind: Option<SourceKind>, key: &str) -> Result<Status, Error> {
    let lock = house.warehouse.lock().await?;
    let withdrawn = land::retract(&house.warehouse, kind, key).await;
    lock.release().await;
    let landing = withdrawn?;
    let months = landing.first_month.zip(landing.last_month);
    let months = months.map(|(first, last)| from_to(first, last)).unwrap_or_default();
    house.printer.say(&format!(
        "withdrew {} from {}: {} rows{months}",
        landing.key, landing.source, landing.rows
    ));
    house.printer.say("next: churnhouse close");
    Ok(Status::Done)
}

/// Lands what is new; the caller holds the lock.
pub async fn land(house: &House<'_>, args: &LandArgs) -> Result<Landed, Error> {
    let started = Instant::now();
    let found = found(house, args).await?;
    let compile = compiler(&house.engine);
    let bars = Bars { printer: house.printer, open: Mutex::new(HashMap::new()) };
    let options = Options {
        rehash: args.rehash,
        dry_run: args.dry_run,
        named: !args.files.is_empty(),
        today: house.today(args.today.today),
        compile: &compile,
        watch: &bars,
        threads: threads(&house.config),
    };
    let outcomes = land::land(&house.warehouse, &house.config, found, &options).await?;
    Ok(summary(house.printer, &outcomes, &started))
}

async fn found(house: &House<'_>, args: &LandArgs) -> Result<Vec<FoundFile>, Error> {
    let config = &house.config;
    let kinds = SourceKind::iter().filter(|kind| args.source.is_none_or(|source| source == *kind));
    let sources: Vec<(SourceKind, &SourceConfig)> =
        kinds.filter_map(|kind| Some((kind, config.extracts.get(kind)?))).collect();
    if sources.is_empty() {
        let wanted = args.source.map_or("billing", SourceKind::as_str);
        return Err(Error::usage(
            format!("the configuration describes no such source: {wanted}"),
            format!("add [extracts.{wanted}] with its path to churnhouse.toml"),
        ));
    }
    let mut found = Vec::new();
    for (kind, source) in sources {
        match args.files.is_empty() {
            true => found.extend(listed(house, kind, source).await?),
            false => found.extend(named(house, kind, source, args).await?),
        }
    }
    Ok(found)
}

/// The files of a source. Where all of them have been moved away after landing, there is nothing to do.
async fn listed(
    house: &House<'_>,
    kind: SourceKind,
    source: &SourceConfig,
) -> Result<Vec<FoundFile>, Error> {
    match land::list(&house.config, kind, source).await {
        Err(LandError::NoFile { path, .. }) if land::has_landed(&house.warehouse, kind).await? => {
            house.printer.detail(&format!(
                "{kind}: nothing lies at {path} any more; what landed from it stays"
            ));
            Ok(Vec::new())
        }
        other => Ok(other?),
    }
}

/// Files named on the command line. One below the source's path keeps the key that it has there.
async fn named(
    house: &House<'_>,
    kind: SourceKind,
    source: &SourceConfig,
    args: &LandArgs,
) -> Result<Vec<FoundFile>, Error> {
    let known = land::list(&house.config, kind, source).await.unwrap_or_default();
    let mut found = Vec::new();
    for path in &args.files {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let same = |file: &&FoundFile| file.place.folder().is_some_and(|known| known == absolute);
        if let Some(file) = known.iter().find(same) {
            found.push(file.clone());
            continue;
        }
        let alone =
            SourceConfig { path: absolute.to_string_lossy().into_owned(), ..source.clone() };
        found.extend(land::list(&house.config, kind, &alone).await.map_err(
            |error| match error {
                LandError::NoFile { .. } => Error::usage(
                    format!("no such file: {}", path.display()),
                    "name a file that exists",
                ),
                other => other.into(),
            },
        )?);
    }
    Ok(found)
}

/// One bar a file while it is read.
struct Bars<'a> {
    printer: &'a Printer,
    open: Mutex<HashMap<String, ProgressBar>>,
}

impl Bars<'_> {
    fn with(&self, file: &FoundFile, act: impl FnOnce(&ProgressBar)) {
        if let Ok(open) = self.open.lock()
            && let Some(bar) = open.get(&file.shown)
        {
            act(bar);
        }
    }
}

impl Watch for Bars<'_> {
    fn begins(&self, file: &FoundFile) {
        let bar = self.printer.bytes_bar(&file.shown, file.size);
        if let Ok(mut open) = self.open.lock() {
            open.insert(file.shown.clone(), bar);
        }
    }

    fn reads(&self, file: &FoundFile, bytes: u64) {
        self.with(file, |bar| bar.inc(bytes));
    }

    fn ends(&self, file: &FoundFile, outcome: &Outcome) {
        self.with(file, ProgressBar::finish_and_clear);
        tell(self.printer, file, outcome);
    }
}

fn tell(printer: &Printer, found: &FoundFile, outcome: &Outcome) {
    let file = found.shown.clone();
    printer.tell(&match outcome {
        Outcome::Landed { landing, replaced, .. } => landed(landing, file, *replaced),
        Outcome::WouldLand { rows, rejected } => {
            Event::FileChecked { file, rows: *rows, rejected: *rejected }
        }
        Outcome::Unchanged => Event::FileSkipped { file, why: "landed already", hint: None },
        Outcome::Withdrawn => {
            let again = format!("to land it again: churnhouse land {} {file}", found.kind);
            Event::FileSkipped { file, why: "withdrawn", hint: Some(again) }
        }
        Outcome::Failed(error) => {
            Event::FileRefused { file, message: error.to_string(), hint: error.hint() }
        }
    });
    if let Outcome::Landed { warnings, .. } = outcome {
        warnings.iter().for_each(|warning| printer.warn(warning));
    }
}

fn landed(landing: &Landing, file: String, restated: bool) -> Event {
    Event::FileLanded {
        source: landing.source,
        file,
        rows: landing.rows,
        rejected: landing.rejected,
        sharing_id: landing.duplicates,
        restated,
        first_month: landing.first_month,
        last_month: landing.last_month,
    }
}

fn summary(printer: &Printer, outcomes: &[(FoundFile, Outcome)], started: &Instant) -> Landed {
    let mut landed = Landed::default();
    let (mut files, mut rows, mut unchanged) = (0, 0, 0);
    for (_, outcome) in outcomes {
        match outcome {
            Outcome::Landed { landing, .. } => {
                files += 1;
                rows += landing.rows;
                landed.rejected += landing.rejected;
            }
            Outcome::WouldLand { rejected, .. } => landed.rejected += rejected.cast_signed(),
            Outcome::Failed(_) => landed.failed += 1,
            Outcome::Unchanged | Outcome::Withdrawn => unchanged += 1,
        }
    }
    let seconds = seconds_since(started);
    let refused = landed.failed;
    let rows_per_second = (((rows + landed.rejected) as f64) / seconds.max(0.001)) as u64;
    printer.tell(&Event::Landed { files, rows, unchanged, refused, seconds, rows_per_second });
    if landed.rejected > 0 {
        let query = "select source, file, line, \\\"column\\\", reason, raw from rejected";
        let look_at = format!("churnhouse sql \"{query}\"");
        printer.tell(&Event::RowsRejected { rows: landed.rejected, look_at });
    }
    landed
}
