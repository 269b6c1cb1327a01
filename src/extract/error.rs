//! What can go wrong with a file as a whole, and what to do about it. A row that
//! breaks the contract is no error but a [`Reject`](super::Reject).

use std::io;

use arrow::error::ArrowError;

use super::source::Format;

/// Why a file, or its source's description, cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    /// There is no such file.
    #[error("no such file: {file}")]
    NotFound { file: String },
    /// The file may not be read by this user.
    #[error("no permission to read the file: {file}")]
    NoPermission { file: String },
    /// A folder where a file is expected.
    #[error("a folder where a file is expected: {file}")]
    IsADirectory { file: String },
    /// The file has no bytes, or nothing but blank lines.
    #[error("the file is empty: {file}")]
    Empty { file: String },
    /// Reading or decompressing failed midway.
    #[error("cannot read {file}: {source}")]
    Read { file: String, source: io::Error },
    /// Neither the ending nor the description tells the format.
    #[error("the ending does not tell the format: {file}")]
    UnknownFormat { file: String },
    /// The bytes are not of the format.
    #[error("{file} cannot be read as {}: {problem}", format.as_str())]
    Unreadable { file: String, format: Format, problem: String },
    /// The header is not text of the encoding.
    #[error("the header of {file} is not of the encoding {encoding}: {header}")]
    HeaderEncoding { file: String, encoding: String, header: String },
    /// The workbook has no such sheet.
    #[error("{file} has no sheet {sheet}, only: {}", present.join(", "))]
    MissingSheet { file: String, sheet: String, present: Vec<String> },
    /// The source's column that a canonical one is mapped from is not in the file.
    #[error("{file} has no column {from} to make {column} from, only: {}", present.join(", "))]
    MissingColumn {
        file: String,
        column: String,
        from: String,
        present: Vec<String>,
        hint: Option<String>,
    },
    /// The source's column that a canonical one is mapped from is there twice.
    #[error("{file} has several columns of one name, and {column} is made from it: {from}")]
    AmbiguousColumn { file: String, column: String, from: String },
    /// A key of `columns` is no column of the kind.
    #[error("no column of {kind}: {column}")]
    ColumnNotCanonical { kind: &'static str, column: String, nearest: Option<String> },
    /// The label of the encoding is unknown.
    #[error("no encoding of this label: {label}")]
    UnknownEncoding { label: String },
    /// Another key of the description has a value that does not do.
    #[error("{key} {problem}: {value}")]
    Setting { key: String, problem: String, value: String },
    /// An expression does not compile over the file's columns, or cannot be used.
    #[error("the sql of {column} fails on {file}: {problem}")]
    Sql { file: String, column: String, problem: String },
    /// The `delivery` regex does not compile.
    #[error("delivery is no regular expression: {problem}")]
    DeliveryPattern { pattern: String, problem: Box<regex::Error> },
    /// The `delivery` regex takes nothing from a path.
    #[error("delivery {pattern} takes no key from the path: {path}")]
    NoDelivery { path: String, pattern: String },
    /// Typed columns could not be put together; a fault of this program.
    #[error("cannot build a batch of {file}: {source}")]
    Batch { file: String, source: ArrowError },
}

impl ExtractError {
    /// What to do about it, where there is a remedy.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownFormat { .. } => Some(
                "say format = \"csv\", \"ndjson\", \"parquet\" or \"excel\" in the source".into(),
            ),
            Self::HeaderEncoding { .. } => {
                Some("say the source's encoding, such as \"gb18030\" or \"windows-1252\"".into())
            }
            Self::UnknownEncoding { .. } => Some(
                "use a standard label: utf-8, gb18030, gbk, big5, shift_jis, windows-1252, …"
                    .into(),
            ),
            Self::MissingColumn { hint, .. } => hint.clone(),
            Self::AmbiguousColumn { .. } => Some("say the column by its number from 1".into()),
            Self::ColumnNotCanonical { nearest, .. } => {
                nearest.as_ref().map(|nearest| format!("perhaps it should read {nearest}"))
            }
            Self::MissingSheet { present, sheet, .. } => {
                nearest(sheet, present.iter().map(String::as_str))
                    .map(|name| format!("perhaps it should read sheet = {name:?}"))
            }
            Self::NoDelivery { .. } => {
                Some("make the regex fit every file of the source, or narrow its path".into())
            }
            _ => None,
        }
    }

    /// Says what opening or reading a file failed with.
    pub(crate) fn io(file: &str, source: io::Error) -> Self {
        let file = file.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound { file },
            io::ErrorKind::PermissionDenied => Self::NoPermission { file },
            io::ErrorKind::IsADirectory => Self::IsADirectory { file },
            _ => Self::Read { file, source },
        }
    }

    /// A bad value of a key of the description.
    pub(super) fn setting(key: &str, problem: &str, value: impl ToString) -> Self {
        Self::Setting { key: key.to_owned(), problem: problem.to_owned(), value: value.to_string() }
    }
}

/// The candidate nearest in spelling, if one is near enough to be meant.
pub fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let score = |name: &str| strsim::jaro_winkler(&word.to_lowercase(), &name.to_lowercase());
    candidates
        .map(|name| (score(name), name))
        .filter(|(score, _)| *score > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_finds_its_neighbour() {
        let names = ["customer_id", "billed_on", "amount"];
        assert_eq!(nearest("amuont", names.into_iter()), Some("amount"));
        assert_eq!(nearest("Customer Id", names.into_iter()), Some("customer_id"));
        assert_eq!(nearest("金额", names.into_iter()), None);
    }

    #[test]
    fn io_errors_are_told_apart() {
        let error = ExtractError::io("a.csv", io::ErrorKind::NotFound.into());
        assert_eq!(error.to_string(), "no such file: a.csv");
        let error = ExtractError::io("a.gz", io::ErrorKind::UnexpectedEof.into());
        assert!(matches!(error, ExtractError::Read { .. }));
    }

    #[test]
    fn every_remedy_is_said() {
        let error = ExtractError::UnknownEncoding { label: "gkb".into() };
        assert_eq!(error.to_string(), "no encoding of this label: gkb");
        assert!(error.hint().is_some());
    }
}
