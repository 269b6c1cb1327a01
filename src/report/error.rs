//! What goes wrong with a report, and what remedies it.

use arrow::datatypes::DataType;

use super::format::FormatError;
use super::page::PageError;
use crate::config::nearest;
use crate::month::Month;
use crate::views::ViewError;

/// What goes wrong with a report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The view.
    #[error(transparent)]
    View(#[from] ViewError),
    /// The manager's page.
    #[error(transparent)]
    Page(#[from] PageError),
    /// The view has not the column that a filter needs.
    #[error("{view} can't be filtered by --{filter}")]
    Filter {
        /// The view.
        view: String,
        /// The filter.
        filter: &'static str,
        /// The filters that fit.
        fitting: Vec<&'static str>,
    },
    /// A value that no row of the view has.
    #[error("{view} has no {what} of this name: {name}")]
    Value {
        /// The view.
        view: String,
        /// The column, such as `dimension`.
        what: String,
        /// The name as given.
        name: String,
        /// The nearest one.
        near: Option<String>,
    },
    /// A value that a column can't have.
    #[error("{column} can't be {value}")]
    Kind {
        /// The column.
        column: String,
        /// The value as given.
        value: String,
        /// What the column holds.
        kind: DataType,
    },
    /// A column that does not name rows of the view.
    #[error("{view} can't be narrowed by this column: {column}")]
    Column {
        /// The view.
        view: String,
        /// The column as given.
        column: String,
        /// The columns that fit.
        fitting: Vec<String>,
    },
    /// A column that counts no customers, or none where there are several.
    #[error("{}", no_count(view, measure.as_deref(), known))]
    Measure {
        /// The view.
        view: String,
        /// The column as given.
        measure: Option<String>,
        /// Those that count customers.
        known: Vec<String>,
        /// Whether the view's rows are customers themselves.
        lists_customers: bool,
    },
    /// Rows that overlap, so that a customer would be listed twice.
    #[error("the rows left are of more than one {column}: {}", values.join(", "))]
    Several {
        /// The column.
        column: String,
        /// Its values in the rows left.
        values: Vec<String>,
    },
    /// The list is not as long as the count.
    #[error("{what} counts {count} customers and its list has {length}")]
    Differs {
        /// The view and the column.
        what: String,
        /// The count.
        count: i64,
        /// Rows of the list.
        length: i64,
        /// Whether the view is a built-in one.
        ours: bool,
    },
    /// The count is null in all rows that are left.
    #[error("{what} is not known of these rows: it is null")]
    NotKnown {
        /// The view and the column.
        what: String,
        /// The view.
        view: String,
    },
    /// Months that end before they begin.
    #[error("--from {from} lies after --to {to}")]
    Backwards {
        /// The first month.
        from: Month,
        /// The last one.
        to: Month,
    },
    /// The rows can't be shown.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The month is not closed.
    #[error("{month} is not closed{}", .latest.map(|latest| format!("; the latest closed month is {latest}")).unwrap_or_default())]
    NotClosed {
        /// The month.
        month: String,
        /// The latest closed one.
        latest: Option<Month>,
    },
}

impl ReportError {
    /// What remedies it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::View(error) => error.hint(),
            Self::Page(error) => error.hint(),
            Self::Filter { fitting, .. } if fitting.is_empty() => Some("it takes no filter".into()),
            Self::Filter { fitting, .. } => Some(format!("it takes: --{}", fitting.join(", --"))),
            Self::Value { near, .. } => near.as_ref().map(|near| format!("did you mean {near}?")),
            Self::Kind { kind: DataType::Date32, .. } => Some("it is a month like 2024-05".into()),
            Self::Kind { kind: DataType::Boolean, .. } => Some("it is true or false".into()),
            Self::Kind { .. } => Some("it is a number".into()),
            Self::Column { fitting, .. } => Some(format!("it takes: {}", fitting.join(", "))),
            Self::Measure { view, lists_customers: true, .. } => {
                Some(format!("its rows are customers: churnhouse report {view}"))
            }
            Self::Measure { known, .. } if known.is_empty() => {
                Some("`churnhouse describe VIEW` tells whom the counts of a view count".into())
            }
            Self::Measure { measure, known, .. } => {
                let near = measure.as_deref();
                let near = near.and_then(|name| nearest(name, known.iter().map(String::as_str)));
                let near = near.map(|near| format!("did you mean {near}? ")).unwrap_or_default();
                Some(format!("{near}--measure takes: {}", known.join(", ")))
            }
            Self::Several { column, values } => {
                let value = values.first().map_or("VALUE", String::as_str);
                Some(format!("name one: --{column} {value}"))
            }
            Self::NotKnown { view, .. } => {
                Some(format!("`churnhouse describe {view}` tells when it is"))
            }
            Self::Backwards { from, to } => Some(format!("--from {to} --to {from}")),
            Self::Differs { .. } | Self::Format(_) => None,
            Self::NotClosed { .. } => {
                Some("`churnhouse run` lands what is new and closes what is open".into())
            }
        }
    }
}

fn no_count(view: &str, measure: Option<&str>, known: &[String]) -> String {
    match measure {
        _ if known.is_empty() => format!("{view} counts no customers that can be listed"),
        Some(measure) => format!("{view} has no count of customers of this name: {measure}"),
        None => format!("{view} has several counts of customers"),
    }
}
