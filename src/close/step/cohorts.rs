//! What is left of the customers of each first charged month: sql/core/cohort.sql, customer by customer.

use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use super::customers::MonthNumber;
use super::gathered::Seen;
use super::output::{self, Sources};

/// The sums of a cohort.
#[derive(Clone, Copy, Debug, Default)]
struct Cohort {
    customers: i64,
    in_base: i64,
    revenue: i128,
}

/// The cohorts up to a month.
#[derive(Debug)]
pub struct Cohorts {
    first: MonthNumber,
    /// By months since the history's first.
    cohorts: Vec<Cohort>,
}

impl Cohorts {
    /// Nobody yet; the history goes from its first month to this one.
    pub fn new(first: MonthNumber, now: MonthNumber) -> Self {
        let months = usize::try_from(now - first + 1).unwrap_or_default();
        Self { first, cohorts: vec![Cohort::default(); months] }
    }

    /// Adds a row of customer_month.
    pub fn add(&mut self, seen: &Seen<'_>) {
        let place = usize::try_from(seen.state.first - self.first).ok();
        let Some(cohort) = place.and_then(|place| self.cohorts.get_mut(place)) else { return };
        cohort.customers += 1;
        cohort.in_base += i64::from(seen.state.in_base);
        cohort.revenue += i128::from(seen.turn.revenue);
    }

    /// Adds what was summed of other customers, of the same months.
    pub fn merge(&mut self, other: &Self) {
        for (cohort, other) in self.cohorts.iter_mut().zip(&other.cohorts) {
            cohort.customers += other.customers;
            cohort.in_base += other.in_base;
            cohort.revenue += other.revenue;
        }
    }

    /// The rows in the layout of cohort.
    ///
    /// # Errors
    /// An amount has more digits than the layout.
    pub fn batch(self, from: &Sources, layout: &SchemaRef) -> Result<RecordBatch, ArrowError> {
        let now = self.first + self.cohorts.len() as MonthNumber - 1;
        let months = (self.first..).zip(&self.cohorts);
        let rows: Vec<(MonthNumber, &Cohort)> =
            months.filter(|(_, cohort)| cohort.customers > 0).collect();
        let joined = |(month, cohort): &(MonthNumber, &Cohort)| match *month == now {
            true => cohort.customers,
            false => 0,
        };
        output::batch(layout, |name| {
            Ok(match name {
                "cohort" => {
                    let months: Vec<MonthNumber> = rows.iter().map(|(month, _)| *month).collect();
                    from.days.column(months)
                }
                "joined" => Arc::new(Int64Array::from_iter_values(rows.iter().map(joined))),
                "in_base" => {
                    Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.1.in_base)))
                }
                _ => output::money(rows.iter().map(|row| row.1.revenue), 24)?,
            })
        })
    }
}
