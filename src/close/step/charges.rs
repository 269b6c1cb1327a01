//! What each customer was billed in the month: sql/core/customer_charge.sql, line by line.

use std::collections::HashSet;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Date32Type, Decimal128Type, Int32Type, Int64Type};
use arrow::error::ArrowError;

use super::customers::{BySlot, Cents, Customers, MonthNumber, NEVER, Slot};
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
    sold: NULL,
    billed_on: 0,
};

/// The products that a customer's leaving events of the month name, while all of them name one, and
/// whether a line has shown that these ended products and not the customer.
#[derive(Debug, Default)]
pub struct ProductEnds {
    ended: BySlot<Vec<Word>>,
    shown: HashSet<Slot>,
}

impl ProductEnds {
    /// From the products that the leaving events of the month name.
    pub fn new(ended: BySlot<Vec<Word>>) -> Self {
        Self { ended, shown: HashSet::new() }
    }

    /// Whether the customer's leaving events of the month ended products only.
    pub fn holds(&self, slot: Slot) -> bool {
        self.shown.contains(&slot)
    }

    fn see(&mut self, slot: Slot, product: Word) {
        if self.ended.get(&slot).is_some_and(|ended| !ended.contains(&product)) {
            self.shown.insert(slot);
        }
    }
}

/// The bills of a month, by slot.
#[derive(Debug)]
pub struct Charges {
    superseded: HashSet<(i32, i64)>,
    by_slot: Vec<Charge>,
}

impl Charges {
    /// The columns that are read.
    pub const COLUMNS: [&'static str; 9] = [
        "customer_id",
        "billed_on",
        "product",
        "charge_type",
        "amount",
        "waived",
        "paid_through",
        "delivery",
        "line",
    ];

    /// No bills yet. `superseded` lines (delivery, line) do not count.
    pub fn new(superseded: HashSet<(i32, i64)>) -> Self {
        Self { superseded, by_slot: Vec::new() }
    }

    /// A customer's bill; an empty one where there is none.
    pub fn of(&self, slot: Slot) -> Charge {
        self.by_slot.get(slot as usize).copied().unwrap_or(NOTHING)
    }

    /// Adds lines; those of charge types in `not_business` are revenue and no business.
    ///
    /// # Errors
    /// The file is not of the layout.
    pub fn add(
        &mut self,
        lines: &RecordBatch,
        not_business: &HashSet<Word>,
        aliases: &Aliases,
        customers: &mut Customers,
        words: &mut Words,
        ends: &mut ProductEnds,
    ) -> Result<(), ArrowError> {
        let products = words.of_column(&lines["product"])?;
        let types = words.of_column(&lines["charge_type"])?;
        let ids = lines["customer_id"].as_string::<i32>();
        let amounts = lines["amount"].as_primitive::<Decimal128Type>().values();
        let waived = lines["waived"].as_boolean();
        let days = lines["billed_on"].as_primitive::<Date32Type>().values();
        let paid = lines["paid_through"].as_primitive::<Date32Type>();
        let deliveries = lines["delivery"].as_primitive::<Int32Type>().values();
        let places = lines["line"].as_primitive::<Int64Type>().values();
        for row in 0..lines.num_rows() {
            if !self.superseded.is_empty()
                && self.superseded.contains(&(deliveries[row], places[row]))
            {
                continue;
            }
            let whose = aliases.whose(ids.value(row), days[row]);
            let Some(slot) = customers.meet(whose) else { continue };
            if self.by_slot.len() <= slot as usize {
                self.by_slot.resize(customers.len(), NOTHING);
            }
            let charge = &mut self.by_slot[slot as usize];
            charge.billed = true;
            // A landed amount has 18 digits.
            let (amount, product) = (amounts[row] as Cents, products[row]);
            if !waived.value(row) {
                charge.revenue = charge.revenue.saturating_add(amount);
                if !not_business.contains(&types[row]) {
                    charge.business = charge.business.saturating_add(amount);
                    charge.sell(amount, product);
                }
                if amount > 0 && product != NULL {
                    ends.see(slot, product);
                }
            }
            if paid.is_valid(row) {
                let month = Month::of_days(paid.value(row)).number();
                charge.paid = charge.paid.max(month);
            }
            if product != NULL && charge.is_before(days[row], product, words) {
                (charge.billed_on, charge.product) = (days[row], product);
            }
        }
        Ok(())
    }
}

impl Charge {
    /// Takes note of the product of a line of business.
    fn sell(&mut self, amount: Cents, product: Word) {
        if amount <= 0 || product == NULL {
            return;
        }
        self.several_products |= self.sold != NULL && self.sold != product;
        self.sold = product;
    }

    /// Whether the line that names the product so far stands before one of a day and product.
    fn is_before(&self, day: i32, product: Word, words: &Words) -> bool {
        if self.product == NULL || self.billed_on != day {
            return self.product == NULL || self.billed_on < day;
        }
        self.product != product && words.text(self.product) < words.text(product)
    }
}
