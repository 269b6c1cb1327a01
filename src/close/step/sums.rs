//! The month's counts and sums by dimension and segment: sql/core/movement.sql, customer by customer.

use super::customers::Cents;
use super::gathered::Brief;
use super::rules::{ChurnKind, Rules, Status};
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

/// The sums of a month.
#[derive(Debug)]
pub struct Movement {
    /// Over all customers.
    pub total: Sums,
    /// By dimension, and by the segment's word.
    pub by_dimension: Vec<Vec<Sums>>,
}

impl Movement {
    /// Nothing yet, for so many dimensions.
    pub fn new(dimensions: usize) -> Self {
        Self { total: Sums::default(), by_dimension: vec![Vec::new(); dimensions] }
    }

    /// Adds a row of customer_month: what looks back under the dimensions before, the rest under those now.
    pub fn add(&mut self, turn: &Turn, state: &Brief, before: Option<Before<'_>>, now: &[Word]) {
        let in_base = state.in_base;
        if let Some(before) = &before {
            self.total.look_back(turn, in_base, before, false);
        }
        self.total.look_at_now(turn, in_base, false);
        for (place, sums) in self.by_dimension.iter_mut().enumerate() {
            let segment = now[place];
            let mut moved = false;
            if let Some(before) = &before {
                let segment_before = before.dimensions[place];
                moved = segment_before != segment;
                sums_of(sums, segment_before).look_back(turn, in_base, before, moved);
            }
            sums_of(sums, segment).look_at_now(turn, in_base, moved);
        }
    }
}

fn sums_of(sums: &mut Vec<Sums>, segment: Word) -> &mut Sums {
    if sums.len() <= segment as usize {
        sums.resize(segment as usize + 1, Sums::default());
    }
    &mut sums[segment as usize]
}

/// What was lost with a customer that was in the base, at the values of the month before.
pub fn before<'a>(rules: &Rules, state: &Brief, dimensions: &'a [Word], tier: Word) -> Before<'a> {
    let annual_revenue = state.annual_revenue;
    Before { dimensions, annual_revenue, annual_profit: rules.profit(annual_revenue, tier) }
}
