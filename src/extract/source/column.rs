//! How a single column is described: a name, a number, or a table of options.
//! Part of a source's description; refuses options that it does not know, by name.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::de::{MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize};

/// A column or a sheet: by name, or counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a name, or a number counted from 1")]
pub enum Selector {
    /// Its place, from 1.
    Number(usize),
    /// Its name, exactly.
    Name(String),
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// One pattern, or several that are tried in order, as `strftime` writes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a pattern, or a list of patterns")]
pub enum Patterns {
    /// A single pattern.
    One(String),
    /// Tried in order.
    Many(Vec<String>),
}

impl Patterns {
    /// The patterns in the order in which they are tried.
    pub fn list(&self) -> &[String] {
        match self {
            Self::One(pattern) => std::slice::from_ref(pattern),
            Self::Many(patterns) => patterns,
        }
    }
}

/// A fixed value: text, or what TOML writes without quotes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a text, a number, true or false")]
pub enum Scalar {
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Whole(i64),
    /// Any other number.
    Number(f64),
    /// A text.
    Text(String),
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Whole(number) => write!(f, "{number}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// Where a canonical column comes from.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ColumnConfig {
    /// A source column, as it is.
    From(Selector),
    /// A described column.
    Table(Box<ColumnTable>),
}

/// A described column: at most one of `from`, `sql` and `value`; with none of them it
/// comes from the source's column of the same name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ColumnTable {
    /// The source's column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Selector>,
    /// An expression over the source's columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
    /// The same value in every row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Scalar>,
    /// Patterns of a date or timestamp.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Patterns>,
    /// Whether the amount is written `12,50`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal_comma: Option<bool>,
    /// The separator between groups of digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thousands: Option<char>,
    /// Whether a minus may follow the digits.
    pub trailing_minus: bool,
    /// Whether more than two decimals are rounded, half away from zero.
    pub round: bool,
    /// The source's word → ours.
    pub map: BTreeMap<String, String>,
    /// Words for true.
    #[serde(rename = "true", skip_serializing_if = "Option::is_none")]
    pub true_words: Option<Vec<String>>,
    /// Words for false.
    #[serde(rename = "false", skip_serializing_if = "Option::is_none")]
    pub false_words: Option<Vec<String>>,
    /// Further words that are read as null.
    pub nulls: Vec<String>,
    /// The zone to which a timestamp with an offset is converted, by its IANA name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

impl<'de> Deserialize<'de> for ColumnConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ColumnVisitor)
    }
}

/// Written by hand because a derived untagged enum would hide which key of the table is wrong.
struct ColumnVisitor;

impl<'de> Visitor<'de> for ColumnVisitor {
    type Value = ColumnConfig;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a source column, its number from 1, or a table describing it")
    }

    fn visit_str<E>(self, name: &str) -> Result<ColumnConfig, E> {
        Ok(ColumnConfig::From(Selector::Name(name.to_owned())))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<ColumnConfig, E> {
        let number = usize::try_from(number).map_err(E::custom)?;
        Ok(ColumnConfig::From(Selector::Number(number)))
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<ColumnConfig, E> {
        self.visit_u64(u64::try_from(number).map_err(E::custom)?)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ColumnConfig, A::Error> {
        ColumnTable::deserialize(MapAccessDeserializer::new(map))
            .map(|table| ColumnConfig::Table(Box::new(table)))
    }
}
