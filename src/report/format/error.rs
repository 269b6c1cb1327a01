//! What can go wrong while a result is written, told apart by whose fault it is: the sink, the query that feeds it,
//! or a value that the format cannot hold. Used by every file of this room.
//! An I/O error is dug out of the library error that wraps it, so that a closed pipe can be recognised.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use arrow::error::ArrowError;
use parquet::errors::ParquetError;

use super::Format;

/// Why a result was not written, or not wholly.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// The sink refused bytes; a closed pipe is among these.
    #[error("cannot write the result")]
    Io(#[from] io::Error),
    /// A file can't be made, or not be put in its place.
    #[error("can't write {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The rows themselves could not be had, or do not fit the announced schema.
    #[error(transparent)]
    Source(ArrowError),
    /// The format cannot hold the result.
    #[error("cannot write the result as {format}")]
    Encode {
        /// The format that was being written.
        format: Format,
        /// What its library says.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// A text longer than the 32,767 characters that a spreadsheet cell holds.
    #[error(
        "text too long for an xlsx cell (32767 characters) in row {row}, write csv or parquet instead, column: {column}"
    )]
    CellTooLong {
        /// The data row, counted from 1.
        row: u64,
        /// The column's name.
        column: String,
    },
    /// No format of this name.
    #[error(
        "unknown format, use table, box, line, csv, tsv, json, ndjson, markdown, parquet, arrow, xlsx or html: {0}"
    )]
    Unknown(String),
}

impl FormatError {
    /// The format cannot hold the result, for this reason.
    pub(super) fn encode(format: Format, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Encode { format, cause: cause.into() }
    }

    /// An error of one of arrow's writers.
    pub(super) fn arrow(format: Format, error: ArrowError) -> Self {
        match error {
            ArrowError::IoError(_, error) => Self::Io(error),
            other => Self::encode(format, other),
        }
    }

    /// An error of the Parquet writer, which boxes I/O errors.
    pub(super) fn parquet(error: ParquetError) -> Self {
        match error {
            ParquetError::External(boxed) => match boxed.downcast::<io::Error>() {
                Ok(error) => Self::Io(*error),
                Err(other) => Self::encode(Format::Parquet, other),
            },
            other => Self::encode(Format::Parquet, other),
        }
    }
}

impl From<csv::Error> for FormatError {
    fn from(error: csv::Error) -> Self {
        match error.into_kind() {
            csv::ErrorKind::Io(error) => Self::Io(error),
            other => Self::encode(Format::Csv, format!("{other:?}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pipe() -> io::Error {
        io::ErrorKind::BrokenPipe.into()
    }

    #[test]
    fn io_errors_are_dug_out_of_their_wrappers() {
        let wrapped = [
            FormatError::arrow(Format::Json, ArrowError::IoError("io".into(), pipe())),
            FormatError::parquet(pipe().into()),
            csv::Error::from(pipe()).into(),
        ];
        for error in wrapped {
            assert!(
                matches!(&error, FormatError::Io(e) if e.kind() == io::ErrorKind::BrokenPipe),
                "{error:?}"
            );
        }
    }

    #[test]
    fn other_errors_name_the_format_and_keep_their_cause() {
        let error = FormatError::parquet(ParquetError::NYI("unions".into()));
        assert_eq!(error.to_string(), "cannot write the result as parquet");
        assert_eq!(error.source().unwrap().to_string(), "NYI: unions");
    }
}
