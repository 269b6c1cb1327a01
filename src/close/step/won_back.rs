//! Who was lost, and what came back of those lost in each month: sql/core/won_back.sql, customer by customer.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch, StringArray};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use super::customers::{MonthNumber, NEVER};
use super::gathered::Seen;
use super::output::{self, Sources};
use super::rules::Rules;
use super::words::Word;

/// The sums of a month of loss and a kind.
#[derive(Clone, Copy, Debug, Default)]
struct Flow {
    lost: i64,
    returned: i64,
    revenue: i128,
}

/// The sums of a month, by the month of the loss and its kind.
#[derive(Debug, Default)]
pub struct WonBack(BTreeMap<(MonthNumber, Word), Flow>);

impl WonBack {
    /// Adds a row of customer_month.
    pub fn add(&mut self, seen: &Seen<'_>, rules: &Rules) {
        if let Some(kind) = seen.turn.kind {
            self.0.entry((seen.now, rules.kind(kind))).or_default().lost += 1;
        }
        if seen.state.won != NEVER {
            let flow = self.0.entry((seen.state.won, seen.won_kind)).or_default();
            flow.returned += i64::from(seen.state.start == seen.now);
            flow.revenue += i128::from(seen.turn.revenue);
        }
    }

    /// Adds what was summed of other customers.
    pub fn merge(&mut self, other: Self) {
        for (loss, other) in other.0 {
            let flow = self.0.entry(loss).or_default();
            flow.lost += other.lost;
            flow.returned += other.returned;
            flow.revenue += other.revenue;
        }
    }

    /// The rows in the layout of won_back.
    ///
    /// # Errors
    /// An amount has more digits than the layout.
    pub fn batch(self, from: &Sources, layout: &SchemaRef) -> Result<RecordBatch, ArrowError> {
        let named = |((month, kind), flow)| (month, from.words.value(kind as usize), flow);
        let mut rows: Vec<(MonthNumber, &str, Flow)> = self.0.into_iter().map(named).collect();
        rows.sort_unstable_by_key(|(month, kind, _)| (*month, *kind));
        let count = |of: fn(&Flow) -> i64| {
            Int64Array::from_iter_values(rows.iter().map(|(.., flow)| of(flow)))
        };
        output::batch(layout, |name| {
            Ok(match name {
                "lost_month" => {
                    let months: Vec<MonthNumber> = rows.iter().map(|(month, ..)| *month).collect();
                    from.days.column(months)
                }
                "churn_kind" => {
                    Arc::new(StringArray::from_iter_values(rows.iter().map(|(_, kind, _)| kind)))
                }
                "lost" => Arc::new(count(|flow| flow.lost)),
                "returned" => Arc::new(count(|flow| flow.returned)),
                _ => output::money(rows.iter().map(|(.., flow)| flow.revenue), 24)?,
            })
        })
    }
}
