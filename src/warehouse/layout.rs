//! The layout: every table's name, columns and partitioning, in one place.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

use crate::extract::{self, SourceKind};

/// What came in: a row per landing of a file.
pub const LANDINGS: &str = "landings";
/// Rows that were refused.
pub const REJECTED: &str = "rejected";
/// Rows that share an id with another row, in whatever file or month.
pub const DUPLICATES: &str = "duplicates";
/// The core: a row per customer and month that matters.
pub const CUSTOMER_MONTH: &str = "customer_month";
/// What a return or a first charge of a customer outside the base needs to know.
pub const DORMANT: &str = "dormant";
/// Month × dimension × segment counts and sums.
pub const MOVEMENT: &str = "movement";
/// How long customers had been there, been silent, stayed away: counts by segment and length.
pub const SPELL: &str = "spell";
/// Sums of money by segment: what the base is worth, and how revenue changed.
pub const VALUE_MOVEMENT: &str = "value_movement";
/// What is left at a quarter's or a year's end of the customers that it began with, by segment.
pub const PERIOD_MOVEMENT: &str = "period_movement";
/// What is left of the customers of each first charged month.
pub const COHORT: &str = "cohort";
/// Who was lost, and what came back of those lost in each month.
pub const WON_BACK: &str = "won_back";
/// How much comes from the customers who bring most.
pub const CONCENTRATION: &str = "concentration";
/// What a month was closed from.
pub const CLOSES: &str = "closes";

/// The table that a source's rows land in.
pub fn landed(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Billing => "billing",
        SourceKind::Channel => "channel",
        SourceKind::Hotline => "hotline",
    }
}

/// What a close leaves besides the customers: small sums, which views read in their stead.
pub const SUMS: [&str; 7] =
    [MOVEMENT, SPELL, VALUE_MOVEMENT, PERIOD_MOVEMENT, COHORT, WON_BACK, CONCENTRATION];

/// All that a close leaves, a file a month of each.
pub fn core() -> impl Iterator<Item = &'static str> {
    [CUSTOMER_MONTH, DORMANT].into_iter().chain(SUMS)
}

/// All tables, in the order in which data reaches them.
pub const TABLES: [&str; 16] = [
    "billing",
    "channel",
    "hotline",
    REJECTED,
    DUPLICATES,
    LANDINGS,
    CUSTOMER_MONTH,
    DORMANT,
    MOVEMENT,
    SPELL,
    VALUE_MOVEMENT,
    PERIOD_MOVEMENT,
    COHORT,
    WON_BACK,
    CONCENTRATION,
    CLOSES,
];

const TEXT: DataType = DataType::Utf8;
const COUNT: DataType = DataType::Int64;
const MONTH: DataType = DataType::Date32;
const FLAG: DataType = DataType::Boolean;
/// Money of one customer.
pub const MONEY: DataType = DataType::Decimal128(18, 2);
/// The same as it lies in data files.
pub const CENTS: DataType = DataType::Decimal64(18, 2);
/// Money of many.
const SUM: DataType = DataType::Decimal128(24, 2);

/// What customer_month and dormant both hold: all that the next close must know of a customer.
const STATE: [(&str, DataType); 29] = [
    ("customer_id", TEXT),
    ("first_month", MONTH),
    ("since_month", MONTH),
    ("start_month", MONTH),
    ("last_month", MONTH),
    ("paid_month", MONTH),
    ("seen_month", MONTH),
    ("annual_revenue", MONEY),
    ("monthly_value", MONEY),
    ("carried", FLAG),
    ("terminated", FLAG),
    ("left_month", MONTH),
    ("left_reason", TEXT),
    ("left_by_port_out", FLAG),
    ("relifting", DataType::Int32),
    ("charged_months", DataType::Int32),
    ("several_products", FLAG),
    ("lost_month", MONTH),
    ("lost_kind", TEXT),
    ("won_month", MONTH),
    ("won_kind", TEXT),
    ("value_sum", MONEY),
    ("tier_sum", MONEY),
    ("event_product", TEXT),
    ("billed_product", TEXT),
    ("entry_channel", TEXT),
    ("region", TEXT),
    ("segment", TEXT),
    ("group_id", TEXT),
];

/// What customer_month holds besides.
const MONTHLY: [(&str, DataType); 9] = [
    ("status", TEXT),
    ("churn_kind", TEXT),
    ("reason", TEXT),
    ("idle", DataType::Int32),
    ("revenue", MONEY),
    ("tier", TEXT),
    ("tenure_band", TEXT),
    ("product", TEXT),
    ("channel", TEXT),
];

