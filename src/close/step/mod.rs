//! One month's close, written by hand: the customers' states stay in memory from month to month, a bill's
//! lines are summed as they are read, and one pass in the order of ids makes customer_month, dormant and
//! movement. `sql/core` says the same in SQL and is the definition of it: `close --by-sql` computes by
//! that, and tests hold the two equal, row for row.

mod by_slot;
mod charges;
mod cohorts;
mod concentration;
mod customers;
mod events;
mod gathered;
mod ids;
mod inputs;
mod moved;
mod output;
mod pass;
mod past;
mod periods;
mod ranges;
mod read;
mod recall;
mod rules;
mod segments;
mod shown;
mod spells;
mod states;
mod sums;
mod superseded;
mod turn;
mod values;
mod won_back;
mod words;

use std::collections::BTreeMap;
use std::mem::take;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use tokio::task::JoinHandle;

use super::{CloseError, Closes, Inventory, Part, fell, period};
use crate::config::Config;
use crate::extract::SourceKind;
use crate::land::Occurrence;
use crate::month::Month;
use crate::warehouse::{Warehouse, WarehouseError, layout};
use charges::{Counting, ProductEnds};
use customers::{Cents, Customers, MonthNumber, OWN, Slot};
use events::Events;
use gathered::Gathered;
use ids::Who;
use inputs::Inputs;
use moved::Moved;
use output::{MonthDays, Sources};
use pass::MonthOn;
pub use pass::Out;
use periods::{Ended, Opening};
pub use ranges::IdRange;
use rules::Rules;
use superseded::Superseded;
use words::Words;

/// The dimensions that are always there; the configured ones follow.
const FIXED_DIMENSIONS: usize = crate::config::DIMENSIONS.len();

/// The customers as they stood at the end of a month, ready to be taken a month on.
pub struct Step<'a> {
    warehouse: &'a Warehouse,
    config: &'a Config,
    inventory: &'a Inventory,
    first: Month,
    dimensions: Vec<String>,
    words: Words,
    groups: Words,
    rules: Rules,
    customers: Customers,
    /// The sums of the ranges before this one, where a month goes in several.
    gathered: Option<Gathered>,
    /// What each customer brought in the months that the windows hold, by slot.
    revenues: BTreeMap<Month, Vec<Cents>>,
    openings: BTreeMap<Month, Opening>,
    days: Arc<MonthDays>,
    /// What landed for the next month, which is read and summed while this one is computed.
    ahead: Option<(Month, JoinHandle<Result<Inputs, WarehouseError>>)>,
    /// The month at whose end they stood so.
    as_of: Option<Month>,
    /// The first month taken since the state was read: what went dormant before lies in files.
    since: Month,
}

impl<'a> Step<'a> {
    /// Nobody is known yet; the history begins with `first`.
    pub fn new(
        warehouse: &'a Warehouse,
        config: &'a Config,
        inventory: &'a Inventory,
        first: Month,
    ) -> Self {
        let mut words = Words::default();
        let rules = Rules::new(&config.policy, &mut words);
        Self {
            warehouse,
            config,
            inventory,
            words,
            groups: Words::default(),
            rules,
            customers: nobody(config, &IdRange::default()),
            gathered: None,
            revenues: BTreeMap::new(),
            openings: BTreeMap::new(),
            days: Arc::default(),
            ahead: None,
            as_of: None,
            since: first,
            first,
            dimensions: config.dimension_names(),
        }
    }

    /// Closes a month for the customers of a range, whose rows go `out` in parts. Of several ranges each is begun
    /// from the files, which must be there; the sums come with the last part of the last.
    ///
    /// # Errors
    /// The tables can't be read, or an amount outgrows its column.
    pub async fn close(
        &mut self,
        closes: &Closes,
        month: Month,
        range: &IdRange,
        out: &mut Out<'_>,
    ) -> Result<(), CloseError> {
        let inputs = self.begin(closes, month, range).await?;
        let past = self.fetch_past(closes, month);
        let mut bills = inputs.bills.await.map_err(fell)??;
        // First those who are billed, who come in the order of ids; events come in any.
        let mut billed = bills.meet(&mut self.customers);
        let mut events = self.events(inputs.events)?;
        if let Some(moved) = self.settle() {
            billed.iter_mut().for_each(|slot| *slot = moved.slot(*slot));
            events.renumber(&moved);
        }
        let recalled = self.recall(closes, past);
        let (met, now) = (self.customers.len(), month.number());
        let mut ends = ProductEnds::new(events.ended_products(now));
        let charges = bills.of(met, &billed, &mut self.words, &mut ends);
        let told = events.told(met, now, self.rules.recycled_after, |slot| ends.holds(slot));
        self.take_recalled(recalled).await?;
        let (value, tier) = self.windows(month);
        let (revenues, openings) = (take(&mut self.revenues), take(&mut self.openings));
        let revenue_of = |month: Month| revenues.get(&month).map_or(&[][..], Vec::as_slice);
        let ended = period::ended_by(month).filter_map(|(grain, opened)| {
            let opening = openings.get(&opened)?;
            Some(Ended { grain, opened: opened.number(), opening })
        });
        let month_on = MonthOn {
            now,
            first: self.first.number(),
            charges: &charges,
            told: &told,
            out_of_value: revenue_of(value),
            out_of_tier: revenue_of(tier),
            revenue_before: revenue_of(month.previous()),
            ended: ended.collect(),
        };
        let mut gathered = self.gathered.take().unwrap_or_else(|| self.gather(now));
        let sources = self.sources();
        let revenue = self.take(&month_on, &sources, &mut gathered, out);
        drop(charges);
        (self.revenues, self.openings) = (revenues, openings);
        self.keep_revenue(month, revenue);
        self.as_of = range.is_all().then_some(month);
        match range.is_last() {
            true => out(Part::Sums(gathered.making(sources))),
            false => self.gathered = Some(gathered),
        }
        Ok(())
    }

