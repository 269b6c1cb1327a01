//! What each customer's channel events say: sql/core/customer_event.sql, event by event.

use std::collections::HashMap;

use arrow::array::{AsArray, LargeStringBuilder, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;
use arrow::error::ArrowError;

use super::by_slot::BySlot;
use super::customers::{
    Customers, EVENT_PRODUCT, GROUP_ID, MonthNumber, NEVER, OWN, REGION, SEGMENT, Slot, earliest,
};
use super::moved::Moved;
use super::superseded::Superseded;
use super::words::{NULL, Word, Words};
use crate::close::Aliases;

const MICROS_A_DAY: i64 = 86_400_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Activate,
    PortIn,
    Resume,
    Terminate,
    PortOut,
    Other,
}

impl Kind {
    fn of(word: &str) -> Self {
        match word {
            "activate" => Self::Activate,
            "port_in" => Self::PortIn,
            "resume" => Self::Resume,
            "terminate" => Self::Terminate,
            "port_out" => Self::PortOut,
            _ => Self::Other,
        }
    }

    fn is_leaving(self) -> bool {
        matches!(self, Self::Terminate | Self::PortOut)
    }

    fn is_activation(self) -> bool {
        matches!(self, Self::Activate | Self::PortIn)
    }

    fn is_entering(self) -> bool {
        self.is_activation() || self == Self::Resume
    }
}

#[derive(Debug)]
struct Event {
    slot: Slot,
    month: MonthNumber,
    at: i64,
    kind: Kind,
    channel_type: Word,
    reason: Word,
    /// Where its id and its texts stand among those of all events.
    place: usize,
}

impl Event {
    /// A customer's events go by time; at one instant leaving before the others.
    fn key(&self) -> (Slot, i64, bool) {
        (self.slot, self.at, !self.kind.is_leaving())
    }
}

/// What a customer's events say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The latest month of an event.
    pub seen: MonthNumber,
    /// The month of the first entering one.
    pub entered: MonthNumber,
    /// Whether it entered in the month.
    pub entered_now: bool,
    /// Whether an `activate` or `port_in` lies in the month.
    pub activated_now: bool,
    /// Whether an `activate` lies in the month: the id may have been given to somebody else.
    pub issued_now: bool,
    /// Whether it entered or left in the month.
    pub moved_now: bool,
    /// Whether any is an entering one.
    pub enters: bool,
    /// Whether the last that counts is a leaving one.
    pub gone: bool,
    /// Of the leaving ones after the last entering one: the month, the first reason, any `port_out`.
    pub left: MonthNumber,
    /// See `left`.
    pub left_reason: Word,
    /// See `left`.
    pub left_by_port_out: bool,
    /// `channel_type` of the first activation that has one.
    pub entry_channel: Word,
    /// The latest of each text, as the state keeps them.
    pub texts: Vec<Word>,
}

impl Told {
    /// No events.
    pub const NOTHING: Self = Self {
        seen: NEVER,
        entered: NEVER,
        entered_now: false,
        activated_now: false,
        issued_now: false,
        moved_now: false,
        enters: false,
        gone: false,
        left: NEVER,
        left_reason: NULL,
        left_by_port_out: false,
        entry_channel: NULL,
        texts: Vec::new(),
    };
}

/// The events that a close reads.
#[derive(Debug)]
pub struct Events<'a> {
    events: Vec<Event>,
    ids: LargeStringBuilder,
    /// The texts of each, as the state keeps them, the product under the event's.
    texts: Vec<Word>,
    superseded: Superseded,
    own: Vec<String>,
    aliases: &'a Aliases,
}

impl<'a> Events<'a> {
    /// No events yet. `superseded` ones do not count; `own` are the configured dimensions.
    pub fn new(superseded: Superseded, own: Vec<String>, aliases: &'a Aliases) -> Self {
        let (events, ids, texts) = (Vec::new(), LargeStringBuilder::new(), Vec::new());
        Self { events, ids, texts, superseded, own, aliases }
    }

    /// The columns that are read; `own` are the configured dimensions.
    pub fn columns(own: &[String]) -> Vec<&str> {
        let fixed = [
            "event_id",
            "customer_id",
            "occurred_at",
            "event",
            "channel_type",
            "region",
            "product",
            "segment",
            "group_id",
            "reason",
        ];
        let own = own.iter().map(String::as_str);
        fixed.into_iter().chain(Superseded::PLACE).chain(own).collect()
    }

