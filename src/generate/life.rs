//! A customer's life, a month at a time: joining, bills, idle months, calls, moves inside the house,
//! the end, what follows it, the return. Rows come out in the order a month has them; nothing is
//! kept from one customer to the next.

use super::population::{Person, Population};
use super::rows::{Bill, Event, Moment, Rows};
use super::stay::Stay;
use super::trade::Way;
use super::words::{Category, Charge, EventKind, Product, Topic};

/// A life under way.
pub(super) struct Life<'a> {
    population: &'a Population,
    pub person: Person,
    pub(super) stay: Stay,
    pub(super) month: i32,
    next_charge: i32,
    pub(super) serial: u32,
}

impl<'a> Life<'a> {
    /// The life of a person, before its first month.
    pub(super) fn new(population: &'a Population, mut person: Person) -> Self {
        let joined = person.joined;
        let stay = Stay::draw(&population.trade, &mut person, joined, true);
        let first = joined.max(0);
        let wait = if joined < 0 { person.dice.between(0, person.gap - 1) } else { 0 };
        Self { population, person, stay, month: first, next_charge: first + wait, serial: 0 }
    }

    /// Fills in the next month; false when nothing more can come.
    pub(super) fn advance(&mut self, rows: &mut Rows) -> bool {
        if self.month >= self.population.trade.months || self.is_over() {
            return false;
        }
        rows.reset(self.month);
        self.begin(rows);
        if self.month < self.stay.leave {
            self.belong(rows);
        } else if self.month == self.stay.leave {
            self.leave(rows);
        } else {
            self.be_gone(rows);
        }
        self.month += 1;
        true
    }

    /// Five months after the end nothing but a return is left.
    fn is_over(&self) -> bool {
        self.stay.back.is_none() && self.month > self.stay.leave.saturating_add(5)
    }

    fn begin(&mut self, rows: &mut Rows) {
        let first_month = self.month == self.person.joined.max(0) && self.serial == 0;
        if first_month && self.person.joined < 0 {
            self.introduce(rows);
        } else if first_month {
            let kind =
                if self.person.dice.chance(800) { EventKind::PortIn } else { EventKind::Activate };
            self.enter(rows, kind);
        }
    }

    /// The base is known from its activation long ago, or only from the customer list.
    fn introduce(&mut self, rows: &mut Rows) {
        let at = self.person.moment(1, 28);
        if self.person.dice.chance(8_000) {
            let mut event = self.described(self.person.joined, at, EventKind::Activate);
            event.month = self.person.joined;
            rows.events.push(event);
        } else {
            let at = Moment { day: 1, second: 0 };
            let mut event = self.described(self.month, at, EventKind::Profile);
            event.outlet = None;
            rows.events.push(event);
        }
    }

    fn enter(&mut self, rows: &mut Rows, kind: EventKind) {
        let at = self.person.moment(1, 14);
        let referred_by = self.recommended_by();
        let mut event = self.described(self.month, at, kind);
        event.referred_by = referred_by;
        rows.events.push(event);
    }

    /// Somebody who was there before.
    fn recommended_by(&mut self) -> Option<u64> {
        if !self.person.dice.chance(900) {
            return None;
        }
        let everyone = self.population.trade.everyone() as u32;
        let tries = [(); 6].map(|()| u64::from(self.person.dice.below(everyone)));
        let earlier = |number: &u64| self.population.joined(*number) < self.person.joined;
        tries.into_iter().find(earlier)
    }

    /// A month as a customer.
    fn belong(&mut self, rows: &mut Rows) {
        let since = self.month - self.stay.from;
        if since > 0 && since <= self.stay.repeats {
            self.enter(rows, EventKind::Activate);
        }
        if self.month >= self.next_charge && !self.stay.unbilled {
            self.charge(rows);
            self.plan_next_charge();
        } else {
            self.idle(rows);
        }
        self.move_inside(rows);
        self.end_second_product(rows);
        self.call(rows);
    }

