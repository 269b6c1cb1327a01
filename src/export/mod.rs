//! Exports: a folder per month whose `manifest.json`, written last, is the moment it appears. The same
//! close gives the same bytes; a month whose views read something else than they did is made again, and where it
//! comes out otherwise takes the old one's place. A manifest names the one that it replaces.

mod folder;
mod inputs;
mod workbook;

pub use inputs::{Inputs, TableRead};

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::close::CloseRecord;
use crate::config::{Config, ExportConfig, Language};
use crate::engine::rows;
use crate::month::Month;
use crate::report::format::{Document, Format, FormatError, write};
use crate::report::{Filters, MonthArgument, ReportError, document, page, report};
use crate::views::{Desk, ViewError};
use crate::warehouse::{WarehouseError, layout, place};
use folder::Folder;

/// What goes wrong with an export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The rows.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The place that receives it.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// A format can't hold the rows.
    #[error("{file}: {source}")]
    Format {
        /// The file.
        file: String,
        /// Why.
        source: FormatError,
    },
    /// The configuration names a format that is none.
    #[error("exports.{export}.formats: {source}")]
    UnknownFormat {
        /// The export.
        export: String,
        /// What is wrong.
        source: FormatError,
    },
    /// The manager's page among the views, and no format that it has.
    #[error("exports.{0}.formats: the page is written as html only")]
    PageFormat(String),
    /// A month that must not leave the house.
    #[error("{export} of {month} is not exported: {why}")]
    Withheld {
        /// The export.
        export: String,
        /// The month.
        month: Month,
        /// Why.
        why: String,
    },
    /// No export has the name.
    #[error("no export of this name is configured: {0}")]
    Unknown(String),
}

impl ExportError {
    /// What remedies it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Report(error) => error.hint(),
            Self::Warehouse(error) => error.hint(),
            Self::Withheld { .. } => {
                Some("`churnhouse check` shows the rows; --force exports it all the same".into())
            }
            Self::PageFormat(_) => {
                Some("add \"html\" to formats, or take \"page\" out of views".into())
            }
            Self::Unknown(_) => Some("[[exports]] in churnhouse.toml configures them".into()),
            _ => None,
        }
    }
}

/// A file of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedFile {
    /// Its name.
    pub name: String,
    /// The view; of a workbook all that it holds.
    pub view: String,
    /// Rows in it.
    pub rows: u64,
    /// Its bytes.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: String,
}

impl ExportedFile {
    fn new(name: &str, view: &str, rows: u64, bytes: &[u8]) -> Self {
        let (size, sha256) = (bytes.len() as u64, sha256(bytes));
        Self { name: name.to_owned(), view: view.to_owned(), rows, bytes: size, sha256 }
    }
}

/// What an exported folder is and what it was made from: enough to make it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The export's name.
    pub export: String,
    /// The month.
    pub month: Month,
    /// The files, in order.
    pub files: Vec<ExportedFile>,
    /// Version of the table `billing` that the month was closed from.
    pub billing_version: u64,
    /// Version of the table `channel` that the month was closed from.
    pub channel_version: u64,
    /// The month's file of `customer_month`.
    pub customer_month: String,
    /// The month's file of `movement`.
    pub movement: String,
    /// Digest of the policy and the core SQL.
    pub definitions: String,
    /// Digest of the views' SQL, of the policy that they read, and of what the export asks for.
    pub views: String,
    /// What the views, and those below them, read of each table.
    #[serde(default)]
    pub tables: BTreeMap<String, TableRead>,
    /// Version of this program.
    pub program: String,
    /// SHA-256 of the manifest that this one replaces.
    pub replaces: Option<String>,
}

impl Manifest {
    /// What the files were made from: without the versions, of which one may hold what another held.
    fn basis(&self) -> Self {
        let mut basis = Self { files: Vec::new(), replaces: None, ..self.clone() };
        basis.tables.values_mut().for_each(|table| table.version = None);
        basis
    }
}

/// An export of a month that is to be made.
#[derive(Debug)]
pub struct Due<'a> {
    /// The export.
    pub export: &'a ExportConfig,
    /// The month.
    pub month: Month,
    language: Language,
    wanted: Manifest,
    /// The files that are there, and may stay.
    found: Vec<ExportedFile>,
    folder: Folder,
}

/// Whether an export of a month is due: never made, or made from something else. With `force` it always is.
///
/// # Errors
/// The month is not closed, or the place can't be read.
pub async fn due<'a>(
    desk: &Desk,
    config: &Config,
    inputs: &Inputs<'a>,
    month: Month,
    force: bool,
) -> Result<Option<Due<'a>>, ExportError> {
    let Some(record) = desk.closes().closed(month) else {
        let latest = desk.closes().months().next_back();
        return Err(ReportError::NotClosed { month: month.to_string(), latest }.into());
    };
    let (export, language) = (inputs.export, config.report.language);
    let mut wanted = manifest(desk, inputs, month, record);
    let to = place(&config.resolve(&export.to), &config.warehouse.options)?;
    let folder = Folder::new(to, &format!("{}/{month}", export.name));
    let mut found = Vec::new();
    if let Some(bytes) = folder.manifest().await? {
        let there: Option<Manifest> = serde_json::from_slice(&bytes).ok();
        if !force && there.as_ref().is_some_and(|there| there.basis() == wanted.basis()) {
            return Ok(None);
        }
        wanted.replaces = Some(sha256(&bytes));
        found = there.filter(|_| !force).map(|there| there.files).unwrap_or_default();
    }
    Ok(Some(Due { export, month, language, wanted, found, folder }))
}

