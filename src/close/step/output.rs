//! The rows that a month leaves, gathered column by column and handed out as the tables' batches. Texts
//! go out as dictionaries: the same values, without a copy of each.

use std::mem::take;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal64Array, Decimal128Array, DictionaryArray,
    Int32Array, Int64Array, RecordBatch, StringArray, StringBuilder, UInt32Array,
};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::error::ArrowError;

use super::customers::{
    COUNTS, Cents, Customer, FLAGS, GROUP_ID, MONEY, MONTHS, MonthNumber, NEVER, OWN, TEXTS,
};
use super::ids;
use super::rules::Rules;
use super::shown::{self, TENURE_BAND, TIER};
use super::sums::{Movement, Sums};
use super::turn::Turn;
use super::words::{NULL, Word};
use crate::month::Month;
use crate::warehouse::layout;

/// States of customers, column by column.
#[derive(Debug)]
pub struct States {
    ids: StringBuilder,
    months: [Vec<MonthNumber>; MONTHS.len()],
    money: [Vec<Cents>; MONEY.len()],
    flags: [Vec<bool>; FLAGS.len()],
    counts: [Vec<i32>; COUNTS.len()],
    texts: Vec<Vec<Word>>,
}

impl States {
    /// No rows, with room for some; `texts` are kept for each customer.
    pub fn new(texts: usize, rows: usize) -> Self {
        Self {
            ids: StringBuilder::with_capacity(rows, rows * ids::USUAL),
            months: std::array::from_fn(|_| Vec::with_capacity(rows)),
            money: std::array::from_fn(|_| Vec::with_capacity(rows)),
            flags: std::array::from_fn(|_| Vec::with_capacity(rows)),
            counts: std::array::from_fn(|_| Vec::with_capacity(rows)),
            texts: (0..texts).map(|_| Vec::with_capacity(rows)).collect(),
        }
    }

    /// Adds a customer.
    pub fn push(&mut self, customer: &Customer<'_>) {
        let mut state = *customer.state;
        let state = &mut state;
        self.ids.append_value(customer.id);
        self.months.iter_mut().zip(MONTHS).for_each(|(column, (_, of))| column.push(*of(state)));
        self.money.iter_mut().zip(MONEY).for_each(|(column, (_, of))| column.push(*of(state)));
        self.flags.iter_mut().zip(FLAGS).for_each(|(column, (_, of))| column.push(*of(state)));
        self.counts.iter_mut().zip(COUNTS).for_each(|(column, (_, of))| column.push(*of(state)));
        self.texts.iter_mut().zip(&*customer.texts).for_each(|(column, word)| column.push(*word));
    }

    fn column(&mut self, name: &str, from: &Sources) -> Result<ArrayRef, ArrowError> {
        let place = |names: &[&str]| names.iter().position(|known| *known == name);
        if let Some(place) = place(&MONTHS.map(|(name, _)| name)) {
            return Ok(from.days.column(take(&mut self.months[place])));
        }
        if let Some(place) = place(&MONEY.map(|(name, _)| name)) {
            return cents(take(&mut self.money[place]));
        }
        if let Some(place) = place(&FLAGS.map(|(name, _)| name)) {
            return Ok(Arc::new(BooleanArray::from(take(&mut self.flags[place]))));
        }
        if let Some(place) = place(&COUNTS.map(|(name, _)| name)) {
            return Ok(Arc::new(Int32Array::from(take(&mut self.counts[place]))));
        }
        if let Some(place) = place(&TEXTS) {
            let texts = if place == GROUP_ID { &from.groups } else { &from.words };
            return Ok(words(take(&mut self.texts[place]), texts));
        }
        Ok(match name {
            "customer_id" => Arc::new(self.ids.finish()),
            _ => words(take(&mut self.texts[OWN + from.place_of_own(name)?]), &from.words),
        })
    }

    /// Rows of dormant in its layout.
    ///
    /// # Errors
    /// An amount has more digits than the layout.
    pub fn batch(mut self, from: &Sources, layout: &SchemaRef) -> Result<RecordBatch, ArrowError> {
        batch(layout, |name| self.column(name, from))
    }
}

/// Rows of customer_month, column by column.
#[derive(Debug)]
pub struct Monthly {
    states: States,
    status: Vec<Word>,
    kind: Vec<Word>,
    reason: Vec<Word>,
    idle: Vec<i32>,
    revenue: Vec<Cents>,
    tier: Vec<Word>,
    tenure_band: Vec<Word>,
}