    fn plan_next_charge(&mut self) {
        let dice = &mut self.person.dice;
        let more = match self.person.gap {
            1 => dice.weighted(&[(0, 962), (1, 25), (2, 13)]),
            _ => dice.between(-1, 2),
        };
        self.next_charge = self.month + self.person.gap + more;
    }

    fn charge(&mut self, rows: &mut Rows) {
        let jitter = i64::from(self.person.dice.between(88, 112));
        let spend = self.person.spend * jitter * self.stay.spend_percent(self.month) / 10_000;
        let fee = (spend * 6 / 10 / 100 * 100).max(500);
        self.bill(rows, Charge::MonthlyFee, fee);
        if self.person.dice.chance(4_450) {
            self.bill(rows, Charge::Usage, (spend - fee).max(55));
        }
        self.extras(rows, fee);
        if let Some(product) = self.person.second {
            self.bill(rows, Charge::MonthlyFee, fee / 200 * 100 + 100);
            self.rename_last(rows, product);
        }
        if self.population.trade.visits {
            let at = Moment { day: self.person.billing_day, second: 9 * 3600 };
            let event = self.bare(at, EventKind::Visit);
            rows.events.push(event);
        }
    }

    fn extras(&mut self, rows: &mut Rows, fee: i64) {
        let dice = &mut self.person.dice;
        let value_added = dice.chance(1_400);
        let trial = dice.chance(400);
        let discount = dice.chance(600);
        let credit = dice.chance(100);
        if value_added {
            let cents = 100 * i64::from(self.person.dice.between(3, 20));
            self.bill(rows, Charge::ValueAdded, cents);
        }
        if trial {
            self.waive(rows);
        }
        if discount {
            self.bill(rows, Charge::Discount, -fee / 10);
        }
        if credit {
            self.bill(rows, Charge::Credit, -fee / 4);
        }
    }

    /// A month without a charge: now and then something free, or money back for an earlier one.
    fn idle(&mut self, rows: &mut Rows) {
        if self.person.dice.chance(self.population.trade.free_work) {
            self.be_seen(rows);
        } else if self.person.dice.chance(100) {
            self.bill(rows, Charge::Credit, -self.person.spend / 10 - 1);
        }
    }

    fn be_seen(&mut self, rows: &mut Rows) {
        self.waive(rows);
        if self.population.trade.visits {
            let at = Moment { day: self.person.billing_day, second: 10 * 3600 };
            let event = self.bare(at, EventKind::Inspection);
            rows.events.push(event);
        }
    }

    fn leave(&mut self, rows: &mut Rows) {
        let kind = match self.stay.way {
            Way::Terminates => EventKind::Terminate,
            Way::PortsOut => EventKind::PortOut,
            Way::FallsSilent => return,
            Way::SilentButSeen => return self.be_seen(rows),
        };
        let due = self.month >= self.next_charge && !self.stay.unbilled;
        if due && self.person.dice.chance(6_500) {
            self.charge(rows);
        }
        let at = self.person.moment(15, 28);
        let mut event = self.bare(at, kind);
        event.outlet = Some(self.person.outlet);
        event.reason = self.stay.reason;
        rows.events.push(event);
        self.complain_if_due(rows);
        if self.person.dice.chance(2_500) {
            self.push_call(rows, Category::CancelRequest, Topic::Service, true);
        }
    }

    fn be_gone(&mut self, rows: &mut Rows) {
        let since = self.month - self.stay.leave;
        match self.stay.way {
            Way::Terminates if since == 1 && self.stay.last_bill && !self.stay.unbilled => {
                self.bill(rows, Charge::Usage, self.person.spend / 5 + 1);
            }
            Way::SilentButSeen if since <= 5 && self.person.dice.chance(5_000) => {
                self.be_seen(rows)
            }
            _ => (),
        }
        if let Some((month, told)) = self.stay.back
            && month == self.month
        {
            self.come_back(rows, told);
        }
    }

