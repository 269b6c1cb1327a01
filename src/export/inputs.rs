//! What an export is made from: the SQL of its views and of those below them, and what they read of each table
//! up to a month. An export is due again when this has changed; versions alone say nothing, since a table gets
//! a new one with every landing.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{ExportError, formats_of, in_workbook, workbook};
use crate::config::{Config, ExportConfig};
use crate::extract::SourceKind;
use crate::land::Ledger;
use crate::month::Month;
use crate::report::{ReportError, page};
use crate::views::{Desk, Reads, ViewError};
use crate::warehouse::layout;

/// What the views of an export read of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRead {
    /// The version that was read, of a landed table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// Digest of what a month's rows can come from: the files of the months up to it (of all closed months,
    /// where a view looks ahead), or the whole content of a reference table.
    pub digest: String,
}

/// What an export is made from, before it is known of which month.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// The export.
    pub export: &'a ExportConfig,
    /// Digest of the views' SQL, of the policy that they read, and of what the export asks for.
    pub(super) views: String,
    tables: BTreeMap<String, Parts>,
    looks_ahead: bool,
}

/// What a table holds, in parts by month; what belongs to no month is part of all.
#[derive(Debug, Default)]
struct Parts {
    version: Option<u64>,
    parts: Vec<(Option<Month>, String)>,
}

impl<'a> Inputs<'a> {
    /// Finds it.
    ///
    /// # Errors
    /// A view does not exist or is no query, a format does not fit, or a table can't be read.
    pub async fn of(
        desk: &Desk,
        config: &Config,
        export: &'a ExportConfig,
    ) -> Result<Self, ExportError> {
        let mut reads = Reads::default();
        let mut texts = vec![export.formats.join(","), export.views.join(",")];
        // The policy as the views read it: what closes read of it is in the definitions.
        texts.push(serde_json::to_string(&config.policy).unwrap_or_default());
        let (pages, views): (Vec<_>, Vec<_>) =
            export.views.iter().partition(|view| page::is_page(desk, view));
        for view in views {
            formats_of(desk, export, view)?;
            desk.add_view(&mut reads, view).map_err(ReportError::from)?;
        }
        // The page shows nothing of a month that later ones change.
        let looks_ahead = desk.looks_ahead(&reads);
        for view in pages {
            formats_of(desk, export, view)?;
            texts.extend(page::sources(config.report.language));
            for query in page::queries() {
                desk.add_query(&mut reads, query).map_err(ReportError::from)?;
            }
        }
        if !in_workbook(desk, export)?.is_empty() {
            desk.add_view(&mut reads, workbook::HEADLINE).map_err(ReportError::from)?;
        }
        texts.extend(reads.views.into_iter().flat_map(|(name, sql)| [name, sql]));
        let texts: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();
        let mut tables = BTreeMap::new();
        for name in reads.tables {
            if let Some(parts) = parts(desk, config, &name).await.map_err(ReportError::from)? {
                tables.insert(name, parts);
            }
        }
        Ok(Self { export, views: layout::digest(&texts), tables, looks_ahead })
    }

    /// What a month's files come from, by table.
    pub(super) fn tables(&self, desk: &Desk, month: Month) -> BTreeMap<String, TableRead> {
        let last = match self.looks_ahead {
            true => desk.closes().months().next_back().unwrap_or(month),
            false => month,
        };
        let read = |(name, parts): (&String, &Parts)| (name.clone(), parts.up_to(last));
        self.tables.iter().map(read).collect()
    }
}

impl Parts {
    fn up_to(&self, last: Month) -> TableRead {
        let parts = self.parts.iter().filter(|(month, _)| month.is_none_or(|month| month <= last));
        let texts: Vec<&[u8]> = parts.map(|(_, text)| text.as_bytes()).collect();
        TableRead { version: self.version, digest: layout::digest(&texts) }
    }
}

/// What a table holds. None of those that tell how the house stands (`closes`, `month_state`): they change with
/// every close, and no number of a month with them.
async fn parts(desk: &Desk, config: &Config, name: &str) -> Result<Option<Parts>, ViewError> {
    if let Some(kind) = SourceKind::iter().find(|kind| layout::landed(*kind) == name) {
        let inventory = desk.inventory().await?;
        let parts = inventory.digests(kind).into_iter().map(|(month, text)| (Some(month), text));
        let version = Some(inventory.version(kind));
        return Ok(Some(Parts { version, parts: parts.collect() }));
    }
    if config.tables.contains_key(name) {
        let path = config.table_path(name)?;
        let digest = digest_of(&path);
        let digest = digest.map_err(|error| ViewError::unreadable(name, &path, &error))?;
        return Ok(Some(Parts { version: None, parts: vec![(None, digest)] }));
    }
    if name == layout::LANDINGS || name == layout::REJECTED {
        let ledger = Ledger::open(desk.warehouse()).await?;
        let landings = ledger.landings().iter();
        let parts =
            landings.map(|one| (one.first_month, format!("{} {}", one.landing, one.retracted)));
        return Ok(Some(Parts { version: None, parts: parts.collect() }));
    }
    let records = layout::core().any(|table| table == name).then(|| desk.closes().records());
    Ok(records.map(|records| {
        let files = records.filter_map(|record| record.file(name));
        Parts { version: None, parts: files.map(|file| (file.month, file.path)).collect() }
    }))
}

/// A digest of a file's bytes, or of all files of a folder.
fn digest_of(path: &Path) -> std::io::Result<String> {
    if !path.is_dir() {
        return Ok(layout::digest(&[&std::fs::read(path)?]));
    }
    let inner: std::io::Result<Vec<_>> = std::fs::read_dir(path)?.collect();
    let mut inner: Vec<_> = inner?.into_iter().map(|entry| entry.path()).collect();
    inner.sort_unstable();
    let digests: std::io::Result<Vec<String>> = inner.iter().map(|path| digest_of(path)).collect();
    Ok(layout::digest(&digests?.iter().map(String::as_bytes).collect::<Vec<_>>()))
}
