//! One month's close, written by hand: the customers' states stay in memory from month to month, a bill's
//! lines are summed as they are read, and one pass in the order of ids makes customer_month, dormant and
//! movement. `sql/core` says the same in SQL and is the definition of it: `close --by-sql` computes by
//! that, and tests hold the two equal, row for row.

mod charges;
mod cohorts;
mod concentration;
mod customers;
mod events;
mod gathered;
mod output;
mod pass;
mod periods;
mod read;
mod rules;
mod segments;
mod spells;
mod sums;
mod turn;
mod values;
mod won_back;
mod words;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow::array::RecordBatch;
use futures::StreamExt;
use tokio::task::JoinHandle;

use super::{CloseError, Closes, Inventory, fell, period};
use crate::config::Config;
use crate::engine::threads;
use crate::extract::SourceKind;
use crate::month::Month;
use crate::warehouse::{Warehouse, WarehouseError, layout};
use charges::{Charges, ProductEnds};
use customers::{Cents, Customers, MonthNumber, OWN, Slot};
use events::Events;
use output::{MonthDays, Monthly};
use pass::MonthOn;
pub use pass::Taken;
use periods::Opening;
use read::Inputs;
use rules::Rules;
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
    revenues: BTreeMap<Month, Vec<(Slot, Cents)>>,
    openings: BTreeMap<Month, Opening>,
    days: Arc<MonthDays>,
    /// What landed for the next month, which is read while this one is computed.
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
            customers: nobody(config),
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

    /// Closes a month.
    ///
    /// # Errors
    /// The tables can't be read, or an amount outgrows its column.
    pub async fn close(&mut self, closes: &Closes, month: Month) -> Result<Taken, CloseError> {
        let inputs = self.inputs(month);
        if self.as_of != Some(month.previous()) {
            self.load(closes, month).await?;
        }
        if let Some(moved) = self.customers.settle() {
            let revenues = self.revenues.values_mut().flatten();
            revenues.for_each(|(slot, _)| *slot = moved[*slot as usize]);
            self.openings.values_mut().for_each(|opening| opening.renumber(&moved));
        }
        let met = self.customers.len() as Slot;
        let inputs = inputs.await.map_err(fell)??;
        if self.inventory.source(SourceKind::Billing).rows(month.next()) > 0 {
            self.ahead = Some((month.next(), self.inputs(month.next())));
        }
        let events = self.events(inputs.events)?;
        let mut ends = ProductEnds::new(events.ended_products(month.number()));
        let charges = self.charges(&inputs.lines, &mut ends)?;
        let told = events.told(month.number(), |slot| ends.holds(slot));
        self.awaken(closes, met).await?;
        let policy = &self.config.policy;
        let ago = |months: u32| month.plus(-(months as i32));
        let out_of_value = self.revenue_of(closes, ago(policy.value_window)).await?;
        let out_of_tier = self.revenue_of(closes, ago(policy.tier_window)).await?;
        let revenue_before = self.revenue_of(closes, month.previous()).await?;
        self.customers.sort();
        for (_, opened) in period::ended_by(month) {
            self.open(closes, opened).await?;
        }
        let month_on = MonthOn {
            now: month.number(),
            first: self.first.number(),
            charges: &charges,
            told: &told,
            out_of_value: &out_of_value,
            out_of_tier: &out_of_tier,
        };
        let mut taken = self.take(&month_on, revenue_before);
        drop(charges);
        for (grain, opened) in period::ended_by(month) {
            taken.gathered.periods().add(grain, &self.openings[&opened], &self.customers);
        }
        self.keep_revenue(month, &taken.monthly);
        self.keep_opening(month);
        self.as_of = Some(month);
        Ok(taken)
    }

    /// Reads the state at the end of the month before, and forgets what was known.
    async fn load(&mut self, closes: &Closes, month: Month) -> Result<(), CloseError> {
        self.customers = nobody(self.config);
        self.revenues.clear();
        self.openings.clear();
        self.since = month;
        let before = month.previous();
        let files = closes.files(layout::CUSTOMER_MONTH, |at| at == before && at >= self.first);
        let mut earned = Vec::new();
        for file in files {
            self.customers.reserve(file.rows as usize);
            for batch in read::file(self.warehouse, layout::CUSTOMER_MONTH, &file, None).await? {
                let mut state = read::States { words: &mut self.words, groups: &mut self.groups };
                state
                    .present(&batch, &mut self.customers, before.number(), &self.dimensions)
                    .map_err(of_table(layout::CUSTOMER_MONTH))?;
                earned.push(read::earned(&batch).map_err(of_table(layout::CUSTOMER_MONTH))?);
            }
        }
        self.customers.sort();
        self.load_revenue(closes, before, &earned).await
    }

    /// Takes the revenue of the month before from its rows, with the states of those whose last it was.
    async fn load_revenue(
        &mut self,
        closes: &Closes,
        before: Month,
        rows: &[RecordBatch],
    ) -> Result<(), CloseError> {
        let met = self.customers.len() as Slot;
        for batch in rows {
            let meeting = read::meet_gone(batch, &mut self.customers, &mut self.words);
            meeting.map_err(of_table(layout::CUSTOMER_MONTH))?;
        }
        for file in closes.files(layout::DORMANT, |at| at == before) {
            for batch in read::file(self.warehouse, layout::DORMANT, &file, None).await? {
                let mut state = read::States { words: &mut self.words, groups: &mut self.groups };
                state
                    .asleep(&batch, &mut self.customers, met, before.number(), &self.dimensions)
                    .map_err(of_table(layout::DORMANT))?;
            }
        }
        self.customers.sort();
        let revenues = rows.iter().flat_map(|batch| read::revenues(batch, &mut self.customers));
        let revenues = revenues.collect();
        self.revenues.insert(before, revenues);
        Ok(())
    }

    /// What landed for a month: read ahead, or now. Reading goes on while the caller does other things.
    fn inputs(&mut self, month: Month) -> JoinHandle<Result<Inputs, WarehouseError>> {
        match self.ahead.take() {
            Some((read, inputs)) if read == month => return inputs,
            _ => {}
        }
        let wanted = |at: Month| at == month || (month == self.first && at < month);
        let channel = self.inventory.source(SourceKind::Channel).files_where(wanted);
        let billing = self.inventory.source(SourceKind::Billing).files_where(|at| at == month);
        let own = self.config.dimensions.keys().cloned().collect();
        tokio::spawn(Inputs::read(self.warehouse.clone(), channel, billing, own))
    }

    fn events(&mut self, rows: Vec<(MonthNumber, RecordBatch)>) -> Result<Events, WarehouseError> {
        let own = self.config.dimensions.keys().cloned().collect();
        let mut events = Events::new(self.superseded(SourceKind::Channel), own);
        for (month, rows) in rows {
            let (customers, words) = (&mut self.customers, &mut self.words);
            let added = events.add(&rows, month, customers, words, &mut self.groups);
            added.map_err(of_table("channel"))?;
        }
        Ok(events)
    }

    fn charges(
        &mut self,
        lines: &[RecordBatch],
        ends: &mut ProductEnds,
    ) -> Result<Charges, WarehouseError> {
        let mut charges = Charges::new(self.superseded(SourceKind::Billing));
        for lines in lines {
            let (customers, words) = (&mut self.customers, &mut self.words);
            let added = charges.add(lines, &self.rules.not_business, customers, words, ends);
            added.map_err(of_table("billing"))?;
        }
        Ok(charges)
    }

    fn superseded(&self, kind: SourceKind) -> HashSet<(i32, i64)> {
        let rows = self.inventory.superseded.iter().filter(|row| row.source == kind);
        rows.map(|row| (row.delivery, row.line)).collect()
    }

    /// Reads the states of customers just met that went dormant in months before these were taken: the
    /// latest row of each.
    async fn awaken(&mut self, closes: &Closes, met: Slot) -> Result<(), CloseError> {
        if self.customers.len() as Slot == met {
            return Ok(());
        }
        let (first, since, warehouse) = (self.first, self.since, self.warehouse);
        let files = closes.files(layout::DORMANT, |at| at >= first && at < since);
        let latest_first = files.into_iter().rev().map(|file| {
            let warehouse = warehouse.clone();
            tokio::spawn(async move {
                let rows = read::file(&warehouse, layout::DORMANT, &file, None).await?;
                Ok::<_, WarehouseError>((file.month.unwrap_or(since), rows))
            })
        });
        let mut read = futures::stream::iter(latest_first).buffered(threads(self.config));
        while let Some(rows) = read.next().await {
            let (month, batches) = rows.map_err(fell)??;
            for batch in batches {
                let mut state = read::States { words: &mut self.words, groups: &mut self.groups };
                state
                    .asleep(&batch, &mut self.customers, met, month.number(), &self.dimensions)
                    .map_err(of_table(layout::DORMANT))?;
            }
        }
        Ok(())
    }

    /// Each customer's revenue in a month that falls out of a window, by slot.
    async fn revenue_of(
        &mut self,
        closes: &Closes,
        month: Month,
    ) -> Result<Vec<Cents>, CloseError> {
        if !self.revenues.contains_key(&month) {
            let files = closes.files(layout::CUSTOMER_MONTH, |at| at == month && at >= self.first);
            let mut read = Vec::new();
            for file in files {
                let columns = ["customer_id", "revenue"];
                for batch in
                    read::file(self.warehouse, layout::CUSTOMER_MONTH, &file, Some(&columns))
                        .await?
                {
                    read.extend(read::revenues(&batch, &mut self.customers));
                }
            }
            self.revenues.insert(month, read);
        }
        let mut by_slot = vec![0; self.customers.len()];
        for (slot, revenue) in &self.revenues[&month] {
            by_slot[*slot as usize] = *revenue;
        }
        Ok(by_slot)
    }

    /// Makes sure that it is known who was in the base at a month's end.
    async fn open(&mut self, closes: &Closes, month: Month) -> Result<(), CloseError> {
        if self.openings.contains_key(&month) {
            return Ok(());
        }
        let mut opening = Opening::default();
        let columns = Opening::columns(&self.dimensions);
        for file in closes.files(layout::CUSTOMER_MONTH, |at| at == month && at >= self.first) {
            let table = layout::CUSTOMER_MONTH;
            for batch in read::file(self.warehouse, table, &file, Some(&columns)).await? {
                opening
                    .add(&batch, &self.dimensions, &mut self.customers, &mut self.words)
                    .map_err(of_table(table))?;
            }
        }
        self.openings.insert(month, opening);
        Ok(())
    }

    fn keep_opening(&mut self, month: Month) {
        if period::looked_back_for(month) > 0 {
            self.openings.insert(month, Opening::of(&self.customers));
        }
        self.openings.retain(|at, _| month.since(*at) < period::looked_back_for(*at));
    }

    fn keep_revenue(&mut self, month: Month, monthly: &Monthly) {
        self.revenues.insert(month, monthly.revenues());
        let longest = self.rules.value_window.max(self.rules.tier_window);
        self.revenues.retain(|at, _| month.since(*at) < longest);
    }
}

/// No customers, with room for the texts and dimensions of the configuration.
fn nobody(config: &Config) -> Customers {
    let (texts, dimensions) = (OWN + config.dimensions.len(), config.dimension_names().len());
    Customers::new(texts, dimensions, &config.policy.house_accounts)
}

fn of_table(table: &str) -> impl Fn(arrow::error::ArrowError) -> WarehouseError {
    let table = table.to_owned();
    move |source| WarehouseError::Arrow { table: table.clone(), source }
}
