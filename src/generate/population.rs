//! Who there is: how many customers, when each joins, where it lives, what it holds and spends,
//! with whom it forms a group. A customer is drawn from the seed and its number alone, so any one
//! can be made again at any time and none is kept. What happens to it is `life`'s business.

use super::dice::Dice;
use super::life::Life;
use super::rows::{Moment, Rows};
use super::trade::{Trade, Way};
use super::words::{Channel, Outlet, Product, Reason, Region, Segment};

/// Neighbouring numbers out of which groups are formed.
const BLOCK: u64 = 8;

/// Streams of groups, beyond those of customers.
const GROUP_STREAM: u64 = 1 << 63;

/// Monthly spend in cents at 33 even quantiles: lognormal about 85.00 with a sigma of 0.9, ends cut.
const SPEND: [i64; 33] = [
    980, 1590, 2137, 2596, 3018, 3425, 3825, 4226, 4632, 5047, 5475, 5918, 6381, 6866, 7378, 7921,
    8500, 9122, 9793, 10523, 11323, 12208, 13197, 14315, 15597, 17096, 18887, 21095, 23936, 27834,
    33811, 45446, 138_389,
];

const REGIONS: [(Region, u32); 5] = [
    (Region::Yinchuan, 38),
    (Region::Shizuishan, 16),
    (Region::Wuzhong, 18),
    (Region::Guyuan, 16),
    (Region::Zhongwei, 12),
];
const PRODUCTS: [(Product, u32); 4] =
    [(Product::Prepaid, 42), (Product::Youth, 26), (Product::Premium, 22), (Product::Home, 10)];
const SEGMENTS: [(Segment, u32); 3] =
    [(Segment::Consumer, 72), (Segment::Business, 14), (Segment::Student, 14)];
const CHANNELS: [(Channel, u32); 4] = [
    (Channel::OwnStore, 36),
    (Channel::Dealer, 38),
    (Channel::Online, 16),
    (Channel::Telesales, 10),
];

/// Customers who belong together.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub id: u64,
    region: Region,
    product: Product,
    outlet: Outlet,
    joined: i32,
    /// When it leaves, and how, if it does within the months looked at.
    pub leaves: Option<(i32, Way, Reason)>,
}

/// A customer.
pub(super) struct Person {
    /// The month of joining; below 0 for the base.
    pub joined: i32,
    pub region: Region,
    pub product: Product,
    /// A further product on the same number, ended by itself.
    pub second: Option<Product>,
    pub segment: Segment,
    pub outlet: Outlet,
    pub group: Option<Group>,
    /// Cents that an ordinary charge comes to.
    pub spend: i64,
    pub billing_day: u32,
    /// Usual months between two of this customer's charges.
    pub gap: i32,
    pub dice: Dice,
}

impl Person {
    /// Some time on one of the days from `low` to `high`.
    pub(super) fn moment(&mut self, low: i32, high: i32) -> Moment {
        Moment {
            day: self.dice.between(low, high) as u32,
            second: 8 * 3600 + self.dice.below(12 * 3600),
        }
    }

    /// Whether one of the activations that are worth little brought this customer.
    pub(super) fn is_doubtful(&self) -> bool {
        self.outlet == Outlet::BAD && self.joined >= 0
    }
}

/// All customers of a trade under a seed.
pub(super) struct Population {
    pub trade: Trade,
    dice: Dice,
}

impl Population {
    /// The population of a seed.
    pub(super) fn new(trade: Trade, seed: u64) -> Self {
        Self { trade, dice: Dice::seeded(seed) }
    }

