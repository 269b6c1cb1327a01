//! Text → typed columns, a column of a chunk at a time. A value that cannot be read is
//! a failure of its row, kept with the first column that failed; nothing is guessed.
//! Knows neither files nor how columns are mapped.

mod calendar;
mod decimal;
mod moment;
mod text;
mod word;
mod words;

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Int32Builder,
    PrimitiveBuilder, StringArray, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{ArrowPrimitiveType, DataType};

pub use decimal::Amounts;
pub use moment::{Moments, Window};
pub use text::Texts;
pub use word::{Flags, Wholes};
pub use words::Words;

use super::chunk::{Chunk, trim};

/// Where a column's texts come from.
pub enum Values<'a> {
    /// A column of the chunk.
    Field(&'a Chunk, usize),
    /// What an expression made of the chunk.
    Array(&'a StringArray),
    /// The same text in so many rows.
    Constant(&'a str, usize),
}

impl Values<'_> {
    /// The number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Self::Field(chunk, _) => chunk.rows(),
            Self::Array(array) => array.len(),
            Self::Constant(_, rows) => *rows,
        }
    }

    /// Visits the trimmed texts in order; the choice of source stays out of the loop.
    #[inline]
    fn each(&self, mut visit: impl FnMut(usize, &str)) {
        match self {
            Self::Field(chunk, column) => {
                chunk.column(*column).enumerate().for_each(|(row, text)| visit(row, text));
            }
            Self::Array(array) => array
                .iter()
                .enumerate()
                .for_each(|(row, text)| visit(row, trim(text.unwrap_or_default()))),
            Self::Constant(text, rows) => (0..*rows).for_each(|row| visit(row, trim(text))),
        }
    }
}

/// Why a row failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The row of the chunk.
    pub row: usize,
    /// The canonical column, by its place.
    pub column: usize,
    /// What is wrong, the value last.
    pub reason: String,
}

/// The failures of a chunk's rows, at most one a row.
#[derive(Debug, Default)]
pub struct Failures {
    failed: Vec<bool>,
    list: Vec<Failure>,
}

impl Failures {
    /// Forgets all failures, for a chunk of so many rows.
    pub fn reset(&mut self, rows: usize) {
        self.failed.clear();
        self.failed.resize(rows, false);
        self.list.clear();
    }

    /// Notes that a row failed, unless an earlier column of it did.
    pub fn add(&mut self, row: usize, column: usize, reason: String) {
        if !std::mem::replace(&mut self.failed[row], true) {
            let failure = Failure { row, column, reason };
            self.list.push(failure);
        }
    }

    /// The failures so far.
    pub fn list(&self) -> &[Failure] {
        &self.list
    }

    /// For each row whether it failed.
    pub fn rows(&self) -> &[bool] {
        &self.failed
    }
}

/// The types' own ways of reading.
pub enum Kind {
    /// Text.
    Text(Texts),
    /// Days.
    Date(Moments),
    /// Points in time.
    Timestamp(Moments),
    /// Money.
    Amount(Amounts),
    /// Booleans.
    Boolean(Flags),
    /// Whole numbers.
    Whole(Wholes),
}

/// Reads one canonical column.
pub struct Converter {
    /// The canonical column, by its place.
    pub column: usize,
    /// Whether null is a failure.
    pub required: bool,
    /// Words that are read as null.
    pub nulls: Vec<String>,
    /// How its type is read.
    pub kind: Kind,
}

impl Converter {
    /// Reads the column's texts; rows that fail are noted and hold null.
    pub fn convert(&mut self, values: &Values<'_>, failures: &mut Failures) -> ArrayRef {
        let mut rules =
            Rules { column: self.column, required: self.required, nulls: &self.nulls, failures };
        let rules = &mut rules;
        let rows = values.rows();
        match &mut self.kind {
            Kind::Text(texts) => texts.convert(values, rules),
            Kind::Date(days) => {
                primitive(Date32Builder::with_capacity(rows), values, rules, |text| days.day(text))
            }
            Kind::Timestamp(moments) => {
                let builder = TimestampMicrosecondBuilder::with_capacity(rows);
                primitive(builder, values, rules, |text| moments.micros(text))
            }
            Kind::Amount(amounts) => {
                let builder = Decimal128Builder::with_capacity(rows)
                    .with_data_type(DataType::Decimal128(18, 2));
                primitive(builder, values, rules, |text| amounts.cents(text))
            }
            Kind::Whole(wholes) => {
                primitive(Int32Builder::with_capacity(rows), values, rules, |text| {
                    wholes.read(text)
                })
            }
            Kind::Boolean(flags) => flags.convert(values, rules),
        }
    }
}

