//! The pass over the customers, in the order of their ids: each that the month concerns is taken a month on,
//! and its rows are gathered.

use std::sync::Arc;

use super::charges::Charges;
use super::customers::{
    BILLED_PRODUCT, BySlot, Cents, ENTRY_CHANNEL, EVENT_PRODUCT, MonthNumber, OWN, REGION, SEGMENT,
    Slot, UNKNOWN, WON_KIND,
};
use super::events::Told;
use super::gathered::{Gathered, Seen};
use super::output::{Monthly, Sources, States};
use super::turn::{Brought, tenure_band, turn};
use super::words::{NULL, Word};
use super::{FIXED_DIMENSIONS, Step, of_table};
use crate::close::Made;
use crate::warehouse::{WarehouseError, layout};

impl Step<'_> {
    /// Takes all customers that the month concerns a month on, and adds them to its sums; `revenue_before` is
    /// what each brought the month before.
    pub(super) fn take(
        &mut self,
        month: &MonthOn<'_>,
        mut revenue_before: Vec<Cents>,
        gathered: &mut Gathered,
    ) -> Taken {
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
            sums: None,
        };
        let mut before = vec![NULL; self.dimensions.len()];
        for place in 0..self.customers.len() {
            let slot = self.customers.in_order()[place];
            let mut known = self.customers.states[slot as usize];
            let brought = month.brought(slot);
            if self.rules.recycles(&known, &brought) {
                let revenue = std::mem::take(&mut revenue_before[slot as usize]);
                self.end(slot, month.now, revenue, gathered);
                self.customers.forget(slot);
                known = UNKNOWN;
            }
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
            self.show(slot, turn.tier, turn.tenure_band);
            let seen = Seen {
                now: month.now,
                known: &known,
                state: &state,
                won_kind: self.customers.texts(slot)[WON_KIND],
                turn: &turn,
                before: known.in_base.then_some(before.as_slice()),
                dimensions: self.customers.dimensions(slot),
                revenue_before: std::mem::take(&mut revenue_before[slot as usize]),
            };
            gathered.add(&seen, &self.rules);
            taken.monthly.push(slot, &self.customers, &turn, &self.rules);
        }
        let left = (0..).zip(revenue_before);
        for (slot, revenue) in left {
            self.end(slot, month.now, revenue, gathered);
        }
        taken
    }

    /// Ends the revenue of a customer who was gone before the month and has no row in it.
    fn end(&mut self, slot: Slot, now: MonthNumber, revenue: Cents, gathered: &mut Gathered) {
        if revenue == 0 {
            return;
        }
        let state = &self.customers.states[slot as usize];
        let tenure = now - state.since;
        let tier = self.rules.tier_after(tenure, state);
        self.show(slot, tier, tenure_band(&self.rules, state, tenure));
        gathered.end(revenue, self.customers.dimensions(slot));
    }

    /// Sets the dimensions of a customer at the end of the month.
    fn show(&mut self, slot: Slot, tier: Word, tenure_band: Word) {
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
            tier,
            tenure_band,
        ];
        for place in 0..own {
            let word = told(self.customers.texts(slot)[OWN + place], unknown);
            self.customers.dimensions_mut(slot)[FIXED_DIMENSIONS + place] = word;
        }
        self.customers.dimensions_mut(slot)[..FIXED_DIMENSIONS].copy_from_slice(&fixed);
    }
}

/// What a month brings to all customers.
pub struct MonthOn<'a> {
    pub now: MonthNumber,
    pub first: MonthNumber,
    pub charges: &'a Charges,
    pub told: &'a BySlot<Told>,
    pub out_of_value: &'a [Cents],
    pub out_of_tier: &'a [Cents],
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
    pub(super) monthly: Monthly,
    dormant: States,
    /// With the last customers of the month.
    pub(super) sums: Option<Gathered>,
}

impl Taken {
    /// The tables' rows.
    ///
    /// # Errors
    /// An amount outgrows its column.
    pub fn made(self) -> Result<Made, WarehouseError> {
        let Self { own, from, monthly, dormant, sums } = self;
        let layout = |table| layout::file_schema(table, &own);
        let customer_month = monthly.batch(&from, &layout(layout::CUSTOMER_MONTH));
        let dormant = dormant.batch(&from, &layout(layout::DORMANT));
        let sums = sums.map(|gathered| gathered.batches(&from, layout)).transpose()?;
        Ok(Made {
            customer_month: customer_month.map_err(of_table(layout::CUSTOMER_MONTH))?,
            dormant: dormant.map_err(of_table(layout::DORMANT))?,
            sums: sums.unwrap_or_default(),
        })
    }
}
