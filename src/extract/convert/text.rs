//! Text columns: the source's words mapped to ours, events in lower case. Texts that repeat come as dictionaries.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, NullBufferBuilder, StringArray, UInt32Builder};
use arrow::buffer::OffsetBuffer;

use super::words::Words;
use super::{Recent, Source};
use crate::short::Short;

/// A guess at the bytes of a text, to reserve room once.
const LENGTH: usize = 12;

/// How one column's texts are changed.
#[derive(Debug, Default)]
pub struct Texts {
    /// The source's word → ours; words that are not in it stay.
    pub map: HashMap<String, String>,
    /// Whether the result is lower-cased.
    pub lower: bool,
    /// The words of a column whose texts repeat, and the keys of those met last; none where they don't.
    pub words: Option<(Words, Recent<u32>)>,
}

impl Texts {
    /// Plain texts, or a dictionary whose words begin with those of the one before.
    pub(super) fn convert(&mut self, source: &mut Source<'_>) -> ArrayRef {
        match self.words.take().filter(|(words, _)| !words.are_many()) {
            Some((mut words, mut recent)) => {
                let column = self.keys(source, &mut words, &mut recent);
                self.words = Some((words, recent));
                column
            }
            None => self.plain(source),
        }
    }

    fn keys(
        &self,
        source: &mut Source<'_>,
        words: &mut Words,
        recent: &mut Recent<u32>,
    ) -> ArrayRef {
        let rows = source.chunk.rows();
        let mut keys = UInt32Builder::with_capacity(rows);
        for row in 0..rows {
            let key = |text: &str| Ok(words.key(text, |text| self.changed(text).into_owned()));
            keys.append_option(source.value(row, recent, key));
        }
        words.column(keys.finish())
    }

    fn plain(&self, source: &mut Source<'_>) -> ArrayRef {
        let rows = source.chunk.rows();
        let mut texts = Joined::new(rows);
        let unchanged = self.map.is_empty() && !self.lower && source.nulls.is_empty();
        for row in 0..rows {
            let short = source.chunk.short(row, source.place);
            if unchanged && short.is_trimmed() {
                texts.add_short(short);
                continue;
            }
            let text = source.read(row, |text| Ok(self.changed(text)));
            texts.add(text.ok().flatten().as_deref());
        }
        Arc::new(texts.finish())
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

/// Texts behind each other.
struct Joined {
    bytes: Vec<u8>,
    ends: Vec<i32>,
    nulls: NullBufferBuilder,
}

impl Joined {
    fn new(rows: usize) -> Self {
        let mut ends = Vec::with_capacity(rows + 1);
        ends.push(0);
        let (bytes, nulls) = (Vec::with_capacity(rows * LENGTH), NullBufferBuilder::new(rows));
        Self { bytes, ends, nulls }
    }

    #[inline]
    fn add_short(&mut self, text: Short) {
        text.append_from(0, &mut self.bytes);
        self.ends.push(self.bytes.len() as i32);
        self.nulls.append_non_null();
    }

    fn add(&mut self, text: Option<&str>) {
        self.bytes.extend_from_slice(text.unwrap_or_default().as_bytes());
        self.ends.push(self.bytes.len() as i32);
        self.nulls.append(text.is_some());
    }

    fn finish(mut self) -> StringArray {
        let ends = OffsetBuffer::new(self.ends.into());
        StringArray::new(ends, self.bytes.into(), self.nulls.finish())
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray};
    use arrow::compute::cast;
    use arrow::datatypes::DataType;

    use super::super::super::chunk::Chunk;
    use super::super::{Converter, Failures, Kind};
    use super::*;

    fn convert(texts: Texts, words: &[&str]) -> Vec<Option<String>> {
        let mut converter = Converter {
            column: 0,
            required: false,
            nulls: vec![r"\N".to_owned()],
            kind: Kind::Text(texts),
        };
        let mut failures = Failures::default();
        failures.reset(words.len());
        let chunk = Chunk::of(words.iter().copied());
        let array = converter.convert(&chunk, 0, &mut failures);
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
        let mut texts = Texts { map, lower: true, words: Some(Default::default()) };
        let mut failures = Failures::default();
        let mut convert = |words: &&[&str]| {
            let chunk = Chunk::of(words.iter().copied());
            let (place, column, required) = (0, 0, false);
            let failures = &mut failures;
            let mut source =
                Source { chunk: &chunk, place, column, required, nulls: &[], failures };
            let column = texts.convert(&mut source);
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
