//! One customer, one month on: sql/core/customer_step.sql for a single row, in its order.

use std::collections::HashSet;

use super::charges::Charge;
use super::customers::{
    BILLED_PRODUCT, Cents, ENTRY_CHANNEL, LEFT_REASON, LOST_KIND, MonthNumber, NEVER, REGION,
    State, WON_KIND, earliest,
};
use super::events::Told;
use super::rules::{ChurnKind, Rules, Status, rounded};
use super::words::{NULL, Word};

/// What a month brings a customer.
#[derive(Clone, Copy, Debug)]
pub struct Brought<'a> {
    /// The month.
    pub now: MonthNumber,
    /// The first one of the history.
    pub first: MonthNumber,
    /// Its bill.
    pub charge: Charge,
    /// Its events.
    pub told: Option<&'a Told>,
    /// Its revenue in the month that falls out of the value window.
    pub out_of_value: Cents,
    /// Its revenue in the month that falls out of the tier window.
    pub out_of_tier: Cents,
}

/// How a customer came out of a month, besides its state.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// None before the first charge.
    pub status: Option<Status>,
    /// Of the churned.
    pub kind: Option<ChurnKind>,
    /// Why it left, `none` where it was not terminated.
    pub reason: Word,
    /// Months without a charge or a month paid ahead.
    pub idle: i32,
    /// Revenue of the month.
    pub revenue: Cents,
    /// Its tier.
    pub tier: Word,
    /// Its band of tenure.
    pub tenure_band: Word,
    /// Whether it was in the base the month before.
    pub was_in_base: bool,
    /// Whether the month is a charged one.
    pub charged: bool,
}

impl Turn {
    /// Whether customer_month has a row of it, given what the month brought.
    pub fn matters(&self, state: &State, brought: &Brought<'_>) -> bool {
        let moved = brought.told.is_some_and(|told| told.moved_now);
        let present = state.in_base || self.was_in_base || brought.charge.billed || moved;
        state.first != NEVER && present
    }
}

/// Takes a customer one month on.
pub fn turn(rules: &Rules, brought: &Brought<'_>, state: &mut State, texts: &mut [Word]) -> Turn {
    let nothing = Told::NOTHING;
    let (now, charge, told) = (brought.now, brought.charge, brought.told.unwrap_or(&nothing));
    let known = *state;
    let charged = charge.business > 0;
    let billed_before = texts[BILLED_PRODUCT];
    merge_texts(texts, &charge, told);

    let first_charge = known.first == NEVER && charged;
    let charged_now = if charged { now } else { NEVER };
    state.first = if first_charge { now } else { known.first };
    state.last = known.last.max(charged_now);
    state.charged_months += i32::from(charged);
    state.several_products |= first_charge && charge.several_products;
    state.paid = known.paid.max(charge.paid).max(charged_now);
    state.seen = known.seen.max(told.seen).max(if charge.billed { now } else { NEVER });
    let entered = earliest(known.since, told.entered);

    let idle = if state.paid == NEVER { 0 } else { (now - state.paid).max(0) };
    terminate(rules, brought, told, &known, state);
    state.in_base = !state.terminated && (charged || (known.in_base && idle < rules.churned_after));
    let revenue = if state.first == NEVER { 0 } else { charge.revenue };

    let status = status(rules, brought, &known, state, first_charge, idle);
    state.since = match (state.first, first_charge) {
        (NEVER, _) => entered,
        (_, true) => earliest(entered, now),
        _ => known.since,
    };
    if matches!(status, Some(Status::New | Status::Carried | Status::Returned)) {
        state.start = now;
    }
    state.carried |= status == Some(Status::Carried);

    value(rules, brought, state, charged, revenue);
    if state.first == NEVER {
        texts[BILLED_PRODUCT] = billed_before;
    }
    if state.in_base {
        // What a customer of the base has not told is unknown from then on.
        let untold = texts[REGION..].iter_mut().filter(|word| **word == NULL);
        untold.for_each(|word| *word = rules.unknown);
    }
    state.as_of = now;
    let tenure = state.tenure(now);
    let kind = (status == Some(Status::Churned)).then(|| churn_kind(rules, state, texts));
    if status == Some(Status::Returned) {
        (state.won, texts[WON_KIND]) = (state.lost, texts[LOST_KIND]);
    }
    if let Some(kind) = kind {
        (state.lost, texts[LOST_KIND]) = (now, rules.kind(kind));
    }
    Turn {
        status,
        kind,
        reason: match (state.terminated, texts[LEFT_REASON]) {
            (true, reason) if reason != NULL => reason,
            _ => rules.none,
        },
        idle,
        revenue,
        tier: rules.tier_after(tenure, state),
        tenure_band: tenure_band(rules, state, tenure),
        was_in_base: known.in_base,
        charged,
    }
}

