//! One view, filtered and ordered, for a person or a file. It computes nothing: the numbers are the view's.

mod attributes;
mod customers;
mod document;
mod error;
pub mod format;
pub mod page;
mod terminal;

pub use customers::{Asked, CustomerList, customers};
pub use document::document;
pub use error::ReportError;
pub use terminal::screen;

use std::str::FromStr;

use arrow::datatypes::DataType;
use chrono::NaiveDate;
use datafusion::prelude::{DataFrame, col, lit};

use crate::close::Closes;
use crate::config::nearest;
use crate::engine::EngineError;
use crate::month::{Month, MonthError};
use crate::views::{Desk, View, ViewError};

/// A month as an argument: `2024-05`, `last` (the last complete one), `latest` (the latest closed one).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MonthArgument {
    /// A month by name.
    Exactly(Month),
    /// The last one that is over today.
    Last,
    /// The latest one that is closed.
    Latest,
}

impl FromStr for MonthArgument {
    type Err = MonthError;

    fn from_str(text: &str) -> Result<Self, MonthError> {
        match text {
            "last" => Ok(Self::Last),
            "latest" => Ok(Self::Latest),
            _ => text.parse().map(Self::Exactly),
        }
    }
}

impl MonthArgument {
    /// The month that it means; `None` where nothing is closed and the latest is asked for.
    pub fn resolve(self, closes: &Closes, today: NaiveDate) -> Option<Month> {
        match self {
            Self::Exactly(month) => Some(month),
            Self::Last => Some(Month::of(today).previous()),
            Self::Latest => closes.months().next_back(),
        }
    }

    /// The closed month that it means.
    ///
    /// # Errors
    /// The month is not closed.
    pub fn closed(self, closes: &Closes, today: NaiveDate) -> Result<Month, ReportError> {
        let month = self.resolve(closes, today);
        let found = month.filter(|month| closes.closed(*month).is_some());
        found.ok_or_else(|| {
            let month = month.map_or("no month".to_owned(), |month| month.to_string());
            ReportError::NotClosed { month, latest: closes.months().next_back() }
        })
    }
}

/// Which rows of a view.
#[derive(Clone, Debug, Default)]
pub struct Filters {
    /// One month.
    pub month: Option<MonthArgument>,
    /// From this month on.
    pub from: Option<MonthArgument>,
    /// Up to this month.
    pub to: Option<MonthArgument>,
    /// One dimension.
    pub dimension: Option<String>,
    /// One segment.
    pub segment: Option<String>,
    /// Quarters or years, in views of periods.
    pub grain: Option<String>,
}

impl Filters {
    /// The one month that is shown of a view that knows months; none where several are.
    fn one_month(&self, view: &View) -> Option<MonthArgument> {
        let ranged = self.from.is_some() || self.to.is_some();
        match self.month {
            None if ranged || view.shows_all_months() => None,
            month => Some(month.unwrap_or(MonthArgument::Latest)),
        }
    }
}

/// A view's rows that pass the filters, ordered by the view's grain. Without a month it is the latest
/// closed one, unless the view shows all.
///
/// # Errors
/// The view does not exist, a filter does not fit it, or the month is not closed.
pub async fn report(
    desk: &Desk,
    name: &str,
    filters: &Filters,
    today: NaiveDate,
) -> Result<DataFrame, ReportError> {
    let view = desk.catalogue().find(name)?.clone();
    let mut frame = desk.frame(name).await?;
    let columns = columns(&frame);
    fit(&view, &columns, filters)?;
    if columns.iter().any(|column| column == "month") {
        frame = by_month(desk, &view, frame, filters, today)?;
    }
    let words = [
        ("dimension", &filters.dimension),
        ("segment", &filters.segment),
        ("grain", &filters.grain),
    ];
    for (column, value) in words {
        if let Some(value) = value {
            known(desk, &view, &frame, column, value).await?;
            frame = frame.filter(col(column).eq(lit(value.as_str()))).map_err(query)?;
        }
    }
    let order = view.grain().into_iter().filter(|column| columns.iter().any(|name| name == column));
    let order: Vec<_> = order.map(|column| col(column).sort(true, false)).collect();
    if order.is_empty() {
        return Ok(frame);
    }
    Ok(frame.sort(order).map_err(query)?)
}

