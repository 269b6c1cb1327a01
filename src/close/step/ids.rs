//! Ids, each with a number by which all else is kept: a slot. Slots are never given up, and change only where ids are
//! put into order. Ids mostly come in order, as landed files and earlier closes have them, so that an id is looked for
//! behind the one found last; only those that came out of order are hashed, until they are put into it.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher};
use std::ops::Range;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::moved::Moved;
use super::ranges::IdRange;
use crate::short::{self, Short};

/// The bytes of a usual id, to make room once for many.
pub const USUAL: usize = 12;

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

/// An id as a number: its first fifteen bytes, the first one highest, and below them how many it has, or sixteen where
/// it has more. Ids are in the order of their keys; only keys of long ones with one beginning are equal though the ids
/// are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key(u128);

impl Key {
    #[inline]
    fn of(id: &str) -> Self {
        let begin = &id.as_bytes()[..id.len().min(short::MOST)];
        Self(Short::of(begin).ordered() + u128::from(id.len() > short::MOST))
    }

    #[inline]
    fn is_long(self) -> bool {
        self.0 as u8 as usize > short::MOST
    }
}

/// An id that is looked for.
#[derive(Clone, Copy)]
struct Sought<'a> {
    id: &'a str,
    key: Key,
}

impl<'a> Sought<'a> {
    #[inline]
    fn new(id: &'a str) -> Self {
        Self { id, key: Key::of(id) }
    }
}