    /// A customer's month-by-month life, from the first month on.
    pub(super) fn life(&self, number: u64) -> Life<'_> {
        Life::new(self, self.person(number))
    }

    /// Shows every month of everyone, customer after customer, to `seen`.
    pub(super) fn tell<E>(
        &self,
        mut seen: impl FnMut(u64, &Rows) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut rows = Rows::default();
        for number in 0..self.trade.everyone() {
            let mut life = self.life(number);
            while life.advance(&mut rows) {
                seen(number, &rows)?;
            }
        }
        Ok(())
    }

    /// The month in which a customer joins; below 0 for the base.
    pub(super) fn joined(&self, number: u64) -> i32 {
        match self.group(number) {
            Some(group) => group.joined,
            None => self.draw_joined(&mut self.dice.stream(number)),
        }
    }

    fn draw_joined(&self, dice: &mut Dice) -> i32 {
        let ticket = u64::from(dice.below(self.trade.everyone() as u32));
        match ticket.checked_sub(self.trade.base) {
            Some(late) => (late / self.trade.joiners()) as i32,
            None => -1 - dice.below(36) as i32,
        }
    }

    fn group(&self, number: u64) -> Option<Group> {
        let id = number / BLOCK;
        let mut dice = self.dice.stream(GROUP_STREAM + id);
        let size = 4 + u64::from(dice.below(5));
        if !dice.chance(600) || number % BLOCK >= size {
            return None;
        }
        let joined = self.draw_joined(&mut dice);
        let region = dice.weighted(&REGIONS);
        Some(Group {
            id,
            region,
            product: dice.weighted(&PRODUCTS),
            outlet: draw_outlet(&mut dice, region),
            joined,
            leaves: self.draw_exodus(&mut dice, joined),
        })
    }

    fn draw_exodus(&self, dice: &mut Dice, joined: i32) -> Option<(i32, Way, Reason)> {
        let settled = joined.max(0) + 3;
        let month = (settled..self.trade.months).find(|_| dice.chance(180))?;
        Some(dice.pick(&[
            (month, Way::PortsOut, Reason::Competitor),
            (month, Way::Terminates, Reason::Price),
            (month, Way::Terminates, Reason::ChangedBusiness),
        ]))
    }

    fn person(&self, number: u64) -> Person {
        let group = self.group(number);
        let mut dice = self.dice.stream(number);
        let drawn = self.draw_joined(&mut dice);
        let joined = group.as_ref().map_or(drawn, |group| group.joined);
        let drawn = dice.weighted(&REGIONS);
        let region = group.as_ref().map_or(drawn, |group| group.region);
        let drawn = dice.weighted(&PRODUCTS);
        let product = group.as_ref().map_or(drawn, |group| group.product);
        let drawn = draw_newcomers_outlet(&mut dice, region, joined);
        let outlet = group.as_ref().map_or(drawn, |group| group.outlet);
        let drawn = dice.weighted(&SEGMENTS);
        let segment = group.as_ref().map_or(drawn, |_| Segment::Business);
        let other = dice.weighted(&PRODUCTS);
        let has_second = dice.chance(400) && other != product;
        Person {
            joined,
            region: if outlet == Outlet::BAD { outlet.region } else { region },
            product,
            second: has_second.then_some(other),
            segment,
            outlet,
            group,
            spend: draw_spend(&mut dice, segment) * self.trade.spend / 100,
            billing_day: 1 + dice.below(28),
            gap: dice.between(self.trade.gap.0, self.trade.gap.1),
            dice,
        }
    }
}

fn draw_outlet(dice: &mut Dice, region: Region) -> Outlet {
    let channel = dice.weighted(&CHANNELS);
    let count = match channel {
        Channel::OwnStore => 3,
        Channel::Dealer => 6,
        Channel::Online | Channel::Telesales => 1,
    };
    Outlet { region, channel, number: 1 + dice.below(count) }
}

fn draw_newcomers_outlet(dice: &mut Dice, region: Region, joined: i32) -> Outlet {
    let outlet = draw_outlet(dice, region);
    let odds = if joined < 0 { 0 } else { 500 };
    if dice.chance(odds) { Outlet::BAD } else { outlet }
}

fn draw_spend(dice: &mut Dice, segment: Segment) -> i64 {
    let spend = dice.quantile(&SPEND);
    match segment {
        Segment::Business => spend * 5 / 2,
        Segment::Consumer => spend,
        Segment::Student => spend * 3 / 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_can_be_drawn_again() {
        let population = Population::new(Trade::telecom(1_000, 24), 5);
        let (one, two) = (population.person(17), population.person(17));
        assert_eq!((one.joined, one.spend), (two.joined, two.spend));
        assert_eq!(one.joined, population.joined(17));
    }

    #[test]
    fn members_of_a_group_come_from_one_place_on_one_contract() {
        let population = Population::new(Trade::telecom(5_000, 24), 5);
        let people: Vec<Person> = (0..5_000).map(|number| population.person(number)).collect();
        let members = people.iter().filter(|person| person.group.is_some());
        assert!(members.count() > 100);
        let grouped = |person: &Person| person.group.as_ref().map(|group| group.id);
        for pair in people.windows(2).filter(|pair| grouped(&pair[0]).is_some()) {
            if grouped(&pair[0]) == grouped(&pair[1]) {
                assert_eq!(pair[0].region, pair[1].region);
                assert_eq!(pair[0].outlet, pair[1].outlet);
                assert_eq!(pair[0].joined, pair[1].joined);
            }
        }
    }

    #[test]
    fn a_few_customers_spend_a_thousand_and_more() {
        let population = Population::new(Trade::telecom(5_000, 24), 5);
        let rich = (0..5_000).filter(|&number| population.person(number).spend >= 100_000);
        assert!((20..200).contains(&rich.count()));
    }
}
