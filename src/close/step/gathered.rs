//! The sums that a month leaves, gathered customer by customer while the pass goes on; what is made of them
//! afterwards is made beside the next month's pass.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::cohorts::Cohorts;
use super::concentration::Amounts;
use super::customers::{Cents, MonthNumber, State};
use super::of_table;
use super::output::{self, Sources};
use super::periods::Periods;
use super::rules::Rules;
use super::spells::Spells;
use super::sums::{self, Movement};
use super::turn::Turn;
use super::values::Values;
use super::won_back::WonBack;
use super::words::Word;
use crate::warehouse::{WarehouseError, layout};

/// A row of customer_month, and what was before it.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The month.
    pub now: MonthNumber,
    /// The state at the end of the month before.
    pub known: &'a State,
    /// The state now.
    pub state: &'a State,
    /// The kind of the loss that it came back from, if any.
    pub won_kind: Word,
    /// How it came out of the month.
    pub turn: &'a Turn,
    /// Its dimensions at the end of the month before, where it was in the base then.
    pub before: Option<&'a [Word]>,
    /// Its dimensions now.
    pub dimensions: &'a [Word],
    /// Its revenue in the month before.
    pub revenue_before: Cents,
}

/// The place of the tier among the dimensions.
const TIER: usize = 4;

/// The sums of a month.
#[derive(Debug)]
pub struct Gathered {
    movement: Movement,
    spells: Spells,
    values: Values,
    periods: Periods,
    cohorts: Cohorts,
    won_back: WonBack,
    amounts: Amounts,
}

impl Gathered {
    /// Nothing yet, for so many dimensions, of a history that goes from a first month to this one.
    pub fn new(dimensions: usize, first: MonthNumber, now: MonthNumber) -> Self {
        Self {
            movement: Movement::new(dimensions),
            spells: Spells::new(dimensions),
            values: Values::new(dimensions),
            periods: Periods::default(),
            cohorts: Cohorts::new(first, now),
            won_back: WonBack::default(),
            amounts: Amounts::default(),
        }
    }

    /// Adds a row of customer_month.
    pub fn add(&mut self, seen: &Seen<'_>, rules: &Rules) {
        let before = seen
            .before
            .map(|dimensions| sums::before(rules, seen.known, dimensions, dimensions[TIER]));
        self.movement.add(seen.turn, seen.state, before, seen.dimensions);
        self.spells.add(seen);
        self.values.add(seen, rules);
        self.cohorts.add(seen);
        self.won_back.add(seen, rules);
        self.amounts.add(seen);
    }

    /// Adds a customer who had revenue the month before and has no row in this one.
    pub fn end(&mut self, revenue_before: Cents, dimensions: &[Word]) {
        self.values.end(revenue_before, dimensions);
    }

    /// The periods that the month ends.
    pub fn periods(&mut self) -> &mut Periods {
        &mut self.periods
    }

    /// The rows of the tables of sums, in the order of [`layout::SUMS`].
    ///
    /// # Errors
    /// An amount outgrows its column.
    pub fn batches(
        self,
        from: &Sources,
        layout: impl Fn(&'static str) -> SchemaRef,
    ) -> Result<Vec<RecordBatch>, WarehouseError> {
        let batches = [
            output::movement(&self.movement, from, &layout(layout::MOVEMENT)),
            self.spells.batch(from, &layout(layout::SPELL)),
            self.values.batch(from, &layout(layout::VALUE_MOVEMENT)),
            self.periods.batch(from, &layout(layout::PERIOD_MOVEMENT)),
            self.cohorts.batch(from, &layout(layout::COHORT)),
            self.won_back.batch(from, &layout(layout::WON_BACK)),
            self.amounts.batch(&layout(layout::CONCENTRATION)),
        ];
        let named = layout::SUMS.into_iter().zip(batches);
        named.map(|(table, batch)| batch.map_err(of_table(table))).collect()
    }
}
