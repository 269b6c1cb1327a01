//! Texts that repeat (regions, products, reasons …), each kept once and known by a number.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, DictionaryArray, StringArray, UInt32Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, UInt32Type};
use arrow::error::ArrowError;

use super::output::valid;

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
        let word = |key: Option<u32>| key.map_or(NULL, |key| words[key as usize]);
        Ok(column.keys().iter().map(word).collect())
    }

    /// A column of texts from their numbers.
    pub fn column(&self, words: &[Word]) -> ArrayRef {
        let keys = UInt32Array::new(words.to_vec().into(), valid(words, |word| word != NULL));
        let texts = StringArray::from_iter_values(&self.texts);
        Arc::new(DictionaryArray::new(keys, Arc::new(texts)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_come_back_as_they_were() {
        let mut words = Words::default();
        let column: ArrayRef =
            Arc::new(StringArray::from(vec![Some("a"), None, Some("b"), Some("a")]));
        let numbers = words.of_column(&column).unwrap();
        assert_eq!(numbers, [1, NULL, 2, 1]);
        let back = cast(&words.column(&numbers), &DataType::Utf8).unwrap();
        assert_eq!(&back, &column);
    }
}
