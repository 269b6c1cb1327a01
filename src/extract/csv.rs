//! Delimited text → chunks. The csv crate splits; here are the physical line numbers,
//! the check that a row has as many fields as the header, and the check of the
//! encoding, a chunk at a time. Refuses a header that is not of the encoding.

use std::io::{self, Read};
use std::mem::take;
use std::str::from_utf8;

use encoding_rs::UTF_8;

use super::chunk::{Chunk, ROW_BYTES, Raw, Reader, Reject, join, trim};
use super::error::ExtractError;
use super::input::{self, BUFFER, Bytes};
use super::source::SourceConfig;

/// What stands in decoded text for bytes that are not of the encoding.
const REPLACED: char = '\u{FFFD}';

/// Reads delimited text.
pub struct CsvReader {
    file: String,
    reader: ::csv::Reader<Tail>,
    record: ::csv::ByteRecord,
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
            reader: build(input::decode(bytes, encoding), delimiter, quote),
            record: ::csv::ByteRecord::new(),
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
            return Ok((1..=self.record.len()).map(|n| n.to_string()).collect());
        }
        if !self.is_encoded(self.record.iter()) {
            return Err(ExtractError::HeaderEncoding {
                file: self.file.clone(),
                encoding: self.encoding.clone(),
                header: self.raw(),
            });
        }
        let names = self.record.iter().map(String::from_utf8_lossy);
        Ok(names.map(|name| trim(&name).to_owned()).collect())
    }

    /// Reads the next record that is not blank.
    fn advance(&mut self) -> Result<bool, ExtractError> {
        loop {
            let read = self.reader.read_byte_record(&mut self.record);
            if !read.map_err(|problem| ExtractError::io(&self.file, problem.into()))? {
                return Ok(false);
            }
            let blank = self.record.len() == 1 && self.record.as_slice().trim_ascii().is_empty();
            if !blank {
                return Ok(true);
            }
        }
    }

    /// The physical lines that the record begins on, and ends on.
    fn lines(&self) -> (u64, u64) {
        // Counted back from the end: the crate's own position lies before skipped blank lines.
        let next = self.reader.position().line();
        let tail = self.reader.get_ref();
        let end = next - u64::from(!tail.ended);
        // Inside an open quote, the file's last line feed ends a line and begins none.
        let last = next - u64::from(!tail.ended || tail.last == b'\n');
        (end.saturating_sub(self.newlines()).max(1), last)
    }

    fn newlines(&self) -> u64 {
        let begun = self.record.position().map_or(1, ::csv::Position::line);
        let crossed = self.reader.position().line() - begun;
        if crossed <= u64::from(!self.reader.get_ref().ended) {
            return 0;
        }
        let bytes = self.record.as_slice().iter();
        bytes.filter(|byte| **byte == b'\n').count() as u64
    }

    fn append(&mut self, chunk: &mut Chunk, bytes: &mut Vec<u8>) {
        let (line, last) = self.lines();
        let row = self.record.as_slice();
        let fits = self.record.len() == self.columns.len() && row.len() <= ROW_BYTES;
        if !fits || (line != last && self.has_swallowed()) {
            return self.reject(chunk, line, last);
        }
        let mut end = bytes.len() as u32;
        bytes.extend_from_slice(row);
        chunk.ends.extend(self.record.iter().map(|field| {
            end += field.len() as u32;
            end
        }));
        chunk.lines.push(line);
    }

    /// Whether a stray quote has made one field of several rows: it is still open at the
    /// file's end, or a line inside it is by itself a row.
    fn has_swallowed(&self) -> bool {
        let lines = |field: &[u8]| field.contains(&b'\n');
        let open = self.reader.get_ref().ended
            && self.record.iter().next_back().is_some_and(lines)
            && Some(self.reader.get_ref().last) != self.quote;
        let delimiters = |line: &[u8]| line.iter().filter(|b| **b == self.delimiter).count();
        let is_row = |line: &[u8]| delimiters(line) + 1 == self.columns.len();
        let mut inner = self
            .record
            .iter()
            .filter(|field| lines(field))
            .flat_map(|field| field.split(|byte| *byte == b'\n').skip(1));
        open || (self.columns.len() > 2 && inner.any(is_row))
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
        let (found, expected) = (self.record.len(), self.columns.len());
        if last > line {
            return format!("a quote is open from line {line} to line {last}");
        }
        if found == expected {
            return format!("the row is longer than {} MiB", ROW_BYTES >> 20);
        }
        format!("has {found} fields where {expected} are expected")
    }

    fn join(&self, quote: Option<char>) -> String {
        let fields: Vec<_> = self.record.iter().map(String::from_utf8_lossy).collect();
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
            Ok(text) if self.is_clean(&text, &chunk.ends) => chunk.text = text,
            Ok(text) => self.sift(chunk, text.as_bytes()),
            Err(problem) => self.sift(chunk, problem.as_bytes()),
        }
    }

    /// Whether every field is text of the encoding. A sequence that is cut by a delimiter
    /// would pass as a whole, so ends must lie between characters.
    fn is_clean(&self, text: &str, ends: &[u32]) -> bool {
        let whole = |end: &u32| text.is_char_boundary(*end as usize);
        text.is_ascii() || (ends.iter().all(whole) && !(self.decoded && text.contains(REPLACED)))
    }

    fn sift(&self, chunk: &mut Chunk, bytes: &[u8]) {
        let (ends, lines) = (take(&mut chunk.ends), take(&mut chunk.lines));
        let width = self.columns.len();
        chunk.ends.push(0);
        for (row, line) in lines.into_iter().enumerate() {
            let bounds = &ends[row * width..=(row + 1) * width];
            let fields =
                bounds.windows(2).map(|bound| &bytes[bound[0] as usize..bound[1] as usize]);
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
        while !chunk.has_filled(bytes.len()) && (take(&mut self.pending) || self.advance()?) {
            self.append(chunk, &mut bytes);
        }
        self.seal(chunk, bytes);
        Ok(!chunk.is_empty())
    }
}

/// Remembers the end of the text: a record that reached it has no line feed, and the last
/// byte tells whether its last quote was closed.
struct Tail {
    text: Bytes,
    last: u8,
    ended: bool,
}

impl Read for Tail {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.text.read(buffer)?;
        match buffer[..read].last() {
            Some(last) => self.last = *last,
            None => self.ended = true,
        }
        Ok(read)
    }
}

fn build(text: Bytes, delimiter: u8, quote: Option<u8>) -> ::csv::Reader<Tail> {
    ::csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .quote(quote.unwrap_or(b'"'))
        .quoting(quote.is_some())
        // A carriage return stays in the last field, where it is trimmed: the crate would
        // otherwise count the lines of such files one short.
        .terminator(::csv::Terminator::Any(b'\n'))
        .buffer_capacity(BUFFER)
        .from_reader(Tail { text, last: 0, ended: false })
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
