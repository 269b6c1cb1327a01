//! Lines of business: how many customers there are, how often they are charged, how they end and
//! whether they come back. The model is one; a trade is the numbers that it is played with.

/// Joiners a month for a thousand customers of the base.
const JOINERS: u64 = 20;

/// How a customer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Terminates,
    PortsOut,
    FallsSilent,
    /// No charge any more, but free lines and events go on.
    SilentButSeen,
}

/// A line of business: its size and its customers' habits. Odds are in ten thousand.
#[derive(Clone, Debug)]
pub(super) struct Trade {
    pub first_id: u64,
    /// Customers at any one time.
    pub base: u64,
    pub months: i32,
    /// Usual months between two charges.
    pub gap: (i32, i32),
    /// Spend in percent of the table.
    pub spend: i64,
    /// Odds of an end, each month.
    pub loss: u32,
    pub ways: [(Way, u32); 4],
    /// Odds of a return, and the months after the end in which it falls.
    pub back: u32,
    pub away: (i32, i32),
    /// Odds of a free line in a month without a charge.
    pub free_work: u32,
    /// Whether a charge is a visit that the channel extract tells of.
    pub visits: bool,
}

impl Trade {
    /// A mobile operator: charged monthly, with contracts to end.
    pub(super) fn telecom(base: u64, months: u32) -> Self {
        Self {
            first_id: 13_900_000_001,
            base,
            months: months as i32,
            gap: (1, 1),
            spend: 100,
            loss: 182,
            ways: [
                (Way::Terminates, 52),
                (Way::PortsOut, 16),
                (Way::FallsSilent, 25),
                (Way::SilentButSeen, 7),
            ],
            back: 1_400,
            away: (4, 9),
            free_work: 1_500,
            visits: false,
        }
    }

    /// A garage: charged by the visit, and left without a word.
    pub(super) fn garage(base: u64, months: u32) -> Self {
        Self {
            first_id: 10_001,
            base,
            months: months as i32,
            gap: (2, 6),
            spend: 600,
            loss: 200,
            ways: [
                (Way::Terminates, 12),
                (Way::PortsOut, 0),
                (Way::FallsSilent, 60),
                (Way::SilentButSeen, 28),
            ],
            back: 1_400,
            away: (13, 17),
            free_work: 700,
            visits: true,
        }
    }

    /// Those who join in a month.
    pub(super) fn joiners(&self) -> u64 {
        self.base.saturating_mul(JOINERS).div_ceil(1000)
    }

    /// Everyone who is ever a customer: the base at the start and all who join.
    pub(super) fn everyone(&self) -> u64 {
        let joining = self.joiners().saturating_mul(self.months as u64);
        self.base.saturating_add(joining)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_is_the_base_and_those_who_join() {
        assert_eq!(Trade::telecom(1_000, 24).everyone(), 1_000 + 24 * 20);
        assert_eq!(Trade::telecom(1, 2).everyone(), 3);
    }
}
