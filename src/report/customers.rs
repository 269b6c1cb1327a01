//! The customers behind a count: of the rows of a view that the filters leave, whom their counts count, a
//! row each. Whom a count counts is what the view's header declares; a list that is not as long as its
//! count is refused.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Field, Int64Type};
use chrono::NaiveDate;
use datafusion::common::ScalarValue;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, JoinType};
use datafusion::prelude::{DataFrame, col, lit};

use super::attributes::described;
use super::{Filters, ReportError, by_month, columns, distinct, query};
use crate::config::nearest;
use crate::engine::rows;
use crate::month::Month;
use crate::views::{Desk, Drill, View, in_header};

/// The value that stands for all others in a column, and is taken where none is told.
const ALL: &str = "all";

/// Whose customers.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The column that counts them; not needed where the view has one such column only.
    pub measure: Option<String>,
    /// Which rows of the view.
    pub filters: Filters,
    /// Values of further columns that name the view's rows.
    pub values: Vec<(String, String)>,
}

/// A list of customers.
#[derive(Debug)]
pub struct CustomerList {
    /// The column that counts them.
    pub measure: String,
    /// How many.
    pub count: i64,
    /// They, ordered.
    pub frame: DataFrame,
}

/// Lists the customers that a view's column counts, in the rows that pass the filters. Without a dimension it
/// is `total`; of several months the latest; of a column that has the value `all`, that. Other columns that
/// are not told stay: their rows' customers come one after the other.
///
/// # Errors
/// The view or column does not exist, the column counts no customers, a filter does not fit, a value does not
/// occur, the rows left would count a customer twice, or the count is null in all of them.
pub async fn customers(
    desk: &Desk,
    name: &str,
    asked: &Asked,
    today: NaiveDate,
) -> Result<CustomerList, ReportError> {
    let view = desk.catalogue().find(name)?.clone();
    let drill = chosen(&view, asked.measure.as_deref())?;
    let relation = desk.frame(&drill.relation).await?;
    let keys = drill.keys(&view.grain(), &columns(&relation));
    let question = Question { desk, view: &view, drill: &drill, keys: &keys, asked };
    let rows = question.rows(today).await?;
    let what = format!("{name}.{}", drill.measure);
    let Some(count) = sum(&rows, &drill.measure).await? else {
        return Err(ReportError::NotKnown { what, view: view.name });
    };
    let found = listed(relation, &view, &drill, &keys, rows).await?;
    let length = found.clone().count().await.map_err(query)? as i64;
    if length != count {
        return Err(ReportError::Differs { what, count, length, ours: view.origin.is_none() });
    }
    let frame = described(desk, found, &keys).await?;
    Ok(CustomerList { measure: drill.measure, count, frame })
}

/// The column that is asked for, or the only one there is.
fn chosen(view: &View, measure: Option<&str>) -> Result<Drill, ReportError> {
    let drills = view.drills()?;
    let found = match (measure, drills.as_slice()) {
        (None, [only]) => Some(only),
        (measure, _) => drills.iter().find(|drill| Some(drill.measure.as_str()) == measure),
    };
    found.cloned().ok_or_else(|| ReportError::Measure {
        view: view.name.clone(),
        measure: measure.map(str::to_owned),
        known: drills.iter().map(|drill| drill.measure.clone()).collect(),
        lists_customers: view.grain().contains(&"customer_id"),
    })
}

struct Question<'a> {
    desk: &'a Desk,
    view: &'a View,
    drill: &'a Drill,
    keys: &'a [String],
    asked: &'a Asked,
}

