//! What the page says in its language, and how it writes numbers and months. The words are data: a file for each
//! language, with the same keys.

use std::collections::BTreeMap;

use indicatif::HumanCount;
use serde::{Deserialize, Serialize};

use super::answer::Measure;
use crate::config::Language;

type Named = BTreeMap<String, String>;

/// The words of a language.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    lang: String,
    title: String,
    skip: String,
    contents: String,
    headline: String,
    /// Said before a change, with the month that it is against.
    pub against_before: String,
    /// Said in place of a change.
    pub no_comparison: String,
    better: String,
    worse: String,
    table: String,
    definition: String,
    ask: String,
    unknown: String,
    months_short: Vec<String>,
    months_long: Vec<String>,
    made_from: String,
    made_note: String,
    points: String,
    /// Names of what the page was made from.
    pub made: Named,
    /// Names of the numbers at the top.
    pub tiles: Named,
    /// Titles of the sections.
    pub sections: Named,
    /// What is said of each figure.
    pub figures: BTreeMap<String, Said>,
    columns: Named,
    values: BTreeMap<String, Named>,
}

/// What is said of a figure.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Said {
    /// Its heading.
    pub title: String,
    /// What it shows.
    pub caption: String,
    /// How its numbers are defined, in short.
    pub defined: String,
    /// What stands in its place where there is nothing to show.
    pub empty: String,
}

impl Words {
    /// The words of a language.
    ///
    /// # Errors
    /// The file of the words is broken.
    pub fn of(language: Language) -> Result<Self, toml::de::Error> {
        toml::from_str(Self::file(language))
    }

    /// The file of a language's words.
    pub fn file(language: Language) -> &'static str {
        match language {
            Language::En => include_str!("words/en.toml"),
            Language::Zh => include_str!("words/zh.toml"),
        }
    }

    fn is_chinese(&self) -> bool {
        self.lang.starts_with("zh")
    }

    /// What a column is called.
    pub fn column(&self, name: &str) -> String {
        self.columns.get(name).map_or(name, String::as_str).to_owned()
    }

    /// A value as people read it; what is null is a dash.
    pub fn shown(&self, column: &str, measure: Measure, text: &str) -> String {
        if text.is_empty() {
            return "–".into();
        }
        match (measure, text.parse::<f64>()) {
            (Measure::Word, _) => self.word(column, text),
            (Measure::Month, _) => self.day(text),
            (Measure::Name, _) => text.to_owned(),
            (Measure::Count, _) => grouped(text),
            (Measure::Money, Ok(value)) => grouped(&format!("{value:.2}")),
            (Measure::Ratio, Ok(value)) => grouped(&format!("{:.2}", value * 100.0)) + "%",
            (Measure::Number, Ok(value)) => grouped(&format!("{value:.1}")),
            (_, Err(_)) => text.to_owned(),
        }
    }

    /// A change, with its sign; that of a ratio is told in points.
    pub fn change(&self, measure: Measure, text: &str) -> String {
        let value: f64 = text.parse().unwrap_or_default();
        let shown = match measure {
            Measure::Ratio => {
                let space = if self.is_chinese() { "" } else { " " };
                let points = grouped(&format!("{:.2}", value * 100.0));
                format!("{points}{space}{}", self.points)
            }
            other => self.shown("", other, text),
        };
        if value > 0.0 && is_something(&shown) { format!("+{shown}") } else { shown }
    }

    /// A value of a column of words, of which a list is told word by word.
    fn word(&self, column: &str, text: &str) -> String {
        let known = match column {
            "from_tier" | "to_tier" => "tier",
            "column" => return text.to_owned(),
            other => other,
        };
        let Some(values) = self.values.get(known) else { return text.to_owned() };
        let word = |text| values.get(text).map_or(text, String::as_str);
        let between = if self.is_chinese() { "、" } else { ", " };
        match values.contains_key(text) {
            true => word(text).to_owned(),
            false => text.split(", ").map(word).collect::<Vec<_>>().join(between),
        }
    }

    /// A month of a table, from its first day as ISO 8601 has it.
    fn day(&self, text: &str) -> String {
        self.month_of(text, &self.months_short).unwrap_or_else(|| text.to_owned())
    }

    /// A month in a heading.
    pub fn long_month(&self, month: crate::month::Month) -> String {
        let text = month.to_string();
        self.month_of(&text, &self.months_long).unwrap_or(text)
    }

    /// The last day of a month.
    pub fn last_day(&self, month: crate::month::Month) -> String {
        let day = month.last_day().format("%-d");
        let long = self.long_month(month);
        if self.is_chinese() { format!("{long}{day}日") } else { format!("{day} {long}") }
    }

    fn month_of(&self, text: &str, names: &[String]) -> Option<String> {
        let year = text.get(..4)?;
        let number: usize = text.get(5..7)?.parse().ok()?;
        let name = names.get(number.checked_sub(1)?)?;
        Some(if self.is_chinese() { format!("{year}年{name}") } else { format!("{name} {year}") })
    }

    /// A number at an axis, as short as it can be.
    pub fn tick(&self, measure: Measure, value: f64) -> String {
        if measure == Measure::Ratio {
            return plain(value * 100.0) + "%";
        }
        if measure == Measure::Count && value.fract() != 0.0 {
            return String::new();
        }
        let steps: &[(f64, f64, &str)] = match self.is_chinese() {
            true => &[(1e8, 1e8, "亿"), (1e4, 1e4, "万")],
            false => &[(1e9, 1e9, "bn"), (1e6, 1e6, "M"), (1e4, 1e3, "k")],
        };
        match steps.iter().find(|(least, ..)| value.abs() >= *least) {
            Some((_, size, name)) => plain(value / size) + name,
            None => grouped(&plain(value)),
        }
    }
}

