//! One stay of a customer, decided when it begins: when it ends and how, what announces the end
//! (complaints, a falling spend), whether the customer comes back. Deciding ahead is what lets the
//! signs come before the loss. `life` plays it out month by month.

use super::dice::Dice;
use super::population::Person;
use super::trade::{Trade, Way};
use super::words::{EventKind, Product, Reason, Region, Segment};

const REASONS: [(Option<Reason>, u32); 17] = [
    (None, 12),
    (Some(Reason::Price), 18),
    (Some(Reason::Convenience), 7),
    (Some(Reason::Quality), 10),
    (Some(Reason::Service), 9),
    (Some(Reason::Response), 6),
    (Some(Reason::Competitor), 9),
    (Some(Reason::Ethics), 2),
    (Some(Reason::Relocation), 6),
    (Some(Reason::Death), 2),
    (Some(Reason::Bankruptcy), 2),
    (Some(Reason::ChangedBusiness), 2),
    (Some(Reason::OutletMoved), 2),
    (Some(Reason::LifeChange), 2),
    (Some(Reason::Arrears), 7),
    (Some(Reason::Fraud), 2),
    (Some(Reason::Underuse), 3),
];

const PORTING_REASONS: [(Option<Reason>, u32); 4] = [
    (None, 3),
    (Some(Reason::Competitor), 4),
    (Some(Reason::Price), 2),
    (Some(Reason::Quality), 1),
];

const DOUBTFUL_REASONS: [(Option<Reason>, u32); 4] =
    [(None, 2), (Some(Reason::Arrears), 4), (Some(Reason::Fraud), 2), (Some(Reason::Underuse), 2)];

/// Spend in percent, month by month, once it falls.
const DECLINE: [i64; 5] = [75, 55, 42, 33, 28];

/// What a stay will be.
#[derive(Debug)]
pub(super) struct Stay {
    pub from: i32,
    /// The month of the end; past the last month for those who stay.
    pub leave: i32,
    pub way: Way,
    pub reason: Option<Reason>,
    /// From when on the spend falls.
    pub declines: Option<i32>,
    pub complains: Option<i32>,
    /// Activated, but never charged.
    pub unbilled: bool,
    /// Activations repeated in the months after the first.
    pub repeats: i32,
    /// A last bill in the month after the end.
    pub last_bill: bool,
    /// When the customer comes back, and the event that tells, if any does.
    pub back: Option<(i32, Option<EventKind>)>,
}

impl Stay {
    /// Draws the stay that begins in month `from`; `first` where the customer joins with it.
    pub(super) fn draw(trade: &Trade, person: &mut Person, from: i32, first: bool) -> Self {
        let leave = draw_end(trade, person, from);
        let way = person.dice.weighted(&trade.ways);
        let mut stay = Self {
            from,
            leave,
            way,
            reason: draw_reason(&mut person.dice, way),
            declines: None,
            complains: None,
            unbilled: false,
            repeats: 0,
            last_bill: person.dice.chance(2_000),
            back: None,
        };
        if first {
            stay.spoil(person);
        }
        stay.announce(person);
        stay.foresee_return(trade, &mut person.dice);
        stay.follow_the_group(person);
        stay
    }

    /// Spend in percent of the ordinary in a month.
    pub(super) fn spend_percent(&self, month: i32) -> i64 {
        match self.declines {
            Some(from) if month >= from => {
                DECLINE[((month - from) as usize).min(DECLINE.len() - 1)]
            }
            _ => 100,
        }
    }

    /// What a doubtful dealer's activation comes to; now and then any other's.
    fn spoil(&mut self, person: &mut Person) {
        let doubtful = person.is_doubtful();
        let newcomer = person.joined >= 0;
        let dice = &mut person.dice;
        let odds = |bad, usual| match (doubtful, newcomer) {
            (true, _) => bad,
            (false, true) => usual,
            (false, false) => 0,
        };
        self.unbilled = dice.chance(odds(3_500, 60));
        self.repeats = if dice.chance(odds(1_500, 30)) { 2 } else { 0 };
        if dice.chance(odds(6_000, 100)) {
            self.leave = self.from + dice.between(0, 3);
            self.way = dice.pick(&[Way::Terminates, Way::FallsSilent]);
            self.reason = dice.weighted(&DOUBTFUL_REASONS);
        }
    }

