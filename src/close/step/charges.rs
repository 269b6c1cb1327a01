//! What each customer was billed in the month: sql/core/customer_charge.sql, line by line.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Date32Type, Decimal64Type};
use arrow::error::ArrowError;

use super::by_slot::BySlot;
use super::customers::{Cents, Customers, MonthNumber, NEVER, Slot};
use super::ids::{Ids, Who};
use super::superseded::Superseded;
use super::words::{NULL, Word, Words};
use crate::close::Aliases;
use crate::month::Month;

/// A customer's bill of the month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Whether there is any line.
    pub billed: bool,
    /// What makes a charged month.
    pub business: Cents,
    /// All that is not waived.
    pub revenue: Cents,
    /// The latest month that a line pays for.
    pub paid: MonthNumber,
    /// The product of the line with the greatest (billed_on, product) that names one.
    pub product: Word,
    /// Whether its lines of business above 0 name more than one product.
    pub several_products: bool,
    /// The product that the last of them names.
    sold_business: Word,
    /// The product that the last line above 0 names.
    sold: Word,
    billed_on: i32,
}

/// No bill.
const NOTHING: Charge = Charge {
    billed: false,
    business: 0,
    revenue: 0,
    paid: NEVER,
    product: NULL,
    several_products: false,
    sold_business: NULL,
    sold: NULL,
    billed_on: 0,
};

/// The products that a customer's leaving events of the month name, while all of them name one, and
/// whether a line has shown that these ended products and not the customer.
#[derive(Debug, Default)]
pub struct ProductEnds {
    ended: HashMap<Slot, Vec<Word>>,
    shown: HashSet<Slot>,
}

impl ProductEnds {
    /// From the products that the leaving events of the month name.
    pub fn new(ended: HashMap<Slot, Vec<Word>>) -> Self {
        Self { ended, shown: HashSet::new() }
    }

    /// Whether the customer's leaving events of the month ended products only.
    pub fn holds(&self, slot: Slot) -> bool {
        self.shown.contains(&slot)
    }

    fn see(&mut self, slot: Slot, product: Word) {
        if !self.ended.is_empty()
            && self.ended.get(&slot).is_some_and(|ended| !ended.contains(&product))
        {
            self.shown.insert(slot);
        }
    }
}

/// Which bill lines count, and whose they are.
pub struct Counting {
    /// Lines that do not count.
    pub superseded: Superseded,
    /// Charge types that are revenue and no business.
    pub not_business: Vec<String>,
    /// Who is meant by an id on a day.
    pub aliases: Arc<Aliases>,
    /// Whose lines are summed.
    pub who: Who,
}

/// The bills of a month as their lines are read, by id. Nothing of the close's other steps is needed for them, so
/// that they can be summed beside these.
pub struct Bills {
    counting: Counting,
    not_business: HashSet<Word>,
    words: Words,
    ids: Ids,
    /// By the slots of `ids`.
    charges: Vec<Charge>,
    /// The products of lines above 0 that are not waived, now and then twice.
    sold: Vec<(Slot, Word)>,
}

impl Bills {
    /// The columns that are always read.
    const COLUMNS: [&'static str; 7] =
        ["customer_id", "billed_on", "product", "charge_type", "amount", "waived", "paid_through"];

    /// No bills yet.
    pub fn new(counting: Counting) -> Self {
        let mut words = Words::default();
        let not_business = counting.not_business.iter().map(|kind| words.word(kind)).collect();
        let (ids, charges, sold) = (Ids::default(), Vec::new(), Vec::new());
        Self { counting, not_business, words, ids, charges, sold }
    }

    /// The columns of the lines that are to be added: their places too, where some do not count.
    pub fn columns(&self) -> Vec<&'static str> {
        let places = self.counting.superseded.place();
        Self::COLUMNS.iter().chain(places).copied().collect()
    }