/// A number with at most two decimals and no needless zeros.
fn plain(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".into() } else { text.to_owned() }
}

/// Whether what is shown of a number is other than 0.
pub fn is_something(shown: &str) -> bool {
    shown.contains(|digit: char| ('1'..='9').contains(&digit))
}

/// A decimal number with its thousands apart and a true minus sign.
fn grouped(text: &str) -> String {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) if is_something(digits) => ("−", digits),
        Some(digits) => ("", digits),
        None => ("", text),
    };
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(a, b)| (a, Some(b)));
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), |n| HumanCount(n).to_string());
    match fraction {
        Some(fraction) => format!("{sign}{whole}.{fraction}"),
        None => format!("{sign}{whole}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::figures::{SECTIONS, TILES};
    use super::*;
    use crate::month::Month;

    fn both() -> [Words; 2] {
        [Language::En, Language::Zh].map(|language| Words::of(language).unwrap())
    }

    #[test]
    fn both_languages_know_every_figure_tile_and_column() {
        let [en, zh] = both();
        for words in [&en, &zh] {
            for (section, figures) in SECTIONS {
                assert!(words.sections.contains_key(section), "{section}");
                for figure in figures {
                    let said = &words.figures[figure.name];
                    let whole = [&said.title, &said.caption, &said.defined, &said.empty];
                    assert!(whole.iter().all(|text| !text.is_empty()), "{}", figure.name);
                }
            }
            assert!(TILES.iter().all(|(tile, _)| words.tiles.contains_key(*tile)));
        }
        assert!(en.columns.keys().eq(zh.columns.keys()));
        assert!(en.made.keys().eq(zh.made.keys()));
        assert!(en.values.keys().eq(zh.values.keys()));
        for (column, values) in &en.values {
            assert!(values.keys().all(|value| zh.values[column].contains_key(value)), "{column}");
        }
    }

    #[test]
    fn numbers_are_written_for_people() {
        let [en, zh] = both();
        let cases = [
            (Measure::Count, "1234567", "1,234,567"),
            (Measure::Count, "-20", "−20"),
            (Measure::Money, "123544.25", "123,544.25"),
            (Measure::Money, "83.3235", "83.32"),
            (Measure::Money, "-0.07", "−0.07"),
            (Measure::Ratio, "0.019550342130987292", "1.96%"),
            (Measure::Number, "85.0", "85.0"),
            (Measure::Count, "", "–"),
        ];
        for (measure, text, shown) in cases {
            assert_eq!(en.shown("", measure, text), shown);
            assert_eq!(zh.shown("", measure, text), shown);
        }
        assert_eq!(en.change(Measure::Ratio, "0.005743636016588871"), "+0.57 pts");
        assert_eq!(zh.change(Measure::Ratio, "-0.005743636016588871"), "−0.57个百分点");
        assert_eq!(en.change(Measure::Count, "6"), "+6");
        assert_eq!(en.change(Measure::Count, "0"), "0");
        for tiny in ["0.00001", "-0.00001"] {
            assert_eq!(en.change(Measure::Ratio, tiny), "0.00 pts");
        }
    }

    #[test]
    fn axes_and_months_are_those_of_the_language() {
        let [en, zh] = both();
        let ticks = [(150_000.0, "150k", "15万"), (2e8, "200M", "2亿"), (900.0, "900", "900")];
        for (value, english, chinese) in ticks {
            assert_eq!(en.tick(Measure::Money, value), english);
            assert_eq!(zh.tick(Measure::Money, value), chinese);
        }
        assert_eq!(en.tick(Measure::Ratio, 0.025), "2.5%");
        assert_eq!(en.shown("month", Measure::Month, "2024-02-01"), "Feb 2024");
        assert_eq!(zh.shown("month", Measure::Month, "2024-02-01"), "2024年2月");
        assert_eq!(en.last_day(Month::new(2024, 2)), "29 February 2024");
        assert_eq!(zh.last_day(Month::new(2024, 2)), "2024年2月29日");
    }

    #[test]
    fn known_words_are_translated_and_others_stay() {
        let [en, zh] = both();
        assert_eq!(zh.shown("signals", Measure::Word, "idle, declining"), "静默、消费下降");
        assert_eq!(zh.shown("from_tier", Measure::Word, "diamond"), "钻石");
        assert_eq!(zh.shown("region", Measure::Word, "new"), "new");
        assert_eq!(en.shown("signals", Measure::Word, "idle, declining"), "idle, declining");
    }
}
