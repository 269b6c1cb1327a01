//! Quarters and years: which of them a month ends, and the months at whose ends they began.

use crate::month::Month;

/// The periods by name, with their months.
const PERIODS: [(&str, i32); 2] = [("quarter", 3), ("year", 12)];

/// The quarter and the year that a month ends, if any, each with the month before its first one.
pub fn ended_by(month: Month) -> impl Iterator<Item = (&'static str, Month)> {
    let ended = PERIODS.into_iter().filter(move |(_, months)| month.next().number() % months == 0);
    ended.map(move |(grain, months)| (grain, month.plus(-months)))
}

/// For how many months the customers at a month's end are looked back at; 0 for most months.
pub fn looked_back_for(month: Month) -> i32 {
    let begun = PERIODS.iter().filter(|(_, months)| month.next().number() % months == 0);
    begun.map(|(_, months)| *months).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_end_with_their_last_month() {
        let ended = |month| ended_by(Month::new(2024, month)).collect::<Vec<_>>();
        assert_eq!(ended(11), []);
        assert_eq!(ended(3), [("quarter", Month::new(2023, 12))]);
        assert_eq!(ended(12), [("quarter", Month::new(2024, 9)), ("year", Month::new(2023, 12))]);
        let back = [11, 3, 12].map(|month| looked_back_for(Month::new(2024, month)));
        assert_eq!(back, [0, 3, 12]);
    }
}
