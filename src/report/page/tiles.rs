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
        let change = |at: &str, earlier: Month| {
            let against = words.long_month(earlier);
            let raw = value(headline, name, at);
            raw.map_or_else(
                || Change::none(words, &against),
                |raw| {
                    let text = words.change(headline.measure(name), raw);
                    Change::of(words, raw, text, *rising, &against)
                },
            )
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

impl Change {
    /// A change that is told as `text`; more is better if `rising`, and one too small to be shown is neither.
    fn of(words: &Words, raw: &str, text: String, rising: bool, against: &str) -> Self {
        let kind = match is_something(&text) {
            true if raw.starts_with('-') == rising => "worse",
            true => "better",
            false => "",
        };
        let against = words.against_before.replace("{month}", against);
        Self { text, against, raw: raw.to_owned(), kind }
    }

    fn none(words: &Words, against: &str) -> Self {
        let against = words.no_comparison.replace("{month}", against);
        Self { text: String::new(), against, raw: String::new(), kind: "" }
    }
}

/// What a column says in the row of a moment; none where there is no such row, or null.
fn value<'a>(headline: &'a Answer, name: &str, at: &str) -> Option<&'a str> {
    let row = headline.texts("at").position(|text| text == at)?;
    headline.texts(name).nth(row).filter(|text| !text.is_empty())
}
