//! What is left at a quarter's or a year's end of the customers that it began with:
//! sql/core/period_movement.sql over the customers in memory.

use std::sync::Arc;

use arrow::array::{AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use super::customers::{Customers, MonthNumber, Slot};
use super::ids::Who;
use super::output::{self, Sources};
use super::rules::Rules;
use super::segments::{BySegment, Row, Tally};
use super::shown;
use super::states::in_base;
use super::words::{Word, Words};

/// Who was in the base at a month's end, and its dimensions then.
#[derive(Debug, Default)]
pub struct Opening {
    /// None of a customer who has not been met: it is not in the base any more.
    slots: Vec<Option<Slot>>,
    dimensions: Vec<Word>,
}

impl Opening {
    /// Those in the base now, at a month's end.
    pub fn of(customers: &Customers, rules: &Rules, at: MonthNumber) -> Self {
        let mut opening = Self::default();
        for slot in customers.in_order() {
            let state = &customers.states[*slot as usize];
            if state.in_base {
                opening.slots.push(Some(*slot));
                let shown = shown::dimensions_at(rules, state, customers.texts(*slot), at);
                opening.dimensions.extend(shown);
            }
        }
        opening
    }

    /// Makes room for so many customers with so many dimensions each.
    pub fn reserve(&mut self, customers: usize, dimensions: usize) {
        self.slots.reserve(customers);
        self.dimensions.reserve(customers * dimensions);
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
            self.slots.push(slots[row]);
            self.dimensions.extend(shown.iter().map(|column| column[row]));
        }
        Ok(())
    }

    /// Gives the dimensions their words among others.
    pub fn reword(&mut self, words: &[Word]) {
        self.dimensions.iter_mut().for_each(|word| *word = words[*word as usize]);
    }

    /// Gives the customers their new slots.
    pub fn renumber(&mut self, moved: &[Slot]) {
        self.slots.iter_mut().flatten().for_each(|slot| *slot = moved[*slot as usize]);
    }
}

/// The counts of a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Kept {
    opening: i64,
    churned: i64,
}

impl Tally for Kept {
    fn merge(&mut self, other: &Self) {
        self.opening += other.opening;
        self.churned += other.churned;
    }
}

/// The counts of the periods that a month ends, by name.
#[derive(Debug, Default)]
pub struct Periods(Vec<(&'static str, BySegment<Kept>)>);

impl Periods {
    /// Compares those in the base at the end of the month before a period, `opened`, with the base now. Whoever was
    /// first charged since is somebody else under the same id.
    pub fn add(
        &mut self,
        grain: &'static str,
        opened: MonthNumber,
        opening: &Opening,
        customers: &Customers,
    ) {
        let width = match opening.slots.len() {
            0 => return,
            customers => opening.dimensions.len() / customers,
        };
        if self.0.iter().all(|(known, _)| *known != grain) {
            self.0.push((grain, BySegment::new(width)));
        }
        let Some((_, kept)) = self.0.iter_mut().find(|(known, _)| *known == grain) else { return };
        for (slot, segments) in opening.slots.iter().zip(opening.dimensions.chunks_exact(width)) {
            let state = slot.map(|slot| &customers.states[slot as usize]);
            let stays = state.is_some_and(|state| state.in_base && state.first <= opened);
            kept.each(segments, |kept| {
                kept.opening += 1;
                kept.churned += i64::from(!stays);
            });
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