impl Monthly {
    /// No rows, with room for some; `texts` are kept for each customer.
    pub fn new(texts: usize, rows: usize) -> Self {
        Self {
            states: States::new(texts, rows),
            status: Vec::with_capacity(rows),
            kind: Vec::with_capacity(rows),
            reason: Vec::with_capacity(rows),
            idle: Vec::with_capacity(rows),
            revenue: Vec::with_capacity(rows),
            tier: Vec::with_capacity(rows),
            tenure_band: Vec::with_capacity(rows),
        }
    }

    /// Adds a customer as it came out of the month.
    pub fn push(&mut self, customer: &Customer<'_>, turn: &Turn, rules: &Rules) {
        self.states.push(customer);
        self.status.push(turn.status.map_or(NULL, |status| rules.status(status)));
        self.kind.push(turn.kind.map_or(NULL, |kind| rules.kind(kind)));
        self.reason.push(turn.reason);
        self.idle.push(turn.idle);
        self.revenue.push(turn.revenue);
        self.tier.push(turn.tier);
        self.tenure_band.push(turn.tenure_band);
    }

    /// The rows in the layout of customer_month.
    ///
    /// # Errors
    /// An amount has more digits than the layout.
    pub fn batch(mut self, from: &Sources, layout: &SchemaRef) -> Result<RecordBatch, ArrowError> {
        let places = 0..from.dimensions.len();
        let mut shown: Vec<_> = places.map(|place| self.shown(place, from.unknown)).collect();
        batch(layout, |name| {
            Ok(match name {
                "status" => words(take(&mut self.status), &from.words),
                "churn_kind" => words(take(&mut self.kind), &from.words),
                "reason" => words(take(&mut self.reason), &from.words),
                "idle" => Arc::new(Int32Array::from(take(&mut self.idle))),
                "revenue" => cents(take(&mut self.revenue))?,
                _ => match from.dimensions.iter().position(|dimension| dimension == name) {
                    Some(place) => words(take(&mut shown[place]), &from.words),
                    None => self.states.column(name, from)?,
                },
            })
        })
    }

    /// A dimension by its place.
    fn shown(&mut self, place: usize, unknown: Word) -> Vec<Word> {
        let (rows, texts) = (0..self.revenue.len(), &self.states.texts);
        match place {
            TIER => take(&mut self.tier),
            TENURE_BAND => take(&mut self.tenure_band),
            _ => rows.map(|row| shown::told(place, |text| texts[text][row], unknown)).collect(),
        }
    }
}

/// What columns are made from besides their rows.
#[derive(Clone, Debug)]
pub struct Sources {
    /// What stands for a dimension that nothing tells.
    pub unknown: Word,
    /// The texts of words, by their number.
    pub words: StringArray,
    /// The texts of groups, by their number.
    pub groups: StringArray,
    /// The first days of months.
    pub days: Arc<MonthDays>,
    /// The names of all dimensions, in the order in which customers keep them.
    pub dimensions: Vec<String>,
}

impl Sources {
    /// The columns of a table's files.
    pub fn layout(&self, table: &str) -> SchemaRef {
        layout::file_schema(table, self.own())
    }

    /// The configured dimensions.
    pub fn own(&self) -> &[String] {
        &self.dimensions[super::FIXED_DIMENSIONS..]
    }

    /// The place of a configured dimension among these.
    fn place_of_own(&self, name: &str) -> Result<usize, ArrowError> {
        let unknown = || ArrowError::SchemaError(format!("no such column in the core: {name}"));
        self.own().iter().position(|dimension| dimension == name).ok_or_else(unknown)
    }
}

/// The first day of each month, as Arrow's Date32, by the month's number.
#[derive(Debug)]
pub struct MonthDays(Vec<i32>);

impl Default for MonthDays {
    fn default() -> Self {
        Self((0..12 * 2200).map(day_of).collect())
    }
}

fn day_of(number: MonthNumber) -> i32 {
    Month::of_number(number).days()
}

impl MonthDays {
    fn of(&self, number: MonthNumber) -> i32 {
        let known = usize::try_from(number).ok().and_then(|number| self.0.get(number));
        known.copied().unwrap_or_else(|| if number == NEVER { 0 } else { day_of(number) })
    }

    /// A column of months.
    pub fn column(&self, mut months: Vec<MonthNumber>) -> ArrayRef {
        let valid = valid(&months, |month| month != NEVER);
        // In place: a number is as wide as a day.
        months.iter_mut().for_each(|month| *month = self.of(*month));
        Arc::new(Date32Array::new(months.into(), valid))
    }
}