impl Question<'_> {
    /// The rows that the filters leave, with the columns that tell them apart, and their counts.
    async fn rows(&self, today: NaiveDate) -> Result<DataFrame, ReportError> {
        let whole = self.desk.frame(&self.view.name).await?;
        let mut frame = whole.clone();
        let told = self.told(&whole)?;
        for (column, value) in &told {
            let same = is(&frame, column, value)?;
            frame = frame.filter(same).map_err(query)?;
        }
        let has_month = columns(&whole).iter().any(|column| column == "month");
        if has_month && !told.iter().any(|(column, _)| column == "month") {
            frame = by_month(self.desk, self.view, frame, &self.asked.filters, today)?;
        }
        let mut frame = frame.cache().await.map_err(query)?;
        if frame.clone().count().await.map_err(query)? == 0 {
            self.every_value_occurs(&whole).await?;
        }
        frame = self.latest(frame).await?;
        for key in self.keys {
            frame = self.one_of(frame, key).await?;
        }
        let wanted = self.keys.iter().chain([&self.drill.measure]);
        let wanted: Vec<Expr> = wanted.map(|column| col(column.as_str())).collect();
        let rows = frame.select(wanted).and_then(DataFrame::distinct).map_err(query)?;
        Ok(rows.cache().await.map_err(query)?)
    }

    /// The columns whose value is told, or goes without saying.
    fn told(&self, whole: &DataFrame) -> Result<Vec<(String, String)>, ReportError> {
        let filters = &self.asked.filters;
        let flags = [
            ("dimension", &filters.dimension),
            ("segment", &filters.segment),
            ("grain", &filters.grain),
        ];
        let flagged = flags
            .into_iter()
            .filter_map(|(column, value)| Some((column.to_owned(), value.as_ref()?.to_owned())));
        let mut told: Vec<(String, String)> =
            flagged.chain(self.asked.values.iter().cloned()).collect();
        let fitting = self.labels(whole);
        let month = filters.month.map(|_| "month");
        let mut columns = told.iter().map(|(column, _)| column.as_str()).chain(month);
        if let Some(column) = columns.find(|key| !fitting.iter().any(|column| column == key)) {
            return Err(ReportError::Column {
                view: self.view.name.clone(),
                column: column.to_owned(),
                fitting,
            });
        }
        let tells = |column: &str| told.iter().any(|(key, _)| key == column);
        let by_dimension = fitting.iter().any(|column| column == "dimension");
        if by_dimension && !tells("dimension") && !tells("segment") {
            told.push(("dimension".to_owned(), "total".to_owned()));
        }
        Ok(told)
    }

    /// The columns of the view that tell rows apart or name them, rather than count.
    fn labels(&self, whole: &DataFrame) -> Vec<String> {
        let grain = self.view.grain();
        let is_label = |field: &&Arc<Field>| match field.data_type() {
            DataType::Utf8 | DataType::Utf8View | DataType::Boolean | DataType::Date32 => true,
            _ => grain.contains(&field.name().as_str()),
        };
        let labels = whole.schema().fields().iter().filter(is_label);
        labels.map(|field| field.name().clone()).collect()
    }

    /// Refuses a value that no row of the view has, so that a typing error is not an empty list.
    async fn every_value_occurs(&self, whole: &DataFrame) -> Result<(), ReportError> {
        let mut known = whole.clone();
        for (column, value) in self.told(whole)? {
            let mut words = distinct(known.clone(), &column).await?;
            let word = text(&scalar(&known, &column, &value)?);
            if column == "dimension" {
                // A view of what happens seldom may have no row of one.
                words.extend(self.desk.dimensions());
                words.push("total".to_owned());
            }
            if !words.is_empty() && !words.contains(&word) {
                let near = nearest(&value, words.iter().map(String::as_str)).map(str::to_owned);
                return Err(ReportError::Value {
                    view: self.view.name.clone(),
                    what: column,
                    name: value,
                    near,
                });
            }
            if column == "dimension" {
                known = known.filter(is(whole, &column, &value)?).map_err(query)?;
            }
        }
        Ok(())
    }

    /// Of several months the latest, where the rows are told apart by it and none is asked for.
    async fn latest(&self, frame: DataFrame) -> Result<DataFrame, ReportError> {
        let grain = self.drill.by.is_empty() || self.keys.iter().any(|key| key == "month");
        let has = columns(&frame).iter().any(|column| column == "month");
        if self.asked.filters.month.is_some() || !grain || !has {
            return Ok(frame);
        }
        let months = distinct(frame.clone(), "month").await?;
        let Some(latest) = months.iter().max().filter(|_| months.len() > 1) else {
            return Ok(frame);
        };
        let same = is(&frame, "month", latest)?;
        Ok(frame.filter(same).map_err(query)?)
    }

    /// Of the values of a column that overlap, the one that holds all; refuses where none does.
    async fn one_of(&self, frame: DataFrame, key: &str) -> Result<DataFrame, ReportError> {
        let told = self.asked.values.iter().any(|(column, _)| column == key);
        if told || key == "month" || key == "segment" {
            return Ok(frame);
        }
        let mut values = distinct(frame.clone(), key).await?;
        values.sort_unstable();
        let overlap = ["dimension", "grain"].contains(&key);
        match values.len() {
            0 | 1 => Ok(frame),
            _ if overlap => Err(ReportError::Several { column: key.to_owned(), values }),
            _ if values.iter().any(|value| value == ALL) => {
                Ok(frame.filter(col(key).eq(lit(ALL))).map_err(query)?)
            }
            _ => Ok(frame),
        }
    }
}

