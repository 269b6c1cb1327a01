//! The checks: queries that must return no row, over the months that they are asked about.

use std::collections::BTreeSet;

use arrow::array::RecordBatch;

use super::{Desk, ViewError};
use crate::month::Month;

macro_rules! checks {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../sql/checks/", $name, ".sql")))),*]
    };
}

/// How many checks there are.
pub const CHECKS: usize = 15;

const SQL: [(&str, &str); CHECKS] = checks![
    "fresh",
    "customer_month_unique",
    "ids_unique",
    "roll_forward",
    "opening_is_closing_before",
    "rates_add_up",
    "dimensions_add_up",
    "lists_equal_counts",
    "no_orphan_segments",
    "revenue_reconciles",
    "bridge_closes",
    "segment_revenue_closes",
    "shares_add_up",
    "migrations_add_up",
    "declines_add_up",
];

/// A check that returned rows.
#[derive(Debug)]
pub struct Failure {
    /// The check's name.
    pub check: &'static str,
    /// What it says that must hold.
    pub meaning: &'static str,
    /// The rows that it should not have returned, the first hundred.
    pub rows: Vec<RecordBatch>,
}

impl Failure {
    /// The months of its rows.
    pub fn months(&self) -> BTreeSet<Month> {
        use arrow::array::AsArray;
        let columns = self.rows.iter().filter_map(|batch| batch.column_by_name("month"));
        let days =
            columns.filter_map(|column| column.as_primitive_opt::<arrow::datatypes::Date32Type>());
        days.flat_map(|days| days.iter().flatten().map(Month::of_days).collect::<Vec<_>>())
            .collect()
    }
}

/// Runs all checks at a desk; `done` hears of each.
///
/// # Errors
/// The tables can't be read. A check that fails is no error.
pub async fn check(
    desk: &Desk,
    mut done: impl FnMut(&str, bool),
) -> Result<Vec<Failure>, ViewError> {
    let mut failures = Vec::new();
    for (check, sql) in SQL {
        let rows = desk.ask_text(sql).await?.limit(0, Some(100))?.collect().await?;
        let passed = rows.iter().all(|batch| batch.num_rows() == 0);
        done(check, passed);
        if !passed {
            let first = sql.lines().next().unwrap_or_default();
            let meaning = first.split_once(": ").map_or(first, |(_, meaning)| meaning);
            failures.push(Failure { check, meaning, rows });
        }
    }
    Ok(failures)
}
