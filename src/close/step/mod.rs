//! One month's close, written by hand: the customers' states stay in memory from month to month, a bill's
//! lines are summed as they are read, and one pass in the order of ids makes customer_month, dormant and
//! movement. `sql/core` says the same in SQL and is the definition of it: `close --by-sql` computes by
//! that, and tests hold the two equal, row for row.

mod charges;
mod customers;
mod events;
mod output;
mod read;
mod sums;
mod turn;
mod words;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow::array::RecordBatch;
use futures::StreamExt;
use tokio::task::JoinHandle;

use super::{CloseError, Closes, Inventory, Made};
use crate::config::Config;
use crate::engine::threads;
use crate::extract::SourceKind;
use crate::month::Month;
use crate::warehouse::{DataFile, Warehouse, WarehouseError, layout};
use charges::{Charges, ProductEnds};
use customers::{BySlot, Cents, Customers, MonthNumber, OWN, Slot};
use events::{Events, Told};
use output::{MonthDays, Monthly, Sources, States};
use read::Inputs;
use sums::Movement;
use turn::{Brought, Rules, turn};
use words::{NULL, Word, Words};

/// The place of the tier among the dimensions.
const TIER: usize = 4;
/// The dimensions that are always there; the configured ones follow.
const FIXED_DIMENSIONS: usize = crate::config::DIMENSIONS.len();

/// The customers as they stood at the end of a month, ready to be taken a month on.
pub struct Step<'a> {
    warehouse: &'a Warehouse,
    config: &'a Config,
    inventory: &'a Inventory,
    dimensions: Vec<String>,
    words: Words,
    groups: Words,
    rules: Rules,
    customers: Customers,
    revenues: BTreeMap<Month, Vec<(Slot, Cents)>>,
    days: Arc<MonthDays>,
    /// What landed for the next month, which is read while this one is computed.
    ahead: Option<(Month, JoinHandle<Result<Inputs, WarehouseError>>)>,
    /// The month at whose end they stood so.
    as_of: Option<Month>,
    /// The first month taken since the state was read: what went dormant before lies in files.
    since: Month,
}

fn number(month: Month) -> MonthNumber {
    month.since(Month::new(0, 1))
}

impl<'a> Step<'a> {
    /// Nobody is known yet.
    pub fn new(warehouse: &'a Warehouse, config: &'a Config, inventory: &'a Inventory) -> Self {
        let dimensions = config.dimension_names();
        let mut words = Words::default();
        let rules = Rules::new(&config.policy, &mut words);
        let own = config.dimensions.len();
        Self {
            warehouse,
            config,
            inventory,
            words,
            groups: Words::default(),
            rules,
            customers: Customers::new(OWN + own, dimensions.len(), &config.policy.house_accounts),
            revenues: BTreeMap::new(),
            days: Arc::default(),
            ahead: None,
            as_of: None,
            since: Month::new(0, 1),
            dimensions,
        }
    }

    /// Closes a month of the history that begins with `first`.
    ///
    /// # Errors
    /// The tables can't be read, or an amount outgrows its column.
    pub async fn close(
        &mut self,
        closes: &Closes,
        month: Month,
        first: Month,
    ) -> Result<Taken, CloseError> {
        let inputs = self.inputs(month, first);
        if self.as_of != Some(month.previous()) {
            self.load(closes, month, first).await?;
        }
        if let Some(moved) = self.customers.settle() {
            let revenues = self.revenues.values_mut().flatten();
            revenues.for_each(|(slot, _)| *slot = moved[*slot as usize]);
        }
        let met = self.customers.len() as Slot;
        let inputs = inputs.await.map_err(read::fell)??;
        if self.inventory.source(SourceKind::Billing).rows(month.next()) > 0 {
            self.ahead = Some((month.next(), self.inputs(month.next(), first)));
        }
        let events = self.events(inputs.events)?;
        let mut ends = ProductEnds::new(events.ended_products(number(month)));
        let charges = self.charges(&inputs.lines, &mut ends)?;
        let told = events.told(number(month), |slot| ends.holds(slot));
        self.awaken(closes, met, first).await?;
        let policy = &self.config.policy;
        let ago = |months: u32| month.plus(-(months as i32));
        let out_of_value = self.revenue_of(closes, ago(policy.value_window), first).await?;
        let out_of_tier = self.revenue_of(closes, ago(policy.tier_window), first).await?;
        self.customers.sort();
        let month_on = MonthOn {
            now: number(month),
            first: number(first),
            charges: &charges,
            told: &told,
            out_of_value: &out_of_value,
            out_of_tier: &out_of_tier,
        };
        let taken = self.take(&month_on);
        drop(charges);
        self.keep_revenue(month, &taken.monthly);
        self.as_of = Some(month);
        Ok(taken)
    }

