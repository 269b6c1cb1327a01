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
#[derive(Clone, Debug)]
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

    /// Finds ids that have been met, mostly in their order.
    pub fn finder(&self) -> Finder<'_> {
        Finder { ids: self, near: 0 }
    }

    /// The slot of an id that stands in the order, or the place where it would.
    fn look(&mut self, id: &str) -> Result<Slot, usize> {
        let found = self.search(id, self.near);
        let (Ok(place) | Err(place)) = found;
        self.near = place;
        found.map(|place| self.order[place])
    }

    /// Where an id stands in the order, or would. It is looked for from a place near it on, or back from there, in
    /// strides that double (Bentley, Yao: An almost optimal algorithm for unbounded searching, 1976).
    fn search(&self, id: &str, near: usize) -> Result<usize, usize> {
        let near = near.min(self.order.len());
        match self.compare(near, id) {
            Ordering::Equal => Ok(near),
            Ordering::Less => self.search_behind(id, near),
            Ordering::Greater => self.search_before(id, near),
        }
    }

    fn search_behind(&self, id: &str, mut from: usize) -> Result<usize, usize> {
        let mut stride = 1;
        loop {
            match self.compare(from + stride, id) {
                Ordering::Equal => return Ok(from + stride),
                Ordering::Less => (from, stride) = (from + stride, stride * 2),
                Ordering::Greater => return self.search_among(id, from + 1..from + stride),
            }
        }
    }

    fn search_before(&self, id: &str, mut to: usize) -> Result<usize, usize> {
        let mut stride = 1;
        while stride <= to {
            match self.compare(to - stride, id) {
                Ordering::Equal => return Ok(to - stride),
                Ordering::Less => return self.search_among(id, to - stride + 1..to),
                Ordering::Greater => (to, stride) = (to - stride, stride * 2),
            }
        }
        self.search_among(id, 0..to)
    }

    fn search_among(&self, id: &str, places: Range<usize>) -> Result<usize, usize> {
        let (start, end) = (places.start, places.end.min(self.order.len()));
        let found = self.order[start..end].binary_search_by(|slot| self.id(*slot).cmp(id));
        found.map(|place| start + place).map_err(|place| start + place)
    }

    /// How the id at a place of the order compares; behind the last one all are greater.
    #[inline]
    fn compare(&self, place: usize, id: &str) -> Ordering {
        self.order.get(place).map_or(Ordering::Greater, |slot| self.id(*slot).cmp(id))
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
        let mut taken = 0;
        for slot in strays {
            let (Ok(place) | Err(place)) = self.search(self.id(slot), taken);
            order.extend_from_slice(&self.order[taken..place]);
            order.push(slot);
            taken = place;
        }
        order.extend_from_slice(&self.order[taken..]);
        self.order = order;
    }

    /// The slots in the order of their ids; call [`Ids::sort`] before.
    pub fn in_order(&self) -> &[Slot] {
        &self.order
    }
}

/// Finds ids, each from the one found before it on.
pub struct Finder<'a> {
    ids: &'a Ids,
    near: usize,
}

impl Finder<'_> {
    /// The slot of an id that has been met.
    pub fn find(&mut self, id: &str) -> Option<Slot> {
        let found = self.ids.search(id, self.near);
        let (Ok(place) | Err(place)) = found;
        self.near = place;
        found.map_or_else(|_| self.ids.stray(id), |place| Some(self.ids.order[place]))
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
            ["a", "b", "c", "ab", "d"].map(|id| ids.finder().find(id)),
            [Some(1), Some(0), Some(2), Some(3), None]
        );
        ids.sort();
        assert_eq!(ids.in_order(), [1, 3, 0, 2]);
        assert_eq!(["a", "b", "c", "ab"].map(|id| ids.finder().find(id)), [1, 0, 2, 3].map(Some));
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
            let mut finder = ids.finder();
            for (id, slot) in &slots {
                proptest::prop_assert_eq!(finder.find(id), Some(*slot));
            }
        }
    }
}