    fn come_back(&mut self, rows: &mut Rows, told: Option<EventKind>) {
        self.stay = Stay::draw(&self.population.trade, &mut self.person, self.month, false);
        if let Some(kind) = told {
            let at = self.person.moment(1, 14);
            let mut event = self.described(self.month, at, kind);
            event.referred_by = None;
            rows.events.push(event);
        }
        self.charge(rows);
        self.plan_next_charge();
    }

    fn bill(&mut self, rows: &mut Rows, charge: Charge, cents: i64) {
        rows.bills.push(Bill {
            day: self.person.billing_day,
            product: self.person.product,
            charge,
            cents,
            waived: false,
        });
    }

    fn waive(&mut self, rows: &mut Rows) {
        let cents = 100 * i64::from(self.person.dice.between(5, 15));
        self.bill(rows, Charge::Trial, cents);
        if let Some(line) = rows.bills.last_mut() {
            line.waived = true;
        }
    }

    fn rename_last(&self, rows: &mut Rows, product: Product) {
        if let Some(line) = rows.bills.last_mut() {
            line.product = product;
        }
    }

    /// An event that says nothing but that it happened.
    pub(super) fn bare(&mut self, at: Moment, kind: EventKind) -> Event {
        self.serial += 1;
        Event::bare(self.serial - 1, self.month, at, kind)
    }

    /// An event that tells all about the customer.
    fn described(&mut self, month: i32, at: Moment, kind: EventKind) -> Event {
        let person = &self.person;
        let event = Event {
            outlet: Some(person.outlet),
            region: Some(person.region),
            product: Some(person.product),
            segment: Some(person.segment),
            group: person.group.as_ref().map(|group| group.id),
            ..Event::bare(self.serial, month, at, kind)
        };
        self.serial += 1;
        event
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::super::trade::Trade;
    use super::super::words::Reason;
    use super::*;

    fn lives(trade: Trade) -> Vec<(u64, i32, Vec<Bill>, Vec<Event>)> {
        let mut all = Vec::new();
        let seen = Population::new(trade, 3).tell(|number, rows| {
            all.push((number, rows.month, rows.bills.clone(), rows.events.clone()));
            Ok::<(), Infallible>(())
        });
        assert!(seen.is_ok());
        all
    }

    #[test]
    fn every_kind_of_event_and_every_reason_happens() {
        let mut events: Vec<Event> =
            lives(Trade::telecom(2_500, 24)).into_iter().flat_map(|row| row.3).collect();
        events.extend(lives(Trade::garage(200, 24)).into_iter().flat_map(|row| row.3));
        for kind in EventKind::ALL {
            assert!(events.iter().any(|event| event.kind == *kind), "{kind:?}");
        }
        for reason in Reason::ALL {
            assert!(events.iter().any(|event| event.reason == Some(*reason)), "{reason:?}");
        }
        let silent = |event: &Event| event.kind == EventKind::Terminate && event.reason.is_none();
        assert!(events.iter().any(silent));
        assert!(events.iter().any(|event| event.referred_by.is_some()));
    }

    #[test]
    fn a_thousand_customers_stay_about_a_thousand() {
        let mut charged = [0_u32; 24];
        for (_, month, bills, _) in lives(Trade::telecom(1_000, 24)) {
            charged[month as usize] +=
                u32::from(bills.iter().any(|line| line.cents > 0 && !line.waived));
        }
        assert!(charged.iter().all(|count| (850..1_150).contains(count)), "{charged:?}");
    }

    #[test]
    fn serials_of_a_customer_do_not_repeat() {
        let mut last = (u64::MAX, 0);
        for (number, _, _, events) in lives(Trade::telecom(300, 24)) {
            for event in events {
                assert!(number != last.0 || event.serial > last.1);
                last = (number, event.serial);
            }
        }
    }

    #[test]
    fn a_garage_sees_each_car_a_few_times_a_year() {
        let rows = lives(Trade::garage(300, 36));
        let visits =
            rows.iter().filter(|row| row.2.iter().any(|line| line.charge == Charge::MonthlyFee));
        let a_month = visits.count() / 36;
        assert!((50..110).contains(&a_month), "{a_month}");
    }
}
