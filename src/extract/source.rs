//! How a source is described in churnhouse.toml: where its files lie, how their
//! bytes are to be read, and which of its columns feeds which canonical one.
//! Stands before everything else in this room; it reads no file, and refuses keys
//! that it does not know.

mod column;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use column::{ColumnConfig, ColumnTable, Patterns, Scalar, Selector};

use super::error::ExtractError;

/// The share of rows that may be rejected before a file is refused, by default.
pub const MAX_REJECTED: f64 = 0.01;

/// One source of extracts: a table `[extracts.NAME]` of the configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceConfig {
    /// A local path, a glob or a URL; resolved by the caller.
    pub path: String,
    /// The format, where the file's ending does not tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// The encoding of text files, by its WHATWG label.
    #[serde(default = "utf_8")]
    pub encoding: String,
    /// The delimiter: one ASCII character; a comma, or a tab for `.tsv`, by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
    /// The quote: one ASCII character, or empty for none.
    #[serde(default = "double_quote")]
    pub quote: String,
    /// Whether the first row names the columns.
    #[serde(default = "yes")]
    pub header: bool,
    /// The sheet of a workbook, by name or counted from 1; the first by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<Selector>,
    /// A regex that takes the delivery key from a file's path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<String>,
    /// The share of rows that may be rejected, 0 to 1; see [`MAX_REJECTED`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_rejected: Option<f64>,
    /// Canonical column → where it comes from.
    #[serde(default)]
    pub columns: BTreeMap<String, ColumnConfig>,
    /// Words that are read as null, besides the empty text.
    #[serde(default)]
    pub nulls: Vec<String>,
    /// Words for true, instead of the usual ones.
    #[serde(default, rename = "true", skip_serializing_if = "Option::is_none")]
    pub true_words: Option<Vec<String>>,
    /// Words for false, instead of the usual ones.
    #[serde(default, rename = "false", skip_serializing_if = "Option::is_none")]
    pub false_words: Option<Vec<String>>,
    /// Patterns of every date column that names none itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_format: Option<Patterns>,
    /// Patterns of every timestamp column that names none itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp_format: Option<Patterns>,
    /// Whether amounts are written `12,50`.
    #[serde(default)]
    pub decimal_comma: bool,
    /// Rows dated before this day are rejected; 1990-01-01 by default.
    #[schemars(with = "Option<String>")]
    #[serde(default, with = "day", skip_serializing_if = "Option::is_none")]
    pub earliest: Option<NaiveDate>,
}

fn utf_8() -> String {
    "utf-8".to_owned()
}

fn double_quote() -> String {
    "\"".to_owned()
}

fn yes() -> bool {
    true
}

impl SourceConfig {
    /// The description of a source whose files are canonical already.
    pub fn canonical(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            format: None,
            encoding: utf_8(),
            delimiter: None,
            quote: double_quote(),
            header: true,
            sheet: None,
            delivery: None,
            max_rejected: None,
            columns: BTreeMap::new(),
            nulls: Vec::new(),
            true_words: None,
            false_words: None,
            date_format: None,
            timestamp_format: None,
            decimal_comma: false,
            earliest: None,
        }
    }

    /// The share of rows that may be rejected.
    pub fn max_rejected(&self) -> f64 {
        self.max_rejected.unwrap_or(MAX_REJECTED)
    }

    /// The first day that is accepted.
    pub fn earliest(&self) -> NaiveDate {
        self.earliest.or_else(|| NaiveDate::from_ymd_opt(1990, 1, 1)).unwrap_or_default()
    }

    /// The description as canonical JSON, for hashing: all that decides what a file's
    /// bytes mean, so neither the path nor the tolerance for rejects.
    pub fn description(&self) -> String {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        if let Some(object) = value.as_object_mut() {
            object.remove("path");
            object.remove("max_rejected");
            object.sort_keys();
        }
        value.to_string()
    }
}

/// The delivery key of a file: its path below the fixed part of the glob, or what the
/// source's `delivery` regex takes from that, by its first capture or as a whole.
///
/// # Errors
/// The regex does not compile, or does not match this path.
pub fn delivery_key(path: &str, source: &SourceConfig) -> Result<String, ExtractError> {
    let Some(pattern) = &source.delivery else {
        return Ok(path.to_owned());
    };
    let regex = Regex::new(pattern).map_err(|problem| ExtractError::DeliveryPattern {
        pattern: pattern.clone(),
        problem: Box::new(problem),
    })?;
    regex
        .captures(path)
        .and_then(|found| found.get(1).or_else(|| found.get(0)))
        .map(|found| found.as_str().to_owned())
        .filter(|key| !key.is_empty())
        .ok_or_else(|| ExtractError::NoDelivery { path: path.to_owned(), pattern: pattern.clone() })
}

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Delimited text.
    Csv,
    /// One JSON object a line.
    Ndjson,
    /// Apache Parquet.
    Parquet,
    /// A workbook: xlsx, xlsb, xls or ods.
    Excel,
}

impl Format {
    /// The word for it in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
            Self::Excel => "excel",
        }
    }
}

/// A day as ISO text, since TOML's own dates do not survive every layer of settings.
mod day {
    use chrono::NaiveDate;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(day: &Option<NaiveDate>, to: S) -> Result<S::Ok, S::Error> {
        match day {
            Some(day) => to.collect_str(day),
            None => to.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<NaiveDate>, D::Error> {
        let text = String::deserialize(from)?;
        let day = text.parse();
        day.map(Some)
            .map_err(|_| D::Error::custom(format!("not a date like \"1990-01-01\": {text}")))
    }
}

#[cfg(test)]
mod tests;
