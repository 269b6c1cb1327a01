//! Something for some of the customers.

use super::customers::Slot;

/// The place of what a customer has; the greatest stands for nothing.
type Place = u32;
const NOTHING: Place = Place::MAX;

/// What some customers have, each found by its slot without a look-up by hash: a pass asks after every one of them.
#[derive(Debug)]
pub struct BySlot<T> {
    /// By slot.
    places: Vec<Place>,
    values: Vec<T>,
}

impl<T> BySlot<T> {
    /// What some of so many customers have; nobody has two.
    pub fn new(customers: usize, slots: impl Iterator<Item = Slot>, values: Vec<T>) -> Self {
        let mut places = vec![NOTHING; customers];
        (0..).zip(slots).for_each(|(place, slot)| places[slot as usize] = place);
        Self { places, values }
    }

    /// What a customer has.
    #[inline]
    pub fn get(&self, slot: Slot) -> Option<&T> {
        let place = self.places.get(slot as usize).copied().unwrap_or(NOTHING);
        self.values.get(place as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_own_or_nothing() {
        let some = BySlot::new(4, [2, 0].into_iter(), vec!["c", "a"]);
        assert_eq!(
            [0, 1, 2, 3, 4].map(|slot| some.get(slot)),
            [Some(&"a"), None, Some(&"c"), None, None]
        );
    }
}
