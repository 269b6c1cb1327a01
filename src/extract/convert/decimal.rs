//! Money as exact integers: no amount goes through a float. Refuses what has more than
//! two significant decimals (unless it is to be rounded), exponents, and digits grouped
//! in a way that could mean something else.

use super::{Known, reason};
use crate::short::Short;

/// The first amount, in hundredths, that decimal(18,2) does not hold.
const LIMIT: u64 = 1_000_000_000_000_000_000;

/// How amounts are written.
#[derive(Debug, Clone, Copy)]
pub struct Amounts {
    /// What stands before the decimals.
    pub point: u8,
    /// What stands between groups of digits.
    pub thousands: Option<char>,
    /// Whether a minus may follow the digits.
    pub trailing_minus: bool,
    /// Whether further decimals are rounded, half away from zero.
    pub round: bool,
}

impl Default for Amounts {
    fn default() -> Self {
        Self { point: b'.', thousands: None, trailing_minus: false, round: false }
    }
}

/// Amounts that are plainly one, unless some may be words for null.
pub struct Plain<'a> {
    /// How they are written.
    pub amounts: &'a Amounts,
    /// Words for null.
    pub nulls: &'a [String],
}

impl Known<i64> for Plain<'_> {
    #[inline]
    fn get(&self, text: Short) -> Option<Option<i64>> {
        let cents = self.amounts.plain(text).filter(|_| self.nulls.is_empty());
        cents.map(|cents| Some(cents.into()))
    }
}

enum Problem {
    Unreadable,
    Decimals,
    Range,
}

impl Amounts {
    /// An amount in hundredths.
    ///
    /// # Errors
    /// The reason, ending with the text.
    pub fn cents(&self, text: &str) -> Result<i64, String> {
        self.read(text).map_err(|problem| match problem {
            Problem::Unreadable => reason("not an amount", text),
            Problem::Decimals => reason("more than 2 decimals", text),
            Problem::Range => reason("out of the range of amounts", text),
        })
    }

    /// One to five digits and two decimals, as most amounts are written, without a branch for each byte.
    #[inline]
    fn plain(&self, text: Short) -> Option<u32> {
        let length = text.length();
        if !(4..=8).contains(&length) {
            return None;
        }
        // The last byte highest, so that the point is the sixth.
        let bytes = text.head() << (8 * (8 - length));
        let [.., point, _, _] = bytes.to_le_bytes();
        // The digits close ranks over the point; '0' is taken off, and stands before the first.
        let digits = bytes & 0xFFFF_0000_0000_0000 | (bytes & 0x00FF_FFFF_FFFF) << 8;
        let digits = digits ^ (0x3030_3030_3030_3030 << (8 * (9 - length)));
        (point == self.point && are_digits(digits)).then(|| joined(digits))
    }

    fn read(&self, text: &str) -> Result<i64, Problem> {
        let (negative, digits) = self.sign(text);
        let (whole, fraction) = match digits.bytes().position(|byte| byte == self.point) {
            Some(at) => (&digits[..at], &digits.as_bytes()[at + 1..]),
            None => (digits, &[][..]),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(Problem::Unreadable);
        }
        let whole = match self.thousands {
            Some(mark) if !whole.bytes().all(|byte| byte.is_ascii_digit()) => {
                ungroup(whole, mark).and_then(|digits| number(digits.as_bytes()))
            }
            _ => number(whole.as_bytes()),
        }?;
        let cents = self.fraction(fraction)?;
        let total = whole
            .checked_mul(100)
            .and_then(|total| total.checked_add(cents))
            .filter(|total| *total < LIMIT)
            .ok_or(Problem::Range)?;
        let total = total as i64;
        Ok(if negative { -total } else { total })
    }

    fn sign<'a>(&self, text: &'a str) -> (bool, &'a str) {
        if let Some(rest) = text.strip_prefix('-') {
            return (true, rest);
        }
        if let Some(rest) = text.strip_prefix('+') {
            return (false, rest);
        }
        match text.strip_suffix('-') {
            Some(rest) if self.trailing_minus => (true, rest.trim_end()),
            _ => (false, text),
        }
    }

    /// The hundredths that the decimals make; 100 where they round up to a whole.
    fn fraction(&self, digits: &[u8]) -> Result<u64, Problem> {
        let digit = |at: usize| digits.get(at).map_or(0, |byte| u64::from(byte.wrapping_sub(b'0')));
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(Problem::Unreadable);
        }
        let cents = digit(0) * 10 + digit(1);
        let further = digits.iter().skip(2).any(|byte| *byte != b'0');
        match further {
            false => Ok(cents),
            true if self.round => Ok(cents + u64::from(digit(2) >= 5)),
            true => Err(Problem::Decimals),
        }
    }
}

/// Whether each of eight bytes is at most nine.
#[inline]
fn are_digits(bytes: u64) -> bool {
    (bytes.wrapping_add(0x7676_7676_7676_7676) | bytes) & 0x8080_8080_8080_8080 == 0
}

/// The number of eight digits, the first one in the lowest byte: by pairs, fours and at once.
/// Source: Lemire, Number Parsing at a Gigabyte per Second (2021).
#[inline]
fn joined(digits: u64) -> u32 {
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00FF_00FF_00FF_00FF;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_FFFF_0000_FFFF;
    fours.wrapping_mul(10_000).wrapping_add(fours >> 32) as u32
}

