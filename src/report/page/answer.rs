//! The rows of a query as texts, with what each column measures. What is shown is made of these texts; numbers
//! are read from them for drawing only.

use datafusion::common::ScalarValue;
use datafusion::prelude::DataFrame;

use super::PageError;
use crate::engine::rows;
use crate::month::Month;
use crate::report::format::{Source, Unit};
use crate::views::{Desk, ViewError};

/// What a column measures, and so how it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Things counted.
    Count,
    /// An amount of money.
    Money,
    /// A part of a whole.
    Ratio,
    /// Any other number.
    Number,
    /// A month.
    Month,
    /// Words.
    Word,
    /// Numbers that are names, such as that of a line.
    Name,
}

impl Measure {
    fn of(name: &str, unit: Unit) -> Self {
        match (name, unit) {
            ("nps" | "satisfaction" | "wait_seconds_p50", _) => Self::Number,
            ("average_customers", _) => Self::Number,
            ("line" | "rank", _) => Self::Name,
            (_, Unit::Count) => Self::Count,
            (_, Unit::Money) => Self::Money,
            (_, Unit::Ratio) => Self::Ratio,
            (_, Unit::Number) => Self::Number,
            (_, Unit::Date) => Self::Month,
            (_, Unit::Text) => Self::Word,
        }
    }

    /// Whether it is a number, to be aligned on the right.
    pub fn is_number(self) -> bool {
        !matches!(self, Self::Month | Self::Word)
    }
}

/// The rows of a query; a null is an empty text.
#[derive(Debug)]
pub struct Answer {
    /// The columns: name and measure.
    pub columns: Vec<(String, Measure)>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

impl Answer {
    /// Where a column stands; the first where there is none of the name.
    pub fn place(&self, name: &str) -> usize {
        self.columns.iter().position(|(column, _)| column == name).unwrap_or_default()
    }

    /// What a column measures.
    pub fn measure(&self, name: &str) -> Measure {
        self.columns.get(self.place(name)).map_or(Measure::Word, |(_, measure)| *measure)
    }

    /// The texts of a column.
    pub fn texts(&self, name: &str) -> impl DoubleEndedIterator<Item = &str> {
        let place = self.place(name);
        self.rows.iter().map(move |row| row[place].as_str())
    }

    /// The numbers of a column; none where it is null.
    pub fn numbers(&self, name: &str) -> Vec<Option<f64>> {
        self.texts(name).map(|text| text.parse().ok()).collect()
    }

    /// The texts of a column, each once, in their order.
    pub fn distinct(&self, name: &str) -> Vec<&str> {
        let mut found = Vec::new();
        for text in self.texts(name) {
            if !found.contains(&text) {
                found.push(text);
            }
        }
        found
    }
}

/// The months that the queries name.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// The page's month.
    pub month: Month,
}

impl Span {
    /// The names and the months that they stand for; a name comes before those that it begins with.
    pub fn months(self) -> [(&'static str, Month); 6] {
        [
            ("settled_since", self.month.plus(-14)),
            ("settled", self.month.plus(-3)),
            ("since", self.month.plus(-23)),
            ("year_ago", self.month.plus(-12)),
            ("before", self.month.previous()),
            ("month", self.month),
        ]
    }

    /// Asks a query of `sql/page`.
    pub async fn ask(self, desk: &Desk, name: &str, sql: &str) -> Result<Answer, PageError> {
        let failed = |source: ViewError| PageError::Figure { figure: name.to_owned(), source };
        let day = |month: Month| ScalarValue::Date32(Some(month.days()));
        let values = self.months().map(|(name, month)| (name, day(month))).to_vec();
        let frame = desk.ask_text(sql).await.map_err(failed)?;
        let frame = frame.with_param_values(values).map_err(|error| failed(error.into()))?;
        answer(frame).await.map_err(|error| match error {
            PageError::View(source) => failed(source),
            other => other,
        })
    }
}

async fn answer(frame: DataFrame) -> Result<Answer, PageError> {
    let (schema, batches) = rows(frame).await.map_err(ViewError::from)?;
    let columns = schema.fields().iter().map(|field| {
        let measure = Measure::of(field.name(), Unit::of(field.data_type()));
        (field.name().clone(), measure)
    });
    let columns = columns.collect();
    let mut rows = Vec::new();
    let mut batches = batches.into_iter().map(Ok);
    Source::new(schema, &mut batches).each_row(|row| {
        rows.push(row.to_vec());
        Ok(())
    })?;
    Ok(Answer { columns, rows })
}

/// Rows of month, region and churn rate.
#[cfg(test)]
pub fn sample(rows: &[[&str; 3]]) -> Answer {
    let columns =
        [("month", Measure::Month), ("region", Measure::Word), ("churn_rate", Measure::Ratio)];
    Answer {
        columns: columns.map(|(name, measure)| (name.to_owned(), measure)).to_vec(),
        rows: rows.iter().map(|row| row.map(str::to_owned).to_vec()).collect(),
    }
}
