//! The months behind a report: the same view over a range, kept by what names a row, so that a number has its
//! change and its line. Months that a row is missing in stay blank.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::super::format::{Unit, grouped};
use super::super::{Filters, MonthArgument, ReportError};
use super::{MONTHS, Rows, keys};
use crate::month::Month;
use crate::views::{Desk, View};

const LEVELS: [char; 7] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇'];

/// What names a row besides its month.
type Key = Vec<String>;

/// The rows of the months up to the one shown.
#[derive(Default)]
pub(super) struct Past {
    months: Vec<Month>,
    /// Of each row its numbers, by the place of the month and that of the column.
    rows: HashMap<Key, Vec<Option<Vec<Option<f64>>>>>,
}

impl Past {
    /// Asks the view about the months up to `month`.
    pub async fn of(
        desk: &Desk,
        view: &View,
        filters: &Filters,
        month: Month,
        today: NaiveDate,
    ) -> Result<Self, ReportError> {
        let behind = |other: &Month| (0..MONTHS).contains(&month.since(*other));
        let months: Vec<Month> = desk.closes().months().filter(behind).collect();
        let range = Filters {
            month: None,
            from: months.first().copied().map(MonthArgument::Exactly),
            to: Some(MonthArgument::Exactly(month)),
            ..filters.clone()
        };
        let shown = Rows::of(desk, view, &range, today).await?;
        let mut past = Self { months, rows: HashMap::new() };
        let (day, keys) = (shown.places(&["month"]), shown.places(&keys(view)));
        let &[day] = day.as_slice() else { return Ok(past) };
        for row in &shown.rows {
            let found = row[day].get(..7).and_then(|text| text.parse().ok());
            let Some(place) = past.months.iter().position(|other| Some(*other) == found) else {
                continue;
            };
            let key = keys.iter().map(|key| row[*key].clone()).collect();
            let numbers = row.iter().map(|text| text.parse().ok()).collect();
            let length = past.months.len();
            past.rows.entry(key).or_insert_with(|| vec![None; length])[place] = Some(numbers);
        }
        Ok(past)
    }

    /// Whether there is nothing to compare with.
    pub fn is_empty(&self) -> bool {
        self.months.len() < 2
    }

    /// What the column of lines is called.
    pub fn title(&self) -> String {
        format!("last_{}_months", self.months.len())
    }

    /// The change of a row's number since the month before: of a ratio in percentage points, of money
    /// as a part of what it was, of others as it is.
    pub fn change(&self, key: &Key, column: usize, unit: Unit) -> String {
        let series = self.series(key, column);
        let [.., Some(before), Some(now)] = series[..] else { return String::new() };
        match unit {
            Unit::Ratio => signed(100.0 * (now - before), 2, "pp"),
            Unit::Money if before == 0.0 => String::new(),
            Unit::Money => signed(100.0 * (now - before) / before.abs(), 1, "%"),
            Unit::Count => signed(now - before, 0, ""),
            _ => signed(now - before, 2, ""),
        }
    }

    /// A row's numbers as a line, from its least to its greatest.
    pub fn spark(&self, key: &Key, column: usize) -> String {
        spark(&self.series(key, column))
    }

    fn series(&self, key: &Key, column: usize) -> Vec<Option<f64>> {
        let number = |row: &Option<Vec<Option<f64>>>| row.as_ref().and_then(|row| row[column]);
        self.rows.get(key).map(|rows| rows.iter().map(number).collect()).unwrap_or_default()
    }
}

/// A change with its sign, and none where it is rounded to nothing.
fn signed(change: f64, decimals: usize, unit: &str) -> String {
    let size = grouped(&format!("{:.decimals$}", change.abs()));
    let sign = match size.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) {
        false => "",
        true if change < 0.0 => "-",
        true => "+",
    };
    format!("{sign}{size}{unit}")
}

fn spark(series: &[Option<f64>]) -> String {
    let known = || series.iter().flatten().copied();
    let (least, most) = (known().fold(f64::MAX, f64::min), known().fold(f64::MIN, f64::max));
    let level = |number: f64| match most > least {
        true => ((number - least) / (most - least) * (LEVELS.len() - 1) as f64).round() as usize,
        false if number == 0.0 => 0,
        false => LEVELS.len() / 2,
    };
    let character = |number: &Option<f64>| {
        number.and_then(|number| LEVELS.get(level(number))).copied().unwrap_or(' ')
    };
    series.iter().map(character).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_from_least_to_greatest() {
        let some = |numbers: &[f64]| numbers.iter().copied().map(Some).collect::<Vec<_>>();
        assert_eq!(spark(&some(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])), "▁▂▃▄▅▆▇");
        assert_eq!(spark(&some(&[-1.0, 1.0])), "▁▇");
        assert_eq!(spark(&some(&[5.0, 5.0])), "▄▄");
        assert_eq!(spark(&[Some(1.0), None, Some(2.0)]), "▁ ▇");
        assert_eq!(spark(&some(&[0.0, 0.0])), "▁▁");
        assert_eq!(spark(&[None]), " ");
    }

    #[test]
    fn a_change_is_told_in_its_unit() {
        let months = vec![Month::new(2024, 1), Month::new(2024, 2)];
        let row = |number: f64| Some(vec![Some(number)]);
        let mut past = Past { months, rows: HashMap::new() };
        let cases = [
            (Unit::Ratio, 0.0138, 0.0196, "+0.58pp"),
            (Unit::Ratio, 0.01, 0.01001, "0.00pp"),
            (Unit::Money, 200.0, 150.0, "-25.0%"),
            (Unit::Money, 0.0, 3.0, ""),
            (Unit::Count, 1000.0, 3.0, "-997"),
            (Unit::Number, 3.0, 4.52, "+1.52"),
        ];
        for (unit, before, now, shown) in cases {
            past.rows.insert(Key::new(), vec![row(before), row(now)]);
            assert_eq!(past.change(&Key::new(), 0, unit), shown);
        }
        past.rows.insert(Key::new(), vec![None, row(1.0)]);
        assert_eq!(past.change(&Key::new(), 0, Unit::Ratio), "");
    }
}
