//! Raw rows as text, some thousands at a time: what every reader fills and every
//! converter reads. One buffer for all fields keeps a row's cost down to copying its
//! bytes. Knows neither formats nor types.

use std::fmt::Write;
use std::sync::Arc;

use super::error::ExtractError;
use crate::short::{Short, is_plain};

/// The most rows of a chunk.
pub const ROWS: usize = 8192;

/// A chunk is full, whatever its rows, when it holds so many bytes; field ends stay far
/// below 32 bits.
const BYTES: usize = 64 << 20;

/// A row with more bytes is rejected, so that a stray quote cannot swallow a file unseen.
pub const ROW_BYTES: usize = 16 << 20;

/// The most bytes of a rejected row that are kept.
const RAW_BYTES: usize = 64 << 10;

/// A row that broke the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Its line, sheet row or row number, from 1.
    pub line: u64,
    /// The canonical column at fault, unless the row could not be read at all.
    pub column: Option<String>,
    /// What is wrong, the value last.
    pub reason: String,
    /// The row as it came, cut after 64 KiB.
    pub raw: String,
}

impl Reject {
    /// A row that cannot be read at all.
    pub fn unreadable(line: u64, reason: impl Into<String>, raw: impl Into<String>) -> Self {
        Self { line, column: None, reason: reason.into(), raw: cut(raw.into()) }
    }
}

fn cut(mut raw: String) -> String {
    raw.truncate(raw.floor_char_boundary(RAW_BYTES));
    raw
}

/// How a row's raw text is made again from its fields.
#[derive(Debug, Clone, Default)]
pub enum Raw {
    /// Fields joined by a delimiter, quoted where they need it.
    #[default]
    Joined,
    /// The same, with the file's own delimiter and quote.
    Delimited { delimiter: char, quote: Option<char> },
    /// A JSON object of the fields that are not empty.
    Named(Arc<[String]>),
    /// The reader keeps it in a further field, the last.
    Last,
}

/// Up to [`ROWS`] rows of the same number of fields.
#[derive(Debug, Default)]
pub struct Chunk {
    pub(super) text: String,
    /// Where each field ends, behind the one byte that stands after it; the first entry is the 0 before all.
    pub(super) ends: Vec<u32>,
    pub(super) lines: Vec<u64>,
    pub(super) rejects: Vec<Reject>,
    pub(super) width: usize,
    pub(super) raw: Raw,
}

impl Chunk {
    /// An empty chunk for rows of `width` fields.
    pub fn new(width: usize, raw: Raw) -> Self {
        let mut chunk = Self { width, raw, ..Self::default() };
        chunk.clear();
        chunk
    }

    /// A column of texts, one for each row.
    pub fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let mut chunk = Self::new(1, Raw::Joined);
        for text in texts {
            chunk.push_field(text);
            chunk.end_row(0);
        }
        chunk
    }

    /// Forgets all rows, and keeps the memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.ends.push(0);
        self.lines.clear();
        self.rejects.clear();
    }

    /// The number of readable rows.
    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is neither a row nor a reject.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.rejects.is_empty()
    }

    /// Whether no further row fits.
    pub fn is_full(&self) -> bool {
        self.has_filled(self.text.len())
    }

    /// As [`Chunk::is_full`], while a reader holds the text elsewhere.
    #[inline]
    pub(super) fn has_filled(&self, bytes: usize) -> bool {
        self.room() == 0 || bytes >= BYTES
    }

    /// How many further rows fit, if they are short.
    #[inline]
    pub(super) fn room(&self) -> usize {
        ROWS.saturating_sub(self.lines.len() + self.rejects.len())
    }

    /// Appends a field to the row being written.
    pub fn push_field(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
        self.ends.push(self.text.len() as u32);
    }

    /// Ends the row being written, which came from this line.
    pub fn end_row(&mut self, line: u64) {
        self.lines.push(line);
    }

    /// Takes back the fields of the row being written.
    pub fn drop_row(&mut self) {
        self.ends.truncate(self.lines.len() * self.width + 1);
        let end = self.ends.last().map_or(0, |end| *end as usize);
        self.text.truncate(end);
    }

    /// A field as it stands in the file.
    #[inline]
    pub fn untrimmed(&self, row: usize, column: usize) -> &str {
        let (begin, end) = self.bounds(row, column);
        &self.text[begin..end]
    }

    #[inline(always)]
    fn bounds(&self, row: usize, column: usize) -> (usize, usize) {
        let at = row * self.width + column;
        (self.ends[at] as usize, self.ends[at + 1] as usize - 1)
    }

    /// A field without the white space around it; empty is null.
    #[inline]
    pub fn field(&self, row: usize, column: usize) -> &str {
        let text = self.untrimmed(row, column);
        let plain = |byte: Option<&u8>| byte.is_some_and(|byte| is_plain(*byte));
        if plain(text.as_bytes().first()) && plain(text.as_bytes().last()) {
            return text;
        }
        text.trim()
    }

    /// A field as it stands in the file, if it is short.
    #[inline(always)]
    pub fn short(&self, row: usize, column: usize) -> Short {
        let (begin, end) = self.bounds(row, column);
        Short::at(self.text.as_bytes(), begin, end)
    }

    /// The row as it came, or as near to that as its format allows.
    pub fn raw(&self, row: usize) -> String {
        let fields = (0..self.width).map(|column| self.untrimmed(row, column));
        cut(match &self.raw {
            Raw::Joined => join(fields, ',', Some('"')),
            Raw::Delimited { delimiter, quote } => join(fields, *delimiter, *quote),
            Raw::Named(names) => named(names, fields),
            Raw::Last => self.untrimmed(row, self.width - 1).to_owned(),
        })
    }
}

