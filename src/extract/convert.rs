//! Text → typed columns, a column of a chunk at a time. A value that cannot be read is
//! a failure of its row, kept with the first column that failed; nothing is guessed.
//! Knows neither files nor how columns are mapped.

mod calendar;
mod decimal;
mod moment;
mod recent;
mod text;
mod word;
mod words;

use std::sync::Arc;

use arrow::array::{ArrayRef, PrimitiveArray, PrimitiveBuilder};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal64Type, Int32Type, TimestampMicrosecondType,
};

pub use decimal::Amounts;
use decimal::Plain;
pub use moment::{Moments, Window};
pub use recent::Recent;
pub use text::Texts;
pub use word::{Flags, Wholes};

use super::chunk::Chunk;
use crate::short::Short;

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
    Date(Moments, Recent<i32>),
    /// Points in time.
    Timestamp(Moments),
    /// Money.
    Amount(Amounts),
    /// Booleans.
    Boolean(Flags, Recent<bool>),
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
    /// Reads a column of a chunk; rows that fail are noted and hold null.
    pub fn convert(&mut self, chunk: &Chunk, place: usize, failures: &mut Failures) -> ArrayRef {
        let mut source = Source {
            chunk,
            place,
            column: self.column,
            required: self.required,
            nulls: &self.nulls,
            failures,
        };
        let source = &mut source;
        match &mut self.kind {
            Kind::Text(texts) => texts.convert(source),
            Kind::Date(days, recent) => {
                Arc::new(primitive::<Date32Type>(source, recent, |text| days.day(text)))
            }
            Kind::Timestamp(moments) => {
                let read = |text: &str| moments.micros(text);
                Arc::new(primitive::<TimestampMicrosecondType>(source, &mut Nothing, read))
            }
            Kind::Amount(amounts) => {
                let known = &mut Plain { amounts, nulls: &self.nulls };
                let cents = primitive::<Decimal64Type>(source, known, |text| amounts.cents(text));
                Arc::new(cents.with_data_type(DataType::Decimal64(18, 2)))
            }
            Kind::Whole(wholes) => {
                let read = |text: &str| wholes.read(text);
                Arc::new(primitive::<Int32Type>(source, &mut Nothing, read))
            }
            Kind::Boolean(flags, recent) => flags.convert(source, recent),
        }
    }
}

/// A column of a chunk, what holds for it whatever its type, and where its failures go.
struct Source<'a> {
    chunk: &'a Chunk,
    place: usize,
    column: usize,
    required: bool,
    nulls: &'a [String],
    failures: &'a mut Failures,
}

/// A field that failed, which is noted.
struct Noted;

impl<'a> Source<'a> {
    /// What `read` makes of a field; null where that is empty or a word for null.
    #[inline]
    fn read<T>(
        &mut self,
        row: usize,
        read: impl FnOnce(&'a str) -> Result<T, String>,
    ) -> Result<Option<T>, Noted> {
        let text = self.chunk.field(row, self.place);
        let null = text.is_empty() || self.nulls.iter().any(|word| word == text);
        let value = match null {
            false => read(text),
            true if self.required => Err("is missing".to_owned()),
            true => return Ok(None),
        };
        value.map(Some).map_err(|reason| {
            self.failures.add(row, self.column, reason);
            Noted
        })
    }

    /// What is known of a field's text, or else what `read` makes of it; null where it fails.
    #[inline]
    fn value<T: Copy>(
        &mut self,
        row: usize,
        known: &mut impl Known<T>,
        read: impl FnOnce(&'a str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.chunk.short(row, self.place);
        if let Some(value) = known.get(text) {
            return value;
        }
        let value = self.read(row, read).ok()?;
        known.put(text, value);
        value
    }
}

/// What short texts are read as, known without looking at them byte by byte.
trait Known<T> {
    /// The value of a text, which may be null; none where it is not known.
    fn get(&self, text: Short) -> Option<Option<T>>;

    /// Remembers the value of a text.
    fn put(&mut self, _text: Short, _value: Option<T>) {}
}

/// Nothing is known.
struct Nothing;

impl<T> Known<T> for Nothing {
    #[inline]
    fn get(&self, _text: Short) -> Option<Option<T>> {
        None
    }
}

fn primitive<'a, T: ArrowPrimitiveType>(
    source: &mut Source<'a>,
    known: &mut impl Known<T::Native>,
    mut read: impl FnMut(&'a str) -> Result<T::Native, String>,
) -> PrimitiveArray<T> {
    let rows = source.chunk.rows();
    let mut values = PrimitiveBuilder::with_capacity(rows);
    for row in 0..rows {
        values.append_option(source.value(row, known, &mut read));
    }
    values.finish()
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
    use arrow::array::Array;

    use super::*;

    fn amounts(required: bool) -> Converter {
        Converter {
            column: 4,
            required,
            nulls: vec!["NULL".to_owned()],
            kind: Kind::Amount(Amounts::default()),
        }
    }

    #[test]
    fn the_first_failure_of_a_row_counts() {
        let chunk = Chunk::of(["1", " NULL ", "x", ""].into_iter());
        let mut failures = Failures::default();
        failures.reset(4);
        failures.add(2, 0, "is missing".to_owned());
        let array = amounts(true).convert(&chunk, 0, &mut failures);
        assert_eq!(array.null_count(), 3);
        let list: Vec<_> = failures.list().iter().map(|f| (f.row, f.column)).collect();
        assert_eq!(list, [(2, 0), (1, 4), (3, 4)]);
        assert_eq!(failures.list()[1].reason, "is missing");
        assert_eq!(failures.rows(), [false, true, true, true]);
    }

    #[test]
    fn null_is_fine_where_nothing_is_required() {
        let mut failures = Failures::default();
        failures.reset(2);
        let array =
            amounts(false).convert(&Chunk::of(["", " 2.50 "].into_iter()), 0, &mut failures);
        assert_eq!((array.null_count(), failures.list().len()), (1, 0));
    }

    #[test]
    fn long_values_are_cut_between_characters() {
        let text = reason("not a date", &"月".repeat(40));
        assert_eq!(text, format!("not a date: {}…", "月".repeat(26)));
    }
}
