//! How long customers had been there, been silent, stayed away: sql/core/spell.sql, customer by customer.

use std::sync::Arc;

use arrow::array::{Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use super::customers::{MonthNumber, NEVER, State};
use super::gathered::Seen;
use super::output::{self, Sources};
use super::rules::Status;
use super::segments::{BySegment, Tally};

/// Customers of one length of one spell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    customers: i64,
    churned: i64,
    active: i64,
}

/// The counts of a segment, by months.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Lengths {
    age: Vec<Count>,
    idle: Vec<Count>,
    gap: Vec<Count>,
}

/// A row of spell besides its dimension and segment.
type Spell = (&'static str, usize, Count);
/// The whole row.
type Placed<'a> = (&'a str, &'a str, Spell);

impl Tally for Lengths {
    fn merge(&mut self, other: &Self) {
        let pairs = [
            (&mut self.age, &other.age),
            (&mut self.idle, &other.idle),
            (&mut self.gap, &other.gap),
        ];
        for (own, others) in pairs {
            others.iter().enumerate().for_each(|(months, count)| add(own, months, *count));
        }
    }
}

impl Lengths {
    /// Its rows, in the order of their names and months.
    fn rows(&self) -> impl Iterator<Item = Spell> + '_ {
        let spells = [("age", &self.age), ("gap", &self.gap), ("idle", &self.idle)];
        let rows = spells.into_iter().flat_map(|(spell, counts)| {
            counts.iter().enumerate().map(move |(months, count)| (spell, months, *count))
        });
        rows.filter(|(.., count)| count.customers > 0)
    }
}

fn add(counts: &mut Vec<Count>, months: usize, more: Count) {
    if counts.len() <= months {
        counts.resize(months + 1, Count::default());
    }
    let count = &mut counts[months];
    count.customers += more.customers;
    count.churned += more.churned;
    count.active += more.active;
}

/// The spells of a month.
#[derive(Debug)]
pub struct Spells(BySegment<Lengths>);

impl Spells {
    /// Nothing yet, for so many dimensions.
    pub fn new(dimensions: usize) -> Self {
        Self(BySegment::new(dimensions))
    }

    /// Adds a row of customer_month.
    pub fn add(&mut self, seen: &Seen<'_>) {
        if let Some(before) = seen.before {
            let status = seen.turn.status;
            let count = Count {
                customers: 1,
                churned: i64::from(status == Some(Status::Churned)),
                active: i64::from(status == Some(Status::Active)),
            };
            let (age, idle) = (age(seen.now, seen.state), idle(seen.now - 1, seen.known));
            self.0.each(before, |lengths| {
                if let Some(age) = age {
                    add(&mut lengths.age, age, count);
                }
                add(&mut lengths.idle, idle, count);
            });
        }
        if seen.turn.charged && seen.known.last != NEVER {
            let gap = months(seen.known.last, seen.now);
            let count = Count { customers: 1, churned: 0, active: 0 };
            self.0.each(seen.dimensions, |lengths| add(&mut lengths.gap, gap, count));
        }
    }

    /// Adds what was counted of other customers.
    pub fn merge(&mut self, other: Self) {
        self.0.merge(other.0);
    }

    /// The rows in the layout of spell.
    ///
    /// # Errors
    /// The layout has other columns.
    pub fn batch(self, from: &Sources, layout: &SchemaRef) -> Result<RecordBatch, ArrowError> {
        let segments = self.0.rows(from);
        let rows: Vec<Placed<'_>> = segments
            .iter()
            .flat_map(|(dimension, segment, lengths)| {
                lengths.rows().map(|spell| (*dimension, *segment, spell))
            })
            .collect();
        let texts = |of: for<'r> fn(&'r Placed<'_>) -> &'r str| -> StringArray {
            rows.iter().map(|row| Some(of(row))).collect()
        };
        let opened = |of: fn(&Count) -> i64| -> Int64Array {
            let count = |(spell, _, count): &Spell| (*spell != "gap").then(|| of(count));
            rows.iter().map(|(.., spell)| count(spell)).collect()
        };
        output::batch(layout, |name| {
            Ok(match name {
                "dimension" => Arc::new(texts(|row| row.0)),
                "segment" => Arc::new(texts(|row| row.1)),
                "spell" => Arc::new(texts(|row| row.2.0)),
                "months" => {
                    let months = rows.iter().map(|(.., spell)| spell.1 as i32);
                    Arc::new(Int32Array::from_iter_values(months))
                }
                "customers" => {
                    let customers = rows.iter().map(|(.., spell)| spell.2.customers);
                    Arc::new(Int64Array::from_iter_values(customers))
                }
                "churned" => Arc::new(opened(|count| count.churned)),
                _ => Arc::new(opened(|count| count.active)),
            })
        })
    }
}

/// Months from one to another, none where it is the later one.
fn months(from: MonthNumber, to: MonthNumber) -> usize {
    usize::try_from(to.saturating_sub(from)).unwrap_or_default()
}

/// The age of a stay, where its beginning is known.
fn age(now: MonthNumber, state: &State) -> Option<usize> {
    match state.carried && state.start == state.first {
        false => Some(months(state.start, now)),
        true => (state.since < state.first).then(|| months(state.since, now)),
    }
}

/// For how many months a customer of the base had been silent at a month's end.
fn idle(then: MonthNumber, known: &State) -> usize {
    months(known.paid, then)
}
