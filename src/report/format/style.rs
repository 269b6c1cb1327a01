//! How a number is shown to people, by what it measures and its type: percent as percent, thousands separated,
//! money with its decimals. A spreadsheet takes the pattern, a terminal the text.

use arrow::datatypes::DataType;

use super::document::Unit;

/// How a number is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Style {
    Whole,
    Tenths,
    Hundredths,
    TenThousandths,
    Percent,
}

impl Style {
    /// The style of a number of this type that measures this.
    pub fn of(data_type: &DataType, unit: Unit) -> Self {
        let decimals = match data_type {
            DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) => *scale,
            DataType::Decimal128(_, scale) | DataType::Decimal256(_, scale) => *scale,
            whole if whole.is_integer() => 0,
            _ => 2,
        };
        match (unit, decimals) {
            (Unit::Ratio, _) => Self::Percent,
            (Unit::Money, ..=0) if data_type.is_decimal() => Self::Whole,
            (Unit::Money, ..=2) => Self::Hundredths,
            (Unit::Money, _) => Self::TenThousandths,
            (Unit::Number, 1..) => Self::Hundredths,
            (_, ..=0) => Self::Whole,
            // Half a customer: averages of counts.
            _ => Self::Tenths,
        }
    }

    /// Excel's number format.
    pub fn pattern(self) -> &'static str {
        match self {
            Self::Whole => "#,##0",
            Self::Tenths => "#,##0.0",
            Self::Hundredths => "#,##0.00",
            Self::TenThousandths => "#,##0.0000",
            Self::Percent => "0.00%",
        }
    }

    /// The number as a terminal shows it: rounded to two decimals at most, its thousands separated.
    /// What is no number, or has more digits than a float keeps, stays as it is.
    pub fn show(self, text: &str) -> String {
        const EXACT_DIGITS: usize = 13;
        let digits = text.split('.').next().unwrap_or_default().len();
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        match (self, number) {
            (_, None) => text.to_owned(),
            (Self::Percent, Some(number)) => {
                format!("{}%", grouped(&format!("{:.2}", 100.0 * number)))
            }
            (Self::Whole, Some(_)) => grouped(text),
            (Self::Tenths, Some(number)) => grouped(&format!("{number:.1}")),
            (_, Some(number)) if digits <= EXACT_DIGITS || text.contains('e') => {
                grouped(&format!("{number:.2}"))
            }
            (_, Some(_)) => grouped(text),
        }
    }
}

/// A number's text with a comma between every three digits before the point.
pub(in crate::report) fn grouped(text: &str) -> String {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut shown = String::from(sign);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_see_separators_and_percent() {
        let cases = [
            (Style::Whole, "1234567", "1,234,567"),
            (Style::Whole, "-1234", "-1,234"),
            (Style::Whole, "123", "123"),
            (Style::Tenths, "1021.5", "1,021.5"),
            (Style::Hundredths, "1234.5", "1,234.50"),
            (Style::TenThousandths, "111.9333", "111.93"),
            (Style::TenThousandths, "123456789012345678.1234", "123,456,789,012,345,678.1234"),
            (Style::Percent, "0.019550342130987292", "1.96%"),
            (Style::Percent, "-12.5", "-1,250.00%"),
            (Style::Hundredths, "NaN", "NaN"),
        ];
        for (style, text, shown) in cases {
            assert_eq!(style.show(text), shown, "{style:?} {text}");
        }
    }
}
