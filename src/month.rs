//! The calendar month, the unit of the warehouse: everything is landed, closed and reported by it.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};

/// A calendar month, counted in months since January of year 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(i32);

/// A text that names no month.
#[derive(Debug, thiserror::Error)]
#[error("not a month like 2024-05: {0}")]
pub struct MonthError(String);

impl Month {
    /// The month of a year and a month number (1 to 12).
    pub fn new(year: i32, month: u32) -> Self {
        Self(year * 12 + month as i32 - 1)
    }

    /// The month that a date lies in.
    pub fn of(date: NaiveDate) -> Self {
        Self::new(date.year(), date.month())
    }

    /// The months since January of year 0: the difference of two is a count of months.
    pub fn number(self) -> i32 {
        self.0
    }

    /// The month of a number; see [`Month::number`].
    pub fn of_number(number: i32) -> Self {
        Self(number)
    }

    /// The month that lies `months` later (earlier where negative).
    pub fn plus(self, months: i32) -> Self {
        Self(self.0 + months)
    }

    /// The month after this one.
    pub fn next(self) -> Self {
        self.plus(1)
    }

    /// The month before this one.
    pub fn previous(self) -> Self {
        self.plus(-1)
    }

    /// How many months this one lies after `earlier`.
    pub fn since(self, earlier: Self) -> i32 {
        self.0 - earlier.0
    }

    /// The first day.
    pub fn first_day(self) -> NaiveDate {
        NaiveDate::from_ymd_opt(self.0.div_euclid(12), self.0.rem_euclid(12) as u32 + 1, 1)
            .unwrap_or(NaiveDate::MIN)
    }

    /// The last day.
    pub fn last_day(self) -> NaiveDate {
        self.next().first_day() - chrono::Days::new(1)
    }

    /// Arrow's Date32 of the first day: days since 1970-01-01.
    pub fn days(self) -> i32 {
        days_of(self.first_day())
    }

    /// The month of an Arrow Date32.
    pub fn of_days(days: i32) -> Self {
        Self::of(date_of(days))
    }

    /// All months from this one to `last`, both included.
    pub fn through(self, last: Self) -> impl Iterator<Item = Self> {
        (self.0..=last.0).map(Self)
    }
}

/// Arrow's Date32 of a date: days since 1970-01-01.
pub fn days_of(date: NaiveDate) -> i32 {
    date.num_days_from_ce() - NaiveDate::default().num_days_from_ce()
}

/// The date of an Arrow Date32.
pub fn date_of(days: i32) -> NaiveDate {
    NaiveDate::from_num_days_from_ce_opt(days + NaiveDate::default().num_days_from_ce())
        .unwrap_or(NaiveDate::MIN)
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.div_euclid(12), self.0.rem_euclid(12) + 1)
    }
}

impl FromStr for Month {
    type Err = MonthError;

    fn from_str(text: &str) -> Result<Self, MonthError> {
        let wrong = || MonthError(text.to_owned());
        let (year, month) = text.split_once('-').ok_or_else(wrong)?;
        if year.len() != 4 || month.len() != 2 {
            return Err(wrong());
        }
        let year: u16 = year.parse().map_err(|_| wrong())?;
        let month: u32 = month.parse().map_err(|_| wrong())?;
        if year == 0 || !(1..=12).contains(&month) {
            return Err(wrong());
        }
        Ok(Self::new(year.into(), month))
    }
}

impl<'de> serde::Deserialize<'de> for Month {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Month {
    fn schema_name() -> String {
        "Month".into()
    }

    fn json_schema(generator: &mut schemars::r#gen::SchemaGenerator) -> schemars::schema::Schema {
        let mut schema = String::json_schema(generator).into_object();
        schema.string().pattern = Some(r"^\d{4}-(0[1-9]|1[0-2])$".into());
        schema.metadata().description = Some("A month like 2024-05.".into());
        schema.into()
    }
}

impl serde::Serialize for Month {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A month in rows of a table: its first day, like `2024-05-01`.
pub mod day {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Month;

    /// Writes the first day.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(
        month: &Option<Month>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        month.map(|month| month.first_day().to_string()).serialize(serializer)
    }

    /// Reads a first day.
    ///
    /// # Errors
    /// The text is no day.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Month>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let month = |text: String| {
            text.get(..7).unwrap_or_default().parse().map_err(serde::de::Error::custom)
        };
        text.map(month).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_days_round_trip() {
        let month: Month = "2024-02".parse().unwrap();
        assert_eq!(month.to_string(), "2024-02");
        assert_eq!(Month::of_days(month.days()), month);
        assert_eq!(month.last_day().to_string(), "2024-02-29");
        assert_eq!(Month::new(1970, 1).days(), 0);
    }

    #[test]
    fn arithmetic_crosses_years() {
        let december = Month::new(2023, 12);
        assert_eq!(december.next().to_string(), "2024-01");
        assert_eq!(december.next().since(december.plus(-11)), 12);
        assert_eq!(december.through(december.plus(2)).count(), 3);
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["2024", "2024-13", "2024-1", "24-01", "2024-00", "last"] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }
}