/// What holds for a column whatever its type, and where its failures go.
struct Rules<'a> {
    column: usize,
    required: bool,
    nulls: &'a [String],
    failures: &'a mut Failures,
}

/// A builder that takes null for a row.
trait Blank {
    fn blank(&mut self);
}

impl<T: ArrowPrimitiveType> Blank for PrimitiveBuilder<T> {
    fn blank(&mut self) {
        self.append_null();
    }
}

impl Blank for StringBuilder {
    fn blank(&mut self) {
        self.append_null();
    }
}

impl Blank for BooleanBuilder {
    fn blank(&mut self) {
        self.append_null();
    }
}

/// Fills a builder with what `read` makes of each text that is not null.
#[inline]
fn fill<B: Blank>(
    builder: &mut B,
    values: &Values<'_>,
    rules: &mut Rules<'_>,
    mut read: impl FnMut(&mut B, &str) -> Result<(), String>,
) {
    values.each(|row, text| {
        let null = text.is_empty() || rules.nulls.iter().any(|word| word == text);
        let read = match null {
            false => read(builder, text),
            true if rules.required => Err("is missing".to_owned()),
            true => return builder.blank(),
        };
        if let Err(reason) = read {
            builder.blank();
            rules.failures.add(row, rules.column, reason);
        }
    });
}

#[inline]
fn primitive<T: ArrowPrimitiveType>(
    mut builder: PrimitiveBuilder<T>,
    values: &Values<'_>,
    rules: &mut Rules<'_>,
    mut read: impl FnMut(&str) -> Result<T::Native, String>,
) -> ArrayRef {
    fill(&mut builder, values, rules, |builder, text| {
        builder.append_value(read(text)?);
        Ok(())
    });
    Arc::new(builder.finish())
}

/// A reason that ends with the value, cut where it is long.
#[cold]
fn reason(problem: &str, value: &str) -> String {
    let end = value.floor_char_boundary(80);
    let more = if end < value.len() { "…" } else { "" };
    format!("{problem}: {}{more}", &value[..end])
}

#[cfg(test)]
mod tests {
    use super::super::chunk::Raw;
    use super::*;

    fn amounts(required: bool) -> Converter {
        Converter {
            column: 4,
            required,
            nulls: vec!["NULL".to_owned()],
            kind: Kind::Amount(Amounts::default()),
        }
    }

    fn chunk(texts: &[&str]) -> Chunk {
        let mut chunk = Chunk::new(1, Raw::Joined);
        for (line, text) in (2..).zip(texts) {
            chunk.push_field(text);
            chunk.end_row(line);
        }
        chunk
    }

    #[test]
    fn the_first_failure_of_a_row_counts() {
        let chunk = chunk(&["1", " NULL ", "x", ""]);
        let mut failures = Failures::default();
        failures.reset(4);
        failures.add(2, 0, "is missing".to_owned());
        let array = amounts(true).convert(&Values::Field(&chunk, 0), &mut failures);
        assert_eq!(array.null_count(), 3);
        let list: Vec<_> = failures.list().iter().map(|f| (f.row, f.column)).collect();
        assert_eq!(list, [(2, 0), (1, 4), (3, 4)]);
        assert_eq!(failures.list()[1].reason, "is missing");
        assert_eq!(failures.rows(), [false, true, true, true]);
    }

    #[test]
    fn null_is_fine_where_nothing_is_required() {
        let array = StringArray::from(vec![None, Some(" 2.50 ")]);
        let mut failures = Failures::default();
        failures.reset(2);
        let array = amounts(false).convert(&Values::Array(&array), &mut failures);
        assert_eq!((array.null_count(), failures.list().len()), (1, 0));
        let array = amounts(false).convert(&Values::Constant("3", 5), &mut failures);
        assert_eq!((array.null_count(), array.len()), (0, 5));
    }

    #[test]
    fn long_values_are_cut_between_characters() {
        let text = reason("not a date", &"月".repeat(40));
        assert_eq!(text, format!("not a date: {}…", "月".repeat(26)));
    }
}
