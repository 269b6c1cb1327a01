//! The policy as the small tables that SQL joins.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Decimal128Array, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;

use crate::config::{Exact, Policy};

/// Registers `policy` (one row), `tier` (name, at_least, below), `tier_margin` (name, margin),
/// `passive_reason`, `switch_reason`, `unavoidable_reason` (reason), `reason_class` (reason, reason_class),
/// `house_account` (customer_id) and `not_business` (charge_type).
///
/// # Errors
/// None that is not a fault of ours.
pub fn register(context: &SessionContext, policy: &Policy) -> Result<(), DataFusionError> {
    let tables = [
        ("policy", policy_row(policy)?),
        ("tier", tiers(policy)?),
        ("tier_margin", margins(policy)?),
        ("passive_reason", words("reason", policy.passive_reasons.iter())?),
        ("switch_reason", words("reason", policy.switch_reasons.iter())?),
        ("unavoidable_reason", words("reason", policy.unavoidable_reasons.iter())?),
        ("reason_class", reason_classes(policy)?),
        ("house_account", words("customer_id", policy.house_accounts.iter())?),
        ("not_business", words("charge_type", policy.not_business.iter())?),
    ];
    for (name, batch) in tables {
        context.register_batch(name, batch)?;
    }
    Ok(())
}

fn whole(value: u32) -> ArrayRef {
    optional(Some(value))
}

fn optional(value: Option<u32>) -> ArrayRef {
    Arc::new(Int32Array::from(vec![value.map(|value| value as i32)]))
}

/// Exact numbers with six decimals; what can't be read was refused with the configuration.
fn exact<'a>(values: impl Iterator<Item = Option<&'a Exact>>) -> ArrayRef {
    let millionths = values.map(|value| value.and_then(|value| value.millionths().ok()));
    let array: Decimal128Array = millionths.collect();
    Arc::new(array.with_data_type(DataType::Decimal128(18, 6)))
}

fn one(value: &Exact) -> ArrayRef {
    exact(std::iter::once(Some(value)))
}

fn policy_row(policy: &Policy) -> Result<RecordBatch, DataFusionError> {
    Ok(RecordBatch::try_from_iter([
        ("at_risk_after", whole(policy.at_risk_after)),
        ("churned_after", whole(policy.churned_after)),
        ("relift_after", whole(policy.relift_after)),
        ("recycled_after", optional(policy.recycled_after)),
        ("new_for", whole(policy.new_for)),
        ("tier_window", whole(policy.tier_window)),
        ("value_window", whole(policy.value_window)),
        ("margin", one(&policy.margin)),
        ("retention_cost", one(&policy.retention_cost)),
        ("acquisition_multiple", one(&policy.acquisition_multiple)),
        ("influence", one(&policy.influence)),
        ("complaining_share", one(&policy.complaining_share)),
        ("decline", one(&policy.decline)),
        ("group_min", whole(policy.group_min)),
        ("group_share", one(&policy.group_share)),
    ])?)
}

/// Each tier with its bounds; the highest has none above, the last none below.
fn tiers(policy: &Policy) -> Result<RecordBatch, DataFusionError> {
    let tiers = &policy.tiers;
    let last = tiers.len().saturating_sub(1);
    let at_least =
        tiers.iter().enumerate().map(|(place, tier)| (place < last).then_some(&tier.min));
    let below =
        std::iter::once(None).chain(tiers.iter().map(|tier| Some(&tier.min))).take(tiers.len());
    let names = tiers.iter().map(|tier| tier.name.as_str());
    table(vec![("name", strings(names)), ("at_least", exact(at_least)), ("below", exact(below))])
}

fn margins(policy: &Policy) -> Result<RecordBatch, DataFusionError> {
    let names: Vec<&str> =
        policy.tiers.iter().map(|tier| tier.name.as_str()).chain(["new"]).collect();
    let margin = |name: &&str| policy.margin_by_tier.get(*name).unwrap_or(&policy.margin);
    let margins = exact(names.iter().map(|name| Some(margin(name))));
    table(vec![("name", strings(names.iter().copied())), ("margin", margins)])
}

/// Every reason with its class: those configured, then the unavoidable, then the passive.
fn reason_classes(policy: &Policy) -> Result<RecordBatch, DataFusionError> {
    let mut classes = std::collections::BTreeMap::new();
    classes.extend(policy.passive_reasons.iter().map(|reason| (reason.as_str(), "passive")));
    classes
        .extend(policy.unavoidable_reasons.iter().map(|reason| (reason.as_str(), "involuntary")));
    let defaults = Policy::default().reasons;
    classes.extend(defaults.iter().map(|(reason, class)| (reason.as_str(), class.as_str())));
    classes.extend(policy.reasons.iter().map(|(reason, class)| (reason.as_str(), class.as_str())));
    let (reasons, named): (Vec<&str>, Vec<&str>) = classes.into_iter().unzip();
    table(vec![
        ("reason", strings(reasons.into_iter())),
        ("reason_class", strings(named.into_iter())),
    ])
}

fn words<'a>(
    column: &'static str,
    values: impl Iterator<Item = &'a String>,
) -> Result<RecordBatch, DataFusionError> {
    let mut values: Vec<&str> = values.map(String::as_str).collect();
    values.sort_unstable();
    values.dedup();
    table(vec![(column, strings(values.into_iter()))])
}

fn strings<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(values.map(Some).collect::<StringArray>())
}

fn table(columns: Vec<(&'static str, ArrayRef)>) -> Result<RecordBatch, DataFusionError> {
    let field =
        |(name, array): &(&str, ArrayRef)| Field::new(*name, array.data_type().clone(), true);
    let schema = Schema::new(columns.iter().map(field).collect::<Vec<_>>());
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    Ok(RecordBatch::try_new(Arc::new(schema), arrays)?)
}
