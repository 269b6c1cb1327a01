//! The customers that the close has met, each in a slot: its id, its state, its attributes. What leaves goes
//! in the order of ids, so that it is sorted by customer_id.

use std::sync::Arc;

pub use super::ids::Slot;
use super::ids::{Ids, Who};
use super::words::{NULL, Word};

/// Months since January of year 0 (`month_number` in SQL); [`NEVER`] stands for none.
pub type MonthNumber = i32;
/// Before all months.
pub const NEVER: MonthNumber = MonthNumber::MIN;
/// Hundredths of the currency. Sums saturate: what outgrows the 18 digits of its column is refused there.
pub type Cents = i64;

/// The texts that a state carries, in the order in which they are kept for each customer; the configured
/// dimensions follow.
pub const LEFT_REASON: usize = 0;
pub const EVENT_PRODUCT: usize = 1;
pub const BILLED_PRODUCT: usize = 2;
pub const ENTRY_CHANNEL: usize = 3;
pub const GROUP_ID: usize = 4;
pub const LOST_KIND: usize = 5;
pub const WON_KIND: usize = 6;
pub const REGION: usize = 7;
pub const SEGMENT: usize = 8;
/// The first configured dimension.
pub const OWN: usize = 9;

/// What the next close must know of a customer besides its texts: sql/core/customer_step.sql has the
/// meaning of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    pub first: MonthNumber,
    pub since: MonthNumber,
    pub start: MonthNumber,
    pub last: MonthNumber,
    pub paid: MonthNumber,
    pub seen: MonthNumber,
    pub left: MonthNumber,
    pub lost: MonthNumber,
    pub won: MonthNumber,
    pub relifting: i32,
    pub charged_months: i32,
    pub annual_revenue: Cents,
    pub monthly_value: Cents,
    pub value_sum: Cents,
    pub tier_sum: Cents,
    pub carried: bool,
    pub terminated: bool,
    pub left_by_port_out: bool,
    pub several_products: bool,
    pub in_base: bool,
    /// The month at whose end this held; never for a customer just met.
    pub as_of: MonthNumber,
}

impl State {
    /// Months since it came, at the end of a month; without end where nobody knows.
    #[inline]
    pub fn tenure(&self, at: MonthNumber) -> i32 {
        if self.since == NEVER { i32::MAX } else { at - self.since }
    }
}

