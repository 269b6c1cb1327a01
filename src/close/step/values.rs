//! What the base is worth and how revenue changed: sql/core/value_movement.sql, customer by customer.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use super::customers::Cents;
use super::gathered::Seen;
use super::output::{self, Sources};
use super::rules::{Rules, Status};
use super::segments::{BySegment, Tally};
use super::words::Word;

/// What becomes of a customer's revenue, in the order of their columns.
#[derive(Clone, Copy, Debug)]
enum Change {
    New,
    Returned,
    Expansion,
    Contraction,
    Paused,
    Resumed,
    Churned,
    Other,
}

/// The columns of the changes.
const CHANGES: [&str; 8] = [
    "new_revenue",
    "returned_revenue",
    "expansion",
    "contraction",
    "paused",
    "resumed",
    "churned_revenue",
    "other_revenue",
];

/// The sums of a segment, in hundredths of the currency; profit before rounding in hundred-millionths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Value {
    opening: i128,
    changes: [i128; CHANGES.len()],
    closing: i128,
    annual_revenue: i128,
    annual_profit: i128,
    exact_profit: i128,
}

impl Tally for Value {
    fn merge(&mut self, other: &Self) {
        self.opening += other.opening;
        self.changes.iter_mut().zip(other.changes).for_each(|(own, more)| *own += more);
        self.closing += other.closing;
        self.annual_revenue += other.annual_revenue;
        self.annual_profit += other.annual_profit;
        self.exact_profit += other.exact_profit;
    }
}

/// The sums of a month.
#[derive(Debug)]
pub struct Values(BySegment<Value>);

impl Values {
    /// Nothing yet, for so many dimensions.
    pub fn new(dimensions: usize) -> Self {
        Self(BySegment::new(dimensions))
    }

    /// Adds a row of customer_month.
    pub fn add(&mut self, seen: &Seen<'_>, rules: &Rules) {
        let (opening, closing) = (i128::from(seen.revenue_before), i128::from(seen.turn.revenue));
        let (change, difference) = (change(seen) as usize, closing - opening);
        let based = if seen.state.in_base { seen.state.annual_revenue } else { 0 };
        let exact_profit = rules.exact_profit(based, seen.turn.tier);
        let annual_profit = i128::from(Rules::rounded_profit(exact_profit));
        let annual_revenue = i128::from(based);
        self.0.each(seen.dimensions, |value| {
            value.opening += opening;
            value.changes[change] += difference;
            value.closing += closing;
            value.annual_revenue += annual_revenue;
            value.annual_profit += annual_profit;
            value.exact_profit += exact_profit;
        });
    }

    /// Adds a customer who had revenue the month before and has no row in this one.
    pub fn end(&mut self, revenue_before: Cents, dimensions: &[Word]) {
        let opening = i128::from(revenue_before);
        self.0.each(dimensions, |value| {
            value.opening += opening;
            value.changes[Change::Other as usize] -= opening;
        });
    }

    /// Adds what was summed of other customers.
    pub fn merge(&mut self, other: Self) {
        self.0.merge(other.0);
    }

    /// The rows in the layout of value_movement.
    ///
    /// # Errors
    /// An amount has more digits than the layout.
    pub fn batch(self, from: &Sources, layout: &SchemaRef) -> Result<RecordBatch, ArrowError> {
        let rows = self.0.rows(from);
        let sum = |of: &dyn Fn(&Value) -> i128| -> Result<ArrayRef, ArrowError> {
            output::money(rows.iter().map(|(.., value)| of(value)), 24)
        };
        output::batch(layout, |name| {
            if let Some(place) = CHANGES.iter().position(|change| *change == name) {
                return sum(&|value| value.changes[place]);
            }
            Ok(match name {
                "dimension" => {
                    Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.0)))
                }
                "segment" => Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.1))),
                "opening_revenue" => sum(&|value| value.opening)?,
                "closing_revenue" => sum(&|value| value.closing)?,
                "annual_revenue" => sum(&|value| value.annual_revenue)?,
                "annual_profit" => sum(&|value| value.annual_profit)?,
                _ => output::decimal(rows.iter().map(|(.., value)| value.exact_profit), 32, 8)?,
            })
        })
    }
}

fn change(seen: &Seen<'_>) -> Change {
    match seen.turn.status {
        Some(Status::New) => Change::New,
        Some(Status::Returned) => Change::Returned,
        Some(Status::Churned) => Change::Churned,
        Some(Status::Carried | Status::AtRisk | Status::Active) => {
            let charged_before = seen.known.last == seen.now - 1;
            match (seen.turn.charged, charged_before) {
                (true, true) if seen.turn.revenue > seen.revenue_before => Change::Expansion,
                (true, true) => Change::Contraction,
                (false, true) => Change::Paused,
                (true, false) => Change::Resumed,
                (false, false) => Change::Other,
            }
        }
        _ => Change::Other,
    }
}