/// Whether the customer is terminated, and how it left: by the events of the month, else as known.
fn terminate(rules: &Rules, brought: &Brought<'_>, told: &Told, known: &State, state: &mut State) {
    let (now, charged) = (brought.now, brought.charge.business > 0);
    let gone = told.gone || (!told.enters && known.terminated);
    state.left = if told.gone { told.left } else { known.left };
    state.left_by_port_out = told.left_by_port_out || (!told.enters && known.left_by_port_out);
    // Who was not seen the month before was not charged in it: the charged months in a row end there.
    let in_a_row = known.in_base || known.as_of == now - 1;
    let relifting = if told.gone || !in_a_row { 0 } else { known.relifting };
    let lifts = gone && charged && state.left != NEVER && now > state.left;
    state.relifting = if lifts { relifting + 1 } else { 0 };
    state.terminated = gone && state.relifting < rules.relift_after;
}

/// The texts that the month tells before those known, save what the first one to tell decides.
fn merge_texts(texts: &mut [Word], charge: &Charge, told: &Told) {
    let known = (texts[LEFT_REASON], texts[ENTRY_CHANNEL]);
    for (text, told) in texts.iter_mut().zip(&told.texts) {
        if *told != NULL {
            *text = *told;
        }
    }
    if charge.product != NULL {
        texts[BILLED_PRODUCT] = charge.product;
    }
    texts[ENTRY_CHANNEL] = if known.1 == NULL { told.entry_channel } else { known.1 };
    texts[LEFT_REASON] = if told.enters || known.0 == NULL { told.left_reason } else { known.0 };
}

fn status(
    rules: &Rules,
    brought: &Brought<'_>,
    known: &State,
    state: &State,
    first_charge: bool,
    idle: i32,
) -> Option<Status> {
    if state.first == NEVER {
        return None;
    }
    let told = |tells: fn(&Told) -> bool| brought.told.is_some_and(tells);
    let charged = brought.charge.business > 0;
    let in_first_month = brought.now == brought.first;
    Some(match (state.in_base, first_charge, known.in_base) {
        (true, true, _) if in_first_month && !told(|told| told.activated_now) => Status::Carried,
        (true, true, _) => Status::New,
        (true, _, false) => Status::Returned,
        (true, _, _) if idle >= rules.at_risk_after => Status::AtRisk,
        (true, _, _) => Status::Active,
        (false, _, true) => Status::Churned,
        (false, true, _) => Status::JoinedAndLeft,
        _ if charged && told(|told| told.entered_now) => Status::JoinedAndLeft,
        _ => Status::Lost,
    })
}

/// The sums over the windows, and in charged months what follows from them.
fn value(rules: &Rules, brought: &Brought<'_>, state: &mut State, charged: bool, revenue: Cents) {
    let (now, start) = (brought.now, state.start);
    let sum = |known: Cents, window: i32, out: Cents| match (state.in_base, start == now) {
        (false, _) => 0,
        (_, true) => revenue,
        _ if now - window >= start => known.saturating_add(revenue).saturating_sub(out),
        _ => known.saturating_add(revenue),
    };
    let value_sum = sum(state.value_sum, rules.value_window, brought.out_of_value);
    let tier_sum = sum(state.tier_sum, rules.tier_window, brought.out_of_tier);
    (state.value_sum, state.tier_sum) = (value_sum, tier_sum);
    if charged && state.in_base {
        let usual = (state.paid - start + 1).max(rules.at_risk_after);
        let span = |window: i32| i64::from(window.min(usual).max(state.paid - state.last + 1));
        state.annual_revenue = rounded(i128::from(value_sum) * 12, span(rules.value_window));
        state.monthly_value = rounded(i128::from(tier_sum), span(rules.tier_window));
    }
}

fn churn_kind(rules: &Rules, state: &State, texts: &[Word]) -> ChurnKind {
    let reason = |reasons: &HashSet<Word>| reasons.contains(&texts[LEFT_REASON]);
    match state.terminated {
        true if state.left_by_port_out => ChurnKind::Switched,
        true if reason(&rules.passive) => ChurnKind::Passive,
        true if reason(&rules.switching) => ChurnKind::Switched,
        true if reason(&rules.unavoidable) => ChurnKind::Unavoidable,
        true => ChurnKind::Left,
        false if state.seen > state.last => ChurnKind::LapsedUncharged,
        false => ChurnKind::Lapsed,
    }
}

/// The band of a tenure.
pub fn tenure_band(rules: &Rules, state: &State, tenure: i32) -> Word {
    if state.carried && state.since == state.first {
        return rules.unknown;
    }
    let band = rules.bands.iter().find(|(_, below)| tenure < *below);
    band.map_or(rules.bands[4].0, |(band, _)| *band)
}