    /// What rows are made from besides themselves.
    fn sources(&self) -> Sources {
        Sources {
            unknown: self.rules.unknown,
            words: self.words.texts(),
            groups: self.groups.texts(),
            days: Arc::clone(&self.days),
            dimensions: self.dimensions.clone(),
        }
    }

    /// Stands at the end of the month before, with what landed for the month.
    async fn begin(
        &mut self,
        closes: &Closes,
        month: Month,
        range: &IdRange,
    ) -> Result<Inputs, CloseError> {
        let inputs = self.inputs(month, range);
        match self.as_of {
            Some(before) if before == month.previous() && range.is_all() => {
                self.keep_opening(before)
            }
            _ => self.forget(month, range),
        }
        if self.as_of.is_none() {
            self.load(closes, month, range).await?;
        }
        let inputs = inputs.await.map_err(fell)??;
        if range.is_all() && self.inventory.source(SourceKind::Billing).rows(month.next()) > 0 {
            self.ahead = Some((month.next(), self.inputs(month.next(), range)));
        }
        Ok(inputs)
    }

    /// No sums of a month yet.
    fn gather(&self, month: MonthNumber) -> Gathered {
        Gathered::new(self.dimensions.len(), self.first.number(), month)
    }

    /// Gives all customers slots in the order of their ids, and all that is kept by slot with them; tells how they moved,
    /// where they did.
    fn settle(&mut self) -> Option<Moved> {
        let moved = self.customers.settle()?;
        for revenue in self.revenues.values_mut() {
            revenue.resize(self.customers.len(), 0);
            moved.put(revenue, 1);
        }
        self.openings.values_mut().for_each(|opening| opening.renumber(&moved));
        Some(moved)
    }

    /// The months whose revenue falls out of the value window and of the tier window.
    fn windows(&self, month: Month) -> (Month, Month) {
        let ago = |months: u32| month.plus(-(months as i32));
        (ago(self.config.policy.value_window), ago(self.config.policy.tier_window))
    }

    /// What landed for a month and a range of customers: read ahead, or now. Reading goes on while the caller does
    /// other things.
    fn inputs(
        &mut self,
        month: Month,
        range: &IdRange,
    ) -> JoinHandle<Result<Inputs, WarehouseError>> {
        match self.ahead.take() {
            Some((read, inputs)) if read == month && range.is_all() => return inputs,
            _ => {}
        }
        let wanted = |at: Month| at == month || (month == self.first && at < month);
        let channel = self.inventory.source(SourceKind::Channel).files_where(wanted);
        let billing = self.inventory.source(SourceKind::Billing).files_where(|at| at == month);
        let own = self.config.dimensions.keys().cloned().collect();
        let counting = Counting {
            superseded: self.superseded(SourceKind::Billing, |at| at == month),
            not_business: self.config.policy.not_business.clone(),
            aliases: Arc::clone(&self.inventory.aliases),
            who: who(self.config, range),
        };
        tokio::spawn(Inputs::read(self.warehouse.clone(), channel, billing, own, counting))
    }

    fn events(
        &mut self,
        rows: Vec<(MonthNumber, RecordBatch)>,
    ) -> Result<Events<'a>, WarehouseError> {
        let own = self.config.dimensions.keys().cloned().collect();
        let superseded = self.superseded(SourceKind::Channel, |_| true);
        let mut events = Events::new(superseded, own, &self.inventory.aliases);
        for (month, rows) in rows {
            let (customers, words) = (&mut self.customers, &mut self.words);
            let added = events.add(&rows, month, customers, words, &mut self.groups);
            added.map_err(of_table("channel"))?;
        }
        Ok(events)
    }

    /// The rows of a source, in some months, that do not count.
    fn superseded(&self, kind: SourceKind, months: impl Fn(Month) -> bool) -> Superseded {
        let of = |row: &&Occurrence| row.source == kind && row.month.is_none_or(&months);
        Superseded::new(self.inventory.superseded.iter().filter(of))
    }

    /// Takes what customers brought in a month.
    fn add_revenue(&mut self, month: Month, brought: Vec<(Slot, Cents)>) {
        let revenue = self.revenues.entry(month).or_default();
        revenue.resize(self.customers.len(), 0);
        brought.into_iter().for_each(|(slot, cents)| revenue[slot as usize] = cents);
    }

    /// Keeps who is in the base at a month's end, where a period begins with the next one.
    fn keep_opening(&mut self, month: Month) {
        if period::looked_back_for(month) > 0 {
            let dimensions = self.dimensions.len();
            let opening = Opening::of(&self.customers, &self.rules, month.number(), dimensions);
            self.openings.insert(month, opening);
        }
        self.openings.retain(|at, _| month.since(*at) < period::looked_back_for(*at));
    }

    /// Keeps what each customer brought in a month, by slot.
    fn keep_revenue(&mut self, month: Month, revenue: Vec<Cents>) {
        self.revenues.insert(month, revenue);
        let longest = self.rules.value_window.max(self.rules.tier_window);
        self.revenues.retain(|at, _| month.since(*at) < longest);
    }
}

/// No customers, with room for the texts of the configuration.
fn nobody(config: &Config, range: &IdRange) -> Customers {
    Customers::new(OWN + config.dimensions.len(), who(config, range))
}

fn who(config: &Config, range: &IdRange) -> Who {
    Who::new(&config.policy.house_accounts, range.clone())
}

fn of_table(table: &str) -> impl Fn(ArrowError) -> WarehouseError {
    let table = table.to_owned();
    move |source| WarehouseError::Arrow { table: table.clone(), source }
}
