//! The calls of a life: the usual questions and faults, and the complaints that come before an end,
//! longer waited for, less often resolved, worse scored.

use super::life::Life;
use super::rows::{Call, Rows};
use super::words::{Category, Reason, Topic};

impl Life<'_> {
    /// The calls of a month as a customer.
    pub(super) fn call(&mut self, rows: &mut Rows) {
        self.complain_if_due(rows);
        if !self.person.dice.chance(550) {
            return;
        }
        let category = self.person.dice.weighted(&[
            (Category::Inquiry, 66),
            (Category::Fault, 17),
            (Category::Complaint, 15),
            (Category::CancelRequest, 2),
        ]);
        let topic = self.person.dice.pick(Topic::ALL);
        self.push_call(rows, category, topic, false);
    }

    /// The complaint that announces an end, once or twice.
    pub(super) fn complain_if_due(&mut self, rows: &mut Rows) {
        if self.stay.complains != Some(self.month) {
            return;
        }
        let topic = match self.stay.reason {
            Some(Reason::Quality) => Topic::Network,
            Some(Reason::Price | Reason::Competitor) => Topic::Price,
            Some(Reason::Service | Reason::Response) => Topic::Service,
            _ => self.person.dice.pick(Topic::ALL),
        };
        self.push_call(rows, Category::Complaint, topic, true);
        if self.person.dice.chance(3_000) {
            self.push_call(rows, Category::Complaint, topic, true);
        }
    }

    /// `sour` calls are those of customers about to leave.
    pub(super) fn push_call(
        &mut self,
        rows: &mut Rows,
        category: Category,
        topic: Topic,
        sour: bool,
    ) {
        let at = self.person.moment(1, 28);
        let angry = sour || category == Category::Complaint;
        let dice = &mut self.person.dice;
        let ceiling = if angry { 420 } else { 150 };
        let call = Call {
            serial: self.serial,
            at,
            category,
            topic,
            wait_seconds: dice.below(ceiling),
            talk_seconds: 20 + dice.below(900),
            resolved: dice.chance(if sour { 3_500 } else { 8_600 }),
            satisfaction: dice.chance(3_500).then(|| score(dice.below(5), angry, 1, 5)),
            recommend_score: dice.chance(2_500).then(|| score(dice.below(11), angry, 0, 10)),
        };
        self.serial += 1;
        rows.calls.push(call);
    }
}

/// An answer on a scale: the angry answer in its lower part, the others in its upper.
fn score(throw: u32, angry: bool, low: u32, high: u32) -> u32 {
    let half = throw / 2;
    if angry { (low + half).min(high) } else { high - half }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_angry_score_low_and_the_others_high() {
        let angry: Vec<u32> = (0..5).map(|throw| score(throw, true, 1, 5)).collect();
        let calm: Vec<u32> = (0..5).map(|throw| score(throw, false, 1, 5)).collect();
        assert_eq!(angry, [1, 1, 2, 2, 3]);
        assert_eq!(calm, [5, 5, 4, 4, 3]);
        assert_eq!((score(10, true, 0, 10), score(10, false, 0, 10)), (5, 5));
    }
}
