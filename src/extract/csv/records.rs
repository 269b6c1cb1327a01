//! Delimited text → records, with their physical line numbers. csv-core reads a record at a time, whatever
//! quotes stand in it; lines without a quote, which are nearly all, are split many at once, eight bytes
//! at a step. Both read from the same window and may take turns at any line's beginning.

use std::io::{self, BufRead, BufReader, Read};

use csv_core::ReadRecordResult;

use crate::extract::chunk::Chunk;
use crate::extract::input::{BUFFER, Bytes};

/// The records of delimited text, the one read last among them.
pub struct Records {
    text: BufReader<Tail>,
    core: csv_core::Reader,
    delimiter: u8,
    quote: Option<u8>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    fields: usize,
    /// The line that the text stood on when the record was asked for.
    begun: u64,
}

impl Records {
    /// The records of a text, none of them read yet.
    pub fn new(text: Bytes, delimiter: u8, quote: Option<u8>) -> Self {
        let core = csv_core::ReaderBuilder::new()
            .delimiter(delimiter)
            .quote(quote.unwrap_or(b'"'))
            .quoting(quote.is_some())
            // A carriage return stays in the last field, where it is trimmed: the crate would
            // otherwise count the lines of such files one short.
            .terminator(csv_core::Terminator::Any(b'\n'))
            .build();
        let tail = Tail { text, last: 0, ended: false };
        Self {
            text: BufReader::with_capacity(BUFFER, tail),
            core,
            delimiter,
            quote,
            bytes: vec![0; 1 << 10],
            ends: vec![0; 1 << 5],
            fields: 0,
            begun: 1,
        }
    }