/// The names of a frame's columns.
fn columns(frame: &DataFrame) -> Vec<String> {
    frame.schema().fields().iter().map(|field| field.name().clone()).collect()
}

fn query(error: datafusion::error::DataFusionError) -> ViewError {
    EngineError::Query(error).into()
}

fn fit(view: &View, columns: &[String], filters: &Filters) -> Result<(), ReportError> {
    let has = |column: &str| columns.iter().any(|name| name == column);
    let options = [
        ("month", filters.month.is_some(), has("month")),
        ("from", filters.from.is_some(), has("month")),
        ("to", filters.to.is_some(), has("month")),
        ("dimension", filters.dimension.is_some(), has("dimension")),
        ("segment", filters.segment.is_some(), has("segment")),
        ("grain", filters.grain.is_some(), has("grain")),
    ];
    let fitting =
        || options.iter().filter(|(_, _, fits)| *fits).map(|(name, _, _)| *name).collect();
    match options.iter().find(|(_, given, fits)| *given && !fits) {
        Some((filter, _, _)) => {
            Err(ReportError::Filter { view: view.name.clone(), filter, fitting: fitting() })
        }
        None => Ok(()),
    }
}

fn by_month(
    desk: &Desk,
    view: &View,
    frame: DataFrame,
    filters: &Filters,
    today: NaiveDate,
) -> Result<DataFrame, ReportError> {
    let closes = desk.closes();
    let latest = closes.months().next_back();
    let resolve = |argument: MonthArgument| {
        let month = argument.resolve(closes, today);
        month.ok_or_else(|| ReportError::NotClosed { month: "no month".into(), latest })
    };
    let day = |month: Month| lit(datafusion::common::ScalarValue::Date32(Some(month.days())));
    let mut frame = frame;
    if let Some(argument) = filters.one_month(view) {
        let month = resolve(argument)?;
        if closes.closed(month).is_none() {
            return Err(ReportError::NotClosed { month: month.to_string(), latest });
        }
        frame = frame.filter(col("month").eq(day(month))).map_err(query)?;
    }
    let from = filters.from.map(resolve).transpose()?;
    let to = filters.to.map(resolve).transpose()?;
    if let Some((from, to)) = from.zip(to).filter(|(from, to)| from > to) {
        return Err(ReportError::Backwards { from, to });
    }
    if let Some(from) = from {
        frame = frame.filter(col("month").gt_eq(day(from))).map_err(query)?;
    }
    if let Some(to) = to {
        frame = frame.filter(col("month").lt_eq(day(to))).map_err(query)?;
    }
    Ok(frame)
}

/// Refuses a dimension or segment that no row of the view has, so that a typing error is not an empty table.
/// The rows asked for are looked at first: most words are right.
async fn known(
    desk: &Desk,
    view: &View,
    asked: &DataFrame,
    what: &str,
    name: &str,
) -> Result<(), ReportError> {
    if distinct(asked.clone(), what).await?.iter().any(|value| value == name) {
        return Ok(());
    }
    let values = distinct(desk.frame(&view.name).await?, what).await?;
    if values.iter().any(|value| value == name) {
        return Ok(());
    }
    let near = nearest(name, values.iter().map(String::as_str)).map(str::to_owned);
    let what = what.to_owned();
    Err(ReportError::Value { view: view.name.clone(), what, name: name.to_owned(), near })
}

/// The texts of a column, each once.
async fn distinct(frame: DataFrame, column: &str) -> Result<Vec<String>, ReportError> {
    let frame = frame.select(vec![col(column)]).map_err(query)?.distinct().map_err(query)?;
    Ok(texts(frame).await?)
}

/// The values of a frame's first column as text, without nulls.
///
/// # Errors
/// The frame can't be run.
pub async fn texts(frame: DataFrame) -> Result<Vec<String>, ViewError> {
    use arrow::array::AsArray;
    let mut values = Vec::new();
    for batch in frame.collect().await.map_err(query)? {
        let texts = arrow::compute::cast(batch.column(0), &DataType::Utf8);
        let texts = texts.map_err(|error| query(error.into()))?;
        values.extend(texts.as_string::<i32>().iter().flatten().map(str::to_owned));
    }
    Ok(values)
}