    fn announce(&mut self, person: &mut Person) {
        let dice = &mut person.dice;
        if dice.chance(3_500) {
            self.declines = Some(self.leave - dice.between(3, 4));
        } else if dice.chance(400) {
            self.declines = Some(self.from.max(0) + dice.between(3, 18));
        }
        let odds = match self.reason {
            Some(Reason::Quality | Reason::Service | Reason::Response) => 7_000,
            Some(Reason::Price | Reason::Competitor | Reason::Ethics) => 4_000,
            Some(_) => 500,
            None => 2_000,
        };
        if dice.chance(odds) {
            self.complains = Some(self.leave - dice.weighted(&[(0, 3), (1, 4), (2, 2), (3, 1)]));
        }
    }

    fn foresee_return(&mut self, trade: &Trade, dice: &mut Dice) {
        let final_end = matches!(self.reason, Some(Reason::Death | Reason::Bankruptcy));
        if final_end || !dice.chance(trade.back) {
            return;
        }
        let month = self.leave.saturating_add(dice.between(trade.away.0, trade.away.1));
        let told = match self.way {
            Way::Terminates => [Some(EventKind::Activate), Some(EventKind::Resume), None],
            Way::PortsOut => [Some(EventKind::PortIn), Some(EventKind::PortIn), None],
            Way::FallsSilent | Way::SilentButSeen => [Some(EventKind::Resume), None, None],
        };
        self.back = Some((month, dice.pick(&told)));
    }

    /// Most members go when their group goes, that month or the next.
    fn follow_the_group(&mut self, person: &mut Person) {
        let Some((month, way, reason)) = person.group.as_ref().and_then(|group| group.leaves)
        else {
            return;
        };
        let month = month + i32::from(person.dice.chance(2_500));
        if month >= self.leave || month <= self.from || person.dice.chance(1_500) {
            return;
        }
        self.leave = month;
        self.way = way;
        self.reason = Some(reason);
        self.back = None;
    }
}

fn draw_end(trade: &Trade, person: &mut Person, from: i32) -> i32 {
    let odds = odds_of_loss(trade.loss, person);
    let mut month = from.max(0) + 1;
    while month < trade.months {
        let young = if month - person.joined < 12 { 13 } else { 10 };
        if person.dice.chance(odds * young / 10) {
            return month;
        }
        month += 1;
    }
    i32::MAX
}

fn odds_of_loss(usual: u32, person: &Person) -> u32 {
    let product = match person.product {
        Product::Prepaid => 11,
        Product::Youth => 12,
        Product::Premium => 6,
        Product::Home => 8,
    };
    let region = if person.region == Region::Zhongwei { 15 } else { 10 };
    let segment = if person.segment == Segment::Business { 8 } else { 10 };
    usual * product * region * segment / 1000
}

fn draw_reason(dice: &mut Dice, way: Way) -> Option<Reason> {
    match way {
        Way::Terminates => dice.weighted(&REASONS),
        Way::PortsOut => dice.weighted(&PORTING_REASONS),
        Way::FallsSilent | Way::SilentButSeen => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::population::Population;
    use super::*;

    fn stay(leave: i32, declines: Option<i32>) -> Stay {
        Stay {
            from: 0,
            leave,
            way: Way::Terminates,
            reason: None,
            declines,
            complains: None,
            unbilled: false,
            repeats: 0,
            last_bill: false,
            back: None,
        }
    }

    #[test]
    fn a_declining_spend_falls_and_stays_low() {
        let stay = stay(10, Some(6));
        let percent: Vec<i64> = (5..13).map(|month| stay.spend_percent(month)).collect();
        assert_eq!(percent, [100, 75, 55, 42, 33, 28, 28, 28]);
    }

    #[test]
    fn the_odds_follow_product_region_and_segment() {
        let population = Population::new(Trade::telecom(1_000, 24), 5);
        let mut person = population.life(0).person;
        person.product = Product::Premium;
        person.region = Region::Zhongwei;
        person.segment = Segment::Business;
        assert_eq!(odds_of_loss(1_000, &person), 720);
    }

    #[test]
    fn every_reason_can_be_drawn() {
        for reason in Reason::ALL {
            assert!(REASONS.iter().any(|(drawn, weight)| *drawn == Some(*reason) && *weight > 0));
        }
    }
}
