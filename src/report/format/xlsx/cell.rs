//! What a value becomes in a spreadsheet: a number, a date (which is a number, too), a flag, or text.
//! Excel calculates with 15 digits: a whole or decimal number with more stays text, exact to the last digit.
//! So do NaN and the infinities, and dates before March 1900, where Excel's calendar is wrong, or after 9999.
//! A timestamp with a zone becomes the wall clock of that zone, since a cell has none.

use arrow::datatypes::DataType;
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime};
use unicode_width::UnicodeWidthStr;

use super::super::document::{Unit, value_type};
use super::super::style::Style;

const EXACT_DIGITS: usize = 15;
const SECONDS_PER_DAY: f64 = 86_400.0;

/// How the values of a column are read and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Flag,
    Date,
    Instant,
    /// A number; an exact one falls back to text where Excel would round it.
    Number {
        style: Style,
        exact: bool,
    },
}

/// A value as the sheet takes it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cell<'a> {
    Blank,
    Flag(bool),
    Number(f64),
    Text(&'a str),
}

impl Kind {
    /// The kind of a column of this type that measures this.
    pub fn of(data_type: &DataType, unit: Unit) -> Self {
        match value_type(data_type) {
            DataType::Boolean => Self::Flag,
            _ if unit == Unit::Text => Self::Text,
            DataType::Date32 => Self::Date,
            DataType::Date64 | DataType::Timestamp(..) => Self::Instant,
            plain if plain.is_numeric() => {
                Self::Number { style: Style::of(plain, unit), exact: !plain.is_floating() }
            }
            _ => Self::Text,
        }
    }

    /// Excel's number format.
    pub fn pattern(self) -> &'static str {
        match self {
            Self::Text | Self::Flag => "General",
            Self::Date => "yyyy-mm-dd",
            Self::Instant => "yyyy-mm-dd hh:mm:ss",
            Self::Number { style, .. } => style.pattern(),
        }
    }

    /// The cell for a value's text, a null being the empty text.
    pub fn read(self, text: &str) -> Cell<'_> {
        if text.is_empty() {
            return Cell::Blank;
        }
        let number = match self {
            Self::Text => None,
            Self::Flag => return Cell::Flag(text == "true"),
            Self::Date => {
                text.parse::<NaiveDate>().ok().and_then(|day| serial(day.and_time(NaiveTime::MIN)))
            }
            Self::Instant => wall_clock(text).and_then(serial),
            Self::Number { exact, .. } => number(text, exact),
        };
        number.map_or(Cell::Text(text), Cell::Number)
    }

    /// How many characters wide the cell is shown.
    pub fn width(self, cell: &Cell, text: &str) -> usize {
        match (self, cell) {
            (_, Cell::Blank | Cell::Flag(_)) => 0,
            (_, Cell::Text(text)) => {
                text.split('\n').map(UnicodeWidthStr::width).max().unwrap_or(0) + 1
            }
            (Self::Number { style, .. }, Cell::Number(_)) => number_width(style, text),
            (kind, Cell::Number(_)) => kind.pattern().len() + 1,
        }
    }
}

/// The width of a number's text with the separators and decimals of its style.
fn number_width(style: Style, text: &str) -> usize {
    let whole = text.find('.').unwrap_or(text.len());
    match style {
        Style::Percent => whole + "00.00%".len() + 1,
        _ => whole + whole / 3 + style.pattern().len() - "#,##0".len() + 1,
    }
}

/// The number, unless it is none to Excel or has more digits than Excel keeps.
fn number(text: &str, exact: bool) -> Option<f64> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let significant = digits.trim_start_matches('0').trim_end_matches('0').len();
    let number: f64 = text.parse().ok()?;
    (number.is_finite() && !(exact && significant > EXACT_DIGITS)).then_some(number)
}

fn wall_clock(text: &str) -> Option<NaiveDateTime> {
    let zoned = || DateTime::parse_from_rfc3339(text).map(|instant| instant.naive_local());
    text.parse::<NaiveDateTime>().or_else(|_| zoned()).ok()
}

/// Excel's days since the end of 1899.
fn serial(instant: NaiveDateTime) -> Option<f64> {
    let epoch = NaiveDate::from_ymd_opt(1899, 12, 30)?.and_time(NaiveTime::MIN);
    let right_since = NaiveDate::from_ymd_opt(1900, 3, 1)?;
    let shown = instant.date() >= right_since && instant.year() <= 9999;
    let days = (instant.date() - epoch.date()).num_days() as f64;
    let time = (instant.time() - epoch.time()).num_milliseconds() as f64 / 1000.0;
    shown.then_some(days + time / SECONDS_PER_DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXACT: Kind = Kind::Number { style: Style::Whole, exact: true };
    const FLOAT: Kind = Kind::Number { style: Style::Percent, exact: false };

    #[test]
    fn values_become_cells() {
        let cases = [
            (EXACT, "", Cell::Blank),
            (EXACT, "-12.3400", Cell::Number(-12.34)),
            (EXACT, "123456789012345.00", Cell::Number(123_456_789_012_345.0)),
            (EXACT, "1234567890123456", Cell::Text("1234567890123456")),
            (EXACT, "10000000000000000", Cell::Number(1e16)),
            (FLOAT, "0.3333333333333333", Cell::Number(1.0 / 3.0)),
            (FLOAT, "1e21", Cell::Number(1e21)),
            (FLOAT, "NaN", Cell::Text("NaN")),
            (FLOAT, "-inf", Cell::Text("-inf")),
            (Kind::Flag, "false", Cell::Flag(false)),
            (Kind::Text, "=1+1", Cell::Text("=1+1")),
            (Kind::Date, "1900-02-28", Cell::Text("1900-02-28")),
            (Kind::Date, "1900-03-01", Cell::Number(61.0)),
            (Kind::Date, "2024-01-31", Cell::Number(45_322.0)),
            (Kind::Date, "+10000-01-01", Cell::Text("+10000-01-01")),
            (Kind::Instant, "2024-01-31T18:00:00", Cell::Number(45_322.75)),
            (
                Kind::Instant,
                "2024-01-31T18:00:00.250+08:00",
                Cell::Number(45_322.75 + 0.25 / 86_400.0),
            ),
            (Kind::Instant, "2024-01-31T12:00:00Z", Cell::Number(45_322.5)),
        ];
        for (kind, text, expected) in cases {
            assert_eq!(kind.read(text), expected, "{text}");
        }
    }

    #[test]
    fn patterns_follow_type_and_unit() {
        let cases = [
            (DataType::Int64, Unit::Count, "#,##0"),
            (DataType::Decimal128(18, 1), Unit::Count, "#,##0.0"),
            (DataType::Decimal128(18, 2), Unit::Money, "#,##0.00"),
            (DataType::Decimal128(18, 4), Unit::Money, "#,##0.0000"),
            (DataType::Decimal128(18, 0), Unit::Money, "#,##0"),
            (DataType::Int32, Unit::Money, "#,##0.00"),
            (DataType::Float64, Unit::Ratio, "0.00%"),
            (DataType::Float64, Unit::Money, "#,##0.00"),
            (DataType::Date32, Unit::Date, "yyyy-mm-dd"),
            (DataType::Float64, Unit::Number, "#,##0.00"),
            (DataType::Int64, Unit::Number, "#,##0"),
            (DataType::Int64, Unit::Text, "General"),
        ];
        for (data_type, unit, pattern) in cases {
            assert_eq!(Kind::of(&data_type, unit).pattern(), pattern, "{data_type} {unit:?}");
        }
    }
}
