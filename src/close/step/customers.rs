//! The customers that the close has met, each in a slot: its id, its state, its attributes. Slots are in the order of
//! ids but for those met since customers were settled, so that what leaves is sorted by customer_id.

use std::ops::Range;
use std::sync::Arc;

pub use super::ids::Slot;
use super::ids::{Ids, Who};
use super::moved::Moved;
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

    /// Those of whom nothing is known but that they have been met.
    pub fn unknown(&self) -> Vec<Slot> {
        let unknown = |(slot, state): (Slot, &State)| (state.as_of == NEVER).then_some(slot);
        (0..).zip(&self.states).filter_map(unknown).collect()
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

    /// The texts of a customer.
    pub fn texts(&self, slot: Slot) -> &[Word] {
        &self.texts[slot as usize * self.width..][..self.width]
    }

    /// The texts of a customer, to be changed.
    pub fn texts_mut(&mut self, slot: Slot) -> &mut [Word] {
        &mut self.texts[slot as usize * self.width..][..self.width]
    }

    /// Gives all customers slots in the order of their ids, by bytes; tells how they moved, where they did.
    pub fn settle(&mut self) -> Option<Moved> {
        let moved = self.ids_mut().settle()?;
        moved.put(&mut self.states, 1);
        moved.put(&mut self.texts, self.width);
        Some(moved)
    }

    /// The customers in stretches of so many.
    pub fn stretches(&mut self, customers: usize) -> impl Iterator<Item = Stretch<'_>> {
        let (ids, width) = (&*self.ids, self.width);
        let texts = self.texts.chunks_mut(customers * width);
        let firsts = (0..).step_by(customers);
        let stretches = firsts.zip(self.states.chunks_mut(customers)).zip(texts);
        stretches.map(move |((first, states), texts)| Stretch { ids, first, width, states, texts })
    }

    fn ids_mut(&mut self) -> &mut Ids {
        Arc::make_mut(&mut self.ids)
    }
}

/// Customers whose slots follow each other.
pub struct Stretch<'a> {
    ids: &'a Ids,
    first: Slot,
    width: usize,
    states: &'a mut [State],
    texts: &'a mut [Word],
}

/// A customer, to be changed.
pub struct Customer<'a> {
    pub slot: Slot,
    pub id: &'a str,
    pub state: &'a mut State,
    pub texts: &'a mut [Word],
}

impl Customer<'_> {
    /// Makes it somebody just met: the id has been given to another person.
    pub fn forget(&mut self) {
        *self.state = UNKNOWN;
        self.texts.fill(NULL);
    }
}

impl Stretch<'_> {
    /// Their slots.
    pub fn slots(&self) -> Range<Slot> {
        self.first..self.first + self.states.len() as Slot
    }

    /// The state of one of them.
    pub fn state(&self, slot: Slot) -> &State {
        &self.states[(slot - self.first) as usize]
    }

    /// One after the other.
    pub fn customers(&mut self) -> impl Iterator<Item = Customer<'_>> {
        let ids = self.ids;
        let known = self.states.iter_mut().zip(self.texts.chunks_exact_mut(self.width));
        let customer = |(slot, (state, texts))| Customer { slot, id: ids.id(slot), state, texts };
        (self.first..).zip(known).map(customer)
    }
}

#[cfg(test)]
mod tests {
    use super::super::ranges::IdRange;
    use super::*;

    #[test]
    fn settled_customers_are_in_the_order_of_ids() {
        let mut customers =
            Customers::new(OWN, Who::new(&["house".to_owned()], IdRange::default()));
        let met: Vec<_> = ["b", "a", "b", "house", "c"].map(|id| customers.meet(id)).into();
        assert_eq!(met, [Some(0), Some(1), Some(0), None, Some(2)]);
        assert_eq!(
            customers.settle().map(|moved| [0, 1, 2].map(|slot| moved.slot(slot))),
            Some([1, 0, 2])
        );
        let met: Vec<_> = ["a", "aa", "c", "b"].map(|id| customers.meet(id)).into();
        assert_eq!(met, [Some(0), Some(3), Some(2), Some(1)]);
        customers.states[3].relifting = 7;
        customers.texts_mut(3)[REGION] = 5;
        assert!(customers.settle().is_some());
        let mut found = Vec::new();
        for mut stretch in customers.stretches(3) {
            let lifts = |one: Customer<'_>| (one.slot, one.id.to_owned(), one.state.relifting);
            found.extend(stretch.customers().map(lifts));
        }
        let expected = [(0, "a", 0), (1, "aa", 7), (2, "b", 0), (3, "c", 0)];
        assert_eq!(found, expected.map(|(slot, id, lifts)| (slot, id.to_owned(), lifts)));
        assert_eq!(customers.texts(1)[REGION], 5);
        assert_eq!(customers.ids().finder().find("aa"), Some(1));
        assert!(customers.settle().is_none());
        assert_eq!(customers.meet("house"), None);
    }
}
