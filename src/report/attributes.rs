//! What a list of customers tells of each: what became of it in the month, and what it was as of `as_of`. It
//! adds columns to a list, never rows.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, JoinType, when};
use datafusion::prelude::{DataFrame, col, lit};

use super::{ReportError, columns, distinct, query};
use crate::month::Month;
use crate::views::Desk;

/// What is told as of the month.
const STATE: [&str; 3] = ["status", "churn_kind", "reason"];

/// What is told as of `as_of`, before the dimensions and after them.
const BEFORE: [&str; 5] = ["first_month", "since_month", "start_month", "last_month", "idle"];
const AFTER: [&str; 4] = ["group_id", "revenue", "annual_revenue", "monthly_value"];

/// The list with what is known of each customer, in the order of the keys. A column that the list has itself
/// stays as it is.
pub async fn described(
    desk: &Desk,
    list: DataFrame,
    keys: &[String],
) -> Result<DataFrame, ReportError> {
    let own = columns(&list);
    let mut first: Vec<&str> = keys.iter().map(String::as_str).collect();
    first.push("customer_id");
    let sorted = first.iter().map(|name| col(*name).sort(true, false)).collect();
    let frame = match own.iter().any(|column| column == "month") {
        true => told(desk, list).await?,
        false => list,
    };
    let all = columns(&frame);
    let middle = own.iter().map(String::as_str).filter(|name| *name != "as_of");
    for name in STATE.into_iter().chain(middle).chain(all.iter().map(String::as_str)) {
        if all.iter().any(|column| column == name) && !first.contains(&name) {
            first.push(name);
        }
    }
    let order: Vec<Expr> = first.into_iter().map(col).collect();
    Ok(frame.sort(sorted).and_then(|frame| frame.select(order)).map_err(query)?)
}

async fn told(desk: &Desk, list: DataFrame) -> Result<DataFrame, ReportError> {
    let own = columns(&list);
    let has = |name: &str| own.iter().any(|column| column == name);
    let as_of = if has("as_of") { "as_of" } else { "month" };
    let dimensions = desk.dimensions();
    let attributes = BEFORE.into_iter().chain(dimensions.iter().map(String::as_str)).chain(AFTER);
    // In the views by segment `segment` is the value of whatever dimension.
    let named = attributes.map(|name| match name == "segment" && has("dimension") {
        true => (name, "customer_segment"),
        false => (name, name),
    });
    let named: Vec<(&str, &str)> = named.collect();
    let state = STATE.map(|name| (name, name));
    let frame = beside(desk, list, "month", &state).await?;
    let frame = beside(desk, frame, as_of, &named).await?;
    if has("status") || has("first_month") {
        return Ok(frame);
    }
    // Who is long gone has no row in the month any more.
    let gone = col("status").is_null().and(col("first_month").is_not_null());
    let status = when(gone, lit("lost")).otherwise(col("status")).map_err(query)?;
    Ok(frame.with_column("status", status).map_err(query)?)
}

/// A list beside what `customer_month` holds of its customers, as of a month that the list names: columns by
/// name, each under another name, unless the list has that already.
async fn beside(
    desk: &Desk,
    list: DataFrame,
    month: &str,
    wanted: &[(&str, &str)],
) -> Result<DataFrame, ReportError> {
    let own = columns(&list);
    let months = distinct(list.clone(), month).await?;
    let day = |text: &String| Some(lit(ScalarValue::Date32(Some(day_of(text)?))));
    let months: Vec<Expr> = months.iter().filter_map(day).collect();
    let added = wanted.iter().filter(|(_, name)| !own.iter().any(|column| column == name));
    let mut added: Vec<Expr> = added.map(|(column, name)| col(*column).alias(*name)).collect();
    added.extend([col("month").alias("its_month"), col("customer_id").alias("its_customer")]);
    let customers = desk.frame("customer_month").await?;
    let customers = customers.filter(col("month").in_list(months, false));
    let customers = customers.and_then(|frame| frame.select(added)).map_err(query)?;
    let same = [col(month).eq(col("its_month")), col("customer_id").eq(col("its_customer"))];
    let joined = list.join_on(customers, JoinType::Left, same);
    let joined = joined.and_then(|frame| frame.drop_columns(&["its_month", "its_customer"]));
    Ok(joined.map_err(query)?)
}

fn day_of(text: &str) -> Option<i32> {
    text.get(..7)?.parse::<Month>().ok().map(Month::days)
}
