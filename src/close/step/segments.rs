//! Something for each segment of each dimension, for the sums that a month leaves.

use super::output::Sources;
use super::words::Word;

/// What is summed of a segment.
pub trait Tally: Clone + Default + PartialEq {
    /// Adds what another has: of other customers, or another segment for the total.
    fn merge(&mut self, other: &Self);
}

/// A tally for each segment, by dimension and by the segment's word.
#[derive(Debug)]
pub struct BySegment<T>(Vec<Vec<T>>);

/// A dimension, a segment of it, and its tally.
pub type Row<'a, T> = (&'a str, &'a str, T);

impl<T: Tally> BySegment<T> {
    /// Nothing yet, for so many dimensions.
    pub fn new(dimensions: usize) -> Self {
        Self(vec![Vec::new(); dimensions])
    }

    /// Changes the tallies of the segments that a customer is in.
    pub fn each(&mut self, segments: &[Word], mut change: impl FnMut(&mut T)) {
        for (place, segment) in segments.iter().enumerate() {
            change(self.of(place, *segment));
        }
    }

    /// The tally of a segment of a dimension, by its place.
    #[inline]
    pub fn of(&mut self, dimension: usize, segment: Word) -> &mut T {
        let (tallies, place) = (&mut self.0[dimension], segment as usize);
        if tallies.len() <= place {
            tallies.resize(place + 1, T::default());
        }
        &mut tallies[place]
    }

    /// Adds what was summed of other customers.
    pub fn merge(&mut self, other: Self) {
        for (dimension, tallies) in other.0.into_iter().enumerate() {
            for (segment, tally) in (0..).zip(tallies) {
                self.of(dimension, segment).merge(&tally);
            }
        }
    }

    /// The total, and the segments that have something, in the order of their names. A customer is in one
    /// segment of every dimension, so that those of any add up to the total.
    pub fn rows(self, from: &Sources) -> Vec<Row<'_, T>> {
        let mut total = T::default();
        self.0.iter().take(1).flatten().for_each(|tally| total.merge(tally));
        let mut rows = vec![("total", "all", total)];
        for (dimension, tallies) in from.dimensions.iter().zip(self.0) {
            let some = tallies.into_iter().enumerate().filter(|(_, tally)| *tally != T::default());
            rows.extend(
                some.map(|(word, tally)| (dimension.as_str(), from.words.value(word), tally)),
            );
        }
        rows.sort_unstable_by_key(|(dimension, segment, _)| (*dimension, *segment));
        rows
    }
}
