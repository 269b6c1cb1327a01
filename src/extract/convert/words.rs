//! The texts of a column that repeat: each is changed once, and known by its place among them.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, StringArray, UInt32Array};
use foldhash::fast::FixedState;
use hashbrown::HashTable;

/// The bytes of all words beyond which a column's texts are taken not to repeat.
const MOST: usize = 64 << 10;

/// The words met so far.
#[derive(Debug, Default)]
pub struct Words {
    /// Words as they come, each with the key of what it was changed to.
    met: Vec<(String, u32)>,
    places: HashTable<u32>,
    keys: HashMap<String, u32>,
    texts: Vec<String>,
    bytes: usize,
    column: Option<ArrayRef>,
}

impl Words {
    /// Whether there are so many that they hardly repeat.
    pub fn are_many(&self) -> bool {
        self.bytes > MOST
    }

    /// The key of a word, which is changed where it is met first.
    pub fn key(&mut self, word: &str, change: impl FnOnce(&str) -> String) -> u32 {
        let hash = hash_of(word);
        let is_same = |place: &u32| self.met[*place as usize].0 == word;
        let place = match self.places.find(hash, is_same) {
            Some(place) => *place as usize,
            None => self.meet(word, hash, change(word)),
        };
        self.met[place].1
    }

    fn meet(&mut self, word: &str, hash: u64, text: String) -> usize {
        let place = self.met.len();
        self.bytes += word.len() + text.len();
        let key = *self.keys.entry(text).or_insert_with_key(|text| {
            self.texts.push(text.clone());
            self.column = None;
            self.texts.len() as u32 - 1
        });
        self.met.push((word.to_owned(), key));
        let rehash = |place: &u32| hash_of(&self.met[*place as usize].0);
        self.places.insert_unique(hash, place as u32, rehash);
        place
    }

    /// A column of keys with the words so far: those of any earlier column, and then the new ones.
    pub fn column(&mut self, keys: UInt32Array) -> ArrayRef {
        let texts = || Arc::new(StringArray::from_iter_values(&self.texts)) as ArrayRef;
        let texts = self.column.get_or_insert_with(texts);
        Arc::new(DictionaryArray::new(keys, Arc::clone(texts)))
    }
}

fn hash_of(word: &str) -> u64 {
    FixedState::default().hash_one(word.as_bytes())
}
