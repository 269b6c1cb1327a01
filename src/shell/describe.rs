//! What there is to ask, as results like any other: tables and views, and the columns of one with what its
//! header says of them.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::DataType;
use datafusion::error::DataFusionError;

use crate::views::{Desk, View, ViewError};

/// Tables, views or both: a row each.
///
/// # Errors
/// Memory is short.
pub fn relations(desk: &Desk, tables: bool, views: bool) -> Result<RecordBatch, ViewError> {
    let mut rows: Vec<[String; 3]> = Vec::new();
    if tables {
        rows.extend(desk.tables().map(|name| [name, "table".into(), String::new()]));
        let others = desk.others().into_iter();
        rows.extend(others.map(|name| [name, "session".into(), String::new()]));
    }
    if views {
        let view = |view: &View| [view.name.clone(), "view".into(), view.summary().to_owned()];
        rows.extend(desk.catalogue().iter().map(view));
    }
    rows.sort_unstable();
    batch(["name", "kind", "meaning"], &rows)
}

/// The columns of a table or view: a row each.
///
/// # Errors
/// There is none of this name, or a view's SQL does not fit.
pub async fn columns(desk: &Desk, name: &str) -> Result<RecordBatch, ViewError> {
    let frame = desk.frame(name).await?;
    let view = desk.catalogue().get(name);
    let meaning = |column: &str| view.and_then(|view| view.meaning(column)).unwrap_or_default();
    let fields = frame.schema().fields().iter();
    let rows = fields
        .map(|field| [field.name().clone(), type_word(field.data_type()), meaning(field.name())]);
    batch(["column", "type", "meaning"], &rows.collect::<Vec<_>>())
}

fn batch<const N: usize>(names: [&str; N], rows: &[[String; N]]) -> Result<RecordBatch, ViewError> {
    let column = |place: usize| {
        Arc::new(rows.iter().map(|row| Some(row[place].as_str())).collect::<StringArray>())
            as ArrayRef
    };
    let columns = names.iter().enumerate().map(|(place, name)| (*name, column(place)));
    RecordBatch::try_from_iter(columns).map_err(|error| DataFusionError::from(error).into())
}

/// A type as SQL spells it.
fn type_word(data_type: &DataType) -> String {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text".into(),
        DataType::Dictionary(_, values) => type_word(values),
        DataType::Boolean => "boolean".into(),
        DataType::Int32 => "int".into(),
        DataType::Int64 => "bigint".into(),
        DataType::Float64 => "double".into(),
        DataType::Date32 => "date".into(),
        DataType::Timestamp(..) => "timestamp".into(),
        DataType::Decimal128(precision, scale) => format!("decimal({precision}, {scale})"),
        other => other.to_string(),
    }
}
