//! Chance that falls alike everywhere: ChaCha8 with integer arithmetic only. Every customer and
//! every group throws its own dice, told apart by the stream number, so that a life does not
//! depend on who was drawn before it. Floating point has no place here: its logarithms and
//! exponentials differ between platforms.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// What `chance` counts in: a chance of 150 is 1.5%.
const WHOLE: u32 = 10_000;

/// A stream of throws.
#[derive(Clone)]
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    /// The dice of a seed, before a stream is chosen.
    pub(super) fn seeded(seed: u64) -> Self {
        let mut key = *b"churnhouse synthetic extracts v1";
        for (byte, mix) in key.iter_mut().zip(seed.to_le_bytes()) {
            *byte ^= mix;
        }
        Self(ChaCha8Rng::from_seed(key))
    }

    /// The same seed's dice for one customer or group.
    pub(super) fn stream(&self, stream: u64) -> Self {
        let mut rng = self.0.clone();
        rng.set_stream(stream);
        Self(rng)
    }

    /// A number from 0 to `bound` − 1; 0 for a bound of 0.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        let product = u64::from(self.0.next_u32()) * u64::from(bound);
        (product >> 32) as u32
    }

    /// A number between two, both included.
    pub(super) fn between(&mut self, low: i32, high: i32) -> i32 {
        low + self.below((high - low + 1) as u32) as i32
    }

    /// Whether something happens that does `odds` times in ten thousand.
    pub(super) fn chance(&mut self, odds: u32) -> bool {
        self.below(WHOLE) < odds
    }

    /// One of several, all alike.
    pub(super) fn pick<T: Copy>(&mut self, options: &[T]) -> T {
        options[self.below(options.len() as u32) as usize]
    }

    /// One of several, each as likely as its weight.
    pub(super) fn weighted<T: Copy>(&mut self, options: &[(T, u32)]) -> T {
        let total = options.iter().map(|(_, weight)| weight).sum();
        let mut throw = self.below(total);
        for &(option, weight) in options {
            if throw < weight {
                return option;
            }
            throw -= weight;
        }
        options[0].0
    }

    /// An amount from a table of quantiles, straight between two neighbours.
    pub(super) fn quantile(&mut self, knots: &[i64]) -> i64 {
        let left = self.below(knots.len() as u32 - 1) as usize;
        let share = i64::from(self.below(1000));
        knots[left] + (knots[left + 1] - knots[left]) * share / 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throws(seed: u64, stream: u64) -> Vec<u32> {
        let mut dice = Dice::seeded(seed).stream(stream);
        (0..20).map(|_| dice.below(1_000_000)).collect()
    }

    #[test]
    fn seed_and_stream_decide_every_throw() {
        assert_eq!(throws(7, 1), throws(7, 1));
        assert_ne!(throws(7, 1), throws(7, 2));
        assert_ne!(throws(7, 1), throws(8, 1));
    }

    #[test]
    fn the_throws_of_seed_1_are_the_same_on_every_machine() {
        assert_eq!(throws(1, 0)[..4], [220_212, 628_841, 237_387, 82_311]);
    }

    #[test]
    fn throws_stay_within_their_bounds() {
        let mut dice = Dice::seeded(3).stream(9);
        for _ in 0..1000 {
            assert!((-2..=3).contains(&dice.between(-2, 3)));
            assert!((10..=40).contains(&dice.quantile(&[10, 20, 40])));
        }
        assert_eq!(dice.below(0), 0);
        assert!(!dice.chance(0));
        assert!(dice.chance(WHOLE));
    }

    #[test]
    fn weights_are_kept_roughly() {
        let mut dice = Dice::seeded(3).stream(9);
        let heads = (0..10_000).filter(|_| dice.weighted(&[(true, 3), (false, 1)]));
        assert!((7_200..7_800).contains(&heads.count()));
    }
}
