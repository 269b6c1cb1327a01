//! One JSON object a line → chunks. Rows may leave fields out, which is null; numbers
//! keep their own digits; a field that is a list or an object is its JSON text. Refuses
//! a file that is one big JSON document.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::io::{BufRead, BufReader};
use std::mem::take;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::chunk::{Chunk, ROW_BYTES, ROWS, Raw, Reader, Reject};
use super::error::ExtractError;
use super::input::{self, BUFFER, Bytes};
use super::number;
use super::source::{Format, SourceConfig};

/// Reads JSON lines.
pub struct NdjsonReader {
    lines: Lines,
    places: HashMap<String, usize>,
    columns: Vec<String>,
    present: usize,
    /// The fields of the row being read, by column.
    row: Vec<String>,
}

impl NdjsonReader {
    /// Opens JSON lines. The columns are the keys of the first rows, and after them those
    /// of `wanted` that may yet come; `sample` is the same file, opened once more.
    ///
    /// # Errors
    /// A bad encoding in the description; a file without an object; one big document.
    pub fn open(
        bytes: Bytes,
        sample: Bytes,
        shown: &str,
        source: &SourceConfig,
        wanted: &[&str],
    ) -> Result<Self, ExtractError> {
        let mut columns = keys(Lines::open(sample, shown, source)?)?;
        let present = columns.len();
        let missing = wanted.iter().filter(|name| !columns.iter().any(|c| c == *name));
        let missing: Vec<String> = missing.map(|name| (*name).to_owned()).collect();
        columns.extend(missing);
        Ok(Self {
            lines: Lines::open(bytes, shown, source)?,
            places: columns.iter().cloned().zip(0..).collect(),
            row: vec![String::new(); columns.len()],
            columns,
            present,
        })
    }

    fn append(&mut self, line: u64, text: &str, chunk: &mut Chunk) {
        self.row.iter_mut().for_each(String::clear);
        let object = Object(|key: &str, value: &RawValue| {
            if let Some(place) = self.places.get(key) {
                write(value.get(), &mut self.row[*place]);
            }
        });
        if let Err(problem) = object.read(text) {
            let reason = format!("not a JSON object: {problem}");
            return chunk.rejects.push(Reject::unreadable(line, reason, text));
        }
        self.row.iter().for_each(|field| chunk.push_field(field));
        chunk.push_field(text);
        chunk.end_row(line);
    }
}

impl Reader for NdjsonReader {
    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn present(&self) -> usize {
        self.present
    }

    fn raw(&self) -> Raw {
        Raw::Last
    }

    fn pick(&mut self, needed: &[bool]) -> Result<(), ExtractError> {
        self.places.retain(|_, place| needed[*place]);
        Ok(())
    }

    fn next_chunk(&mut self, chunk: &mut Chunk) -> Result<bool, ExtractError> {
        chunk.clear();
        while !chunk.is_full() && self.lines.advance()? {
            let line = take(&mut self.lines.text);
            let number = self.lines.number;
            match self.lines.check(&line) {
                Ok(text) => self.append(number, text.trim(), chunk),
                Err(reason) => {
                    let raw = String::from_utf8_lossy(&line);
                    chunk.rejects.push(Reject::unreadable(number, reason, raw));
                }
            }
            self.lines.text = line;
        }
        Ok(!chunk.is_empty())
    }
}

/// The keys of the first rows, in the order of their first appearance.
fn keys(mut lines: Lines) -> Result<Vec<String>, ExtractError> {
    let (mut keys, mut rows) = (Vec::new(), 0);
    while rows < ROWS && lines.advance()? {
        let text = String::from_utf8_lossy(&lines.text);
        lines.refuse_document(rows, text.trim())?;
        rows += 1;
        // A broken row is rejected when it is read; here it only tells no keys.
        let _ = Object(|key: &str, _: &RawValue| {
            if !keys.iter().any(|known| known == key) {
                keys.push(key.to_owned());
            }
        })
        .read(text.trim());
    }
    if rows == 0 {
        return Err(ExtractError::Empty { file: lines.file });
    }
    Ok(keys)
}

/// The lines of a text that are not blank, counted from 1.
struct Lines {
    file: String,
    reader: BufReader<Bytes>,
    text: Vec<u8>,
    number: u64,
    encoding: String,
    decoded: bool,
}

impl Lines {
    fn open(bytes: Bytes, shown: &str, source: &SourceConfig) -> Result<Self, ExtractError> {
        let encoding = input::encoding(source)?;
        Ok(Self {
            file: shown.to_owned(),
            reader: BufReader::with_capacity(BUFFER, input::decode(bytes, encoding)),
            text: Vec::new(),
            number: 0,
            encoding: source.encoding.clone(),
            decoded: encoding != encoding_rs::UTF_8,
        })
    }