/// A column of texts from their numbers.
fn words(words: Vec<Word>, texts: &StringArray) -> ArrayRef {
    let nulls = valid(&words, |word| word != NULL);
    let keys = UInt32Array::new(words.into(), nulls);
    Arc::new(DictionaryArray::new(keys, Arc::new(texts.clone())))
}

/// Which values are not null; none where all are.
fn valid<T: Copy>(values: &[T], is_valid: impl Fn(T) -> bool) -> Option<NullBuffer> {
    // Of most columns all are, which is asked without a branch for each.
    if values.iter().fold(true, |all, value| all & is_valid(*value)) {
        return None;
    }
    Some(BooleanBuffer::collect_bool(values.len(), |row| is_valid(values[row])).into())
}

/// The rows of movement in its layout: those where a count or sum is not 0, and the total.
///
/// # Errors
/// An amount has more digits than the layout.
pub fn movement(
    movement: Movement,
    from: &Sources,
    layout: &SchemaRef,
) -> Result<RecordBatch, ArrowError> {
    let rows = movement.rows(from);
    let count = |of: fn(&Sums) -> i64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| of(&row.2))))
    };
    let sum = |of: fn(&Sums) -> i128| money(rows.iter().map(|row| of(&row.2)), 24);
    batch(layout, |name| {
        Ok(match name {
            "dimension" => Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.0))),
            "segment" => Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.1))),
            "opening" => count(|sums| sums.opening),
            "churned" => count(|sums| sums.churned),
            "voluntary_churned" => count(|sums| sums.voluntary_churned),
            "moved_out" => count(|sums| sums.moved_out),
            "moved_in" => count(|sums| sums.moved_in),
            "new" => count(|sums| sums.new),
            "returned" => count(|sums| sums.returned),
            "carried" => count(|sums| sums.carried),
            "joined_and_left" => count(|sums| sums.joined_and_left),
            "closing" => count(|sums| sums.closing),
            "charged_customers" => count(|sums| sums.charged_customers),
            "revenue" => sum(|sums| sums.revenue)?,
            "lost_annual_revenue" => sum(|sums| sums.lost_annual_revenue)?,
            "lost_annual_profit" => sum(|sums| sums.lost_annual_profit)?,
            "avoidable_lost_customers" => count(|sums| sums.avoidable_lost_customers),
            "avoidable_lost_annual_revenue" => sum(|sums| sums.avoidable_lost_annual_revenue)?,
            _ => sum(|sums| sums.avoidable_lost_annual_profit)?,
        })
    })
}

/// A column of the money of single customers.
///
/// # Errors
/// An amount has more than 18 digits.
fn cents(cents: Vec<Cents>) -> Result<ArrayRef, ArrowError> {
    let greatest = cents.iter().fold(0, |greatest, cents| greatest.max(cents.unsigned_abs()));
    let column = Decimal64Array::from(cents).with_data_type(layout::CENTS);
    // Value by value only where one is too large, to tell which.
    if greatest >= 10_u64.pow(18) {
        column.validate_decimal_precision(18)?;
    }
    Ok(Arc::new(column))
}

/// A column of the money of many.
///
/// # Errors
/// An amount has more digits.
pub fn money(cents: impl Iterator<Item = i128>, digits: u8) -> Result<ArrayRef, ArrowError> {
    decimal(cents, digits, 2)
}

/// A column of decimals with so many digits, some of them behind the point.
///
/// # Errors
/// A number has more digits.
pub fn decimal(
    numbers: impl Iterator<Item = i128>,
    digits: u8,
    scale: i8,
) -> Result<ArrayRef, ArrowError> {
    let column =
        Decimal128Array::from_iter_values(numbers).with_precision_and_scale(digits, scale)?;
    column.validate_decimal_precision(digits)?;
    Ok(Arc::new(column))
}

/// A batch with the columns of a layout, made by name; their types are those of the arrays.
///
/// # Errors
/// A column can't be made.
pub fn batch(
    layout: &SchemaRef,
    mut column: impl FnMut(&str) -> Result<ArrayRef, ArrowError>,
) -> Result<RecordBatch, ArrowError> {
    let columns = layout.fields().iter().map(|field| column(field.name()));
    let columns = columns.collect::<Result<Vec<ArrayRef>, _>>()?;
    let typed = |(field, column): (&Arc<Field>, &ArrayRef)| {
        field.as_ref().clone().with_data_type(column.data_type().clone())
    };
    let fields: Vec<Field> = layout.fields().iter().zip(&columns).map(typed).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}
