//! Text columns: the source's words mapped to ours, events in lower case. Texts that repeat come as dictionaries.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder, UInt32Builder};

use super::words::Words;
use super::{Rules, Values, fill};

/// A guess at the bytes of a text, to reserve room once.
const LENGTH: usize = 12;

/// How one column's texts are changed.
#[derive(Debug, Default)]
pub struct Texts {
    /// The source's word → ours; words that are not in it stay.
    pub map: HashMap<String, String>,
    /// Whether the result is lower-cased.
    pub lower: bool,
    /// The words of a column whose texts repeat; none where they don't.
    pub words: Option<Words>,
}

impl Texts {
    /// Plain texts, or a dictionary whose words begin with those of the one before.
    pub(super) fn convert(&mut self, values: &Values<'_>, rules: &mut Rules<'_>) -> ArrayRef {
        match self.words.take().filter(|words| !words.are_many()) {
            Some(mut words) => {
                let column = self.keys(values, rules, &mut words);
                self.words = Some(words);
                column
            }
            None => self.plain(values, rules),
        }
    }

    fn keys(&self, values: &Values<'_>, rules: &mut Rules<'_>, words: &mut Words) -> ArrayRef {
        let mut keys = UInt32Builder::with_capacity(values.rows());
        fill(&mut keys, values, rules, |keys, text| {
            keys.append_value(words.key(text, |text| self.changed(text).into_owned()));
            Ok(())
        });
        words.column(keys.finish())
    }

    fn plain(&self, values: &Values<'_>, rules: &mut Rules<'_>) -> ArrayRef {
        let rows = values.rows();
        let mut builder = StringBuilder::with_capacity(rows, rows * LENGTH);
        fill(&mut builder, values, rules, |builder, text| {
            builder.append_value(self.changed(text));
            Ok(())
        });
        Arc::new(builder.finish())
    }

    fn changed<'a>(&'a self, text: &'a str) -> Cow<'a, str> {
        let text = self.map.get(text).map_or(text, String::as_str);
        let is_lower = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
        match self.lower && !text.bytes().all(is_lower) {
            true => text.to_lowercase().into(),
            false => text.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray, StringArray};
    use arrow::compute::cast;
    use arrow::datatypes::DataType;

    use super::super::{Converter, Failures, Kind};
    use super::*;

    fn convert(texts: Texts, words: &[&str]) -> Vec<Option<String>> {
        let mut converter = Converter {
            column: 0,
            required: false,
            nulls: vec![r"\N".to_owned()],
            kind: Kind::Text(texts),
        };
        let words = StringArray::from(words.to_vec());
        let mut failures = Failures::default();
        failures.reset(words.len());
        let array = converter.convert(&Values::Array(&words), &mut failures);
        let texts = array.as_string::<i32>().iter();
        texts.map(|text| text.map(str::to_owned)).collect()
    }

    #[test]
    fn case_is_kept_and_blanks_are_null() {
        let texts = convert(Texts::default(), &[" Ab ", "\u{3000}", r"\N", "007.0"]);
        let expected = [Some("Ab"), None, None, Some("007.0")];
        assert_eq!(texts, expected.map(|text| text.map(str::to_owned)));
    }

    #[test]
    fn words_are_mapped_before_they_are_lowered() {
        let texts = Texts {
            map: [("销户".to_owned(), "Terminate".to_owned())].into(),
            lower: true,
            words: None,
        };
        let texts = convert(texts, &["销户", "ACTIVATE", "other"]);
        let expected = ["terminate", "activate", "other"];
        assert_eq!(texts, expected.map(|text| Some(text.to_owned())));
    }

    /// A column whose texts repeat, a chunk of words after the other; how many words each chunk's dictionary has.
    fn repeating(chunks: &[&[&str]]) -> Vec<(Vec<String>, Option<usize>)> {
        let map = [("K".to_owned(), "cash".to_owned())].into();
        let mut texts = Texts { map, lower: true, words: Some(Words::default()) };
        let mut failures = Failures::default();
        let mut convert = |words: &&[&str]| {
            let words = StringArray::from(words.to_vec());
            let mut rules =
                Rules { column: 0, required: false, nulls: &[], failures: &mut failures };
            let column = texts.convert(&Values::Array(&words), &mut rules);
            let words = column.as_any_dictionary_opt().map(|column| column.values().len());
            let plain = cast(&column, &DataType::Utf8).unwrap();
            let plain = plain.as_string::<i32>().iter();
            (plain.map(|text| text.unwrap_or("-").to_owned()).collect(), words)
        };
        chunks.iter().map(&mut convert).collect()
    }

    #[test]
    fn words_that_repeat_are_kept_once() {
        let columns = repeating(&[&["K", "Cash", "", "bank", "K"], &["bank", "new"]]);
        let [first, second] = [["cash", "cash", "-", "bank", "cash"].as_slice(), &["bank", "new"]];
        assert_eq!(columns[0], (first.iter().map(|text| (*text).to_owned()).collect(), Some(2)));
        assert_eq!(columns[1], (second.iter().map(|text| (*text).to_owned()).collect(), Some(3)));
    }

    #[test]
    fn texts_that_hardly_repeat_come_as_they_are() {
        let texts: Vec<String> = (0..9_000).map(|number| format!("text {number}")).collect();
        let many: Vec<&str> = texts.iter().map(String::as_str).collect();
        let columns = repeating(&[&many, &["K", "text 3"], &["x"]]);
        assert_eq!(columns[0], (texts, Some(9_000)));
        assert_eq!(columns[1], (vec!["cash".to_owned(), "text 3".to_owned()], None));
        assert_eq!(columns[2].1, None);
    }
}