const MOVEMENT_COLUMNS: [(&str, DataType); 19] = [
    ("dimension", TEXT),
    ("segment", TEXT),
    ("opening", COUNT),
    ("churned", COUNT),
    ("voluntary_churned", COUNT),
    ("moved_out", COUNT),
    ("moved_in", COUNT),
    ("new", COUNT),
    ("returned", COUNT),
    ("carried", COUNT),
    ("joined_and_left", COUNT),
    ("closing", COUNT),
    ("charged_customers", COUNT),
    ("revenue", SUM),
    ("lost_annual_revenue", SUM),
    ("lost_annual_profit", SUM),
    ("avoidable_lost_customers", COUNT),
    ("avoidable_lost_annual_revenue", SUM),
    ("avoidable_lost_annual_profit", SUM),
];

const SPELL_COLUMNS: [(&str, DataType); 7] = [
    ("dimension", TEXT),
    ("segment", TEXT),
    ("spell", TEXT),
    ("months", DataType::Int32),
    ("customers", COUNT),
    ("churned", COUNT),
    ("active", COUNT),
];

const VALUE_MOVEMENT_COLUMNS: [(&str, DataType); 15] = [
    ("dimension", TEXT),
    ("segment", TEXT),
    ("opening_revenue", SUM),
    ("new_revenue", SUM),
    ("returned_revenue", SUM),
    ("expansion", SUM),
    ("contraction", SUM),
    ("paused", SUM),
    ("resumed", SUM),
    ("churned_revenue", SUM),
    ("other_revenue", SUM),
    ("closing_revenue", SUM),
    ("annual_revenue", SUM),
    ("annual_profit", SUM),
    ("exact_profit", DataType::Decimal128(32, 8)),
];

const PERIOD_MOVEMENT_COLUMNS: [(&str, DataType); 5] = [
    ("grain", TEXT),
    ("dimension", TEXT),
    ("segment", TEXT),
    ("opening", COUNT),
    ("churned", COUNT),
];

const COHORT_COLUMNS: [(&str, DataType); 4] =
    [("cohort", MONTH), ("joined", COUNT), ("in_base", COUNT), ("revenue", SUM)];

const WON_BACK_COLUMNS: [(&str, DataType); 5] = [
    ("lost_month", MONTH),
    ("churn_kind", TEXT),
    ("lost", COUNT),
    ("returned", COUNT),
    ("revenue", SUM),
];

const CONCENTRATION_COLUMNS: [(&str, DataType); 7] = [
    ("measure", TEXT),
    ("percent", DataType::Int32),
    ("customers", COUNT),
    ("amount", SUM),
    ("all_customers", COUNT),
    ("all_amount", SUM),
    ("rank_sum", DataType::Decimal128(38, 2)),
];

const LANDING_COLUMNS: [(&str, DataType); 17] = [
    ("delivery", DataType::Int32),
    ("source", TEXT),
    ("key", TEXT),
    ("landing", TEXT),
    ("file", TEXT),
    ("content", TEXT),
    ("description", TEXT),
    ("bytes", COUNT),
    ("modified", TEXT),
    ("rows", COUNT),
    ("rejected", COUNT),
    ("duplicates", COUNT),
    ("first_month", MONTH),
    ("last_month", MONTH),
    ("retracted", FLAG),
    ("version", COUNT),
    ("landed_at", DataType::Timestamp(TimeUnit::Microsecond, None)),
];

const REJECTED_COLUMNS: [(&str, DataType); 7] = [
    ("source", TEXT),
    ("file", TEXT),
    ("landing", TEXT),
    ("line", COUNT),
    ("column", TEXT),
    ("reason", TEXT),
    ("raw", TEXT),
];

const DUPLICATE_COLUMNS: [(&str, DataType); 6] = [
    ("source", TEXT),
    ("id", TEXT),
    ("month", MONTH),
    ("delivery", DataType::Int32),
    ("line", COUNT),
    ("landing", TEXT),
];

/// What a month was closed from, and the digests of what came of it.
const CLOSED_FROM: [(&str, DataType); 10] = [
    ("month", MONTH),
    ("accepted", FLAG),
    ("inputs", TEXT),
    ("prior_state", TEXT),
    ("window_charges", TEXT),
    ("openings", TEXT),
    ("definitions", TEXT),
    ("state", TEXT),
    ("sleepers", TEXT),
    ("charges", TEXT),
];

