//! What a document is besides its rows: title, schema, time, and what its columns measure.
//! Made by the commands from a view's header, read by the writers of this room.
//! A column without a note is understood from its arrow type.

use arrow::datatypes::{DataType, SchemaRef};
use chrono::NaiveDate;

/// A result as a document: everything but its rows.
#[derive(Debug, Clone)]
pub struct Document {
    /// The page's heading, the workbook's title and sheet name.
    pub title: String,
    /// The columns, in order; every batch must have their types.
    pub schema: SchemaRef,
    /// The time that the document carries, for repeatable bytes: the month's end; without it 2000-01-01.
    pub modified: Option<NaiveDate>,
    /// Notes on some of the columns, found by name.
    pub columns: Vec<ColumnNote>,
    /// What the rows are, where somebody has defined it.
    pub definition: Option<Definition>,
    /// The width in characters that a table is to fit into; without it nothing is shortened.
    pub width: Option<usize>,
    /// The rows that a box shows at most, half of them from each end; without it all.
    pub rows: Option<usize>,
}

/// What is known of a column beyond its type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnNote {
    /// The column's name.
    pub name: String,
    /// What it measures; without it, what its type suggests.
    pub unit: Option<Unit>,
    /// What it means.
    pub meaning: Option<String>,
    /// How it is computed.
    pub formula: Option<String>,
}

/// What the rows of a document are, in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Definition {
    /// What they are for.
    pub summary: String,
    /// How they are computed.
    pub formula: Option<String>,
    /// What else is to be known.
    pub note: Option<String>,
    /// What they are made from.
    pub source: Option<String>,
}

/// What a column measures, and so how a spreadsheet shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Things counted: 1,234
    Count,
    /// An amount of the warehouse's currency: 1,234.50
    Money,
    /// A part of a whole, 0.05 for 5.00%
    Ratio,
    /// Any other number: 1.53
    Number,
    /// Words, and numbers that are names
    Text,
    /// A day or an instant
    Date,
}

impl Document {
    /// A document without notes, time or limits.
    pub fn new(title: impl Into<String>, schema: SchemaRef) -> Self {
        Self {
            title: title.into(),
            schema,
            modified: None,
            columns: Vec::new(),
            definition: None,
            width: None,
            rows: None,
        }
    }

    /// What the column at this position measures.
    pub fn unit(&self, index: usize) -> Unit {
        let field = self.schema.field(index);
        let unit = self.note(field.name()).and_then(|note| note.unit);
        unit.unwrap_or_else(|| Unit::of(field.data_type()))
    }

    /// What is known of the column of this name.
    pub(super) fn note(&self, name: &str) -> Option<&ColumnNote> {
        self.columns.iter().find(|note| note.name == name)
    }

    /// For each column, whether it holds numbers to be aligned on the right.
    pub(in crate::report) fn numeric(&self) -> Vec<bool> {
        let fields = self.schema.fields().iter().enumerate();
        fields
            .map(|(index, field)| {
                value_type(field.data_type()).is_numeric() && self.unit(index) != Unit::Text
            })
            .collect()
    }

    /// The columns' names.
    pub(in crate::report) fn names(&self) -> Vec<String> {
        self.schema.fields().iter().map(|field| field.name().clone()).collect()
    }
}

impl Unit {
    /// The unit of this name; none for a word that names none.
    pub fn named(word: &str) -> Option<Self> {
        const ALL: [Unit; 6] =
            [Unit::Count, Unit::Money, Unit::Ratio, Unit::Number, Unit::Text, Unit::Date];
        ALL.into_iter().find(|unit| unit.name() == word)
    }

    /// Its name in a view's header and for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Money => "money",
            Self::Ratio => "ratio",
            Self::Number => "number",
            Self::Text => "text",
            Self::Date => "date",
        }
    }

    /// What a column of this type measures when nobody says otherwise.
    pub fn of(data_type: &DataType) -> Self {
        match value_type(data_type) {
            plain if plain.is_decimal() => Self::Money,
            plain if plain.is_floating() => Self::Ratio,
            plain if plain.is_integer() => Self::Count,
            DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => Self::Date,
            _ => Self::Text,
        }
    }
}

/// The type of the values, seen through a dictionary.
pub(super) fn value_type(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => value_type(values),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::datatypes::{Field, Schema};

    use super::*;

    fn note(name: &str, unit: Option<Unit>) -> ColumnNote {
        ColumnNote { name: name.into(), unit, ..ColumnNote::default() }
    }

    #[test]
    fn a_note_outranks_the_type() {
        let ids = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Int64));
        let schema = Schema::new(vec![
            Field::new("arpu", DataType::Decimal128(18, 4), true),
            Field::new("share", DataType::Float64, true),
            Field::new("customers", DataType::UInt64, true),
            Field::new("month", DataType::Date32, true),
            Field::new("outlet", ids, true),
        ]);
        let mut document = Document::new("units", Arc::new(schema));
        let units =
            |document: &Document| (0..5).map(|index| document.unit(index)).collect::<Vec<_>>();
        assert_eq!(
            units(&document),
            [Unit::Money, Unit::Ratio, Unit::Count, Unit::Date, Unit::Count]
        );
        assert_eq!(document.numeric(), [true, true, true, false, true]);

        document.columns = vec![
            note("outlet", Some(Unit::Text)),
            note("share", None),
            note("elsewhere", Some(Unit::Money)),
        ];
        assert_eq!(
            units(&document),
            [Unit::Money, Unit::Ratio, Unit::Count, Unit::Date, Unit::Text]
        );
        assert_eq!(document.numeric(), [true, true, true, false, false]);
    }
}
