//! Texts that repeat (regions, products, reasons …), each kept once and known by a number.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, UInt32Type};
use arrow::error::ArrowError;

/// The number of a text; [`NULL`] stands for none.
pub type Word = u32;
/// No text.
pub const NULL: Word = 0;

/// Texts by number and numbers by text.
#[derive(Debug)]
pub struct Words {
    texts: Vec<Arc<str>>,
    words: HashMap<Arc<str>, Word, foldhash::fast::FixedState>,
}

impl Default for Words {
    fn default() -> Self {
        Self { texts: vec!["".into()], words: HashMap::default() }
    }
}

impl Words {
    /// The number of a text, new or not.
    pub fn word(&mut self, text: &str) -> Word {
        if let Some(word) = self.words.get(text) {
            return *word;
        }
        let (text, word): (Arc<str>, _) = (text.into(), self.texts.len() as Word);
        self.texts.push(Arc::clone(&text));
        self.words.insert(text, word);
        word
    }

    /// The text of a number; empty for [`NULL`].
    pub fn text(&self, word: Word) -> &str {
        &self.texts[word as usize]
    }

    /// The numbers of other words, by the numbers that they have there.
    pub fn words_of(&mut self, other: &Self) -> Vec<Word> {
        let texts = other.texts.iter().skip(1);
        std::iter::once(NULL).chain(texts.map(|text| self.word(text))).collect()
    }

    /// The numbers of a column of texts, dictionary or not: each distinct text is looked up once a batch.
    ///
    /// # Errors
    /// The column holds no texts.
    pub fn of_column(&mut self, column: &ArrayRef) -> Result<Vec<Word>, ArrowError> {
        let kind = DataType::Dictionary(Box::new(DataType::UInt32), Box::new(DataType::Utf8));
        let column = cast(column, &kind)?;
        let column = column.as_dictionary::<UInt32Type>();
        let words: Vec<Word> = column
            .values()
            .as_string::<i32>()
            .iter()
            .map(|text| text.map_or(NULL, |text| self.word(text)))
            .collect();
        let keys = column.keys();
        if keys.null_count() == 0 {
            return Ok(keys.values().iter().map(|key| words[*key as usize]).collect());
        }
        let word = |key: Option<u32>| key.map_or(NULL, |key| words[key as usize]);
        Ok(keys.iter().map(word).collect())
    }

    /// The texts by their number.
    pub fn texts(&self) -> StringArray {
        StringArray::from_iter_values(&self.texts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_has_one_number() {
        let mut words = Words::default();
        let column: ArrayRef =
            Arc::new(StringArray::from(vec![Some("a"), None, Some("b"), Some("a")]));
        assert_eq!(words.of_column(&column).unwrap(), [1, NULL, 2, 1]);
        assert_eq!((words.word("b"), words.text(2), words.texts().len()), (2, "b", 3));
        let mut other = Words::default();
        other.word("b");
        other.word("c");
        assert_eq!(words.words_of(&other), [NULL, 2, 3]);
    }
}
