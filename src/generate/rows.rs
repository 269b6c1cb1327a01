//! What one customer leaves behind in one month, before any writer gives it a format: bill lines,
//! channel events, hotline calls. Months are counted from the first one written, which is 0;
//! `Calendar` turns them into years and months. Money is whole cents.

use super::words::{
    Category, Channel, Charge, EventKind, Outlet, Product, Reason, Region, Segment, Topic,
};

/// A bill line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bill {
    pub day: u32,
    pub product: Product,
    pub charge: Charge,
    pub cents: i64,
    pub waived: bool,
}

/// A day and a second of that day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moment {
    pub day: u32,
    pub second: u32,
}

impl Moment {
    /// Hour, minute and second.
    pub(super) fn clock(self) -> (u32, u32, u32) {
        (self.second / 3600, self.second / 60 % 60, self.second % 60)
    }
}

/// A channel event. `month` may lie before 0: base customers were activated long ago.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Event {
    pub serial: u32,
    pub month: i32,
    pub at: Moment,
    pub kind: EventKind,
    pub outlet: Option<Outlet>,
    pub region: Option<Region>,
    pub product: Option<Product>,
    pub segment: Option<Segment>,
    pub group: Option<u64>,
    pub reason: Option<Reason>,
    /// The number of the customer who recommended this one.
    pub referred_by: Option<u64>,
}

impl Event {
    /// An event that says nothing but that it happened.
    pub(super) fn bare(serial: u32, month: i32, at: Moment, kind: EventKind) -> Self {
        Self {
            serial,
            month,
            at,
            kind,
            outlet: None,
            region: None,
            product: None,
            segment: None,
            group: None,
            reason: None,
            referred_by: None,
        }
    }

    /// The kind of the outlet, where one is named.
    pub(super) fn channel(&self) -> Option<Channel> {
        self.outlet.map(|outlet| outlet.channel)
    }
}

/// A hotline call.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    pub serial: u32,
    pub at: Moment,
    pub category: Category,
    pub topic: Topic,
    pub wait_seconds: u32,
    pub talk_seconds: u32,
    pub resolved: bool,
    pub satisfaction: Option<u32>,
    pub recommend_score: Option<u32>,
}

/// A customer's month.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub month: i32,
    pub bills: Vec<Bill>,
    pub events: Vec<Event>,
    pub calls: Vec<Call>,
}

impl Rows {
    /// Empties it for the next month, keeping its memory.
    pub(super) fn reset(&mut self, month: i32) {
        self.month = month;
        self.bills.clear();
        self.events.clear();
        self.calls.clear();
    }
}

/// Counts months from a first one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calendar {
    first: i32,
}

impl Calendar {
    /// Month 0 is this one; `month` runs from 1 to 12.
    pub(super) fn from(year: i32, month: u32) -> Self {
        Self { first: year * 12 + month as i32 - 1 }
    }

    /// Year and month (1 to 12) of a month counted from the first.
    pub(super) fn date(self, month: i32) -> (i32, i32) {
        let count = self.first + month;
        (count.div_euclid(12), count.rem_euclid(12) + 1)
    }

    /// As file names have it: `202401`.
    pub(super) fn stamp(self, month: i32) -> String {
        let (year, month) = self.date(month);
        format!("{year:04}{month:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_count_on_over_the_turn_of_the_year_and_back() {
        let calendar = Calendar::from(2023, 11);
        assert_eq!(calendar.stamp(0), "202311");
        assert_eq!(calendar.stamp(2), "202401");
        assert_eq!(calendar.date(-11), (2022, 12));
    }

    #[test]
    fn a_second_of_the_day_is_a_time() {
        let moment = Moment { day: 1, second: 14 * 3600 + 22 * 60 + 5 };
        assert_eq!(moment.clock(), (14, 22, 5));
    }
}
