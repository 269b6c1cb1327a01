//! The pass over the customers, in the order of their ids: each that the month concerns is taken a month on,
//! and its rows are gathered.

use std::sync::mpsc::{SyncSender, sync_channel};

use super::by_slot::BySlot;
use super::charges::Charges;
use super::customers::{Cents, Customers, MonthNumber, OWN, Slot, UNKNOWN, WON_KIND};
use super::events::Told;
use super::gathered::{Block, Brief, Gathered, Row};
use super::output::{Monthly, Sources, States};
use super::rules::Rules;
use super::shown;
use super::turn::{Brought, turn};
use super::words::Word;
use super::{Step, of_table};
use crate::close::{Making, Part};
use crate::warehouse::layout;

/// Blocks of customers that wait to be added to the sums.
const WAITING: usize = 8;
/// Rows of customer_month that go out at a time: few, so that columns are made of them while the pass goes on.
const PART_ROWS: usize = 1 << 15;

impl Step<'_> {
    /// Takes all customers that the month concerns a month on, and adds them to its sums, which is a thread's own
    /// work; `revenue_before` is what each brought the month before. Their rows go `out`, a part as soon as it is full;
    /// what each customer brought is handed back, by slot.
    pub(super) fn take(
        &mut self,
        month: &MonthOn<'_>,
        from: &Sources,
        revenue_before: Vec<Cents>,
        gathered: &mut Gathered,
        out: &mut Out<'_>,
    ) -> Vec<Cents> {
        let (texts, dimensions) = (OWN + self.config.dimensions.len(), self.dimensions.len());
        let room = PART_ROWS.min(self.customers.len());
        let (monthly, dormant) = (Monthly::new(texts, room), States::new(texts, 0));
        let rows = Rows { from: from.clone(), monthly, dormant };
        let rules = &self.rules;
        std::thread::scope(|scope| {
            let (sender, blocks) = sync_channel::<Block>(WAITING);
            scope.spawn(move || blocks.iter().for_each(|block| gathered.add(&block, rules)));
            let block = Block::new(month.now, dimensions);
            let revenue = vec![0; self.customers.len()];
            let customers = &mut self.customers;
            Pass { month, rules, customers, revenue_before, block, sender, rows, revenue, out }
                .all()
        })
    }
}

/// Where rows go that are ready to be written.
pub type Out<'a> = dyn FnMut(Part) + Send + 'a;

/// The customers on their way through the month.
struct Pass<'a> {
    month: &'a MonthOn<'a>,
    rules: &'a Rules,
    customers: &'a mut Customers,
    /// What each brought the month before and has not been seen of it yet, by slot.
    revenue_before: Vec<Cents>,
    block: Block,
    sender: SyncSender<Block>,
    /// The rows of this month that have not gone out.
    rows: Rows,
    /// What each brings, by slot.
    revenue: Vec<Cents>,
    out: &'a mut Out<'a>,
}

impl Pass<'_> {
    fn all(mut self) -> Vec<Cents> {
        let mut before = Vec::new();
        for place in 0..self.customers.in_order().len() {
            let slot = self.customers.in_order()[place];
            self.one(slot, &mut before);
            self.send_full();
        }
        for slot in 0..self.revenue_before.len() as Slot {
            self.end(slot);
            self.send_full();
        }
        // The other end is open until this one is dropped.
        let _ = self.sender.send(self.block);
        (self.out)(Part::Customers(self.rows.making()));
        self.revenue
    }

    fn send_full(&mut self) {
        if let Some(full) = self.block.take_full() {
            let _ = self.sender.send(full);
        }
    }

    /// Takes a customer a month on; `before` is room for its dimensions.
    fn one(&mut self, slot: Slot, before: &mut Vec<Word>) {
        let mut known = self.customers.states[slot as usize];
        let brought = self.month.brought(slot);
        if self.rules.recycles(&known, &brought) {
            self.end(slot);
            self.customers.forget(slot);
            known = UNKNOWN;
        }
        if !(known.in_base || brought.charge.billed || brought.told.is_some()) {
            return;
        }
        let texts = self.customers.texts(slot);
        before.clear();
        before.extend(shown::dimensions_at(self.rules, &known, texts, self.month.now - 1));
        let mut state = known;
        let turn = turn(self.rules, &brought, &mut state, self.customers.texts_mut(slot));
        self.customers.states[slot as usize] = state;
        if !state.in_base {
            self.rows.dormant.push(slot, self.customers);
        }
        if !turn.matters(&state, &brought) {
            return;
        }
        let texts = self.customers.texts(slot);
        let won_kind = texts[WON_KIND];
        let revenue_before = std::mem::take(&mut self.revenue_before[slot as usize]);
        let (known, state) = (Brief::from(&known), Brief::from(&state));
        let row = Row { known, state, won_kind, turn, revenue_before };
        let now = shown::dimensions(self.rules, texts, turn.tier, turn.tenure_band);
        self.block.see(row, before, now);
        self.revenue[slot as usize] = turn.revenue;
        self.rows.monthly.push(slot, self.customers, &turn, self.rules);
        if self.rows.monthly.len() == PART_ROWS {
            let none = self.rows.none();
            let full = std::mem::replace(&mut self.rows, none);
            (self.out)(Part::Customers(full.making()));
        }
    }

    /// Ends the revenue of a customer who was gone before the month and has no row in it.
    fn end(&mut self, slot: Slot) {
        let revenue = std::mem::take(&mut self.revenue_before[slot as usize]);
        if revenue == 0 {
            return;
        }
        let (state, texts) = (&self.customers.states[slot as usize], self.customers.texts(slot));
        self.block.end(revenue, shown::dimensions_at(self.rules, state, texts, self.month.now));
    }
}

/// What a month brings to all customers.
pub struct MonthOn<'a> {
    pub now: MonthNumber,
    pub first: MonthNumber,
    pub charges: &'a Charges,
    pub told: &'a BySlot<Told>,
    /// Revenue by slot; 0 of those behind the last.
    pub out_of_value: &'a [Cents],
    /// Likewise.
    pub out_of_tier: &'a [Cents],
}

impl MonthOn<'_> {
    fn brought(&self, slot: Slot) -> Brought<'_> {
        let revenue = |by_slot: &[Cents]| by_slot.get(slot as usize).copied().unwrap_or_default();
        Brought {
            now: self.now,
            first: self.first,
            charge: self.charges.of(slot),
            told: self.told.get(slot),
            out_of_value: revenue(self.out_of_value),
            out_of_tier: revenue(self.out_of_tier),
        }
    }
}

/// The rows of some customers who were taken a month on, in the order of their ids.
#[derive(Debug)]
struct Rows {
    from: Sources,
    monthly: Monthly,
    dormant: States,
}

impl Rows {
    /// No rows, with room for as many.
    fn none(&self) -> Self {
        let (monthly, dormant) = (self.monthly.none(), self.dormant.none(0));
        Self { from: self.from.clone(), monthly, dormant }
    }

    /// How the tables' rows are made of them.
    fn making(self) -> Making {
        let Self { from, monthly, dormant } = self;
        Box::new(move || {
            let customer_month = monthly.batch(&from, &from.layout(layout::CUSTOMER_MONTH));
            let dormant = dormant.batch(&from, &from.layout(layout::DORMANT));
            Ok(vec![
                customer_month.map_err(of_table(layout::CUSTOMER_MONTH))?,
                dormant.map_err(of_table(layout::DORMANT))?,
            ])
        })
    }
}
