//! Rows that do not count, since another one of their id stands in a later place.

use std::collections::HashSet;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Int32Type, Int64Type};

use crate::land::Occurrence;

/// The rows of a source that do not count, by delivery and line.
#[derive(Debug)]
pub struct Superseded(HashSet<(i32, i64)>);

impl Superseded {
    /// The columns that tell a row's place.
    pub const PLACE: [&'static str; 2] = ["delivery", "line"];

    /// Those that were found.
    pub fn new<'a>(found: impl Iterator<Item = &'a Occurrence>) -> Self {
        Self(found.map(|row| (row.delivery, row.line)).collect())
    }

    /// The columns that are asked: none where all rows count.
    pub fn place(&self) -> &'static [&'static str] {
        if self.0.is_empty() { &[] } else { &Self::PLACE }
    }

    /// Which of some rows do not count.
    pub fn among(&self, rows: &RecordBatch) -> impl Fn(usize) -> bool {
        let places = (!self.0.is_empty()).then(|| {
            let [delivery, line] = Self::PLACE.map(|name| &rows[name]);
            let deliveries = delivery.as_primitive::<Int32Type>().values();
            (deliveries, line.as_primitive::<Int64Type>().values())
        });
        move |row| {
            places
                .is_some_and(|(deliveries, lines)| self.0.contains(&(deliveries[row], lines[row])))
        }
    }
}
