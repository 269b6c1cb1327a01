//! Delimited text → chunks: the check that a row has as many fields as the header, and
//! that of the encoding, a chunk at a time. Refuses a header that is not of the encoding.

mod records;

use std::mem::take;
use std::str::from_utf8;

use encoding_rs::UTF_8;

use super::chunk::{Chunk, ROW_BYTES, Raw, Reader, Reject, join};
use super::error::ExtractError;
use super::input::{self, Bytes};
use super::source::SourceConfig;
use records::Records;

/// What stands in decoded text for bytes that are not of the encoding.
const REPLACED: char = '\u{FFFD}';

/// Reads delimited text.
pub struct CsvReader {
    file: String,
    records: Records,
    /// The first row of a file without a header, which had to be read for its width.
    pending: bool,
    columns: Vec<String>,
    encoding: String,
    decoded: bool,
    delimiter: u8,
    quote: Option<u8>,
}

impl CsvReader {
    /// Opens delimited text and reads its header.
    ///
    /// # Errors
    /// A bad delimiter, quote or encoding in the description; no row at all; a header
    /// that is not of the encoding.
    pub fn open(bytes: Bytes, shown: &str, source: &SourceConfig) -> Result<Self, ExtractError> {
        let encoding = input::encoding(source)?;
        let delimiter = delimiter(shown, source)?;
        let quote = one_ascii("quote", &source.quote)?;
        if quote == Some(delimiter) {
            let problem = "is the delimiter as well";
            return Err(ExtractError::setting("quote", problem, &source.quote));
        }
        let mut reader = Self {
            file: shown.to_owned(),
            records: Records::new(input::decode(bytes, encoding), delimiter, quote),
            pending: !source.header,
            columns: Vec::new(),
            encoding: source.encoding.clone(),
            decoded: encoding != UTF_8,
            delimiter,
            quote,
        };
        if !reader.advance()? {
            return Err(ExtractError::Empty { file: shown.into() });
        }
        reader.columns = reader.name_columns(source.header)?;
        Ok(reader)
    }

    fn name_columns(&self, header: bool) -> Result<Vec<String>, ExtractError> {
        if !header {
            return Ok((1..=self.records.len()).map(|n| n.to_string()).collect());
        }
        if !self.is_encoded(self.records.fields()) {
            return Err(ExtractError::HeaderEncoding {
                file: self.file.clone(),
                encoding: self.encoding.clone(),
                header: self.raw(),
            });
        }
        let names = self.records.fields().map(String::from_utf8_lossy);
        Ok(names.map(|name| name.trim().to_owned()).collect())
    }

    fn advance(&mut self) -> Result<bool, ExtractError> {
        self.records.advance().map_err(|problem| ExtractError::io(&self.file, problem))
    }

    fn append(&self, chunk: &mut Chunk, bytes: &mut Vec<u8>) {
        let (line, last) = self.records.lines();
        let fits =
            self.records.len() == self.columns.len() && self.records.row().len() <= ROW_BYTES;
        if !fits || (line != last && self.has_swallowed()) {
            return self.reject(chunk, line, last);
        }
        for field in self.records.fields() {
            bytes.extend_from_slice(field);
            bytes.push(b'\n');
            chunk.ends.push(bytes.len() as u32);
        }
        chunk.lines.push(line);
    }

    /// Whether a stray quote has made one field of several rows: it is still open at the
    /// file's end, or a line inside it is by itself a row.
    fn has_swallowed(&self) -> bool {
        let lines = |field: &&[u8]| field.contains(&b'\n');
        let open =
            self.records.is_open() && self.records.fields().next_back().as_ref().is_some_and(lines);
        let delimiters = |line: &[u8]| line.iter().filter(|b| **b == self.delimiter).count();
        let is_row = |line: &[u8]| delimiters(line) + 1 == self.columns.len();
        let inner = |field: &'_ [u8]| field.split(|byte| *byte == b'\n').skip(1).any(is_row);
        open || (self.columns.len() > 2 && self.records.fields().filter(lines).any(inner))
    }

    /// Rejects every physical line of the record: a stray quote makes one record of many
    /// lines, and each of them is lost.
    fn reject(&self, chunk: &mut Chunk, line: u64, last: u64) {
        let reason = self.reason(line, last);
        if last == line {
            let reject = Reject::unreadable(line, reason, self.raw());
            return chunk.rejects.push(reject);
        }
        let text = self.join(None);
        let lines = (line..=last).zip(text.split('\n').chain(std::iter::repeat("")));
        let reject =
            |(line, raw): (u64, &str)| Reject::unreadable(line, reason.as_str(), raw.trim_end());
        chunk.rejects.extend(lines.map(reject));
    }

