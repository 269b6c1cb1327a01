//! How slots move when customers who have been met are put into the order of ids.

use super::customers::Slot;

/// Where slots have moved to: those known before keep their order, and newcomers stand between them.
#[derive(Debug)]
pub struct Moved {
    /// How many were known.
    known: usize,
    /// Where the newcomers stand now, in order, and each one's place among those who came.
    newcomers: Vec<(usize, usize)>,
    /// The slots now, by those before.
    to: Vec<Slot>,
}

impl Moved {
    /// From the slots before in their new order; so many were known, and are in order.
    pub fn new(order: &[Slot], known: usize) -> Self {
        let mut to = vec![0; order.len()];
        (0..).zip(order).for_each(|(now, before)| to[*before as usize] = now);
        let newcomer = |(now, before): (usize, &Slot)| {
            (*before as usize).checked_sub(known).map(|place| (now, place))
        };
        let newcomers = order.iter().enumerate().filter_map(newcomer).collect();
        Self { known, newcomers, to }
    }

    /// The slot of who had another before.
    pub fn slot(&self, before: Slot) -> Slot {
        self.to[before as usize]
    }

    /// Puts what is kept by slot where it belongs now, `width` values of each. Those known are moved by runs that no
    /// newcomer parts, the last one first, so that nothing but the newcomers' values needs room.
    pub fn put<T: Copy>(&self, values: &mut [T], width: usize) {
        let came = values[self.known * width..].to_vec();
        let mut end = self.to.len();
        for (before, (place, newcomer)) in self.newcomers.iter().enumerate().rev() {
            let run = place - before..end - before - 1;
            values.copy_within(run.start * width..run.end * width, (place + 1) * width);
            values[place * width..][..width].copy_from_slice(&came[newcomer * width..][..width]);
            end = *place;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        /// However many come, and wherever they belong, each has its own values afterwards.
        #[test]
        fn each_keeps_its_own(known in 0u32..20, came in proptest::collection::vec(0u32..40, 0..12)) {
            let met: Vec<(u32, Slot)> = (0..known).map(|id| id * 2).chain(came).zip(0..).collect();
            let mut order = met.clone();
            order.sort_unstable();
            let slots: Vec<Slot> = order.iter().map(|(_, slot)| *slot).collect();
            let moved = Moved::new(&slots, known as usize);
            let mut values: Vec<u32> = met.iter().flat_map(|(id, slot)| [*id, *slot]).collect();
            moved.put(&mut values, 2);
            let expected: Vec<u32> = order.iter().flat_map(|(id, slot)| [*id, *slot]).collect();
            proptest::prop_assert_eq!(values, expected);
            for (now, (_, slot)) in (0..).zip(&order) {
                proptest::prop_assert_eq!(moved.slot(*slot), now);
            }
        }
    }
}
