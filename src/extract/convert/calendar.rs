//! Days and times written the ISO way, or as bare digits, parsed by hand: they are what
//! most files hold, and chrono's general parser would cost more than all else together.

/// Microseconds of a day.
pub const DAY: i64 = 86_400_000_000;

/// A point in time as written: the wall clock, and the offset if one follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Microseconds of wall clock since 1970-01-01.
    pub local: i64,
    /// Seconds east of UTC.
    pub offset: Option<i32>,
}

impl Moment {
    /// Midnight of a day.
    pub fn midnight(day: i32) -> Self {
        Self { local: i64::from(day) * DAY, offset: None }
    }
}

/// The digits as a number, if they are nothing else.
#[inline]
fn digits(text: &[u8]) -> Option<u32> {
    let mut number = 0;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u32::from(digit);
    }
    Some(number)
}

/// The days from 1970-01-01 to a day of the Gregorian calendar, if there is one.
#[inline]
pub fn day(year: u32, month: u32, day: u32) -> Option<i32> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let length = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return None,
    };
    if day == 0 || day > length || year == 0 {
        return None;
    }
    // Years that begin in March put the leap day last (Hinnant's days_from_civil).
    let year = year - u32::from(month <= 2);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = year * 365 + year / 4 - year / 100 + year / 400 + of_year;
    Some(days as i32 - 719_468)
}

/// `2024-01-05`.
#[inline]
pub fn iso_day(text: &[u8]) -> Option<i32> {
    if text.len() != 10 || text[4] != b'-' || text[7] != b'-' {
        return None;
    }
    day(digits(&text[..4])?, digits(&text[5..7])?, digits(&text[8..])?)
}

/// `20240105`.
#[inline]
pub fn bare_day(text: &[u8]) -> Option<i32> {
    if text.len() != 8 {
        return None;
    }
    day(digits(&text[..4])?, digits(&text[4..6])?, digits(&text[6..])?)
}

/// `202401`: the first of the month.
#[inline]
pub fn bare_month(text: &[u8]) -> Option<i32> {
    if text.len() != 6 {
        return None;
    }
    day(digits(&text[..4])?, digits(&text[4..])?, 1)
}

/// An ISO day, alone or with a time behind `T` or a space, seconds and offset optional.
#[inline]
pub fn iso(text: &[u8]) -> Option<Moment> {
    let start = iso_day(text.get(..10)?)?;
    let Some((mark, time)) = text[10..].split_first() else {
        return Some(Moment::midnight(start));
    };
    if !matches!(mark, b'T' | b't' | b' ') {
        return None;
    }
    let (micros, rest) = clock(time)?;
    Some(Moment { local: i64::from(start) * DAY + micros, offset: offset(rest)? })
}

/// `13:05`, `13:05:09` or `13:05:09.123456`, and what follows it.
fn clock(text: &[u8]) -> Option<(i64, &[u8])> {
    if text.len() < 5 || text[2] != b':' {
        return None;
    }
    let (hour, minute) = (digits(&text[..2])?, digits(&text[3..5])?);
    let (second, rest) = match text.get(5) {
        Some(b':') => (digits(text.get(6..8)?)?, &text[8..]),
        _ => (0, &text[5..]),
    };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let whole = i64::from(hour * 3600 + minute * 60 + second) * 1_000_000;
    match rest.first() {
        Some(b'.' | b',') => {
            let (micros, rest) = fraction(&rest[1..])?;
            Some((whole + micros, rest))
        }
        _ => Some((whole, rest)),
    }
}

/// The digits of a second's fraction; those beyond microseconds are cut.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 {
        return None;
    }
    let kept = length.min(6);
    let micros = i64::from(digits(&text[..kept])?) * 10_i64.pow(6 - kept as u32);
    Some((micros, &text[length..]))
}

/// Nothing, `Z`, `+08:00`, `+0800` or `+08`, a space before it allowed.
fn offset(text: &[u8]) -> Option<Option<i32>> {
    let text = text.strip_prefix(b" ").unwrap_or(text);
    let (sign, hours, minutes) = match text {
        [] => return Some(None),
        [b'Z' | b'z'] => return Some(Some(0)),
        [sign, hours @ ..] if hours.len() == 2 => (sign, hours, &b"00"[..]),
        [sign, rest @ ..] if rest.len() == 4 => (sign, &rest[..2], &rest[2..]),
        [sign, rest @ ..] if rest.len() == 5 && rest[2] == b':' => (sign, &rest[..2], &rest[3..]),
        _ => return None,
    };
    let (hours, minutes) = (digits(hours)?, digits(minutes)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = (hours * 3600 + minutes * 60) as i32;
    match sign {
        b'+' => Some(Some(seconds)),
        b'-' => Some(Some(-seconds)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use chrono::{Days, NaiveDate};

    use super::*;

    #[test]
    fn days_agree_with_chrono() {
        let mut at = NaiveDate::from_ymd_opt(1583, 1, 1).unwrap();
        let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
        while at.to_string().as_str() < "2420" {
            let days = (at - epoch).num_days() as i32;
            assert_eq!(iso_day(at.to_string().as_bytes()), Some(days), "{at}");
            at = at + Days::new(11);
        }
        assert_eq!(iso_day(b"0001-01-01"), Some(-719_162));
    }

    #[test]
    fn days_that_are_none() {
        let wrong = ["2024-13-01", "2023-02-29", "1900-02-29", "2024-00-10", "2024-01-00"];
        let odd = ["2024/01/05", "24-01-05", "2024-1-5", "", "2024-01-0x", "0000-01-01"];
        for text in wrong.iter().chain(&odd) {
            assert_eq!(iso_day(text.as_bytes()), None, "{text}");
        }
        assert_eq!(bare_month(b"202401"), iso_day(b"2024-01-01"));
        assert_eq!(bare_day(b"20240229"), iso_day(b"2024-02-29"));
        assert_eq!(bare_month(b"202413"), None);
    }

    fn micros(text: &str) -> Option<(i64, Option<i32>)> {
        let start = i64::from(iso_day(b"2024-01-05")?) * DAY;
        iso(text.as_bytes()).map(|moment| (moment.local - start, moment.offset))
    }

    #[test]
    fn times() {
        assert_eq!(micros("2024-01-05"), Some((0, None)));
        assert_eq!(micros("2024-01-05 00:01"), Some((60_000_000, None)));
        assert_eq!(micros("2024-01-05T00:00:01.5"), Some((1_500_000, None)));
        assert_eq!(micros("2024-01-05 00:00:00.1234569"), Some((123_456, None)));
        assert_eq!(micros("2024-01-05T01:00:00Z"), Some((3_600_000_000, Some(0))));
        assert_eq!(micros("2024-01-05 00:00:00 +0800"), Some((0, Some(28_800))));
        assert_eq!(micros("2024-01-05T00:00-05:30"), Some((0, Some(-19_800))));
        assert_eq!(micros("2024-01-05T00:00:00+02"), Some((0, Some(7200))));
    }

    #[test]
    fn times_that_are_none() {
        for text in
            ["24:00", "10:60", "10", "10:00:", "10:00:00.", "10:00x", "10:00:00+8", "10:00:61"]
        {
            assert_eq!(micros(&format!("2024-01-05 {text}")), None, "{text}");
        }
        assert_eq!(micros("2024-01-05T"), None);
        assert_eq!(micros("2024-01-05x10:00"), None);
    }
}