/// A column of customer_month and dormant, and where it is found in a state.
type Column<T> = (&'static str, fn(&mut State) -> &mut T);

/// The state's months.
pub const MONTHS: [Column<MonthNumber>; 9] = [
    ("first_month", |state| &mut state.first),
    ("since_month", |state| &mut state.since),
    ("start_month", |state| &mut state.start),
    ("last_month", |state| &mut state.last),
    ("paid_month", |state| &mut state.paid),
    ("seen_month", |state| &mut state.seen),
    ("left_month", |state| &mut state.left),
    ("lost_month", |state| &mut state.lost),
    ("won_month", |state| &mut state.won),
];
/// Its money.
pub const MONEY: [Column<Cents>; 4] = [
    ("annual_revenue", |state| &mut state.annual_revenue),
    ("monthly_value", |state| &mut state.monthly_value),
    ("value_sum", |state| &mut state.value_sum),
    ("tier_sum", |state| &mut state.tier_sum),
];
/// Its counts.
pub const COUNTS: [Column<i32>; 2] = [
    ("relifting", |state| &mut state.relifting),
    ("charged_months", |state| &mut state.charged_months),
];
/// Its flags.
pub const FLAGS: [Column<bool>; 4] = [
    ("carried", |state| &mut state.carried),
    ("terminated", |state| &mut state.terminated),
    ("left_by_port_out", |state| &mut state.left_by_port_out),
    ("several_products", |state| &mut state.several_products),
];
/// The columns of texts, by their place among a customer's texts.
pub const TEXTS: [&str; OWN] = {
    let mut names = [""; OWN];
    names[LEFT_REASON] = "left_reason";
    names[EVENT_PRODUCT] = "event_product";
    names[BILLED_PRODUCT] = "billed_product";
    names[ENTRY_CHANNEL] = "entry_channel";
    names[GROUP_ID] = "group_id";
    names[LOST_KIND] = "lost_kind";
    names[WON_KIND] = "won_kind";
    names[REGION] = "region";
    names[SEGMENT] = "segment";
    names
};

/// Of a customer just met.
pub const UNKNOWN: State = State {
    first: NEVER,
    since: NEVER,
    start: NEVER,
    last: NEVER,
    paid: NEVER,
    seen: NEVER,
    left: NEVER,
    lost: NEVER,
    won: NEVER,
    as_of: NEVER,
    relifting: 0,
    charged_months: 0,
    annual_revenue: 0,
    monthly_value: 0,
    value_sum: 0,
    tier_sum: 0,
    carried: false,
    terminated: false,
    left_by_port_out: false,
    several_products: false,
    in_base: false,
};

/// The earlier of two months; the other one where one is never.
pub fn earliest(left: MonthNumber, right: MonthNumber) -> MonthNumber {
    if left == NEVER || right == NEVER { left.max(right) } else { left.min(right) }
}

/// Slots are settled anew when one of so many does not follow the one before it.
const OUT_OF_ORDER: usize = 6;

/// All customers met.
#[derive(Debug)]
pub struct Customers {
    who: Who,
    /// Shared with the tasks that read of them, while none are met.
    ids: Arc<Ids>,
    /// How many texts are kept for each.
    width: usize,
    /// By slot.
    pub states: Vec<State>,
    texts: Vec<Word>,
}

impl Customers {
    /// Nobody yet. So many `texts` are kept for each.
    pub fn new(texts: usize, who: Who) -> Self {
        let (ids, states) = (Arc::default(), Vec::new());
        Self { who, ids, width: texts, states, texts: Vec::new() }
    }

    /// How many have been met.
    pub fn len(&self) -> usize {
        self.states.len()
    }

    /// The id of a slot.
    pub fn id(&self, slot: Slot) -> &str {
        self.ids.id(slot)
    }

    /// Whether an id is that of a customer who is taken.
    pub fn holds(&self, id: &str) -> bool {
        self.who.holds(id)
    }

    /// The slot of an id, a new one where it is met first; none where it is not [held](Self::holds).
    pub fn meet(&mut self, id: &str) -> Option<Slot> {
        self.holds(id).then(|| self.add(id))
    }

    /// The ids met.
    pub fn ids(&self) -> &Arc<Ids> {
        &self.ids
    }

    /// Those who are taken.
    pub fn who(&self) -> &Who {
        &self.who
    }

    /// Those of whom nothing is known but that they have been met, in the order of their ids.
    pub fn unknown(&self) -> Vec<Slot> {
        let unknown = |slot: &Slot| self.states[*slot as usize].as_of == NEVER;
        self.in_order().iter().copied().filter(unknown).collect()
    }

    /// Makes room for so many more.
    pub fn reserve(&mut self, more: usize) {
        self.ids_mut().reserve(more);
        self.states.reserve(more);
        self.texts.reserve(more * self.width);
    }

    /// The slot of an id that is [held](Self::holds), a new one where it is met first.
    pub fn add(&mut self, id: &str) -> Slot {
        let (slot, new) = self.ids_mut().meet(id);
        if new {
            self.states.push(UNKNOWN);
            self.texts.extend(std::iter::repeat_n(NULL, self.width));
        }
        slot
    }

    /// Makes a slot that of somebody just met: the id has been given to another person.
    pub fn forget(&mut self, slot: Slot) {
        self.states[slot as usize] = UNKNOWN;
        self.texts_mut(slot).fill(NULL);
    }

    /// The texts of a customer.
    pub fn texts(&self, slot: Slot) -> &[Word] {
        &self.texts[slot as usize * self.width..][..self.width]
    }

    /// The texts of a customer, to be changed.
    pub fn texts_mut(&mut self, slot: Slot) -> &mut [Word] {
        &mut self.texts[slot as usize * self.width..][..self.width]
    }

    /// Puts those met since the last time into the order of ids, by bytes.
    pub fn sort(&mut self) {
        self.ids_mut().sort();
    }

    fn ids_mut(&mut self) -> &mut Ids {
        Arc::make_mut(&mut self.ids)
    }

    /// Gives all customers new slots in the order of their ids where too many are out of it, so that a pass
    /// in that order runs through memory; tells the new slot of each old one.
    pub fn settle(&mut self) -> Option<Vec<Slot>> {
        let steps = self.in_order().windows(2).filter(|pair| pair[1] != pair[0] + 1).count();
        if steps * OUT_OF_ORDER < self.len() {
            return None;
        }
        let mut settled = Self::new(self.width, self.who.clone());
        settled.reserve(self.len());
        let mut moved = vec![0; self.len()];
        for slot in self.in_order() {
            let new = settled.add(self.id(*slot));
            settled.states[new as usize] = self.states[*slot as usize];
            settled.texts_mut(new).copy_from_slice(self.texts(*slot));
            moved[*slot as usize] = new;
        }
        *self = settled;
        Some(moved)
    }

    /// The slots in the order of their ids; call [`Customers::sort`] before.
    pub fn in_order(&self) -> &[Slot] {
        self.ids.in_order()
    }
}

#[cfg(test)]
mod tests {
    use super::super::ranges::IdRange;
    use super::*;

    #[test]
    fn slots_stay_and_the_order_is_that_of_ids() {
        let mut customers =
            Customers::new(OWN, Who::new(&["house".to_owned()], IdRange::default()));
        let met: Vec<_> = ["b", "a", "b", "house", "c"].map(|id| customers.meet(id)).into();
        assert_eq!(met, [Some(0), Some(1), Some(0), None, Some(2)]);
        customers.sort();
        assert_eq!(customers.in_order(), [1, 0, 2]);
        let met: Vec<_> = ["a", "aa", "c", "b"].map(|id| customers.meet(id)).into();
        assert_eq!(met, [Some(1), Some(3), Some(2), Some(0)]);
        customers.sort();
        assert_eq!(customers.in_order(), [1, 3, 0, 2]);
        assert_eq!(customers.id(3), "aa");
        customers.states[3].relifting = 7;
        assert_eq!(customers.settle(), Some(vec![2, 0, 3, 1]));
        assert_eq!(customers.settle(), None);
        assert_eq!(customers.in_order(), [0, 1, 2, 3]);
        assert_eq!(
            (customers.ids().finder().find("aa"), customers.states[1].relifting),
            (Some(1), 7)
        );
        assert_eq!(customers.meet("house"), None);
    }
}
