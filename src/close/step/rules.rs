//! The policy as the step needs it: thresholds, and words as numbers; the words for what a month makes of a
//! customer.

use std::collections::HashSet;

use super::customers::{Cents, State};
use super::turn::Brought;
use super::words::{NULL, Word, Words};
use crate::config::Policy;

/// How a customer stands at the end of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// In the base in the first month, without an activation in it.
    Carried,
    /// In the base with its first charge.
    New,
    /// In the base, and not the month before.
    Returned,
    /// In the base, idle.
    AtRisk,
    /// In the base.
    Active,
    /// Not in the base any more.
    Churned,
    /// Came and went within the month.
    JoinedAndLeft,
    /// Gone since an earlier month.
    Lost,
}

/// How a churned customer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChurnKind {
    /// To another operator.
    Switched,
    /// By the operator's doing.
    Passive,
    /// For a reason that nobody could help.
    Unavoidable,
    /// By its own will.
    Left,
    /// Silent, though seen.
    LapsedUncharged,
    /// Silent.
    Lapsed,
}

/// The policy with its words as numbers, and the words that the close writes by itself.
#[derive(Debug)]
pub struct Rules {
    pub(super) at_risk_after: i32,
    pub(super) churned_after: i32,
    pub(super) relift_after: i32,
    /// Months after a termination from which an `activate` is somebody else's.
    pub recycled_after: Option<i32>,
    pub(super) new_for: i32,
    /// Months behind the annual value.
    pub value_window: i32,
    /// Months behind the monthly value.
    pub tier_window: i32,
    /// Each with the least value that it begins at, in order.
    tiers: Vec<(Word, Cents)>,
    /// Few, and looked for with every customer: a list is searched sooner than a map.
    margins: Vec<(Word, i128)>,
    pub(super) new_tier: Word,
    pub(super) passive: HashSet<Word>,
    pub(super) switching: HashSet<Word>,
    pub(super) unavoidable: HashSet<Word>,
    pub(super) bands: [(Word, i32); 5],
    statuses: [Word; 8],
    kinds: [Word; 6],
    pub(super) none: Word,
    /// The word for an attribute that nobody told.
    pub unknown: Word,
}

impl Rules {
    /// The rules of a policy.
    pub fn new(policy: &Policy, words: &mut Words) -> Self {
        let exact = |value: &crate::config::Exact| value.millionths().unwrap_or_default();
        let mut set = |texts: &[String]| texts.iter().map(|text| words.word(text)).collect();
        let passive = set(&policy.passive_reasons);
        let switching = set(&policy.switch_reasons);
        let unavoidable = set(&policy.unavoidable_reasons);
        let tiers = policy.tiers.iter();
        let tiers = tiers.map(|tier| (words.word(&tier.name), least_cents(exact(&tier.min))));
        let tiers = tiers.collect();
        let new_tier = words.word("new");
        let named = policy.tiers.iter().map(|tier| tier.name.as_str()).chain(["new"]);
        let margin = |name: &str| exact(policy.margin_by_tier.get(name).unwrap_or(&policy.margin));
        let margins = named.map(|name| (words.word(name), margin(name))).collect();
        let mut word = |text| words.word(text);
        Self {
            at_risk_after: policy.at_risk_after as i32,
            churned_after: policy.churned_after as i32,
            relift_after: policy.relift_after as i32,
            recycled_after: policy.recycled_after.map(|months| months as i32),
            new_for: policy.new_for as i32,
            value_window: policy.value_window as i32,
            tier_window: policy.tier_window as i32,
            tiers,
            margins,
            new_tier,
            passive,
            switching,
            unavoidable,
            bands: [("0-2", 3), ("3-5", 6), ("6-11", 12), ("12-23", 24), ("24+", i32::MAX)]
                .map(|(band, below)| (word(band), below)),
            statuses: [
                "carried",
                "new",
                "returned",
                "at_risk",
                "active",
                "churned",
                "joined_and_left",
                "lost",
            ]
            .map(&mut word),
            kinds: ["switched", "passive", "unavoidable", "left", "lapsed_uncharged", "lapsed"]
                .map(&mut word),
            none: word("none"),
            unknown: word("unknown"),
        }
    }

    /// Whether a month's `activate` finds the customer terminated so long ago that it is somebody else's.
    pub fn recycles(&self, known: &State, brought: &Brought<'_>) -> bool {
        let long_gone = |months: i32| known.terminated && brought.now - known.left >= months;
        self.recycled_after.is_some_and(long_gone)
            && brought.told.is_some_and(|told| told.issued_now)
    }

    /// The word for a status.
    pub fn status(&self, status: Status) -> Word {
        self.statuses[status as usize]
    }

    /// The word for a kind of churn.
    pub fn kind(&self, kind: ChurnKind) -> Word {
        self.kinds[kind as usize]
    }

    /// Profit a year of a customer of a tier, from its revenue: rounded half away from zero.
    pub fn profit(&self, revenue: Cents, tier: Word) -> Cents {
        Self::rounded_profit(self.exact_profit(revenue, tier))
    }

    /// The same from profit before rounding.
    pub fn rounded_profit(exact: i128) -> Cents {
        rounded(exact, 1_000_000)
    }

    /// The same before rounding, in hundred-millionths of the currency.
    pub fn exact_profit(&self, revenue: Cents, tier: Word) -> i128 {
        let margin = self.margins.iter().find(|(name, _)| *name == tier);
        i128::from(revenue) * margin.map(|(_, margin)| *margin).unwrap_or_default()
    }

    /// The tier of a customer so many months after it came.
    pub fn tier_after(&self, tenure: i32, state: &State) -> Word {
        match tenure < self.new_for && !state.carried {
            true => self.new_tier,
            false => self.tier(state.monthly_value),
        }
    }

    /// The tier of a monthly value: the first whose least value it reaches, else the last.
    pub fn tier(&self, monthly: Cents) -> Word {
        let reached = |(_, least): &&(Word, Cents)| monthly >= *least;
        let last = self.tiers.last();
        self.tiers.iter().find(reached).or(last).map_or(NULL, |(tier, _)| *tier)
    }
}

/// The least cents that are no less than so many millionths of the currency.
fn least_cents(millionths: i128) -> Cents {
    let more = i128::from(millionths.rem_euclid(10_000) > 0);
    let cents = millionths.div_euclid(10_000) + more;
    cents.clamp(Cents::MIN.into(), Cents::MAX.into()) as Cents
}

/// A quotient rounded half away from zero.
pub fn rounded(dividend: i128, divisor: i64) -> Cents {
    let halves = 2 * dividend.unsigned_abs() + u128::from(divisor.unsigned_abs());
    let twice = 2 * u128::from(divisor.unsigned_abs());
    // Nearly all fit half the width, which divides several times faster.
    let quotient = match (u64::try_from(halves), u64::try_from(twice)) {
        (Ok(halves), Ok(twice)) => Cents::try_from(halves / twice),
        _ => Cents::try_from(halves / twice),
    };
    quotient.unwrap_or(Cents::MAX) * if dividend < 0 { -1 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tier_begins_at_the_cent_that_reaches_it() {
        let least = [0, 1, 10_000, 10_001, -1, -10_001, i128::MAX, i128::MIN].map(least_cents);
        assert_eq!(least, [0, 1, 1, 2, 0, -1, Cents::MAX, Cents::MIN]);
    }

    #[test]
    fn money_is_rounded_half_away_from_zero() {
        assert_eq!([rounded(5, 2), rounded(-5, 2), rounded(7, 3), rounded(0, 9)], [3, -3, 2, 0]);
    }
}
