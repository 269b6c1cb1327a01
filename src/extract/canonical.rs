//! The three canonical tables, as data: which columns each has, of which type, which
//! must be there, and which of them decides the month and tells duplicates.
//! Everything else in this room, and the tables at rest, follow from these lists.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use serde::{Deserialize, Serialize};

/// Further attributes carried by the channel extract: name → source column.
pub type Dimensions = BTreeMap<String, String>;

/// Which of the three systems a file comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// A row per bill line.
    Billing,
    /// A row per event in the sales and service channels.
    Channel,
    /// A row per call.
    Hotline,
}

/// What a canonical column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// Text that hardly repeats, trimmed.
    Id,
    /// Text, trimmed.
    Text,
    /// Text, trimmed and lower-cased.
    Word,
    /// A calendar day.
    Date,
    /// Microseconds of wall clock, without a zone.
    Timestamp,
    /// Money with two decimals.
    Amount,
    /// True or false.
    Boolean,
    /// A whole number from the first to the second bound, inclusive.
    Whole(i32, i32),
}

impl ColumnType {
    /// The Arrow type it is kept as.
    pub fn arrow(self) -> DataType {
        match self {
            Self::Id | Self::Text | Self::Word => DataType::Utf8,
            Self::Date => DataType::Date32,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Amount => DataType::Decimal128(18, 2),
            Self::Boolean => DataType::Boolean,
            Self::Whole(..) => DataType::Int32,
        }
    }
}

/// A canonical column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnType,
    /// Whether it must be mapped and never null.
    pub required: bool,
    /// What stands for null, where that is not null itself (booleans only).
    pub default: Option<bool>,
}

const fn needed(name: &'static str, kind: ColumnType) -> Column {
    Column { name, kind, required: true, default: None }
}

const fn maybe(name: &'static str, kind: ColumnType) -> Column {
    Column { name, kind, required: false, default: None }
}

use ColumnType::{Amount, Boolean, Date, Id, Text, Timestamp, Whole, Word};

const BILLING: &[Column] = &[
    needed("customer_id", Id),
    needed("billed_on", Date),
    maybe("product", Text),
    maybe("charge_type", Text),
    needed("amount", Amount),
    Column { name: "waived", kind: Boolean, required: false, default: Some(false) },
    maybe("paid_through", Date),
    maybe("line_id", Id),
];

const CHANNEL: &[Column] = &[
    needed("event_id", Id),
    needed("customer_id", Id),
    needed("occurred_at", Timestamp),
    needed("event", Word),
    maybe("channel", Text),
    maybe("channel_type", Text),
    maybe("region", Text),
    maybe("product", Text),
    maybe("segment", Text),
    maybe("group_id", Text),
    maybe("reason", Text),
    maybe("referred_by", Text),
];

const HOTLINE: &[Column] = &[
    needed("call_id", Id),
    needed("customer_id", Id),
    needed("called_at", Timestamp),
    maybe("category", Text),
    maybe("topic", Text),
    maybe("wait_seconds", Whole(0, i32::MAX)),
    maybe("talk_seconds", Whole(0, i32::MAX)),
    maybe("resolved", Boolean),
    maybe("satisfaction", Whole(1, 5)),
    maybe("recommend_score", Whole(0, 10)),
];

impl SourceKind {
    /// The three kinds, in the order in which they are landed.
    pub fn iter() -> impl Iterator<Item = Self> {
        [Self::Billing, Self::Channel, Self::Hotline].into_iter()
    }

    /// The name of its table, and its word in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Billing => "billing",
            Self::Channel => "channel",
            Self::Hotline => "hotline",
        }
    }

    /// Its columns in the order of the table, without dimensions.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Self::Billing => BILLING,
            Self::Channel => CHANNEL,
            Self::Hotline => HOTLINE,
        }
    }

    /// The column whose date decides the month.
    pub fn month_column(self) -> &'static str {
        match self {
            Self::Billing => "billed_on",
            Self::Channel => "occurred_at",
            Self::Hotline => "called_at",
        }
    }

    /// The column that tells two rows to be the same.
    pub fn id_column(self) -> &'static str {
        match self {
            Self::Billing => "line_id",
            Self::Channel => "event_id",
            Self::Hotline => "call_id",
        }
    }

    /// The dimensions that extend its table: those given, for the channel extract only.
    pub fn dimensions(self, dimensions: &Dimensions) -> impl Iterator<Item = (&str, &str)> {
        let carried = self == Self::Channel;
        dimensions
            .iter()
            .filter(move |_| carried)
            .map(|(name, from)| (name.as_str(), from.as_str()))
    }
}

impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The schema of a kind's batches: its columns, its dimensions, then `delivery` and `line`,
/// which say where a row came from.
pub fn schema(kind: SourceKind, dimensions: &Dimensions) -> SchemaRef {
    let columns = kind
        .columns()
        .iter()
        .map(|column| Field::new(column.name, column.kind.arrow(), !column.required));
    let further =
        kind.dimensions(dimensions).map(|(name, _)| Field::new(name, DataType::Utf8, true));
    let origin = [
        Field::new("delivery", DataType::Int32, false),
        Field::new("line", DataType::Int64, false),
    ];
    let fields: Vec<Field> = columns.chain(further).chain(origin).collect();
    Arc::new(Schema::new(fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_month_and_id() {
        for kind in SourceKind::iter() {
            let schema = schema(kind, &Dimensions::new());
            assert!(schema.index_of(kind.month_column()).is_ok());
            assert!(schema.index_of(kind.id_column()).is_ok());
            assert!(!schema.field_with_name("customer_id").unwrap().is_nullable());
        }
    }

    #[test]
    fn dimensions_extend_channel_only() {
        let dimensions = Dimensions::from([("brand".to_owned(), "marke".to_owned())]);
        let channel = schema(SourceKind::Channel, &dimensions);
        assert_eq!(channel.index_of("brand").unwrap(), 12);
        assert_eq!(channel.index_of("delivery").unwrap(), 13);
        assert!(schema(SourceKind::Billing, &dimensions).index_of("brand").is_err());
    }
}