/// Joins fields to a line, quoting those that would not come back as they are.
pub(super) fn join<'a>(
    fields: impl Iterator<Item = &'a str>,
    delimiter: char,
    quote: Option<char>,
) -> String {
    let mut line = String::new();
    for (at, field) in fields.enumerate() {
        if at > 0 {
            line.push(delimiter);
        }
        match quote.filter(|quote| field.contains([*quote, delimiter, '\n'])) {
            Some(quote) => {
                let doubled = field.replace(quote, &format!("{quote}{quote}"));
                let _ = write!(line, "{quote}{doubled}{quote}");
            }
            None => line.push_str(field),
        }
    }
    line.truncate(line.trim_end_matches(['\r', '\n']).len());
    line
}

fn named<'a>(names: &[String], fields: impl Iterator<Item = &'a str>) -> String {
    let object: serde_json::Map<_, _> = names
        .iter()
        .zip(fields)
        .filter(|(_, field)| !field.is_empty())
        .map(|(name, field)| (name.clone(), field.into()))
        .collect();
    serde_json::Value::Object(object).to_string()
}

/// A format's reader: fills chunks from a file that is open.
pub trait Reader: Send {
    /// The names of all columns; `"1"`, `"2"`, … where the file names none.
    fn columns(&self) -> &[String];

    /// How many of the columns were seen in the file; those after them are only hoped
    /// for, in formats whose rows may leave fields out.
    fn present(&self) -> usize {
        self.columns().len()
    }

    /// Whether the file's own types were turned to text, so that dates are ISO text.
    fn is_typed(&self) -> bool {
        false
    }

    /// How raw rows are made again from a chunk's fields.
    fn raw(&self) -> Raw {
        Raw::Joined
    }

    /// Tells which columns are needed; a reader may leave the others empty.
    ///
    /// # Errors
    /// A needed column cannot be turned to text.
    fn pick(&mut self, _needed: &[bool]) -> Result<(), ExtractError> {
        Ok(())
    }

    /// Replaces the chunk's rows with the next ones; false when there are none left.
    ///
    /// # Errors
    /// The file cannot be read on.
    fn next_chunk(&mut self, chunk: &mut Chunk) -> Result<bool, ExtractError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(fields: &[&str], raw: Raw) -> Chunk {
        let mut chunk = Chunk::new(fields.len(), raw);
        fields.iter().for_each(|field| chunk.push_field(field));
        chunk.end_row(2);
        chunk
    }

    #[test]
    fn fields_are_trimmed_as_unicode_knows_it() {
        let chunk = row(&["\u{3000}甲\u{a0}", " x", "", "y"], Raw::Joined);
        assert_eq!(chunk.field(0, 0), "甲");
        assert_eq!(chunk.field(0, 1), "x");
        assert_eq!(chunk.field(0, 2), "");
        assert_eq!(chunk.field(0, 3), "y");
    }

    #[test]
    fn raw_text_comes_back() {
        let chunk = row(&["a,b", "say \"x\"", "c\r"], Raw::Joined);
        assert_eq!(chunk.raw(0), "\"a,b\",\"say \"\"x\"\"\",c");
        let (delimiter, quote) = ('|', None);
        let chunk = row(&["a,b", "\"c"], Raw::Delimited { delimiter, quote });
        assert_eq!(chunk.raw(0), "a,b|\"c");
        let names: Arc<[String]> = Arc::new(["x".to_owned(), "y".to_owned()]);
        assert_eq!(row(&["1", ""], Raw::Named(names)).raw(0), r#"{"x":"1"}"#);
        assert_eq!(row(&["1", "{}"], Raw::Last).raw(0), "{}");
    }

    #[test]
    fn a_row_can_be_taken_back() {
        let mut chunk = row(&["a", "b"], Raw::Joined);
        chunk.push_field("half");
        chunk.drop_row();
        assert_eq!(chunk.rows(), 1);
        assert_eq!(chunk.raw(0), "a,b");
    }
}