/// What was read of a month, and when.
const CLOSED_AT: [(&str, DataType); 7] = [
    ("billing_lines", COUNT),
    ("channel_events", COUNT),
    ("hotline_calls", COUNT),
    ("billing_version", COUNT),
    ("channel_version", COUNT),
    ("hotline_version", COUNT),
    ("closed_at", DataType::Timestamp(TimeUnit::Microsecond, None)),
];

/// What of a month's file of a table is noted in `closes`, each in a column `TABLE_…`.
pub const FILE_NOTES: [(&str, DataType); 3] = [("file", TEXT), ("rows", COUNT), ("bytes", COUNT)];

fn close_fields() -> Vec<Field> {
    let notes = core().flat_map(|table| {
        FILE_NOTES.map(|(note, kind)| Field::new(format!("{table}_{note}"), kind, true))
    });
    [fields(&CLOSED_FROM), notes.collect(), fields(&CLOSED_AT)].concat()
}

fn fields(columns: &[(&str, DataType)]) -> Vec<Field> {
    columns.iter().map(|(name, kind)| Field::new(*name, kind.clone(), true)).collect()
}

fn dimension_fields(dimensions: &[String]) -> Vec<Field> {
    dimensions.iter().map(|name| Field::new(name, TEXT, true)).collect()
}

/// The columns of a table; the partition column `month`, where there is one, is the last.
pub fn schema(name: &str, dimensions: &[String]) -> SchemaRef {
    let mut all = match name {
        CUSTOMER_MONTH => [fields(&STATE), fields(&MONTHLY), dimension_fields(dimensions)].concat(),
        DORMANT => [fields(&STATE), dimension_fields(dimensions)].concat(),
        MOVEMENT => fields(&MOVEMENT_COLUMNS),
        SPELL => fields(&SPELL_COLUMNS),
        VALUE_MOVEMENT => fields(&VALUE_MOVEMENT_COLUMNS),
        PERIOD_MOVEMENT => fields(&PERIOD_MOVEMENT_COLUMNS),
        COHORT => fields(&COHORT_COLUMNS),
        WON_BACK => fields(&WON_BACK_COLUMNS),
        CONCENTRATION => fields(&CONCENTRATION_COLUMNS),
        LANDINGS => fields(&LANDING_COLUMNS),
        REJECTED => fields(&REJECTED_COLUMNS),
        DUPLICATES => fields(&DUPLICATE_COLUMNS),
        CLOSES => close_fields(),
        _ => landed_fields(name, dimensions),
    };
    if !partition_columns(name).is_empty() {
        all.push(Field::new("month", MONTH, true));
    }
    Arc::new(Schema::new(all))
}

fn landed_fields(name: &str, dimensions: &[String]) -> Vec<Field> {
    let kind = SourceKind::iter().find(|kind| landed(*kind) == name);
    let dimensions = dimensions.iter().map(|name| (name.clone(), name.clone())).collect();
    let schema = kind.map(|kind| extract::schema(kind, &dimensions));
    schema
        .map(|schema| schema.fields().iter().map(|field| field.as_ref().clone()).collect())
        .unwrap_or_default()
}

/// The columns of a data file: those of the table without the partition column, money as it lies in the file, in 64
/// bits, which are half of what others are to read it as.
pub fn file_schema(name: &str, dimensions: &[String]) -> SchemaRef {
    let whole = schema(name, dimensions);
    let kept = whole.fields().len() - partition_columns(name).len();
    let fields = whole.fields()[..kept].iter().map(|field| match field.data_type() {
        &MONEY => field.as_ref().clone().with_data_type(CENTS),
        _ => field.as_ref().clone(),
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The partition columns of a table: the month, in all that holds months.
pub fn partition_columns(name: &str) -> Vec<&'static str> {
    match name {
        LANDINGS | REJECTED | DUPLICATES | CLOSES => Vec::new(),
        _ => vec!["month"],
    }
}

/// Whether a column of this name exists in the core or in the channel extract.
pub fn is_core_column(name: &str) -> bool {
    let core = STATE.iter().chain(&MONTHLY).any(|(column, _)| *column == name);
    core || name == "month"
        || extract::schema(SourceKind::Channel, &extract::Dimensions::new()).index_of(name).is_ok()
}

/// The directory of a month's partition, as other engines name it.
pub fn partition(month: crate::month::Month) -> String {
    format!("month={}", month.first_day())
}

/// A short name for some content: the first 16 hexadecimal digits of its BLAKE3.
pub fn digest(parts: &[&[u8]]) -> String {
    let mut hash = blake3::Hasher::new();
    for part in parts {
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().to_hex()[..16].to_owned()
}