    fn advance(&mut self) -> Result<bool, ExtractError> {
        loop {
            self.text.clear();
            let read = self.reader.read_until(b'\n', &mut self.text);
            if read.map_err(|problem| ExtractError::io(&self.file, problem))? == 0 {
                return Ok(false);
            }
            self.number += 1;
            if self.number == 1 && self.text.starts_with(b"\xEF\xBB\xBF") {
                self.text.drain(..3);
            }
            if !self.text.trim_ascii().is_empty() {
                return Ok(true);
            }
        }
    }

    fn check<'a>(&self, line: &'a [u8]) -> Result<&'a str, String> {
        if line.len() > ROW_BYTES {
            return Err(format!("the row is longer than {} MiB", ROW_BYTES >> 20));
        }
        match std::str::from_utf8(line) {
            Ok(text) if !(self.decoded && text.contains('\u{FFFD}')) => Ok(text),
            _ => Err(format!("bytes that are not of the encoding {}", self.encoding)),
        }
    }

    fn refuse_document(&self, rows: usize, text: &str) -> Result<(), ExtractError> {
        if rows > 0 || !(text.starts_with('[') || text == "{") {
            return Ok(());
        }
        Err(ExtractError::Unreadable {
            file: self.file.clone(),
            format: Format::Ndjson,
            problem: "it is one JSON document, not an object a line".to_owned(),
        })
    }
}

/// Writes a value as text: null as nothing, a string as what it says.
fn write(value: &str, to: &mut String) {
    to.clear();
    match value.as_bytes() {
        [b'"', inner @ .., b'"'] if !inner.contains(&b'\\') => {
            to.push_str(&value[1..value.len() - 1])
        }
        [b'"', ..] => to.push_str(&serde_json::from_str::<Cow<'_, str>>(value).unwrap_or_default()),
        [b'n', ..] => {}
        [b'-' | b'0'..=b'9', ..] => to.push_str(&number::token(value)),
        _ => to.push_str(value),
    }
}

/// Visits the members of an object without building it.
struct Object<F>(F);

impl<F: FnMut(&str, &RawValue)> Object<F> {
    fn read(self, text: &str) -> Result<(), serde_json::Error> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        deserializer.deserialize_map(self)?;
        deserializer.end()
    }
}

impl<'de, F: FnMut(&str, &RawValue)> Visitor<'de> for Object<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(Key)? {
            let value: &RawValue = map.next_value()?;
            (self.0)(&key, value);
        }
        Ok(())
    }
}

/// A key, borrowed where it has no escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn open(text: &'static str, wanted: &[&str]) -> Result<NdjsonReader, ExtractError> {
        let source = SourceConfig::canonical("x");
        let bytes = || Box::new(Cursor::new(text)) as Bytes;
        NdjsonReader::open(bytes(), bytes(), "a.ndjson", &source, wanted)
    }

    #[test]
    fn values_become_text() {
        let text = r#"{"id": 13909510001.0, "name": "a\"b", "ok": true, "no": null, "in": [1, 2]}"#;
        let mut reader = open(text, &[]).unwrap();
        let mut chunk = Chunk::new(6, Raw::Last);
        assert!(reader.next_chunk(&mut chunk).unwrap());
        let fields: Vec<_> = (0..5).map(|column| chunk.field(0, column)).collect();
        assert_eq!(fields, ["13909510001", "a\"b", "true", "", "[1, 2]"]);
        assert_eq!(chunk.raw(0), text);
        assert!(!reader.next_chunk(&mut chunk).unwrap());
    }

    #[test]
    fn fields_may_be_left_out_and_rows_be_broken() {
        let text = "\u{feff}{\"a\":1}\n\n{\"b\":\"x\",\"a\":null}\n{\"a\":\n[{\"c\":1}]\n";
        let mut reader = open(text, &["a", "z"]).unwrap();
        assert_eq!(reader.columns(), ["a", "b", "z"]);
        assert_eq!(reader.present(), 2);
        let mut chunk = Chunk::new(4, Raw::Last);
        reader.next_chunk(&mut chunk).unwrap();
        assert_eq!(chunk.lines, [1, 3]);
        assert_eq!(chunk.field(1, 0), "");
        assert_eq!(chunk.field(1, 1), "x");
        let lines: Vec<u64> = chunk.rejects.iter().map(|reject| reject.line).collect();
        assert_eq!(lines, [4, 5]);
    }

    #[test]
    fn a_document_is_refused() {
        assert!(matches!(open("[{\"a\":1}]", &[]), Err(ExtractError::Unreadable { .. })));
        assert!(matches!(open("\n", &[]), Err(ExtractError::Empty { .. })));
    }
}
