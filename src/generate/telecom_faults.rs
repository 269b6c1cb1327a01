//! What goes wrong in real deliveries, put into the telecom sample: a letter in an amount, a month
//! 13, a missing number, a lost field, a byte that GBK does not have, a day that no calendar knows,
//! a score off its scale, an event sent twice. Few enough that no file is refused whole.

use super::telecom::{CallRow, Line};

#[derive(Clone, Copy)]
enum Fault {
    Replaced(usize, &'static str),
    FieldLost,
    Garbled,
}

/// Month and line (from 0) of each fault in the billing extracts.
const BILLING: [(usize, usize, Fault); 6] = [
    (2, 120, Fault::Replaced(4, "3O.00")),
    (4, 64, Fault::Replaced(1, "202313")),
    (7, 801, Fault::Replaced(0, "")),
    (10, 333, Fault::FieldLost),
    (13, 512, Fault::Garbled),
    (20, 1_000, Fault::Replaced(4, "")),
];

/// The same for the channel extracts.
const CHANNEL: [(usize, usize, Fault); 3] = [
    (3, 11, Fault::Replaced(2, "2023/02/30 10:00:00")),
    (8, 5, Fault::Replaced(1, "")),
    (15, 20, Fault::FieldLost),
];

/// The month whose first event is told again a month later.
const REPEATED: usize = 9;

/// Spoils a few bill lines.
pub(super) fn spoil_billing(months: &mut [Vec<Line>]) {
    spoil(months, &BILLING);
}

/// Spoils a few events, and repeats one in the next month's file.
pub(super) fn spoil_channel(months: &mut [Vec<Line>]) {
    spoil(months, &CHANNEL);
    if let Some(line) = months[REPEATED].first().cloned() {
        months[REPEATED + 1].push(line);
    }
}

/// Spoils a few calls: a score off the scale, a caller not known.
pub(super) fn spoil_hotline(quarters: &mut [Vec<CallRow>]) {
    if let Some(row) = quarters[1].get_mut(30) {
        row.call.satisfaction = Some(9);
    }
    if let Some(row) = quarters[4].get_mut(12) {
        row.customer = None;
    }
}

fn spoil(months: &mut [Vec<Line>], faults: &[(usize, usize, Fault)]) {
    for &(month, place, fault) in faults {
        if let Some(line) = months[month].get_mut(place) {
            apply(line, fault);
        }
    }
}

fn apply(line: &mut Line, fault: Fault) {
    match fault {
        Fault::Replaced(field, text) => text.clone_into(&mut line.fields[field]),
        Fault::FieldLost => {
            line.fields.pop();
        }
        Fault::Garbled => line.garbled = true,
    }
}

#[cfg(test)]
pub(super) fn tests_call() -> super::rows::Call {
    use super::words::{Category, Topic};
    super::rows::Call {
        serial: 0,
        at: super::rows::Moment { day: 3, second: 40_000 },
        category: Category::Complaint,
        topic: Topic::Network,
        wait_seconds: 30,
        talk_seconds: 200,
        resolved: false,
        satisfaction: Some(1),
        recommend_score: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line {
        Line {
            fields: ["1", "202301", "b", "c", "3.00", "0"].map(str::to_owned).to_vec(),
            garbled: false,
        }
    }

    #[test]
    fn each_fault_spoils_one_thing() {
        let mut spoilt = line();
        apply(&mut spoilt, Fault::FieldLost);
        assert_eq!(spoilt.fields.len(), 5);
        let mut spoilt = line();
        apply(&mut spoilt, Fault::Replaced(4, "3O.00"));
        assert_eq!(spoilt.fields[4], "3O.00");
        let mut spoilt = line();
        apply(&mut spoilt, Fault::Garbled);
        assert_eq!(spoilt, Line { garbled: true, ..line() });
    }

    #[test]
    fn every_fault_finds_its_line() {
        let mut months = vec![vec![line(); 1_200]; 24];
        spoil_billing(&mut months);
        let spoilt = months.iter().flatten().filter(|other| **other != line());
        assert_eq!(spoilt.count(), BILLING.len());
    }

    #[test]
    fn an_event_is_told_twice() {
        let mut months = vec![vec![line(); 30]; 24];
        spoil_channel(&mut months);
        assert_eq!(months[REPEATED + 1].len(), 31);
    }
}
