//! Dates and timestamps by the patterns that a source names, or the ISO way. Refuses
//! days before a source's beginnings or far in the future, which are mistakes more
//! often than facts.

use std::collections::HashMap;

use chrono::format::{Item, Parsed, StrftimeItems, parse};
use chrono::{DateTime, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;

use super::calendar::{self, DAY, Moment};
use super::reason;

/// Days further ahead of today are rejected.
const AHEAD: i32 = 400;

/// The most texts whose dates are remembered.
const REMEMBERED: usize = 4096;

/// The days that are accepted.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    earliest: i32,
    latest: i32,
}

impl Window {
    /// From `earliest` to 400 days after `today`.
    pub fn new(earliest: NaiveDate, today: NaiveDate) -> Self {
        Self {
            earliest: earliest.to_epoch_days(),
            latest: today.to_epoch_days().saturating_add(AHEAD),
        }
    }

    #[inline]
    fn check(self, day: i32, text: &str) -> Result<i32, String> {
        if day < self.earliest {
            return Err(self.early(text));
        }
        if day > self.latest {
            return Err(reason("more than 400 days ahead", text));
        }
        Ok(day)
    }

    #[cold]
    fn early(self, text: &str) -> String {
        let day = NaiveDate::from_epoch_days(self.earliest).unwrap_or_default();
        reason(&format!("before {day}"), text)
    }
}

enum Pattern {
    Iso,
    Month,
    Day,
    General(Vec<Item<'static>>),
}

impl Pattern {
    fn new(text: &str) -> Option<Self> {
        Some(match text {
            "%Y-%m-%d" => Self::Iso,
            "%Y%m" => Self::Month,
            "%Y%m%d" => Self::Day,
            _ => Self::General(StrftimeItems::new(text).parse_to_owned().ok()?),
        })
    }

