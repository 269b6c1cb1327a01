//! How much comes from the few who bring most: sql/core/concentration.sql over the amounts of a month.

use std::sync::Arc;

use arrow::array::{Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use super::customers::Cents;
use super::gathered::Seen;
use super::output;

/// The parts of the customers that are looked at, in hundredths.
const PERCENTS: [usize; 5] = [1, 5, 10, 20, 50];

/// What the customers of a month bring.
#[derive(Debug, Default)]
pub struct Amounts {
    /// Revenue of those charged.
    month: Vec<Cents>,
    /// Annual revenue of the base.
    year: Vec<Cents>,
}

/// A row of concentration.
struct Top {
    measure: &'static str,
    percent: usize,
    customers: usize,
    amount: i128,
    all_customers: usize,
    all_amount: i128,
    rank_sum: i128,
}

impl Amounts {
    /// Adds a row of customer_month.
    pub fn add(&mut self, seen: &Seen<'_>) {
        if seen.turn.charged {
            self.month.push(seen.turn.revenue);
        }
        if seen.state.in_base {
            self.year.push(seen.state.annual_revenue);
        }
    }

    /// Adds what other customers bring.
    pub fn merge(&mut self, other: &Self) {
        self.month.extend_from_slice(&other.month);
        self.year.extend_from_slice(&other.year);
    }

    /// The rows in the layout of concentration.
    ///
    /// # Errors
    /// An amount has more digits than the layout.
    pub fn batch(self, layout: &SchemaRef) -> Result<RecordBatch, ArrowError> {
        let (mut rows, mut year) = (Vec::new(), Vec::new());
        std::thread::scope(|scope| {
            scope.spawn(|| year = tops("year", self.year));
            rows = tops("month", self.month);
        });
        rows.extend(year);
        let count = |of: fn(&Top) -> usize| {
            Int64Array::from_iter_values(rows.iter().map(|row| of(row) as i64))
        };
        output::batch(layout, |name| {
            Ok(match name {
                "measure" => {
                    Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.measure)))
                }
                "percent" => {
                    let percents = rows.iter().map(|row| row.percent as i32);
                    Arc::new(Int32Array::from_iter_values(percents))
                }
                "customers" => Arc::new(count(|row| row.customers)),
                "amount" => output::money(rows.iter().map(|row| row.amount), 24)?,
                "all_customers" => Arc::new(count(|row| row.all_customers)),
                "all_amount" => output::money(rows.iter().map(|row| row.all_amount), 24)?,
                _ => output::money(rows.iter().map(|row| row.rank_sum), 38)?,
            })
        })
    }
}

/// The rows of a measure; none where there is no customer.
fn tops(measure: &'static str, mut amounts: Vec<Cents>) -> Vec<Top> {
    amounts.sort_unstable();
    let all_customers = amounts.len();
    let sum = |amounts: &[Cents]| amounts.iter().map(|amount| i128::from(*amount)).sum();
    let ranked = (1..).zip(&amounts).map(|(rank, amount): (i128, _)| rank * i128::from(*amount));
    let (all_amount, rank_sum) = (sum(&amounts), ranked.sum());
    let percents = PERCENTS.into_iter().filter(|_| all_customers > 0);
    let top = |percent: usize| {
        let customers = (all_customers * percent).div_ceil(100);
        let amount = sum(&amounts[all_customers - customers..]);
        Top { measure, percent, customers, amount, all_customers, all_amount, rank_sum }
    };
    percents.map(top).collect()
}