    /// Adds the events of one month's file.
    ///
    /// # Errors
    /// The file is not of the layout.
    pub fn add(
        &mut self,
        events: &RecordBatch,
        month: MonthNumber,
        customers: &mut Customers,
        words: &mut Words,
        groups: &mut Words,
    ) -> Result<(), ArrowError> {
        let mut kinds = Vec::with_capacity(events.num_rows());
        kinds.extend(
            words.of_column(&events["event"])?.into_iter().map(|word| Kind::of(words.text(word))),
        );
        let channel_types = words.of_column(&events["channel_type"])?;
        let reasons = words.of_column(&events["reason"])?;
        let mut texts = vec![(EVENT_PRODUCT, words.of_column(&events["product"])?)];
        texts.push((REGION, words.of_column(&events["region"])?));
        texts.push((SEGMENT, words.of_column(&events["segment"])?));
        texts.push((GROUP_ID, groups.of_column(&events["group_id"])?));
        for (place, name) in self.own.iter().enumerate() {
            texts.push((OWN + place, words.of_column(&events[name.as_str()])?));
        }
        let ids = events["event_id"].as_string::<i32>();
        let who = events["customer_id"].as_string::<i32>();
        let at = events["occurred_at"].as_primitive::<TimestampMicrosecondType>().values();
        let is_superseded = self.superseded.among(events);
        for row in 0..events.num_rows() {
            if is_superseded(row) {
                continue;
            }
            let day = at[row].div_euclid(MICROS_A_DAY) as i32;
            let whose = self.aliases.whose(who.value(row), day);
            let Some(slot) = customers.meet(whose) else { continue };
            let begin = self.texts.len();
            self.texts.resize(begin + self.width(), NULL);
            texts.iter().for_each(|(place, words)| self.texts[begin + place] = words[row]);
            self.ids.append_value(ids.value(row));
            self.events.push(Event {
                slot,
                month,
                at: at[row],
                kind: kinds[row],
                channel_type: channel_types[row],
                reason: reasons[row],
                place: self.events.len(),
            });
        }
        Ok(())
    }

    /// Gives the customers their new slots.
    pub fn renumber(&mut self, moved: &Moved) {
        self.events.iter_mut().for_each(|event| event.slot = moved.slot(event.slot));
    }

    /// How many texts an event has.
    fn width(&self) -> usize {
        OWN + self.own.len()
    }

    fn texts_of(&self, event: &Event) -> &[Word] {
        &self.texts[event.place * self.width()..][..self.width()]
    }

    /// Of customers all of whose leaving events of the month name a product: those products.
    pub fn ended_products(&self, now: MonthNumber) -> HashMap<Slot, Vec<Word>> {
        let mut ended: HashMap<Slot, Vec<Word>> = HashMap::new();
        let leaving =
            self.events.iter().filter(|event| event.kind.is_leaving() && event.month == now);
        for event in leaving {
            ended.entry(event.slot).or_default().push(self.texts_of(event)[EVENT_PRODUCT]);
        }
        ended.retain(|_, products| !products.contains(&NULL));
        ended
    }

    /// What the events of each of so many customers say; `product_end` tells whose leaving events of the month end
    /// products only. An `activate` so many months after a termination, `recycled_after`, is the first event
    /// of somebody else.
    pub fn told(
        mut self,
        customers: usize,
        now: MonthNumber,
        recycled_after: Option<i32>,
        product_end: impl Fn(Slot) -> bool,
    ) -> BySlot<Told> {
        let ids = self.ids.finish();
        self.events.sort_unstable_by(|left, right| {
            let by_id = || ids.value(left.place).cmp(ids.value(right.place));
            left.key().cmp(&right.key()).then_with(by_id)
        });
        let by_customer = || self.events.chunk_by(|left, right| left.slot == right.slot);
        let slots = by_customer().map(|events| events[0].slot);
        let told = slots.clone().zip(by_customer());
        let told =
            told.map(|(slot, events)| self.tell(events, now, recycled_after, product_end(slot)));
        BySlot::new(customers, slots, told.collect())
    }

    /// What one customer's events, in order, say.
    fn tell(
        &self,
        events: &[Event],
        now: MonthNumber,
        recycled_after: Option<i32>,
        products_end: bool,
    ) -> Told {
        let nothing = || Told { texts: vec![NULL; self.width()], ..Told::NOTHING };
        let mut told = nothing();
        for event in events {
            let gone_for = event.month - told.left.max(0);
            let recycled = recycled_after.is_some_and(|months| told.gone && gone_for >= months);
            if recycled && event.kind == Kind::Activate {
                told = nothing();
            }
            let (leaving, entering) = (event.kind.is_leaving(), event.kind.is_entering());
            let in_month = event.month == now;
            told.seen = told.seen.max(event.month);
            told.moved_now |= in_month && (leaving || entering);
            if entering {
                told.entered = earliest(told.entered, event.month);
                told.entered_now |= in_month;
                told.enters = true;
                (told.gone, told.left, told.left_reason, told.left_by_port_out) =
                    (false, NEVER, NULL, false);
            }
            if event.kind.is_activation() {
                told.activated_now |= in_month;
                told.issued_now |= in_month && event.kind == Kind::Activate;
                keep_first(&mut told.entry_channel, event.channel_type);
            }
            if leaving && !(products_end && in_month) {
                told.gone = true;
                told.left = told.left.max(event.month);
                told.left_by_port_out |= event.kind == Kind::PortOut;
                keep_first(&mut told.left_reason, event.reason);
            }
            for (place, word) in self.texts_of(event).iter().enumerate() {
                let counts = *word != NULL && !(leaving && place == EVENT_PRODUCT);
                if counts {
                    told.texts[place] = *word;
                }
            }
        }
        told
    }
}

fn keep_first(kept: &mut Word, word: Word) {
    if *kept == NULL {
        *kept = word;
    }
}
