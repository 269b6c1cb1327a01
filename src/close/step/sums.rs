//! The month's counts and sums by dimension and segment: sql/core/movement.sql, customer by customer.

use super::customers::{Cents, State};
use super::output::Sources;
use super::rules::{ChurnKind, Rules, Status};
use super::segments::{BySegment, Row, Tally};
use super::turn::Turn;
use super::words::Word;

/// The counts, and the sums in hundredths of the currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    pub opening: i64,
    pub churned: i64,
    pub voluntary_churned: i64,
    pub moved_out: i64,
    pub moved_in: i64,
    pub new: i64,
    pub returned: i64,
    pub carried: i64,
    pub joined_and_left: i64,
    pub closing: i64,
    pub charged_customers: i64,
    pub revenue: i128,
    pub lost_annual_revenue: i128,
    pub lost_annual_profit: i128,
    pub avoidable_lost_customers: i64,
    pub avoidable_lost_annual_revenue: i128,
    pub avoidable_lost_annual_profit: i128,
}

/// What a customer was at the end of the month before.
#[derive(Clone, Copy, Debug)]
pub struct Before<'a> {
    /// Its dimensions.
    pub dimensions: &'a [Word],
    /// Its annual revenue.
    pub annual_revenue: Cents,
    /// Its annual profit.
    pub annual_profit: Cents,
}

impl Sums {
    fn look_back(&mut self, turn: &Turn, in_base: bool, before: &Before<'_>, moved: bool) {
        self.opening += 1;
        self.moved_out += i64::from(in_base && moved);
        let Some(kind) = turn.kind else { return };
        self.churned += 1;
        self.lost_annual_revenue += i128::from(before.annual_revenue);
        self.lost_annual_profit += i128::from(before.annual_profit);
        self.voluntary_churned += i64::from(matches!(kind, ChurnKind::Switched | ChurnKind::Left));
        if !matches!(kind, ChurnKind::Passive | ChurnKind::Unavoidable) {
            self.avoidable_lost_customers += 1;
            self.avoidable_lost_annual_revenue += i128::from(before.annual_revenue);
            self.avoidable_lost_annual_profit += i128::from(before.annual_profit);
        }
    }

    fn look_at_now(&mut self, turn: &Turn, in_base: bool, moved: bool) {
        self.moved_in += i64::from(in_base && turn.was_in_base && moved);
        self.closing += i64::from(in_base);
        self.charged_customers += i64::from(turn.charged);
        self.revenue += i128::from(turn.revenue);
        match turn.status {
            Some(Status::New) => self.new += 1,
            Some(Status::Returned) => self.returned += 1,
            Some(Status::Carried) => self.carried += 1,
            Some(Status::JoinedAndLeft) => self.joined_and_left += 1,
            _ => {}
        }
    }
}

impl Tally for Sums {
    fn merge(&mut self, other: &Self) {
        self.opening += other.opening;
        self.churned += other.churned;
        self.voluntary_churned += other.voluntary_churned;
        self.moved_out += other.moved_out;
        self.moved_in += other.moved_in;
        self.new += other.new;
        self.returned += other.returned;
        self.carried += other.carried;
        self.joined_and_left += other.joined_and_left;
        self.closing += other.closing;
        self.charged_customers += other.charged_customers;
        self.revenue += other.revenue;
        self.lost_annual_revenue += other.lost_annual_revenue;
        self.lost_annual_profit += other.lost_annual_profit;
        self.avoidable_lost_customers += other.avoidable_lost_customers;
        self.avoidable_lost_annual_revenue += other.avoidable_lost_annual_revenue;
        self.avoidable_lost_annual_profit += other.avoidable_lost_annual_profit;
    }
}

/// The sums of a month.
#[derive(Debug)]
pub struct Movement(BySegment<Sums>);

impl Movement {
    /// Nothing yet, for so many dimensions.
    pub fn new(dimensions: usize) -> Self {
        Self(BySegment::new(dimensions))
    }

    /// Adds a row of customer_month: what looks back under the dimensions before, the rest under those now.
    pub fn add(&mut self, turn: &Turn, state: &State, before: Option<Before<'_>>, now: &[Word]) {
        let in_base = state.in_base;
        for (place, segment) in now.iter().enumerate() {
            let mut moved = false;
            if let Some(before) = &before {
                let segment_before = before.dimensions[place];
                moved = segment_before != *segment;
                self.0.of(place, segment_before).look_back(turn, in_base, before, moved);
            }
            self.0.of(place, *segment).look_at_now(turn, in_base, moved);
        }
    }

    /// Adds what was summed of other customers.
    pub fn merge(&mut self, other: Self) {
        self.0.merge(other.0);
    }

    /// The total and the segments that have something, in the order of their names. All in all nobody moves.
    pub fn rows(self, from: &Sources) -> Vec<Row<'_, Sums>> {
        let mut rows = self.0.rows(from);
        let total = rows.iter_mut().filter(|(dimension, ..)| *dimension == "total");
        total.for_each(|(.., sums)| (sums.moved_out, sums.moved_in) = (0, 0));
        rows
    }
}

/// What was lost with a customer that was in the base, at the values of the month before.
pub fn before<'a>(rules: &Rules, state: &State, dimensions: &'a [Word], tier: Word) -> Before<'a> {
    let annual_revenue = state.annual_revenue;
    Before { dimensions, annual_revenue, annual_profit: rules.profit(annual_revenue, tier) }
}