    #[inline]
    fn read(&self, text: &str) -> Option<Moment> {
        match self {
            Self::Iso => calendar::iso(text.as_bytes()),
            Self::Month => calendar::bare_month(text.as_bytes()).map(Moment::midnight),
            Self::Day => calendar::bare_day(text.as_bytes()).map(Moment::midnight),
            Self::General(items) => general(text, items),
        }
    }
}

fn general(text: &str, items: &[Item<'static>]) -> Option<Moment> {
    let mut parsed = Parsed::new();
    parse(&mut parsed, text, items.iter()).ok()?;
    let offset = parsed.offset();
    if let Some(seconds) = parsed.timestamp() {
        let micros = i64::from(parsed.nanosecond().unwrap_or(0)) / 1000;
        let local = (seconds + i64::from(offset.unwrap_or(0))).checked_mul(1_000_000)? + micros;
        let offset = offset.or(Some(0));
        return Some(Moment { local, offset });
    }
    let time = time(&mut parsed)?;
    let date = date(&mut parsed)?;
    Some(Moment { local: date.and_time(time).and_utc().timestamp_micros(), offset })
}

/// The date; the first of the month where the pattern has no day.
fn date(parsed: &mut Parsed) -> Option<NaiveDate> {
    if let Ok(date) = parsed.to_naive_date() {
        return Some(date);
    }
    let other = parsed.ordinal().is_some() || parsed.isoweek().is_some();
    if parsed.day().is_some() || other || parsed.month().is_none() {
        return None;
    }
    parsed.set_day(1).ok()?;
    parsed.to_naive_date().ok()
}

/// The time; midnight where the pattern has none, the full hour where it has no minutes.
fn time(parsed: &mut Parsed) -> Option<NaiveTime> {
    if parsed.hour_mod_12().is_none() {
        return Some(NaiveTime::MIN);
    }
    if parsed.minute().is_none() {
        parsed.set_minute(0).ok()?;
    }
    parsed.to_naive_time().ok()
}

/// How one column's dates or timestamps are written.
pub struct Moments {
    patterns: Vec<Pattern>,
    zone: Option<Tz>,
    window: Window,
    /// Days of texts that chrono has parsed: files hold few distinct ones.
    memo: HashMap<String, i32>,
    what: &'static str,
}

impl Moments {
    /// Patterns are tried in order; none at all is ISO, which `typed` sources fall back
    /// on as well, since their own dates come as ISO text.
    ///
    /// # Errors
    /// The pattern that is none.
    pub fn new(
        patterns: &[String],
        typed: bool,
        zone: Option<Tz>,
        window: Window,
        what: &'static str,
    ) -> Result<Self, String> {
        let read = |text: &String| Pattern::new(text).ok_or_else(|| text.clone());
        let mut patterns = patterns.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        if patterns.is_empty() || typed {
            patterns.push(Pattern::Iso);
        }
        Ok(Self { patterns, zone, window, memo: HashMap::new(), what })
    }

    /// A date as days since 1970-01-01.
    ///
    /// # Errors
    /// The reason, ending with the text.
    #[inline]
    pub fn day(&mut self, text: &str) -> Result<i32, String> {
        let day = match self.patterns.first() {
            Some(Pattern::Iso) => calendar::iso_day(text.as_bytes()),
            Some(Pattern::Month) => calendar::bare_month(text.as_bytes()),
            _ => None,
        };
        match day {
            Some(day) => self.window.check(day, text),
            None => self.remembered(text),
        }
    }

    fn remembered(&mut self, text: &str) -> Result<i32, String> {
        if let Some(day) = self.memo.get(text) {
            return Ok(*day);
        }
        let day = self.micros(text)?.div_euclid(DAY) as i32;
        if self.memo.len() == REMEMBERED {
            self.memo.clear();
        }
        self.memo.insert(text.to_owned(), day);
        Ok(day)
    }

    /// A timestamp as microseconds of wall clock since 1970-01-01.
    ///
    /// # Errors
    /// The reason, ending with the text.
    #[inline]
    pub fn micros(&self, text: &str) -> Result<i64, String> {
        let moment = self.patterns.iter().find_map(|pattern| pattern.read(text));
        let local = moment
            .and_then(|moment| self.in_zone(moment))
            .ok_or_else(|| reason(self.what, text))?;
        self.window.check(local.div_euclid(DAY) as i32, text)?;
        Ok(local)
    }

    /// The wall clock: as written, or in the column's zone where an offset is known.
    fn in_zone(&self, moment: Moment) -> Option<i64> {
        let (Some(zone), Some(offset)) = (self.zone, moment.offset) else {
            return Some(moment.local);
        };
        let instant = DateTime::from_timestamp_micros(moment.local)?.naive_utc();
        let instant = instant.checked_sub_signed(TimeDelta::seconds(offset.into()))?;
        let there = zone.offset_from_utc_datetime(&instant).fix();
        let local = instant.checked_add_offset(there)?;
        Some(local.and_utc().timestamp_micros())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(patterns: &[&str], zone: Option<Tz>) -> Moments {
        let patterns: Vec<String> = patterns.iter().map(|text| (*text).to_owned()).collect();
        let day = |text: &str| text.parse().unwrap();
        let window = Window::new(day("1990-01-01"), day("2024-06-01"));
        Moments::new(&patterns, false, zone, window, "not a date").unwrap()
    }

    fn shown(moments: &Moments, text: &str) -> String {
        let micros = moments.micros(text).unwrap();
        let moment = DateTime::from_timestamp_micros(micros).unwrap();
        moment.naive_utc().to_string()
    }

    fn day(moments: &mut Moments, text: &str) -> String {
        let day = moments.day(text).unwrap();
        NaiveDate::from_epoch_days(day).unwrap().to_string()
    }

    #[test]
    fn days_by_patterns() {
        assert_eq!(day(&mut moments(&[], None), "2024-01-05"), "2024-01-05");
        assert_eq!(day(&mut moments(&[], None), "2024-01-05T23:59:59Z"), "2024-01-05");
        assert_eq!(day(&mut moments(&["%Y%m"], None), "202402"), "2024-02-01");
        assert_eq!(day(&mut moments(&["%m/%Y"], None), "02/2024"), "2024-02-01");
        let mut several = moments(&["%Y年%m月%d日", "%d.%m.%y"], None);
        assert_eq!(day(&mut several, "2024年3月7日"), "2024-03-07");
        assert_eq!(day(&mut several, "07.03.24"), "2024-03-07");
        assert_eq!(day(&mut several, "07.03.24"), "2024-03-07");
        assert!(several.day("2024-03-07").is_err());
        assert!(several.day("31.02.24").is_err());
    }

    #[test]
    fn days_outside_the_window() {
        let mut iso = moments(&[], None);
        let reason = |text: &str, iso: &mut Moments| iso.day(text).unwrap_err();
        assert_eq!(reason("2024-13-45", &mut iso), "not a date: 2024-13-45");
        assert_eq!(reason("1989-12-31", &mut iso), "before 1990-01-01: 1989-12-31");
        assert_eq!(day(&mut iso, "2025-07-06"), "2025-07-06");
        assert_eq!(reason("2025-07-07", &mut iso), "more than 400 days ahead: 2025-07-07");
    }

    #[test]
    fn timestamps_by_patterns() {
        let iso = moments(&[], None);
        assert_eq!(shown(&iso, "2024-01-05"), "2024-01-05 00:00:00");
        assert_eq!(shown(&iso, "2024-01-05T10:00:00+08:00"), "2024-01-05 10:00:00");
        let bare = moments(&["%Y%m%d%H%M%S", "%d/%m/%Y %I:%M %p", "%s"], None);
        assert_eq!(shown(&bare, "20240105101112"), "2024-01-05 10:11:12");
        assert_eq!(shown(&bare, "05/01/2024 01:30 pm"), "2024-01-05 13:30:00");
        assert_eq!(shown(&bare, "1704067200"), "2024-01-01 00:00:00");
        let hours = moments(&["%d.%m.%Y %H"], None);
        assert_eq!(shown(&hours, "05.01.2024 13"), "2024-01-05 13:00:00");
    }

    #[test]
    fn offsets_are_converted_where_a_zone_is_named() {
        let zone = Some(Tz::Europe__Berlin);
        let iso = moments(&[], zone);
        assert_eq!(shown(&iso, "2024-01-05T23:30:00Z"), "2024-01-06 00:30:00");
        assert_eq!(shown(&iso, "2024-07-05T00:00:00+08:00"), "2024-07-04 18:00:00");
        assert_eq!(shown(&iso, "2024-01-05T23:30:00"), "2024-01-05 23:30:00");
        assert_eq!(day(&mut moments(&[], zone), "2024-01-05T23:30:00Z"), "2024-01-06");
        let named = moments(&["%d.%m.%Y %H:%M %z"], zone);
        assert_eq!(shown(&named, "05.01.2024 12:00 -0500"), "2024-01-05 18:00:00");
    }

    #[test]
    fn a_pattern_that_is_none() {
        let window = moments(&[], None).window;
        let wrong = Moments::new(&["%Q".to_owned()], false, None, window, "not a date");
        assert_eq!(wrong.err(), Some("%Q".to_owned()));
    }
}