/// Makes an export that is due; nothing where all files came out as they are there, and only the manifest, which
/// tells from what, is new.
///
/// # Errors
/// A view fails, a format can't hold it, or the place can't be written; nothing has appeared then.
pub async fn make(desk: &Desk, due: Due<'_>) -> Result<Option<Manifest>, ExportError> {
    let Due { export, month, language, mut wanted, found, folder } = due;
    let mut files = Vec::new();
    for view in &export.views {
        for format in formats_of(desk, export, view)? {
            let name = format!("{view}.{}", format.extension());
            let (bytes, rows) = match page::is_page(desk, view) {
                true => written_page(desk, month, language).await?,
                false => rendered(desk, view, month, format, &name).await?,
            };
            wanted.files.push(ExportedFile::new(&name, view, rows, &bytes));
            files.push((name, bytes));
        }
    }
    let views = in_workbook(desk, export)?;
    if !views.is_empty() {
        let name = format!("{}.xlsx", export.name);
        let title = format!("{} {month}", export.name);
        let (bytes, rows) = workbook::workbook(desk, &title, &views, month, &name).await?;
        wanted.files.push(ExportedFile::new(&name, &views.join(", "), rows, &bytes));
        files.push((name, bytes));
    }
    let text = serde_json::to_string_pretty(&wanted).unwrap_or_default() + "\n";
    if wanted.files == found {
        folder.renew(text.into_bytes()).await?;
        return Ok(None);
    }
    folder.write(files, text.into_bytes()).await?;
    Ok(Some(wanted))
}

fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

fn formats(export: &ExportConfig) -> Result<Vec<Format>, ExportError> {
    let parsed = export.formats.iter().map(|name| name.parse::<Format>());
    parsed
        .collect::<Result<_, _>>()
        .map_err(|source| ExportError::UnknownFormat { export: export.name.clone(), source })
}

/// The formats in which a view has a file of its own: all of the export's but Excel, or of them the page's one.
fn formats_of(desk: &Desk, export: &ExportConfig, view: &str) -> Result<Vec<Format>, ExportError> {
    let mut formats = formats(export)?;
    let is_page = page::is_page(desk, view);
    match is_page {
        true => formats.retain(|format| *format == Format::Html),
        false => formats.retain(|format| *format != Format::Xlsx),
    }
    match is_page && formats.is_empty() {
        true => Err(ExportError::PageFormat(export.name.clone())),
        false => Ok(formats),
    }
}

/// The views of an export that go into its workbook; none where it has no workbook.
fn in_workbook<'a>(desk: &Desk, export: &'a ExportConfig) -> Result<Vec<&'a str>, ExportError> {
    let mut views: Vec<&str> = export.views.iter().map(String::as_str).collect();
    let with_workbook = formats(export)?.contains(&Format::Xlsx);
    views.retain(|view| with_workbook && !page::is_page(desk, view));
    Ok(views)
}

fn manifest(desk: &Desk, inputs: &Inputs<'_>, month: Month, record: &CloseRecord) -> Manifest {
    let path = |table| record.file(table).map(|file| file.path).unwrap_or_default();
    Manifest {
        export: inputs.export.name.clone(),
        month,
        files: Vec::new(),
        billing_version: record.billing_version,
        channel_version: record.channel_version,
        customer_month: path(layout::CUSTOMER_MONTH),
        movement: path(layout::MOVEMENT),
        definitions: record.definitions.clone(),
        views: inputs.views.clone(),
        tables: inputs.tables(desk, month),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        replaces: None,
    }
}

/// The manager's page of a month as the bytes of a file.
async fn written_page(
    desk: &Desk,
    month: Month,
    language: Language,
) -> Result<(Vec<u8>, u64), ExportError> {
    let page = page::page(desk, month, language).await.map_err(ReportError::from)?;
    Ok((page.html.into_bytes(), page.rows))
}

/// A view of one month as the bytes of a file.
async fn rendered(
    desk: &Desk,
    view: &str,
    month: Month,
    format: Format,
    file: &str,
) -> Result<(Vec<u8>, u64), ExportError> {
    let (mut document, batches) = view_rows(desk, view, month).await?;
    document.title = format!("{view} {month}");
    let mut bytes = Vec::new();
    let rows =
        write(format, &document, &mut batches.into_iter().map(Ok::<_, ArrowError>), &mut bytes)
            .map_err(|source| ExportError::Format { file: file.to_owned(), source })?;
    Ok((bytes, rows))
}

/// A view's rows of one month, or all of a view that knows no months.
async fn view_rows(
    desk: &Desk,
    view: &str,
    month: Month,
) -> Result<(Document, Vec<RecordBatch>), ExportError> {
    let mut filters = Filters::default();
    let frame = desk.frame(view).await.map_err(ReportError::from)?;
    if frame.schema().fields().iter().any(|field| field.name() == "month") {
        filters.month = Some(MonthArgument::Exactly(month));
    }
    let frame = report(desk, view, &filters, month.last_day()).await?;
    let query = |error: DataFusionError| ReportError::from(ViewError::from(error));
    let (schema, batches) = rows(frame).await.map_err(query)?;
    let found = desk.catalogue().find(view).map_err(ReportError::from)?;
    let mut document = document(found, schema);
    document.modified = Some(month.last_day());
    Ok((document, batches))
}
