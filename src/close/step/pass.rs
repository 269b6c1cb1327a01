//! The pass over the customers, in the order of their ids: each that the month concerns is taken a month on, its rows
//! are gathered and its sums added. Threads take stretches of customers, and the rows of these go out in order.

use std::collections::VecDeque;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use super::by_slot::BySlot;
use super::charges::Charges;
use super::customers::{Cents, Customer, MonthNumber, OWN, Slot, Stretch, WON_KIND};
use super::events::Told;
use super::gathered::{Gathered, Seen};
use super::output::{Monthly, Sources, States};
use super::periods::Ended;
use super::rules::Rules;
use super::shown;
use super::turn::{Brought, turn};
use super::words::Word;
use super::{Step, of_table};
use crate::close::{Making, Part};
use crate::engine;
use crate::warehouse::layout;

/// Customers who are taken at a time: few, so that columns are made of their rows while the pass goes on.
const STRETCH: usize = 1 << 14;
/// For each thread, stretches that may be under way or done without having gone out.
const AHEAD: usize = 2;

impl Step<'_> {
    /// Takes all customers that the month concerns a month on, by as many threads as are configured, and adds them to
    /// the sums. Their rows go `out` in parts; what each customer brought is handed back, by slot.
    pub(super) fn take(
        &mut self,
        month: &MonthOn<'_>,
        from: &Sources,
        gathered: &mut Gathered,
        out: &mut Out<'_>,
    ) -> Vec<Cents> {
        let mut revenue = vec![0; self.customers.len()];
        let threads = engine::threads(self.config).min(revenue.len().div_ceil(STRETCH));
        let sums: Vec<Gathered> = (0..threads).map(|_| self.gather(month.now)).collect();
        let rules = &self.rules;
        let stretches = self.customers.stretches(STRETCH).zip(revenue.chunks_mut(STRETCH));
        std::thread::scope(|scope| {
            let (give, given) = channel();
            let given = Arc::new(Mutex::new(given));
            let begin = |sums| {
                let (pass, given) = (Pass::new(month, rules, from, sums), Arc::clone(&given));
                scope.spawn(move || pass.all(&given))
            };
            let passes: Vec<_> = sums.into_iter().map(begin).collect();
            // Theirs alone: should all of them panic, nobody waits for what they were given.
            drop(given);
            deal(stretches, give, threads * AHEAD, out);
            for pass in passes {
                gathered.merge(pass.join().unwrap_or_else(|panic| resume_unwind(panic)));
            }
        });
        month.ended.iter().for_each(|ended| gathered.periods().add_gone(ended));
        revenue
    }
}

/// Gives stretches to whoever takes them, no more than some before the first of them is done; rows go out in order.
fn deal<'a>(
    stretches: impl Iterator<Item = (Stretch<'a>, &'a mut [Cents])>,
    give: Sender<Given<'a>>,
    ahead: usize,
    out: &mut Out<'_>,
) {
    let mut waiting = VecDeque::new();
    for (stretch, revenue) in stretches {
        let (done, rows) = sync_channel(1);
        drop(give.send(Given { stretch, revenue, done }));
        waiting.push_back(rows);
        if waiting.len() > ahead {
            pass_on(waiting.pop_front(), out);
        }
    }
    drop(give);
    waiting.into_iter().for_each(|rows| pass_on(Some(rows), out));
}

/// Where rows go that are ready to be written.
pub type Out<'a> = dyn FnMut(Part) + Send + 'a;

/// Waits for the rows of a stretch, which go out.
fn pass_on(rows: Option<Receiver<Rows>>, out: &mut Out<'_>) {
    if let Some(rows) = rows.and_then(|rows| rows.recv().ok()) {
        out(Part::Customers(rows.making()));
    }
}

/// A stretch of customers to be taken a month on, and where its results go.
struct Given<'a> {
    stretch: Stretch<'a>,
    /// What each brings.
    revenue: &'a mut [Cents],
    done: SyncSender<Rows>,
}

/// A thread's way through the month.
struct Pass<'a> {
    month: &'a MonthOn<'a>,
    rules: &'a Rules,
    from: &'a Sources,
    sums: Gathered,
    /// The rows of the stretch.
    rows: Rows,
    /// A customer's dimensions at the end of the month before, and now.
    before: Vec<Word>,
    now: Vec<Word>,
}