    fn reason(&self, line: u64, last: u64) -> String {
        let (found, expected) = (self.records.len(), self.columns.len());
        if last > line {
            return format!("a quote is open from line {line} to line {last}");
        }
        if found == expected {
            return format!("the row is longer than {} MiB", ROW_BYTES >> 20);
        }
        format!("has {found} fields where {expected} are expected")
    }

    fn join(&self, quote: Option<char>) -> String {
        let fields: Vec<_> = self.records.fields().map(String::from_utf8_lossy).collect();
        join(fields.iter().map(AsRef::as_ref), self.delimiter.into(), quote)
    }

    fn raw(&self) -> String {
        self.join(self.quote.map(char::from))
    }

    fn is_encoded<'a>(&self, mut fields: impl Iterator<Item = &'a [u8]>) -> bool {
        fields.all(|field| {
            from_utf8(field).is_ok_and(|text| !(self.decoded && text.contains(REPLACED)))
        })
    }

    /// Gives the chunk its text, without the rows that are not of the encoding.
    fn seal(&self, chunk: &mut Chunk, bytes: Vec<u8>) {
        match String::from_utf8(bytes) {
            Ok(text) if !(self.decoded && text.contains(REPLACED)) => chunk.text = text,
            Ok(text) => self.sift(chunk, text.as_bytes()),
            Err(problem) => self.sift(chunk, problem.as_bytes()),
        }
    }

    fn sift(&self, chunk: &mut Chunk, bytes: &[u8]) {
        let (ends, lines) = (take(&mut chunk.ends), take(&mut chunk.lines));
        let width = self.columns.len();
        chunk.ends.push(0);
        for (row, line) in lines.into_iter().enumerate() {
            let bounds = &ends[row * width..=(row + 1) * width];
            let fields =
                bounds.windows(2).map(|bound| &bytes[bound[0] as usize..bound[1] as usize - 1]);
            let good = self.is_encoded(fields.clone());
            fields.for_each(|field| chunk.push_field(&String::from_utf8_lossy(field)));
            chunk.end_row(line);
            if !good {
                self.reject_last(chunk, line);
            }
        }
        chunk.rejects.sort_by_key(|reject| reject.line);
    }

    fn reject_last(&self, chunk: &mut Chunk, line: u64) {
        let raw = chunk.raw(chunk.rows() - 1);
        chunk.lines.pop();
        chunk.drop_row();
        let reason = format!("bytes that are not of the encoding {}", self.encoding);
        chunk.rejects.push(Reject::unreadable(line, reason, raw));
    }
}

impl Reader for CsvReader {
    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn raw(&self) -> Raw {
        Raw::Delimited { delimiter: self.delimiter.into(), quote: self.quote.map(char::from) }
    }

    fn next_chunk(&mut self, chunk: &mut Chunk) -> Result<bool, ExtractError> {
        chunk.clear();
        let mut bytes = take(&mut chunk.text).into_bytes();
        while !chunk.has_filled(bytes.len()) {
            if !take(&mut self.pending) {
                let taken = self.records.take_lines(chunk, &mut bytes);
                taken.map_err(|problem| ExtractError::io(&self.file, problem))?;
                if chunk.has_filled(bytes.len()) || !self.advance()? {
                    break;
                }
            }
            self.append(chunk, &mut bytes);
        }
        self.seal(chunk, bytes);
        Ok(!chunk.is_empty())
    }
}

fn delimiter(shown: &str, source: &SourceConfig) -> Result<u8, ExtractError> {
    let usual = if input::ending(shown) == "tsv" { "\t" } else { "," };
    let text = source.delimiter.as_deref().unwrap_or(usual);
    let text = if text == r"\t" { "\t" } else { text };
    one_ascii("delimiter", text)?
        .ok_or_else(|| ExtractError::setting("delimiter", "must be one ASCII character", text))
}

fn one_ascii(key: &str, text: &str) -> Result<Option<u8>, ExtractError> {
    match text.as_bytes() {
        [] => Ok(None),
        [byte] if byte.is_ascii() && !matches!(byte, b'\r' | b'\n') => Ok(Some(*byte)),
        _ => Err(ExtractError::setting(key, "must be one ASCII character", text)),
    }
}

#[cfg(test)]
mod tests;
