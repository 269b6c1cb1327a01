//! The values of a column that are not null, and between which they lie.

use arrow::array::{Array, PrimitiveArray};
use arrow::datatypes::ArrowPrimitiveType;

/// What each value that is not null is as a number.
pub fn known<T: ArrowPrimitiveType, N>(
    parts: &[&PrimitiveArray<T>],
    number: impl Fn(T::Native) -> N,
) -> Vec<N> {
    let mut numbers = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
    for part in parts {
        let values = part.values();
        match part.nulls().filter(|nulls| nulls.null_count() > 0) {
            Some(nulls) => numbers.extend(nulls.valid_indices().map(|row| number(values[row]))),
            None => numbers.extend(values.iter().map(|value| number(*value))),
        }
    }
    numbers
}

/// The least and the greatest number so far.
#[derive(Default)]
pub struct Range(Option<(i64, i64)>);

impl Range {
    /// Takes further numbers in.
    pub fn widen(&mut self, numbers: &[i64]) {
        let Some(first) = numbers.first() else { return };
        let (least, greatest) = self.0.unwrap_or((*first, *first));
        let wider = |(least, greatest): (i64, i64), number: &i64| {
            (least.min(*number), greatest.max(*number))
        };
        self.0 = Some(numbers.iter().fold((least, greatest), wider));
    }

    /// The least number.
    pub fn least(&self) -> Option<i64> {
        self.0.map(|(least, _)| least)
    }

    /// The greatest number.
    pub fn greatest(&self) -> Option<i64> {
        self.0.map(|(_, greatest)| greatest)
    }
}