impl<'a> Pass<'a> {
    fn new(month: &'a MonthOn<'a>, rules: &'a Rules, from: &'a Sources, sums: Gathered) -> Self {
        let (rows, before, now) = (Rows::none(from, 0), Vec::new(), Vec::new());
        Self { month, rules, from, sums, rows, before, now }
    }

    /// Takes what is given, until nothing is.
    fn all(mut self, given: &Mutex<Receiver<Given<'_>>>) -> Gathered {
        let next = || given.lock().unwrap_or_else(PoisonError::into_inner).recv();
        while let Ok(Given { mut stretch, revenue, done }) = next() {
            self.rows = Rows::none(self.from, stretch.slots().len());
            for (customer, revenue) in stretch.customers().zip(revenue) {
                *revenue = self.one(customer);
            }
            for ended in &self.month.ended {
                self.sums.periods().add(ended, &stretch);
            }
            let rows = std::mem::replace(&mut self.rows, Rows::none(self.from, 0));
            drop(done.send(rows));
        }
        self.sums
    }

    /// Takes a customer a month on; hands out what it brings.
    fn one(&mut self, mut customer: Customer<'_>) -> Cents {
        let (month, rules) = (self.month, self.rules);
        let brought = month.brought(customer.slot);
        let mut revenue_before = revenue(month.revenue_before, customer.slot);
        if rules.recycles(customer.state, &brought) {
            self.end(std::mem::take(&mut revenue_before), &customer);
            customer.forget();
        }
        let known = *customer.state;
        if !(known.in_base || brought.charge.billed || brought.told.is_some()) {
            self.end(revenue_before, &customer);
            return 0;
        }
        self.before.clear();
        self.before.extend(shown::dimensions_at(rules, &known, customer.texts, month.now - 1));
        let turn = turn(rules, &brought, customer.state, customer.texts);
        if !customer.state.in_base {
            self.rows.dormant.push(&customer);
        }
        if !turn.matters(customer.state, &brought) {
            self.end(revenue_before, &customer);
            return 0;
        }
        self.now.clear();
        self.now.extend(shown::dimensions(rules, customer.texts, turn.tier, turn.tenure_band));
        let seen = Seen {
            now: month.now,
            known: &known,
            state: customer.state,
            won_kind: customer.texts[WON_KIND],
            turn: &turn,
            before: known.in_base.then_some(&self.before),
            dimensions: &self.now,
            revenue_before,
        };
        self.sums.add(&seen, rules);
        self.rows.monthly.push(&customer, &turn, rules);
        turn.revenue
    }

    /// Ends the revenue of a customer who was gone before the month and has no row in it.
    fn end(&mut self, revenue_before: Cents, customer: &Customer<'_>) {
        if revenue_before == 0 {
            return;
        }
        let (rules, now) = (self.rules, self.month.now);
        self.now.clear();
        self.now.extend(shown::dimensions_at(rules, customer.state, customer.texts, now));
        self.sums.end(revenue_before, &self.now);
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
    /// Likewise, in the month before.
    pub revenue_before: &'a [Cents],
    /// The periods that it ends.
    pub ended: Vec<Ended<'a>>,
}

impl MonthOn<'_> {
    fn brought(&self, slot: Slot) -> Brought<'_> {
        Brought {
            now: self.now,
            first: self.first,
            charge: self.charges.of(slot),
            told: self.told.get(slot),
            out_of_value: revenue(self.out_of_value, slot),
            out_of_tier: revenue(self.out_of_tier, slot),
        }
    }
}

fn revenue(by_slot: &[Cents], slot: Slot) -> Cents {
    by_slot.get(slot as usize).copied().unwrap_or_default()
}

/// The rows of some customers who were taken a month on, in the order of their ids.
#[derive(Debug)]
struct Rows {
    from: Sources,
    monthly: Monthly,
    dormant: States,
}

impl Rows {
    /// No rows, with room for some.
    fn none(from: &Sources, rows: usize) -> Self {
        let texts = OWN + from.own().len();
        let (monthly, dormant) = (Monthly::new(texts, rows), States::new(texts, 0));
        Self { from: from.clone(), monthly, dormant }
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
