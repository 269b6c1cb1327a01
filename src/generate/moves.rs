//! Moves inside the house: a customer changes brand or place, renews, pauses, gives up a further
//! product. None of it ends the customer, and a reading that counts it as a loss is wrong.

use super::life::Life;
use super::rows::Rows;
use super::words::{EventKind, Product, Region};

impl Life<'_> {
    /// Now and then another brand, another place, a renewal, a pause.
    pub(super) fn move_inside(&mut self, rows: &mut Rows) {
        match self.person.dice.below(10_000) {
            0..40 => self.change_product(rows),
            40..65 => self.change_region(rows),
            65..105 => self.note(rows, EventKind::Renew),
            105..125 => self.note(rows, EventKind::Suspend),
            _ => (),
        }
    }

    fn change_product(&mut self, rows: &mut Rows) {
        self.person.product = self.person.dice.pick(Product::ALL);
        let at = self.person.moment(1, 28);
        let mut event = self.bare(at, EventKind::Transfer);
        event.outlet = Some(self.person.outlet);
        event.product = Some(self.person.product);
        rows.events.push(event);
    }

    fn change_region(&mut self, rows: &mut Rows) {
        self.person.region = self.person.dice.pick(Region::ALL);
        let at = self.person.moment(1, 28);
        let mut event = self.bare(at, EventKind::Transfer);
        event.region = Some(self.person.region);
        rows.events.push(event);
    }

    fn note(&mut self, rows: &mut Rows, kind: EventKind) {
        let at = self.person.moment(1, 28);
        let event = self.bare(at, kind);
        rows.events.push(event);
    }

    /// Ending the further product names it, and so ends no customer.
    pub(super) fn end_second_product(&mut self, rows: &mut Rows) {
        if self.person.second.is_none() || !self.person.dice.chance(300) {
            return;
        }
        let at = self.person.moment(15, 28);
        let mut event = self.bare(at, EventKind::Terminate);
        event.product = self.person.second.take();
        rows.events.push(event);
    }
}

#[cfg(test)]
mod tests {
    use super::super::population::Population;
    use super::super::trade::Trade;
    use super::*;

    #[test]
    fn a_further_product_ends_once_and_is_named() {
        let population = Population::new(Trade::telecom(1_000, 24), 5);
        let mut life = population.life(1);
        let mut rows = Rows::default();
        life.person.second = Some(Product::Home);
        for _ in 0..1_000 {
            life.end_second_product(&mut rows);
        }
        assert_eq!(rows.events.len(), 1);
        assert_eq!(rows.events[0].kind, EventKind::Terminate);
        assert_eq!(rows.events[0].product, Some(Product::Home));
        assert!(life.person.second.is_none());
    }
}
