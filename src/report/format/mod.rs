//! Results as bytes: a schema and its record batches written as one of twelve formats, for `report`, `sql` and `export`.
//! Below this room lie only the arrow crates; above it, the commands choose a format and open the sink.
//! The same rows give the same bytes, however they were cut into batches. It refuses what a format cannot hold
//! instead of shortening it, and does no filtering or sorting of its own; only what a terminal shows is shortened.

mod columnar;
mod delimited;
mod document;
mod ends;
mod error;
mod file;
mod html;
mod json;
mod lines;
mod markdown;
#[cfg(test)]
mod sample;
mod source;
mod style;
mod table;
mod xlsx;

use std::fmt;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::str::FromStr;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use clap::ValueEnum;

pub use document::{ColumnNote, Definition, Document, Unit};
pub use error::FormatError;
pub use file::{put, save};
pub(super) use source::Source;
pub(super) use style::{Style, grouped};
pub(super) use table::printable;
pub use xlsx::Workbook;

/// How a result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum)]
pub enum Format {
    /// Aligned columns, for people
    Table,
    /// The same in a box, shortened to fit a terminal
    Box,
    /// A line per value, for wide rows
    Line,
    /// Comma-separated values with a header
    Csv,
    /// Tab-separated values with a header
    Tsv,
    /// One array of objects
    Json,
    /// One object per line
    Ndjson,
    /// A GitHub table
    Markdown,
    /// Apache Parquet, zstd
    Parquet,
    /// Arrow IPC file
    Arrow,
    /// Excel workbook
    Xlsx,
    /// A page that stands alone
    Html,
}

impl Format {
    /// The name on the command line and in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Box => "box",
            Self::Line => "line",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Markdown => "markdown",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
            Self::Xlsx => "xlsx",
            Self::Html => "html",
        }
    }

    /// The ending of a file of this format, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Table => "txt",
            Self::Markdown => "md",
            other => other.name(),
        }
    }

    /// The format that a file's ending tells, upper or lower case; none for an ending that tells none.
    pub fn from_path(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "jsonl" => Some(Self::Ndjson),
            "ipc" | "feather" => Some(Self::Arrow),
            "htm" => Some(Self::Html),
            other => Self::value_variants()
                .iter()
                .copied()
                .find(|format| format.extension() == other || format.name() == other),
        }
    }

    /// Whether its bytes are no text, and so nothing for a terminal.
    pub fn is_binary(self) -> bool {
        matches!(self, Self::Parquet | Self::Arrow | Self::Xlsx)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(name: &str) -> Result<Self, FormatError> {
        let format = Self::value_variants().iter().find(|format| format.name() == name);
        format.copied().ok_or_else(|| FormatError::Unknown(name.to_owned()))
    }
}

/// Writes all batches to the sink as one document and returns the number of rows.
///
/// # Errors
/// `Io` when the sink fails, `Source` when a batch does or does not fit the document's schema, and
/// `Encode` or `CellTooLong` when the format cannot hold a value.
pub fn write(
    format: Format,
    document: &Document,
    batches: &mut dyn Iterator<Item = Result<RecordBatch, ArrowError>>,
    sink: &mut (dyn Write + Send),
) -> Result<u64, FormatError> {
    let mut source = Source::new(document.schema.clone(), batches);
    let mut sink = BufWriter::new(sink);
    match format {
        Format::Table => table::write(&table::PLAIN, document, &mut source, &mut sink)?,
        Format::Box => table::write(&table::BOX, document, &mut source, &mut sink)?,
        Format::Line => lines::write(document, &mut source, &mut sink)?,
        Format::Csv => delimited::write(b',', &mut source, &mut sink)?,
        Format::Tsv => delimited::write(b'\t', &mut source, &mut sink)?,
        Format::Json => json::write_array(&mut source, &mut sink)?,
        Format::Ndjson => json::write_lines(&mut source, &mut sink)?,
        Format::Markdown => markdown::write(document, &mut source, &mut sink)?,
        Format::Parquet => columnar::write_parquet(&mut source, &mut sink)?,
        Format::Arrow => columnar::write_arrow(&mut source, &mut sink)?,
        Format::Xlsx => xlsx::write(document, &mut source, &mut sink)?,
        Format::Html => html::write(document, &mut source, &mut sink)?,
    }
    sink.flush()?;
    Ok(source.rows())
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn names_and_endings_lead_back_to_the_format() {
        for &format in Format::value_variants() {
            assert_eq!(format.to_string().parse::<Format>().unwrap(), format);
            let file = format!("churn_rate.{}", format.extension().to_uppercase());
            assert_eq!(Format::from_path(Path::new(&file)), Some(format));
            assert_eq!(format.to_possible_value().unwrap().get_name(), format.name());
        }
        assert_eq!(Format::from_path(Path::new("a/b.JSONL")), Some(Format::Ndjson));
        assert_eq!(Format::from_path(Path::new("a/csv")), None);
        assert_eq!(
            "excel".parse::<Format>().unwrap_err().to_string(),
            "unknown format, use table, box, line, csv, tsv, json, ndjson, markdown, parquet, arrow, xlsx or html: excel"
        );
    }

    #[test]
    fn same_rows_same_bytes_however_they_are_batched() {
        let (document, batch) = sample::churn();
        for &format in Format::value_variants() {
            let whole = sample::written(format, &document, vec![batch.clone()]);
            let rows = (0..batch.num_rows()).map(|row| batch.slice(row, 1)).collect();
            assert_eq!(whole, sample::written(format, &document, vec![batch.clone()]), "{format}");
            assert_eq!(whole, sample::written(format, &document, rows), "{format} in slices");
        }
    }

    #[test]
    fn rows_are_counted_and_no_rows_are_a_document_too() {
        let (document, batch) = sample::churn();
        for &format in Format::value_variants() {
            let twice = vec![Ok(batch.clone()), Ok(batch.clone())];
            let rows = write(format, &document, &mut twice.into_iter(), &mut io::sink()).unwrap();
            assert_eq!(rows, 6, "{format}");
            let empty = sample::written(format, &document, vec![]);
            assert_eq!(empty.is_empty(), format == Format::Ndjson, "{format}");
        }
    }

    struct ClosedPipe;

    impl Write for ClosedPipe {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_closed_pipe_is_passed_on_as_io() {
        let (document, batch) = sample::churn();
        for &format in Format::value_variants() {
            let mut many = (0..2000).map(|_| Ok(batch.clone()));
            let result = write(format, &document, &mut many, &mut ClosedPipe);
            let Err(FormatError::Io(error)) = result else {
                panic!("{format}: {result:?}");
            };
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "{format}");
        }
    }

    #[test]
    fn a_failing_source_is_not_mistaken_for_the_sink() {
        let (document, _) = sample::churn();
        for &format in Format::value_variants() {
            let spill = ArrowError::IoError("spill".into(), io::ErrorKind::StorageFull.into());
            let result = write(format, &document, &mut [Err(spill)].into_iter(), &mut io::sink());
            assert!(matches!(result, Err(FormatError::Source(_))), "{format}");
        }
    }
}
