//! The sums that a month leaves, gathered customer by customer, of some customers by each thread of the pass; what is
//! made of them afterwards is made beside the next month's pass.

use arrow::array::RecordBatch;

use super::cohorts::Cohorts;
use super::concentration::Amounts;
use super::customers::{Cents, MonthNumber, State};
use super::of_table;
use super::output::{self, Sources};
use super::periods::Periods;
use super::rules::Rules;
use super::shown::TIER;
use super::spells::Spells;
use super::sums::{self, Movement};
use super::turn::Turn;
use super::values::Values;
use super::won_back::WonBack;
use super::words::Word;
use crate::close::Making;
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

    /// Adds the sums of other customers.
    pub fn merge(&mut self, other: Self) {
        self.movement.merge(other.movement);
        self.spells.merge(other.spells);
        self.values.merge(other.values);
        self.periods.merge(other.periods);
        self.cohorts.merge(&other.cohorts);
        self.won_back.merge(other.won_back);
        self.amounts.merge(&other.amounts);
    }

    /// The periods that the month ends.
    pub fn periods(&mut self) -> &mut Periods {
        &mut self.periods
    }

    /// How the rows of the tables of sums are made, in the order of [`layout::SUMS`].
    pub fn making(self, from: Sources) -> Making {
        Box::new(move || self.batches(&from))
    }

    fn batches(self, from: &Sources) -> Result<Vec<RecordBatch>, WarehouseError> {
        let layout = |table| from.layout(table);
        let batches = [
            output::movement(self.movement, from, &layout(layout::MOVEMENT)),
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
