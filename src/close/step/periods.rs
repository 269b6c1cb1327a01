//! What is left at a quarter's or a year's end of the customers that it began with:
//! sql/core/period_movement.sql over the customers in memory.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use arrow::array::{AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use super::customers::{Customers, MonthNumber, Slot, Stretch};
use super::ids::Who;
use super::moved::Moved;
use super::output::{self, Sources};
use super::rules::Rules;
use super::segments::{BySegment, Row, Tally};
use super::shown;
use super::states::in_base;
use super::words::{Word, Words};

/// Who was in the base at a month's end, and its dimensions then.
#[derive(Debug)]
pub struct Opening {
    /// How many dimensions each has.
    width: usize,
    /// Of those who have been met, in order.
    slots: Vec<Slot>,
    /// Theirs.
    dimensions: Vec<Word>,
    /// The dimensions of those who have not been met: they are not in the base any more.
    gone: Vec<Word>,
}

impl Opening {
    /// Nobody, in so many dimensions.
    pub fn new(dimensions: usize) -> Self {
        let (slots, gone) = (Vec::new(), Vec::new());
        Self { width: dimensions, slots, dimensions: Vec::new(), gone }
    }

    /// Those in the base now, at a month's end, in so many dimensions.
    pub fn of(customers: &Customers, rules: &Rules, at: MonthNumber, dimensions: usize) -> Self {
        let mut opening = Self::new(dimensions);
        for (slot, state) in (0..).zip(&customers.states) {
            if state.in_base {
                opening.slots.push(slot);
                let shown = shown::dimensions_at(rules, state, customers.texts(slot), at);
                opening.dimensions.extend(shown);
            }
        }
        opening
    }

    /// Makes room for so many customers.
    pub fn reserve(&mut self, customers: usize) {
        self.slots.reserve(customers);
        self.dimensions.reserve(customers * self.width);
    }

    /// Adds those of rows of customer_month who are in the base at the end of its month and are taken; of each row
    /// the slot is told, if its customer has been met.
    ///
    /// # Errors
    /// The file is not of the layout.
    pub fn add(
        &mut self,
        rows: &RecordBatch,
        slots: &[Option<Slot>],
        dimensions: &[String],
        who: &Who,
        words: &mut Words,
    ) -> Result<(), ArrowError> {
        let in_base = in_base(rows, words)?;
        let mut shown = Vec::new();
        for name in dimensions {
            shown.push(words.of_column(&rows[name.as_str()])?);
        }
        let ids = rows["customer_id"].as_string::<i32>();
        for row in (0..rows.num_rows()).filter(|row| in_base[*row] && who.holds(ids.value(*row))) {
            self.slots.extend(slots[row]);
            let dimensions =
                if slots[row].is_some() { &mut self.dimensions } else { &mut self.gone };
            dimensions.extend(shown.iter().map(|column| column[row]));
        }
        Ok(())
    }

    /// Gives the dimensions their words among others.
    pub fn reword(&mut self, words: &[Word]) {
        let all = self.dimensions.iter_mut().chain(&mut self.gone);
        all.for_each(|word| *word = words[*word as usize]);
    }

    /// Gives the customers their new slots.
    pub fn renumber(&mut self, moved: &Moved) {
        self.slots.iter_mut().for_each(|slot| *slot = moved.slot(*slot));
    }

    /// Those of a stretch of customers, with their dimensions.
    fn among(&self, stretch: &Stretch<'_>) -> impl Iterator<Item = (Slot, &[Word])> {
        let slots = stretch.slots();
        let [from, to] =
            [slots.start, slots.end].map(|end| self.slots.partition_point(|slot| *slot < end));
        let dimensions = self.dimensions[from * self.width..].chunks_exact(self.width);
        self.slots[from..to].iter().copied().zip(dimensions)
    }
}

/// A period that the month ends.
#[derive(Debug)]
pub struct Ended<'a> {
    /// Its name.
    pub grain: &'static str,
    /// The month before its first one.
    pub opened: MonthNumber,
    /// Those with whom it began.
    pub opening: &'a Opening,
}

/// The counts of a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Kept {
    opening: i64,
    churned: i64,
}

impl Kept {
    fn see(&mut self, stays: bool) {
        self.opening += 1;
        self.churned += i64::from(!stays);
    }
}

impl Tally for Kept {
    fn merge(&mut self, other: &Self) {
        self.opening += other.opening;
        self.churned += other.churned;
    }
}

/// The counts of the periods that a month ends, by name.
#[derive(Debug, Default)]
pub struct Periods(BTreeMap<&'static str, BySegment<Kept>>);

impl Periods {
    /// Compares those of a stretch of customers with whom a period began with the base now. Whoever was first charged
    /// since is somebody else under the same id.
    pub fn add(&mut self, ended: &Ended<'_>, stretch: &Stretch<'_>) {
        let mut opening = ended.opening.among(stretch).peekable();
        if opening.peek().is_none() {
            return;
        }
        let kept = self.of(ended);
        for (slot, segments) in opening {
            let state = stretch.state(slot);
            let stays = state.in_base && state.first <= ended.opened;
            kept.each(segments, |kept| kept.see(stays));
        }
    }

    /// Adds those with whom a period began and who have not been met since.
    pub fn add_gone(&mut self, ended: &Ended<'_>) {
        let opening = ended.opening;
        for segments in opening.gone.chunks_exact(opening.width) {
            self.of(ended).each(segments, |kept| kept.see(false));
        }
    }

    fn of(&mut self, ended: &Ended<'_>) -> &mut BySegment<Kept> {
        self.0.entry(ended.grain).or_insert_with(|| BySegment::new(ended.opening.width))
    }

    /// Adds what was counted of other customers.
    pub fn merge(&mut self, other: Self) {
        for (grain, other) in other.0 {
            match self.0.entry(grain) {
                Entry::Vacant(none) => drop(none.insert(other)),
                Entry::Occupied(kept) => kept.into_mut().merge(other),
            }
        }
    }

    /// The rows in the layout of period_movement.
    ///
    /// # Errors
    /// The layout has other columns.
    pub fn batch(self, from: &Sources, layout: &SchemaRef) -> Result<RecordBatch, ArrowError> {
        let rows = self
            .0
            .into_iter()
            .flat_map(|(grain, kept)| kept.rows(from).into_iter().map(move |row| (grain, row)));
        let rows: Vec<(&str, Row<'_, Kept>)> = rows.collect();
        let count = |of: fn(&Kept) -> i64| {
            Int64Array::from_iter_values(rows.iter().map(|(_, row)| of(&row.2)))
        };
        output::batch(layout, |name| {
            Ok(match name {
                "grain" => Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.0))),
                "dimension" => {
                    Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.1.0)))
                }
                "segment" => {
                    Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.1.1)))
                }
                "opening" => Arc::new(count(|kept| kept.opening)),
                _ => Arc::new(count(|kept| kept.churned)),
            })
        })
    }
}
