//! What the events of a channel file say of the file: words that mean nothing to the metrics, and whether
//! anybody enters or leaves in it. A wrong mapping of `event` shows here first.

use std::collections::BTreeSet;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;

use super::Landing;
use crate::extract::SourceKind;

/// Events that mean something to the metrics; others are carried and warned of.
const KNOWN_EVENTS: [&str; 11] = [
    "activate",
    "resume",
    "port_in",
    "terminate",
    "port_out",
    "transfer",
    "suspend",
    "visit",
    "inspection",
    "profile",
    "renew",
];
const MEMBERSHIP: [&str; 5] = ["activate", "resume", "port_in", "terminate", "port_out"];

/// The words of a channel file's events.
#[derive(Default)]
pub struct Events {
    unknown: BTreeSet<String>,
    membership: bool,
}

impl Events {
    /// Takes the events of a batch.
    pub fn count(&mut self, batch: &RecordBatch) {
        let events = batch.column_by_name("event").map(|column| cast(column, &DataType::Utf8));
        let Some(Ok(events)) = events else { return };
        for event in events.as_string::<i32>().iter().flatten() {
            self.membership |= MEMBERSHIP.contains(&event);
            if !KNOWN_EVENTS.contains(&event) && !self.unknown.contains(event) {
                self.unknown.insert(event.to_owned());
            }
        }
    }

    /// What a person should look at.
    pub fn warnings(&self, landing: &Landing) -> Vec<String> {
        if landing.source != SourceKind::Channel || landing.rows == 0 {
            return Vec::new();
        }
        let file = &landing.file;
        let mut warnings = Vec::new();
        if !self.unknown.is_empty() {
            let words: Vec<&str> = self.unknown.iter().map(String::as_str).collect();
            warnings.push(format!(
                "{file}: events of no known meaning carry attributes only: {}",
                words.join(", ")
            ));
        }
        if !self.membership {
            let wanted = MEMBERSHIP.join(", ");
            warnings.push(format!(
                "{file}: nobody enters or leaves in it; is `event` mapped to: {wanted}?"
            ));
        }
        warnings
    }
}
