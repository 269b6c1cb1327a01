//! Ids, each with a number by which all else is kept: a slot. Slots are never given up. Ids mostly come in
//! order, as landed files and earlier closes have them, so that an id is looked for behind the one found
//! last; only those that came out of order are hashed, until they are put into it.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher};
use std::ops::Range;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::ranges::IdRange;

/// The place of an id among those met.
pub type Slot = u32;

/// Whose rows count: all ids of a range but those of house accounts.
#[derive(Clone, Debug, Default)]
pub struct Who {
    house: Arc<HashSet<String>>,
    range: IdRange,
}

impl Who {
    /// `house` are no customers.
    pub fn new(house: &[String], range: IdRange) -> Self {
        Self { house: Arc::new(house.iter().cloned().collect()), range }
    }

    /// Whether an id is that of a customer, and of this range.
    pub fn holds(&self, id: &str) -> bool {
        self.range.holds(id) && (self.house.is_empty() || !self.house.contains(id))
    }
}

/// The ids met.
#[derive(Debug)]
pub struct Ids {
    text: String,
    ends: Vec<usize>,
    /// Slots in the order of their ids, by bytes.
    order: Vec<Slot>,
    /// Slots that are not in `order` yet.
    strays: HashTable<Slot>,
    /// Where the id found last stands in `order`.
    near: usize,
}

impl Default for Ids {
    fn default() -> Self {
        Self {
            text: String::new(),
            ends: vec![0],
            order: Vec::new(),
            strays: HashTable::new(),
            near: 0,
        }
    }
}

impl Ids {
    /// How many have been met.
    pub fn len(&self) -> usize {
        self.ends.len() - 1
    }

    /// The id of a slot.
    #[inline]
    pub fn id(&self, slot: Slot) -> &str {
        id(&self.text, &self.ends, slot)
    }

    /// Makes room for so many more.
    pub fn reserve(&mut self, more: usize) {
        self.ends.reserve(more);
        self.order.reserve(more);
    }

    /// The slot of an id, and whether it is new.
    pub fn meet(&mut self, id: &str) -> (Slot, bool) {
        let place = match self.look(id) {
            Ok(slot) => return (slot, false),
            Err(place) => place,
        };
        if let Some(slot) = self.stray(id) {
            return (slot, false);
        }
        let slot = self.len() as Slot;
        self.text.push_str(id);
        self.ends.push(self.text.len());
        if place == self.order.len() {
            self.order.push(slot);
        } else {
            let (text, ends) = (&self.text, &self.ends);
            let hash_of = |slot: &Slot| hash(self::id(text, ends, *slot));
            self.strays.insert_unique(hash(id), slot, hash_of);
        }
        (slot, true)
    }

    /// The slot of an id that has been met.
    pub fn find(&mut self, id: &str) -> Option<Slot> {
        self.look(id).ok().or_else(|| self.stray(id))
    }

    /// The slot of an id that stands in the order, or the place where it would.
    fn look(&mut self, id: &str) -> Result<Slot, usize> {
        let around = self.around(id);
        let place = around.start + self.order[around].partition_point(|slot| self.id(*slot) < id);
        self.near = place;
        let found = self.order.get(place).filter(|slot| self.id(**slot) == id);
        found.copied().ok_or(place)
    }

    /// A stretch of the order at whose end, or in which, an id would stand: from the one found last on, or back
    /// from it, in strides that double (Bentley, Yao: An almost optimal algorithm for unbounded searching, 1976).
    fn around(&self, id: &str) -> Range<usize> {
        let (near, end) = (self.near.min(self.order.len()), self.order.len());
        let compare = |place: usize| self.id(self.order[place]).cmp(id);
        let mut stride = 1;
        match (near < end).then(|| compare(near)) {
            Some(Ordering::Equal) => near..near,
            Some(Ordering::Less) => {
                let mut from = near;
                while from + stride < end && compare(from + stride) == Ordering::Less {
                    (from, stride) = (from + stride, stride * 2);
                }
                from..(from + stride).min(end)
            }
            Some(Ordering::Greater) | None => {
                let mut to = near;
                while stride <= to && compare(to - stride) == Ordering::Greater {
                    (to, stride) = (to - stride, stride * 2);
                }
                to.saturating_sub(stride)..to
            }
        }
    }

    fn stray(&self, id: &str) -> Option<Slot> {
        if self.strays.is_empty() {
            return None;
        }
        self.strays.find(hash(id), |slot| self.id(*slot) == id).copied()
    }

    /// Puts those that came out of order into it.
    pub fn sort(&mut self) {
        self.near = 0;
        if self.strays.is_empty() {
            return;
        }
        let mut strays: Vec<Slot> = self.strays.drain().collect();
        strays.sort_unstable_by(|left, right| self.id(*left).cmp(self.id(*right)));
        let mut order = Vec::with_capacity(self.len());
        let mut known = self.order.as_slice();
        for slot in strays {
            let place = known.partition_point(|known| self.id(*known) < self.id(slot));
            let (before, after) = known.split_at(place);
            order.extend_from_slice(before);
            order.push(slot);
            known = after;
        }
        order.extend_from_slice(known);
        self.order = order;
    }

    /// The slots in the order of their ids; call [`Ids::sort`] before.
    pub fn in_order(&self) -> &[Slot] {
        &self.order
    }
}

fn id<'a>(text: &'a str, ends: &[usize], slot: Slot) -> &'a str {
    &text[ends[slot as usize]..ends[slot as usize + 1]]
}

fn hash(id: &str) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    hasher.write(id.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_stay_and_the_order_is_that_of_ids() {
        let mut ids = Ids::default();
        let met = ["b", "a", "b", "c", "ab"].map(|id| ids.meet(id));
        assert_eq!(met, [(0, true), (1, true), (0, false), (2, true), (3, true)]);
        assert_eq!(
            ["a", "b", "c", "ab", "d"].map(|id| ids.find(id)),
            [Some(1), Some(0), Some(2), Some(3), None]
        );
        ids.sort();
        assert_eq!(ids.in_order(), [1, 3, 0, 2]);
        assert_eq!(["a", "b", "c", "ab"].map(|id| ids.find(id)), [1, 0, 2, 3].map(Some));
        assert_eq!(ids.meet("aa"), (4, true));
        ids.sort();
        assert_eq!(ids.in_order(), [1, 4, 3, 0, 2]);
        assert_eq!((ids.id(4), ids.len()), ("aa", 5));
    }

    proptest::proptest! {
        /// However ids come, they are found again and stand in order.
        #[test]
        fn every_id_is_found(met in proptest::collection::vec("[a-c]{0,4}", 0..200), every in 1usize..50) {
            let mut ids = Ids::default();
            let mut slots = std::collections::BTreeMap::new();
            for (row, id) in met.iter().enumerate() {
                let known = slots.len() as Slot;
                let (slot, new) = ids.meet(id);
                proptest::prop_assert_eq!(new, !slots.contains_key(id));
                proptest::prop_assert_eq!(*slots.entry(id.clone()).or_insert(known), slot);
                if row % every == 0 {
                    ids.sort();
                }
            }
            ids.sort();
            let found: Vec<&str> = ids.in_order().iter().map(|slot| ids.id(*slot)).collect();
            proptest::prop_assert_eq!(found, slots.keys().map(String::as_str).collect::<Vec<_>>());
            for (id, slot) in &slots {
                proptest::prop_assert_eq!(ids.find(id), Some(*slot));
            }
        }
    }
}
