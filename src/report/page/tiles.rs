//! The numbers at the top, each with its change against the month before and the same month a year ago. The changes
//! are the query's; here they get a sign, and a word for those that a manager likes or not.

use serde::Serialize;

use super::answer::{Answer, Span};
use super::figures::TILES;
use super::words::{Words, is_something};
use crate::month::Month;

/// A number at the top, and how it has changed.
#[derive(Serialize)]
pub struct Tile {
    name: &'static str,
    title: String,
    value: String,
    raw: String,
    changes: Vec<Change>,
}

/// A change against an earlier month; where there is none, only a sentence that says so.
#[derive(Serialize)]
struct Change {
    text: String,
    against: String,
    raw: String,
    /// `better`, `worse` or nothing.
    kind: &'static str,
}

/// The numbers at the top.
pub fn tiles(headline: &Answer, words: &Words, span: Span) -> Vec<Tile> {
    let tile = |(name, rising): &(&'static str, bool)| {
        let raw = value(headline, name, "now").unwrap_or_default();
        let change = |at: &str, against: Month| {
            let against = words.long_month(against);
            match value(headline, name, at) {
                Some(raw) => {
                    let text = words.change(headline.measure(name), raw);
                    let kind = if is_something(&text) { kind(raw, *rising) } else { "" };
                    let against = words.against_before.replace("{month}", &against);
                    Change { text, against, raw: raw.to_owned(), kind }
                }
                None => Change {
                    text: String::new(),
                    against: words.no_comparison.replace("{month}", &against),
                    raw: String::new(),
                    kind: "",
                },
            }
        };
        Tile {
            name,
            title: words.tiles.get(*name).cloned().unwrap_or_default(),
            value: words.shown(name, headline.measure(name), raw),
            raw: raw.to_owned(),
            changes: vec![
                change("change_month", span.month.previous()),
                change("change_year", span.month.plus(-12)),
            ],
        }
    };
    TILES.iter().map(tile).collect()
}

/// What a column says in the row of a moment; none where there is no such row, or null.
fn value<'a>(headline: &'a Answer, name: &str, at: &str) -> Option<&'a str> {
    let row = headline.texts("at").position(|text| text == at)?;
    headline.texts(name).nth(row).filter(|text| !text.is_empty())
}

/// Whether a change is one for the better, where more is better if `rising`.
fn kind(change: &str, rising: bool) -> &'static str {
    if change.starts_with('-') == rising { "worse" } else { "better" }
}