/// The ids met.
#[derive(Clone, Debug)]
pub struct Ids {
    text: String,
    ends: Vec<usize>,
    /// Slots in the order of their ids, by bytes.
    order: Vec<Slot>,
    /// The keys of these ids.
    keys: Vec<Key>,
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
            keys: Vec::new(),
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
        self.text.reserve(more * USUAL);
        self.ends.reserve(more);
        self.order.reserve(more);
        self.keys.reserve(more);
    }

    /// The slot of an id, and whether it is new.
    pub fn meet(&mut self, id: &str) -> (Slot, bool) {
        let sought = Sought::new(id);
        let found = self.search(sought, self.near);
        let (Ok(place) | Err(place)) = found;
        self.near = place;
        if found.is_ok() {
            return (self.order[place], false);
        }
        if let Some(slot) = self.stray(id) {
            return (slot, false);
        }
        let slot = self.len() as Slot;
        self.text.push_str(id);
        self.ends.push(self.text.len());
        if place == self.order.len() {
            self.order.push(slot);
            self.keys.push(sought.key);
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

    /// Where an id stands in the order, or would. It is looked for from a place near it on, or back from there, in
    /// strides that double (Bentley, Yao: An almost optimal algorithm for unbounded searching, 1976).
    fn search(&self, sought: Sought<'_>, near: usize) -> Result<usize, usize> {
        let near = near.min(self.order.len());
        match self.compare(near, sought) {
            Ordering::Equal => Ok(near),
            Ordering::Less => self.search_behind(sought, near),
            Ordering::Greater => self.search_before(sought, near),
        }
    }

    fn search_behind(&self, sought: Sought<'_>, mut from: usize) -> Result<usize, usize> {
        let mut stride = 1;
        loop {
            match self.compare(from + stride, sought) {
                Ordering::Equal => return Ok(from + stride),
                Ordering::Less => (from, stride) = (from + stride, stride * 2),
                Ordering::Greater => return self.search_among(sought, from + 1..from + stride),
            }
        }
    }

    fn search_before(&self, sought: Sought<'_>, mut to: usize) -> Result<usize, usize> {
        let mut stride = 1;
        while stride <= to {
            match self.compare(to - stride, sought) {
                Ordering::Equal => return Ok(to - stride),
                Ordering::Less => return self.search_among(sought, to - stride + 1..to),
                Ordering::Greater => (to, stride) = (to - stride, stride * 2),
            }
        }
        self.search_among(sought, 0..to)
    }

    fn search_among(&self, sought: Sought<'_>, places: Range<usize>) -> Result<usize, usize> {
        let (start, end) = (places.start, places.end.min(self.order.len()));
        let found = if sought.key.is_long() {
            self.order[start..end].binary_search_by(|slot| self.id(*slot).cmp(sought.id))
        } else {
            self.keys[start..end].binary_search(&sought.key)
        };
        found.map(|place| start + place).map_err(|place| start + place)
    }

    /// How the id at a place of the order compares; behind the last one all are greater.
    #[inline(always)]
    fn compare(&self, place: usize, sought: Sought<'_>) -> Ordering {
        let Some(key) = self.keys.get(place) else { return Ordering::Greater };
        match key.cmp(&sought.key) {
            Ordering::Equal if key.is_long() => self.id(self.order[place]).cmp(sought.id),
            order => order,
        }
    }

    fn stray(&self, id: &str) -> Option<Slot> {
        if self.strays.is_empty() {
            return None;
        }
        self.strays.find(hash(id), |slot| self.id(*slot) == id).copied()
    }

    /// Gives all ids slots in their order; tells how they moved, where they did.
    pub fn settle(&mut self) -> Option<Moved> {
        // All that came before the first one out of order lie in it.
        let known = self.strays.iter().min().copied()?;
        self.sort();
        let moved = Moved::new(&self.order, known as usize);
        let mut text = String::with_capacity(self.text.capacity());
        let mut ends = Vec::with_capacity(self.ends.capacity());
        ends.push(0);
        for slot in &mut self.order {
            text.push_str(id(&self.text, &self.ends, *slot));
            *slot = ends.len() as Slot - 1;
            ends.push(text.len());
        }
        (self.text, self.ends) = (text, ends);
        Some(moved)
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
        let mut keys = Vec::with_capacity(self.len());
        let mut taken = 0;
        for slot in strays {
            let sought = Sought::new(self.id(slot));
            let (Ok(place) | Err(place)) = self.search(sought, taken);
            order.extend_from_slice(&self.order[taken..place]);
            keys.extend_from_slice(&self.keys[taken..place]);
            order.push(slot);
            keys.push(sought.key);
            taken = place;
        }
        order.extend_from_slice(&self.order[taken..]);
        keys.extend_from_slice(&self.keys[taken..]);
        (self.order, self.keys) = (order, keys);
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
        let found = self.ids.search(Sought::new(id), self.near);
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

    #[test]
    fn settled_ids_have_slots_in_their_order() {
        let mut ids = Ids::default();
        let met = ["b", "d", "a", "e", "c"].map(|id| ids.meet(id).0);
        assert_eq!(met, [0, 1, 2, 3, 4]);
        let moved = ids.settle().unwrap();
        assert_eq!(met.map(|before| moved.slot(before)), [1, 3, 0, 4, 2]);
        assert_eq!([0, 1, 2, 3, 4].map(|slot| ids.id(slot)), ["a", "b", "c", "d", "e"]);
        assert_eq!(["c", "f"].map(|id| ids.meet(id)), [(2, false), (5, true)]);
        assert!(ids.settle().is_none());
    }

    #[test]
    fn keys_are_in_the_order_of_ids() {
        let long = "fifteen letters";
        let mut ids =
            ["", "a", "a\0", "ab", "b", "1234567", "12345678", "123456789", "12345679", "月", long]
                .to_vec();
        let longer = ["a", "b", ""].map(|end| format!("{long}{end}"));
        ids.extend(longer.iter().map(String::as_str));
        for (left, right) in ids.iter().flat_map(|left| ids.iter().map(move |right| (left, right)))
        {
            let keys = (Key::of(left), Key::of(right));
            match left.len().min(right.len()) > short::MOST {
                true => assert!(keys.0 == keys.1 && keys.0.is_long(), "{left} {right}"),
                false => assert_eq!(keys.0.cmp(&keys.1), left.cmp(right), "{left} {right}"),
            }
        }
    }

    proptest::proptest! {
        /// However ids come, they are found again and stand in order.
        #[test]
        fn every_id_is_found(
            met in proptest::collection::vec("([a-c]{0,4}|[ab]{14,17}|customer [0-9]{4})", 0..200),
            every in 1usize..50,
        ) {
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