    /// Makes room for the customers of so many lines, without taking what is not needed.
    pub fn reserve(&mut self, lines: usize) {
        self.ids.reserve(lines);
        self.charges.reserve(lines);
    }

    /// Adds lines.
    ///
    /// # Errors
    /// The file is not of the layout.
    pub fn add(&mut self, lines: &RecordBatch) -> Result<(), ArrowError> {
        let products = self.words.of_column(&lines["product"])?;
        let types = self.words.of_column(&lines["charge_type"])?;
        let ids = lines["customer_id"].as_string::<i32>();
        let amounts = lines["amount"].as_primitive::<Decimal64Type>().values();
        let waived = lines["waived"].as_boolean();
        let days = lines["billed_on"].as_primitive::<Date32Type>().values();
        let paid = lines["paid_through"].as_primitive::<Date32Type>();
        let Counting { superseded, aliases, who, .. } = &self.counting;
        let is_superseded = superseded.among(lines);
        for row in 0..lines.num_rows() {
            if is_superseded(row) {
                continue;
            }
            let whose = aliases.whose(ids.value(row), days[row]);
            if !who.holds(whose) {
                continue;
            }
            let (slot, new) = self.ids.meet(whose);
            if new {
                self.charges.push(Charge { billed: true, ..NOTHING });
            }
            let charge = &mut self.charges[slot as usize];
            let (amount, product) = (amounts[row], products[row]);
            if !waived.value(row) {
                charge.revenue = charge.revenue.saturating_add(amount);
                let business = !self.not_business.contains(&types[row]);
                if business {
                    charge.business = charge.business.saturating_add(amount);
                }
                if amount > 0 && product != NULL && charge.sells(product, business) {
                    self.sold.push((slot, product));
                }
            }
            if paid.is_valid(row) {
                let month = Month::of_days(paid.value(row)).number();
                charge.paid = charge.paid.max(month);
            }
            if product != NULL && charge.is_before(days[row], product, &self.words) {
                (charge.billed_on, charge.product) = (days[row], product);
            }
        }
        Ok(())
    }

    /// Meets the customers who are billed; tells the slot of each bill.
    pub fn meet(&mut self, customers: &mut Customers) -> Vec<Slot> {
        self.ids.sort();
        let mut slots = vec![0; self.charges.len()];
        for bill in self.ids.in_order() {
            slots[*bill as usize] = customers.add(self.ids.id(*bill));
        }
        slots
    }

    /// The bills of so many customers, from the slot of each; `ends` hears what was sold to them.
    pub fn of(
        mut self,
        customers: usize,
        slots: &[Slot],
        words: &mut Words,
        ends: &mut ProductEnds,
    ) -> Charges {
        let words = words.words_of(&self.words);
        for charge in &mut self.charges {
            charge.product = words[charge.product as usize];
        }
        for (bill, product) in self.sold {
            ends.see(slots[bill as usize], words[product as usize]);
        }
        Charges(BySlot::new(customers, slots.iter().copied(), self.charges))
    }
}

/// The bills of a month.
#[derive(Debug)]
pub struct Charges(BySlot<Charge>);

impl Charges {
    /// A customer's bill; an empty one where there is none.
    #[inline]
    pub fn of(&self, slot: Slot) -> Charge {
        self.0.get(slot).copied().unwrap_or(NOTHING)
    }
}

impl Charge {
    /// Takes note of the product of a line above 0; tells whether it is not that of the line before.
    fn sells(&mut self, product: Word, business: bool) -> bool {
        let same = self.sold == product;
        self.sold = product;
        if business {
            self.several_products |= self.sold_business != NULL && self.sold_business != product;
            self.sold_business = product;
        }
        !same
    }

    /// Whether the line that names the product so far stands before one of a day and product.
    fn is_before(&self, day: i32, product: Word, words: &Words) -> bool {
        if self.product == NULL || self.billed_on != day {
            return self.product == NULL || self.billed_on < day;
        }
        self.product != product && words.text(self.product) < words.text(product)
    }
}