    /// Reads the next record that is not blank; false at the end.
    pub fn advance(&mut self) -> io::Result<bool> {
        while self.read()? {
            let blank = self.fields == 1 && self.row().trim_ascii().is_empty();
            if !blank {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn read(&mut self) -> io::Result<bool> {
        self.begun = self.core.line();
        self.fields = 0;
        let mut filled = 0;
        loop {
            let window = self.text.fill_buf()?;
            let (bytes, ends) = (&mut self.bytes[filled..], &mut self.ends[self.fields..]);
            let (result, taken, bytes, fields) = self.core.read_record(window, bytes, ends);
            self.text.consume(taken);
            filled += bytes;
            self.fields += fields;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.bytes.resize(self.bytes.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record => return Ok(true),
                ReadRecordResult::End => return Ok(false),
            }
        }
    }

    /// The record's fields, one after the other without what stood between them.
    pub fn row(&self) -> &[u8] {
        let end = self.fields.checked_sub(1).map_or(0, |last| self.ends[last]);
        &self.bytes[..end]
    }

    /// How many fields the record has.
    pub fn len(&self) -> usize {
        self.fields
    }

    /// The record's fields.
    pub fn fields(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        let begin = |field: usize| field.checked_sub(1).map_or(0, |before| self.ends[before]);
        (0..self.fields).map(move |field| &self.bytes[begin(field)..self.ends[field]])
    }

    /// The physical lines that the record begins on, and ends on.
    pub fn lines(&self) -> (u64, u64) {
        // Counted back from the end: blank lines may have been skipped before it.
        let next = self.core.line();
        let tail = self.text.get_ref();
        let end = next - u64::from(!tail.ended);
        // Inside an open quote, the file's last line feed ends a line and begins none.
        let last = next - u64::from(!tail.ended || tail.last == b'\n');
        (end.saturating_sub(self.newlines()).max(1), last)
    }

    fn newlines(&self) -> u64 {
        let crossed = self.core.line() - self.begun;
        if crossed <= u64::from(!self.text.get_ref().ended) {
            return 0;
        }
        self.row().iter().filter(|byte| **byte == b'\n').count() as u64
    }

    /// Whether the record goes to the file's end, and its last quote was not closed.
    pub fn is_open(&self) -> bool {
        let tail = self.text.get_ref();
        tail.ended && Some(tail.last) != self.quote
    }

    /// Splits lines off the window to rows of the chunk, as long as they have its width, no quote and an
    /// end; their text goes to `bytes` as it stands. The others are for [`Records::advance`].
    pub fn take_lines(&mut self, chunk: &mut Chunk, bytes: &mut Vec<u8>) -> io::Result<()> {
        // Of a single field it is not plain whether the line is blank.
        if chunk.width < 2 {
            return Ok(());
        }
        let window = self.text.fill_buf()?;
        let marks = [self.delimiter, b'\n', self.quote.unwrap_or(b'\n')];
        let (begin, first, room) = (bytes.len() as u32 + 1, self.core.line(), chunk.room());
        let (mut rows, mut fields, mut taken) = (0, 0, 0);
        visit_marks(window, marks, |at| {
            if Some(window[at]) == self.quote {
                return false;
            }
            chunk.ends.push(begin + at as u32);
            fields += 1;
            if window[at] == b'\n' {
                if fields != chunk.width {
                    return false;
                }
                (rows, fields, taken) = (rows + 1, 0, at + 1);
            }
            rows < room
        });
        chunk.lines.extend(first..first + rows as u64);
        chunk.ends.truncate(chunk.lines.len() * chunk.width + 1);
        bytes.extend_from_slice(&window[..taken]);
        self.text.consume(taken);
        self.core.set_line(first + rows as u64);
        Ok(())
    }
}

/// Visits the places of three bytes in a text, in order, until `visit` says that it has seen enough.
#[inline]
fn visit_marks(text: &[u8], marks: [u8; 3], mut visit: impl FnMut(usize) -> bool) {
    let marks = marks.map(|mark| u64::from_le_bytes([mark; 8]));
    let (words, rest) = text.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    // Only a mark of 0 could be seen in what fills the last word, and no visitor goes beyond the text.
    for (place, word) in words.iter().chain([&last]).enumerate() {
        let mut found = marked(u64::from_le_bytes(*word), marks);
        while found != 0 {
            let at = place * 8 + found.trailing_zeros() as usize / 8;
            if at >= text.len() || !visit(at) {
                return;
            }
            found &= found - 1;
        }
    }
}

/// The highest bit of each byte of the word that is one of the marks, exactly: in every byte, adding 127
/// to its lower bits carries into the highest one unless they are all 0 (Warren, Hacker's Delight, 6-1).
#[inline]
fn marked(word: u64, marks: [u64; 3]) -> u64 {
    const LOW: u64 = u64::from_le_bytes([0x7f; 8]);
    let differs = |mark: u64| {
        let byte = word ^ mark;
        ((byte & LOW) + LOW) | byte
    };
    !(differs(marks[0]) & differs(marks[1]) & differs(marks[2]) | LOW)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::extract::chunk::Raw;

    /// A text that comes in reads of so many bytes.
    struct Pieces(io::Cursor<Vec<u8>>, usize);

    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = self.1.min(buffer.len());
            self.0.read(&mut buffer[..most])
        }
    }

    /// Each record's first line and its fields, as csv-core alone reads them or with lines taken.
    fn split(text: &str, piece: usize, by_lines: bool) -> Vec<(u64, Vec<String>)> {
        let text = Pieces(io::Cursor::new(text.as_bytes().to_vec()), piece);
        let mut records = Records::new(Box::new(text), b',', Some(b'"'));
        let mut split = Vec::new();
        while records.advance().unwrap() {
            let fields = records.fields().map(|field| String::from_utf8_lossy(field).into_owned());
            split.push((records.lines().0, fields.collect()));
            let (mut chunk, mut bytes) = (Chunk::new(2, Raw::Joined), Vec::new());
            if by_lines {
                records.take_lines(&mut chunk, &mut bytes).unwrap();
            }
            chunk.text = String::from_utf8(bytes).unwrap();
            for (row, line) in chunk.lines.iter().enumerate() {
                let field = |at| chunk.untrimmed(row, at).to_owned();
                split.push((*line, vec![field(0), field(1)]));
            }
        }
        split
    }

    proptest! {
        #[test]
        fn lines_taken_at_once_are_the_records(
            text in "([a1用 ]{0,4}(,|,|,|\n|\n|\n|\"|\r)){0,60}",
            piece in 1_usize..40,
        ) {
            prop_assert_eq!(split(&text, piece, true), split(&text, piece, false));
        }
    }

    #[test]
    fn marks_are_found_wherever_they_stand() {
        let text = b",,\n\xac0123456,\x8a\x2d\n\"\"x,";
        let mut found = Vec::new();
        visit_marks(text, [b',', b'\n', b'"'], |at| {
            found.push(at);
            true
        });
        let expected =
            text.iter().enumerate().filter(|(_, byte)| b",\n\"".contains(byte)).map(|(at, _)| at);
        assert_eq!(found, expected.collect::<Vec<_>>());
    }
}