/// The relation's rows that belong to rows of the view.
async fn listed(
    relation: DataFrame,
    view: &View,
    drill: &Drill,
    keys: &[String],
    rows: DataFrame,
) -> Result<DataFrame, ReportError> {
    let mut frame = relation;
    if let Some(predicate) = &drill.predicate {
        let invalid = |error: DataFusionError| in_header(view, &drill.measure, &error);
        let predicate = frame.parse_sql_expr(predicate).map_err(invalid)?;
        frame = frame.filter(predicate).map_err(invalid)?;
    }
    let batch = batch(rows.clone()).await?;
    for key in keys {
        // What all rows share is told as a constant, so that other months are not read.
        let values = batch.column_by_name(key).filter(|_| batch.num_rows() > 0);
        let Some(values) = values else { continue };
        let first = ScalarValue::try_from_array(values, 0).map_err(query)?;
        let shared = (1..values.len())
            .all(|row| ScalarValue::try_from_array(values, row).is_ok_and(|value| value == first));
        if shared {
            frame = frame.filter(col(key.as_str()).eq(lit(first))).map_err(query)?;
        }
    }
    let renamed: Vec<Expr> =
        keys.iter().map(|key| col(key.as_str()).alias(format!("of_{key}"))).collect();
    let rows = rows.select(renamed).map_err(query)?;
    let same = keys.iter().map(|key| col(key.as_str()).eq(col(format!("of_{key}"))));
    let frame = frame.join_on(rows, JoinType::LeftSemi, same).map_err(query)?;
    Ok(frame.cache().await.map_err(query)?)
}

/// Whether a column has a value that is told as text.
fn is(frame: &DataFrame, column: &str, value: &str) -> Result<Expr, ReportError> {
    Ok(col(column).eq(lit(scalar(frame, column, value)?)))
}

/// A value as the column has it; a month may be told without its day.
fn scalar(frame: &DataFrame, column: &str, value: &str) -> Result<ScalarValue, ReportError> {
    let field = frame.schema().field_with_unqualified_name(column).map_err(query)?;
    let month = value.parse::<Month>().ok().filter(|_| field.data_type() == &DataType::Date32);
    let told = month.map_or_else(|| value.to_owned(), |month| month.first_day().to_string());
    ScalarValue::try_from_string(told, field.data_type()).map_err(|_| ReportError::Kind {
        column: column.to_owned(),
        value: value.to_owned(),
        kind: field.data_type().clone(),
    })
}

fn text(value: &ScalarValue) -> String {
    value.cast_to(&DataType::Utf8).map(|text| text.to_string()).unwrap_or_default()
}

/// The sum of a column of counts; none where there are rows and no row tells.
async fn sum(rows: &DataFrame, measure: &str) -> Result<Option<i64>, ReportError> {
    let batch = batch(rows.clone()).await?;
    let Some(counts) = batch.column_by_name(measure) else { return Ok(Some(0)) };
    let counts = cast(counts, &DataType::Int64).map_err(|error| query(error.into()))?;
    let told = counts.null_count() < counts.len() || counts.is_empty();
    Ok(told.then(|| counts.as_primitive::<Int64Type>().iter().flatten().sum()))
}

async fn batch(frame: DataFrame) -> Result<RecordBatch, ReportError> {
    let (schema, batches) = rows(frame).await.map_err(query)?;
    Ok(concat_batches(&schema, &batches).map_err(|error| query(error.into()))?)
}
