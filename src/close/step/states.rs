//! States of customers as files hold them, read into slots.

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Date32Type, Decimal64Type, Int32Type};
use arrow::error::ArrowError;

use super::customers::{
    COUNTS, Cents, Customers, FLAGS, GROUP_ID, MONEY, MONTHS, MonthNumber, Slot, State, TEXTS,
    UNKNOWN,
};
use super::words::{Word, Words};
use crate::month::Month;

/// Which rows of customer_month are of customers in the base.
///
/// # Errors
/// The file is not of the layout.
pub fn in_base(rows: &RecordBatch, words: &mut Words) -> Result<Vec<bool>, ArrowError> {
    let status = words.of_column(&rows["status"])?;
    let based = ["new", "carried", "returned", "at_risk", "active"].map(|name| words.word(name));
    Ok(status.iter().map(|status| based.contains(status)).collect())
}

/// The columns of customer_month that tell who is in the base, in what state, and what each brought.
pub fn columns(dimensions: &[String]) -> Vec<&str> {
    let state = MONTHS.map(|(name, _)| name).into_iter().chain(MONEY.map(|(name, _)| name));
    let state = state.chain(FLAGS.map(|(name, _)| name)).chain(COUNTS.map(|(name, _)| name));
    let state = state.chain(TEXTS).chain(own(dimensions));
    ["customer_id", "status", "revenue"].into_iter().chain(state).collect()
}

/// Rows whose states fill a part of a core's cache, since column by column all of them are gone through.
const NEAR: usize = 512;

/// The states that rows tell, but for their texts.
pub fn told(rows: &RecordBatch, as_of: MonthNumber, in_base: bool) -> Vec<State> {
    let mut states = vec![State { as_of, in_base, ..UNKNOWN }; rows.num_rows()];
    for (begin, states) in (0..).step_by(NEAR).zip(states.chunks_mut(NEAR)) {
        tell(&rows.slice(begin, states.len()), states);
    }
    states
}

fn tell(rows: &RecordBatch, states: &mut [State]) {
    for (name, of) in MONTHS {
        let mut last = (i32::MIN, 0);
        let days = rows[name].as_primitive::<Date32Type>().iter();
        for (state, day) in states.iter_mut().zip(days) {
            let Some(day) = day else { continue };
            if last.0 != day {
                last = (day, Month::of_days(day).number());
            }
            *of(state) = last.1;
        }
    }
    for (name, of) in MONEY {
        let cents = rows[name].as_primitive::<Decimal64Type>().values();
        states.iter_mut().zip(cents).for_each(|(state, cents)| *of(state) = *cents);
    }
    for (name, of) in FLAGS {
        let flags = rows[name].as_boolean().values();
        states.iter_mut().zip(flags).for_each(|(state, flag)| *of(state) = flag);
    }
    for (name, of) in COUNTS {
        let counts = rows[name].as_primitive::<Int32Type>().values();
        states.iter_mut().zip(counts).for_each(|(state, count)| *of(state) = *count);
    }
}

/// Reads states into slots.
pub struct States<'a> {
    pub words: &'a mut Words,
    pub groups: &'a mut Words,
}

impl States<'_> {
    /// Rows of customer_month, of which what is told of each has been read: those in the base at the end of its month,
    /// and room for those who were not and had revenue, which ends with them. Nobody of them
    /// has been met. Hands out what each brought, where it is not 0.
    ///
    /// # Errors
    /// The file is not of the layout.
    pub fn present(
        &mut self,
        rows: &RecordBatch,
        told: &[State],
        customers: &mut Customers,
        dimensions: &[String],
    ) -> Result<Vec<(Slot, Cents)>, ArrowError> {
        let in_base = in_base(rows, self.words)?;
        let texts = self.texts(rows, dimensions)?;
        let ids = rows["customer_id"].as_string::<i32>();
        let revenue = rows["revenue"].as_primitive::<Decimal64Type>().values();
        let mut brought = Vec::with_capacity(rows.num_rows());
        for row in (0..rows.num_rows()).filter(|row| in_base[*row] || revenue[*row] != 0) {
            let Some(slot) = customers.meet(ids.value(row)) else { continue };
            if revenue[row] != 0 {
                brought.push((slot, revenue[row]));
            }
            if !in_base[row] {
                continue;
            }
            customers.states[slot as usize] = told[row];
            fill(customers.texts_mut(slot), &texts, row);
        }
        Ok(brought)
    }

    /// Rows of dormant, by the slot of each.
    ///
    /// # Errors
    /// The file is not of the layout.
    pub fn asleep(
        &mut self,
        rows: &RecordBatch,
        slots: impl Iterator<Item = Slot>,
        customers: &mut Customers,
        as_of: MonthNumber,
        dimensions: &[String],
    ) -> Result<(), ArrowError> {
        let states = told(rows, as_of, false);
        let texts = self.texts(rows, dimensions)?;
        for (row, slot) in slots.take(rows.num_rows()).enumerate() {
            customers.states[slot as usize] = states[row];
            fill(customers.texts_mut(slot), &texts, row);
        }
        Ok(())
    }

    fn texts(
        &mut self,
        rows: &RecordBatch,
        dimensions: &[String],
    ) -> Result<Vec<(usize, Vec<Word>)>, ArrowError> {
        let mut texts = Vec::new();
        for (place, name) in TEXTS.into_iter().chain(own(dimensions)).enumerate() {
            let words = if place == GROUP_ID { &mut *self.groups } else { &mut *self.words };
            texts.push((place, words.of_column(&rows[name])?));
        }
        Ok(texts)
    }
}

/// The configured dimensions, which are among the texts too.
fn own(dimensions: &[String]) -> impl Iterator<Item = &str> {
    dimensions.iter().skip(super::FIXED_DIMENSIONS).map(String::as_str)
}

fn fill(texts: &mut [Word], columns: &[(usize, Vec<Word>)], row: usize) {
    columns.iter().for_each(|(place, words)| texts[*place] = words[row]);
}
