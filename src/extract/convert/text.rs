//! Text columns: the source's words mapped to ours, events in lower case.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};

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
}

impl Texts {
    pub(super) fn convert(&self, values: &Values<'_>, rules: &mut Rules<'_>) -> ArrayRef {
        let rows = values.rows();
        let mut builder = StringBuilder::with_capacity(rows, rows * LENGTH);
        if self.map.is_empty() && !self.lower {
            fill(&mut builder, values, rules, |builder, text| {
                builder.append_value(text);
                Ok(())
            });
        } else {
            fill(&mut builder, values, rules, |builder, text| {
                self.append(builder, text);
                Ok(())
            });
        }
        Arc::new(builder.finish())
    }

    fn append(&self, builder: &mut StringBuilder, text: &str) {
        let text = self.map.get(text).map_or(text, String::as_str);
        let plain = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
        if self.lower && !text.bytes().all(plain) {
            builder.append_value(text.to_lowercase());
        } else {
            builder.append_value(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray, StringArray};

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
        let texts =
            Texts { map: [("销户".to_owned(), "Terminate".to_owned())].into(), lower: true };
        let texts = convert(texts, &["销户", "ACTIVATE", "other"]);
        let expected = ["terminate", "activate", "other"];
        assert_eq!(texts, expected.map(|text| Some(text.to_owned())));
    }
}