fn number(digits: &[u8]) -> Result<u64, Problem> {
    let mut number: u64 = 0;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return Err(Problem::Unreadable);
        }
        // Saturating keeps a number that is too long out of range, whatever its digits.
        number = number.saturating_mul(10).saturating_add(u64::from(digit));
    }
    Ok(number)
}

/// Takes the marks out of grouped digits. The last group has three digits, those before
/// it two or three (lakhs), so that a decimal comma is not mistaken for a mark.
fn ungroup(text: &str, mark: char) -> Result<String, Problem> {
    // Space means any: files hold narrow and no-break spaces where people see plain ones.
    let is_mark = |c: char| c == mark || (mark.is_whitespace() && c.is_whitespace());
    let groups: Vec<&str> = text.split(is_mark).collect();
    let fits = |(at, group): (usize, &&str)| match at {
        0 => (1..=3).contains(&group.len()),
        at if at + 1 == groups.len() => group.len() == 3,
        _ => (2..=3).contains(&group.len()),
    };
    if groups.len() > 1 && groups.iter().enumerate().all(fits) {
        return Ok(groups.concat());
    }
    Err(Problem::Unreadable)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cents(text: &str) -> Option<i64> {
        Amounts::default().cents(text).ok()
    }

    #[test]
    fn exact_hundredths() {
        assert_eq!(cents("30.00"), Some(3000));
        assert_eq!(cents("-0.05"), Some(-5));
        assert_eq!(cents("+7"), Some(700));
        assert_eq!(cents(".5"), Some(50));
        assert_eq!(cents("5."), Some(500));
        assert_eq!(cents("1.500"), Some(150));
        assert_eq!(cents("0009999999999999999.99"), Some(999_999_999_999_999_999));
    }

    proptest! {
        /// What is read at once is what a loop over the bytes reads.
        #[test]
        fn plain_amounts_are_the_amounts(
            text in "[0-9]{0,6}[.,:/x][0-9]{0,3}|[0-9.+ -]{1,10}", comma: bool,
        ) {
            let point = if comma { b',' } else { b'.' };
            let amounts = Amounts { point, ..Amounts::default() };
            if let Some(cents) = amounts.plain(text.as_str().into()) {
                prop_assert_eq!(amounts.cents(&text), Ok(cents.into()));
            }
        }
    }

    #[test]
    fn amounts_of_four_to_eight_bytes_are_plain() {
        let plain = |text: &str| Amounts::default().plain(text.into());
        let known = [("0.05", 5), ("23.00", 2_300), ("999.99", 99_999), ("12345.67", 1_234_567)];
        for (text, cents) in known {
            assert_eq!(plain(text), Some(cents), "{text}");
        }
        for text in [".05", "123456.78", "-1.00", "1.5", "12.345", "1..00", "0x.00", ""] {
            assert_eq!(plain(text), None, "{text}");
        }
    }

    #[test]
    fn an_amount_may_be_a_word_for_null() {
        let amounts = Amounts::default();
        let known = |nulls: &[String]| Plain { amounts: &amounts, nulls }.get("0.00".into());
        assert_eq!(known(&[]), Some(Some(0)));
        assert_eq!(known(&["0.00".to_owned()]), None);
    }

    #[test]
    fn what_is_no_amount() {
        for text in ["12,5x", "1e3", "(5)", "--1", "1-", "-", ".", "1.2.3", "$5", "1 000", "NaN"] {
            assert!(cents(text).is_none(), "{text}");
        }
        let reasons = |text| Amounts::default().cents(text).unwrap_err();
        assert_eq!(reasons("12,5x"), "not an amount: 12,5x");
        assert_eq!(reasons("1.005"), "more than 2 decimals: 1.005");
        let wide = "10000000000000000";
        assert_eq!(reasons(wide), format!("out of the range of amounts: {wide}"));
        assert!(reasons("99999999999999999999999").starts_with("out of"));
    }

    #[test]
    fn rounding_is_half_away_from_zero() {
        let amounts = Amounts { round: true, ..Amounts::default() };
        let round = |text| amounts.cents(text).unwrap();
        assert_eq!(round("1.005"), 101);
        assert_eq!(round("-1.005"), -101);
        assert_eq!(round("1.0049999"), 100);
        assert_eq!(round("1.999"), 200);
        assert!(amounts.cents("9999999999999999.999").is_err());
    }

    #[test]
    fn marks_and_commas() {
        let amounts =
            Amounts { point: b',', thousands: Some('.'), trailing_minus: true, round: false };
        assert_eq!(amounts.cents("1.234.567,8"), Ok(123_456_780));
        assert_eq!(amounts.cents("1234,50-"), Ok(-123_450));
        assert!(amounts.cents("12.5").is_err());
        assert!(amounts.cents("-5-").is_err());
        let amounts = Amounts { thousands: Some(' '), ..Amounts::default() };
        assert_eq!(amounts.cents("12\u{202f}345.67"), Ok(1_234_567));
        assert_eq!(amounts.cents("1 23 456"), Ok(12_345_600));
        assert!(amounts.cents("12 34").is_err());
    }
}