    /// Reads the state at the end of the month before, and forgets what was known.
    async fn load(
        &mut self,
        closes: &Closes,
        month: Month,
        first: Month,
    ) -> Result<(), CloseError> {
        let own = self.config.dimensions.len();
        self.customers =
            Customers::new(OWN + own, self.dimensions.len(), &self.config.policy.house_accounts);
        self.revenues.clear();
        self.since = month;
        let before = month.previous();
        let files = closes.files(layout::CUSTOMER_MONTH, |at| at == before && at >= first);
        for file in files {
            self.customers.reserve(file.rows as usize);
            for batch in self.read(layout::CUSTOMER_MONTH, &file, None).await? {
                let mut state = read::States { words: &mut self.words, groups: &mut self.groups };
                state
                    .present(&batch, &mut self.customers, number(before), &self.dimensions)
                    .map_err(of_table(layout::CUSTOMER_MONTH))?;
            }
        }
        self.customers.sort();
        Ok(())
    }

    /// What landed for a month: read ahead, or now. Reading goes on while the caller does other things.
    fn inputs(&mut self, month: Month, first: Month) -> JoinHandle<Result<Inputs, WarehouseError>> {
        match self.ahead.take() {
            Some((read, inputs)) if read == month => return inputs,
            _ => {}
        }
        let wanted = |at: Month| at == month || (month == first && at < month);
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
    async fn awaken(&mut self, closes: &Closes, met: Slot, first: Month) -> Result<(), CloseError> {
        if self.customers.len() as Slot == met {
            return Ok(());
        }
        let (since, warehouse) = (self.since, self.warehouse);
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
            let (month, batches) = rows.map_err(read::fell)??;
            for batch in batches {
                let mut state = read::States { words: &mut self.words, groups: &mut self.groups };
                state
                    .asleep(&batch, &mut self.customers, met, number(month), &self.dimensions)
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
        first: Month,
    ) -> Result<Vec<Cents>, CloseError> {
        if !self.revenues.contains_key(&month) {
            let files = closes.files(layout::CUSTOMER_MONTH, |at| at == month && at >= first);
            let mut read = Vec::new();
            for file in files {
                let columns = ["customer_id", "revenue"];
                for batch in self.read(layout::CUSTOMER_MONTH, &file, Some(&columns)).await? {
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

    fn keep_revenue(&mut self, month: Month, monthly: &Monthly) {
        self.revenues.insert(month, monthly.revenues());
        let longest = self.rules.value_window.max(self.rules.tier_window);
        self.revenues.retain(|at, _| month.since(*at) < longest);
    }

    /// Takes all customers that the month concerns a month on.
    fn take(&mut self, month: &MonthOn<'_>) -> Taken {
        let (texts, dimensions) = (OWN + self.config.dimensions.len(), self.dimensions.len());
        let mut taken = Taken {
            own: self.warehouse.dimensions().to_vec(),
            from: Sources {
                words: self.words.texts(),
                groups: self.groups.texts(),
                days: Arc::clone(&self.days),
                dimensions: self.dimensions.clone(),
            },
            monthly: Monthly::new(texts, dimensions),
            dormant: States::new(texts),
            movement: Movement::new(dimensions),
        };
        let mut before = vec![NULL; self.dimensions.len()];
        for place in 0..self.customers.len() {
            let slot = self.customers.in_order()[place];
            let known = self.customers.states[slot as usize];
            let brought = month.brought(slot);
            if !(known.in_base || brought.charge.billed || brought.told.is_some()) {
                continue;
            }
            before.copy_from_slice(self.customers.dimensions(slot));
            let mut state = known;
            let turn = turn(&self.rules, &brought, &mut state, self.customers.texts_mut(slot));
            self.customers.states[slot as usize] = state;
            if !state.in_base {
                taken.dormant.push(slot, &self.customers);
            }
            if !turn.matters(&state, &brought) {
                continue;
            }
            self.show(slot, &turn);
            let was =
                known.in_base.then(|| sums::before(&self.rules, &known, &before, before[TIER]));
            taken.movement.add(&turn, &state, was, self.customers.dimensions(slot));
            taken.monthly.push(slot, &self.customers, &turn, &self.rules);
        }
        taken
    }

    /// Sets the dimensions of a customer at the end of the month.
    fn show(&mut self, slot: Slot, turn: &turn::Turn) {
        use customers::{BILLED_PRODUCT, ENTRY_CHANNEL, EVENT_PRODUCT, REGION, SEGMENT};
        let unknown = self.rules.unknown;
        let own = self.dimensions.len() - FIXED_DIMENSIONS;
        let told = |word: Word, other: Word| if word == NULL { other } else { word };
        let texts = self.customers.texts(slot);
        let billed = told(texts[BILLED_PRODUCT], unknown);
        let fixed = [
            told(texts[REGION], unknown),
            told(texts[EVENT_PRODUCT], billed),
            told(texts[SEGMENT], unknown),
            told(texts[ENTRY_CHANNEL], unknown),
            turn.tier,
            turn.tenure_band,
        ];
        for place in 0..own {
            let word = told(self.customers.texts(slot)[OWN + place], unknown);
            self.customers.dimensions_mut(slot)[FIXED_DIMENSIONS + place] = word;
        }
        self.customers.dimensions_mut(slot)[..FIXED_DIMENSIONS].copy_from_slice(&fixed);
    }

    async fn read(
        &self,
        table: &'static str,
        file: &DataFile,
        columns: Option<&[&str]>,
    ) -> Result<Vec<RecordBatch>, WarehouseError> {
        read::file(self.warehouse, table, file, columns).await
    }
}

fn of_table(table: &str) -> impl Fn(arrow::error::ArrowError) -> WarehouseError {
    let table = table.to_owned();
    move |source| WarehouseError::Arrow { table: table.clone(), source }
}

/// What a month brings to all customers.
struct MonthOn<'a> {
    now: MonthNumber,
    first: MonthNumber,
    charges: &'a Charges,
    told: &'a BySlot<Told>,
    out_of_value: &'a [Cents],
    out_of_tier: &'a [Cents],
}

impl MonthOn<'_> {
    fn brought(&self, slot: Slot) -> Brought<'_> {
        Brought {
            now: self.now,
            first: self.first,
            charge: self.charges.of(slot),
            told: self.told.get(&slot),
            out_of_value: self.out_of_value[slot as usize],
            out_of_tier: self.out_of_tier[slot as usize],
        }
    }
}

/// What came of taking the customers a month on, in the order of their ids.
#[derive(Debug)]
pub struct Taken {
    own: Vec<String>,
    from: Sources,
    monthly: Monthly,
    dormant: States,
    movement: Movement,
}

impl Taken {
    /// The tables' rows.
    ///
    /// # Errors
    /// An amount outgrows its column.
    pub fn made(self) -> Result<Made, WarehouseError> {
        let Self { own, from, monthly, dormant, movement } = self;
        let layout = |table| layout::file_schema(table, &own);
        let customer_month = monthly.batch(&from, &layout(layout::CUSTOMER_MONTH));
        let dormant = dormant.batch(&from, &layout(layout::DORMANT));
        let movement = output::movement(&movement, &from, &layout(layout::MOVEMENT));
        Ok(Made {
            customer_month: customer_month.map_err(of_table(layout::CUSTOMER_MONTH))?,
            dormant: dormant.map_err(of_table(layout::DORMANT))?,
            movement: movement.map_err(of_table(layout::MOVEMENT))?,
        })
    }
}
