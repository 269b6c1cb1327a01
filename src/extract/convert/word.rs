//! Booleans by their words, and whole numbers within their bounds. Refuses words that
//! are neither true nor false, and fractions.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanBuilder};

use super::{Recent, Source, reason};

const TRUE: [&str; 5] = ["true", "t", "yes", "y", "1"];
const FALSE: [&str; 5] = ["false", "f", "no", "n", "0"];

/// The words for true and false; ASCII letters match in either case.
#[derive(Debug)]
pub struct Flags {
    yes: Vec<String>,
    no: Vec<String>,
    /// What stands for null.
    default: Option<bool>,
}

impl Flags {
    /// The usual words, or those given; a usual word that is given for the other side
    /// changes sides.
    ///
    /// # Errors
    /// The word that is given for both.
    pub fn new(
        yes: Option<&[String]>,
        no: Option<&[String]>,
        default: Option<bool>,
    ) -> Result<Self, String> {
        let both = yes.and_then(|yes| yes.iter().find(|word| no.is_some_and(|no| is_in(word, no))));
        if let Some(word) = both {
            return Err(word.clone());
        }
        let usual = |words: [&str; 5], other: Option<&[String]>| {
            let kept = |word: &&str| !other.is_some_and(|other| is_in(word, other));
            words.into_iter().filter(kept).map(str::to_owned).collect()
        };
        Ok(Self {
            yes: yes.map_or_else(|| usual(TRUE, no), <[String]>::to_vec),
            no: no.map_or_else(|| usual(FALSE, yes), <[String]>::to_vec),
            default,
        })
    }

    fn read(&self, text: &str) -> Result<bool, String> {
        if is_in(text, &self.no) {
            return Ok(false);
        }
        if is_in(text, &self.yes) {
            return Ok(true);
        }
        Err(reason("neither true nor false", text))
    }

    pub(super) fn convert(&self, source: &mut Source<'_>, recent: &mut Recent<bool>) -> ArrayRef {
        let rows = source.chunk.rows();
        let mut flags = BooleanBuilder::with_capacity(rows);
        for row in 0..rows {
            let flag = source.value(row, recent, |text| self.read(text));
            flags.append_option(flag.or(self.default));
        }
        Arc::new(flags.finish())
    }
}

fn is_in(text: &str, words: &[String]) -> bool {
    words.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// Whole numbers from the first to the last, inclusive.
#[derive(Debug, Clone, Copy)]
pub struct Wholes {
    /// The least number.
    pub first: i32,
    /// The greatest number.
    pub last: i32,
}

impl Wholes {
    /// A whole number; `4.0` is one, as tools write it that keep numbers as floats.
    ///
    /// # Errors
    /// The reason, ending with the text.
    pub fn read(self, text: &str) -> Result<i32, String> {
        let digits = match text.split_once('.') {
            Some((whole, zeros)) if zeros.bytes().all(|byte| byte == b'0') => whole,
            _ => text,
        };
        let number: i64 = digits.parse().map_err(|_| reason("not a whole number", text))?;
        i32::try_from(number)
            .ok()
            .filter(|number| (self.first..=self.last).contains(number))
            .ok_or_else(|| self.outside(text))
    }

    #[cold]
    fn outside(self, text: &str) -> String {
        reason(&format!("not from {} to {}", self.first, self.last), text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn usual_words() {
        let flags = Flags::new(None, None, None).unwrap();
        assert_eq!(flags.read("Yes"), Ok(true));
        assert_eq!(flags.read("F"), Ok(false));
        assert_eq!(flags.read("是").unwrap_err(), "neither true nor false: 是");
    }

    #[test]
    fn own_words_change_sides() {
        let flags = Flags::new(Some(&words(&["0", "是"])), None, None).unwrap();
        assert_eq!(flags.read("0"), Ok(true));
        assert_eq!(flags.read("是"), Ok(true));
        assert_eq!(flags.read("no"), Ok(false));
        assert!(flags.read("1").is_err());
        let both = Flags::new(Some(&words(&["x"])), Some(&words(&["X"])), None);
        assert_eq!(both.unwrap_err(), "x");
    }

    #[test]
    fn bounds() {
        let score = Wholes { first: 1, last: 5 };
        assert_eq!(score.read("5"), Ok(5));
        assert_eq!(score.read("4.0"), Ok(4));
        assert_eq!(score.read("6").unwrap_err(), "not from 1 to 5: 6");
        assert_eq!(score.read("4.5").unwrap_err(), "not a whole number: 4.5");
        let seconds = Wholes { first: 0, last: i32::MAX };
        assert!(seconds.read("-1").is_err());
        assert!(seconds.read("99999999999").unwrap_err().starts_with("not from 0"));
    }
}
