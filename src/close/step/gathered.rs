//! The sums that a month leaves, gathered customer by customer while the pass goes on; what is made of them
//! afterwards is made beside the next month's pass.

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

/// What the sums need to know of a state: half of it, since rows go from one core to another.
#[derive(Clone, Copy, Debug)]
pub struct Brief {
    pub first: MonthNumber,
    pub since: MonthNumber,
    pub start: MonthNumber,
    pub last: MonthNumber,
    pub paid: MonthNumber,
    pub won: MonthNumber,
    pub annual_revenue: Cents,
    pub carried: bool,
    pub in_base: bool,
}

impl From<&State> for Brief {
    #[inline]
    fn from(state: &State) -> Self {
        let State { first, since, start, last, paid, won, .. } = *state;
        let State { annual_revenue, carried, in_base, .. } = *state;
        Self { first, since, start, last, paid, won, annual_revenue, carried, in_base }
    }
}

/// A row of customer_month, and what was before it.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The month.
    pub now: MonthNumber,
    /// The state at the end of the month before.
    pub known: &'a Brief,
    /// The state now.
    pub state: &'a Brief,
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

/// Of a row of customer_month all that is no dimension.
#[derive(Debug)]
pub struct Row {
    pub known: Brief,
    pub state: Brief,
    pub won_kind: Word,
    pub turn: Turn,
    pub revenue_before: Cents,
}

/// Some customers that the pass has been through, on their way to the thread that adds them to the sums.
#[derive(Debug)]
pub struct Block {
    now: MonthNumber,
    width: usize,
    rows: Vec<Row>,
    /// Of each row the dimensions before and now.
    words: Vec<Word>,
    ended: Vec<Cents>,
    ended_words: Vec<Word>,
}

impl Block {
    /// Nobody yet, in a month and with so many dimensions.
    pub fn new(now: MonthNumber, width: usize) -> Self {
        Self {
            now,
            width,
            rows: Vec::with_capacity(BLOCK),
            words: Vec::with_capacity(BLOCK * 2 * width),
            ended: Vec::new(),
            ended_words: Vec::new(),
        }
    }

    /// Adds a row of customer_month, with its dimensions before and now.
    #[inline]
    pub fn see(&mut self, row: Row, before: &[Word], dimensions: impl Iterator<Item = Word>) {
        self.rows.push(row);
        self.words.extend_from_slice(before);
        self.words.extend(dimensions);
    }

    /// Adds a customer who had revenue the month before and has no row in this one.
    pub fn end(&mut self, revenue_before: Cents, dimensions: impl Iterator<Item = Word>) {
        self.ended.push(revenue_before);
        self.ended_words.extend(dimensions);
    }

    /// The block, where there is no room for more; an empty one takes its place.
    pub fn take_full(&mut self) -> Option<Self> {
        let full = self.rows.len().max(self.ended.len()) >= BLOCK;
        full.then(|| std::mem::replace(self, Self::new(self.now, self.width)))
    }

    fn seen(&self) -> impl Iterator<Item = Seen<'_>> {
        let words = self.words.chunks_exact(2 * self.width);
        self.rows.iter().zip(words).map(|(row, words)| {
            let (before, dimensions) = words.split_at(self.width);
            Seen {
                now: self.now,
                known: &row.known,
                state: &row.state,
                won_kind: row.won_kind,
                turn: &row.turn,
                before: row.known.in_base.then_some(before),
                dimensions,
                revenue_before: row.revenue_before,
            }
        })
    }
}

/// Customers of a block: few enough for the cache.
const BLOCK: usize = 512;

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

    /// Adds customers.
    pub fn add(&mut self, block: &Block, rules: &Rules) {
        for seen in block.seen() {
            self.add_row(&seen, rules);
        }
        let dimensions = block.ended_words.chunks_exact(block.width);
        for (revenue, dimensions) in block.ended.iter().zip(dimensions) {
            self.values.end(*revenue, dimensions);
        }
    }

    fn add_row(&mut self, seen: &Seen<'_>, rules: &Rules) {
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
