//! The dimensions of a customer as customer_month shows them: they follow from its texts, its state and the month, so
//! that they are neither kept nor read back.

use super::FIXED_DIMENSIONS;
use super::customers::{
    BILLED_PRODUCT, ENTRY_CHANNEL, EVENT_PRODUCT, MonthNumber, OWN, REGION, SEGMENT, State,
};
use super::rules::Rules;
use super::turn::tenure_band;
use super::words::{NULL, Word};

/// The place of the tier among the dimensions.
pub const TIER: usize = 4;
/// The place of the band of tenure.
pub const TENURE_BAND: usize = 5;
/// The texts that tell each of the dimensions before these; the first that is there counts.
const TELLING: [&[usize]; TIER] =
    [&[REGION], &[EVENT_PRODUCT, BILLED_PRODUCT], &[SEGMENT], &[ENTRY_CHANNEL]];

/// A dimension other than tier and band of tenure, from a customer's texts by their places.
#[inline]
pub fn told(place: usize, text: impl Fn(usize) -> Word, unknown: Word) -> Word {
    let Some(telling) = TELLING.get(place) else {
        let own = text(OWN + place - FIXED_DIMENSIONS);
        return if own == NULL { unknown } else { own };
    };
    let words = telling.iter().map(|place| text(*place));
    words.into_iter().find(|word| *word != NULL).unwrap_or(unknown)
}

/// All dimensions of a customer who is in this tier and band of tenure.
#[inline]
pub fn dimensions(
    rules: &Rules,
    texts: &[Word],
    tier: Word,
    tenure_band: Word,
) -> impl Iterator<Item = Word> {
    let unknown = rules.unknown;
    let told = move |place| told(place, |text| texts[text], unknown);
    let fixed = [told(0), told(1), told(2), told(3), tier, tenure_band];
    let own = texts.len() - OWN;
    fixed.into_iter().chain((FIXED_DIMENSIONS..FIXED_DIMENSIONS + own).map(told))
}

/// All dimensions of a customer at a month's end, in the state that it was left in then.
#[inline]
pub fn dimensions_at(
    rules: &Rules,
    state: &State,
    texts: &[Word],
    at: MonthNumber,
) -> impl Iterator<Item = Word> {
    let tenure = state.tenure(at);
    let band = tenure_band(rules, state, tenure);
    dimensions(rules, texts, rules.tier_after(tenure, state), band)
}
