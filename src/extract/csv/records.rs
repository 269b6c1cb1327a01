//! Delimited text → records, with their physical line numbers. csv-core reads a record at a time, whatever
//! quotes stand in it; lines without a quote, which are nearly all, are split many at once, 64 bytes
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
        let (before, known) = (bytes.len(), chunk.lines.len());
        let lines = Lines { window, delimiter: self.delimiter, quote: self.quote, before };
        let rows = lines.split(chunk.width, chunk.room(), &mut chunk.ends);
        let first = self.core.line();
        chunk.lines.extend(first..first + rows as u64);
        let taken = match chunk.ends.last() {
            Some(end) if chunk.lines.len() > known => *end as usize - before,
            _ => 0,
        };
        bytes.extend_from_slice(&window[..taken]);
        self.text.consume(taken);
        self.core.set_line(first + rows as u64);
        Ok(())
    }
}

/// Bytes that are looked at in one step.
const STEP: usize = 64;

/// A text of lines that is to stand behind so many bytes of a chunk.
struct Lines<'a> {
    window: &'a [u8],
    delimiter: u8,
    quote: Option<u8>,
    before: usize,
}

impl Lines<'_> {
    /// Adds the ends of the fields of the first lines, as many as there is room for, of `width` fields each and
    /// without a quote; tells how many lines these are.
    fn split(&self, width: usize, room: usize, ends: &mut Vec<u32>) -> usize {
        let (steps, rest) = self.window.as_chunks();
        let mut last = [0; STEP];
        last[..rest.len()].copy_from_slice(rest);
        let steps = steps.iter().map(|step| (step, STEP)).chain([(&last, rest.len())]);
        let (mut at, mut rows, mut good) = (self.before as u32 + 1, 0, ends.len());
        for (step, length) in steps {
            self.mark(step, length, at, ends);
            at += length as u32;
            while let Some(row) = ends.get(good..good + width) {
                if rows == room || !self.is_line(row) {
                    ends.truncate(good);
                    return rows;
                }
                (rows, good) = (rows + 1, good + width);
            }
        }
        ends.truncate(good);
        rows
    }

    /// Adds the ends that stand in the first bytes of a step: where a delimiter is, a line feed or a quote.
    #[inline]
    fn mark(&self, step: &[u8; STEP], length: usize, at: u32, ends: &mut Vec<u32>) {
        let within = u64::MAX.checked_shr((STEP - length) as u32).unwrap_or_default();
        let mut found = marked(step, [self.delimiter, b'\n', self.quote.unwrap_or(b'\n')]) & within;
        let known = ends.len() + found.count_ones() as usize;
        // Eight at once, whether there are so many or not: to ask after each of them takes longer.
        while found != 0 {
            let mut eight = [0; 8];
            for end in &mut eight {
                *end = at + found.trailing_zeros();
                found &= found.wrapping_sub(1);
            }
            ends.extend_from_slice(&eight);
        }
        ends.truncate(known);
    }

    /// Whether these are the ends of a line: a line feed comes last, and nothing but delimiters before it.
    #[inline]
    fn is_line(&self, row: &[u32]) -> bool {
        let byte = |end: &u32| self.window[*end as usize - self.before - 1];
        row.split_last().is_some_and(|(last, inner)| {
            byte(last) == b'\n' && inner.iter().all(|end| byte(end) == self.delimiter)
        })
    }
}

/// Which bytes are one of three, as a bit for each, the first one the lowest. Of eight bytes that are 0 or 1 a
/// product has all in its highest byte.
#[inline]
fn marked(step: &[u8; STEP], marks: [u8; 3]) -> u64 {
    let [first, second, third] = marks;
    let mut is_mark = [0_u8; STEP];
    for (is_mark, byte) in is_mark.iter_mut().zip(step) {
        *is_mark = u8::from((*byte == first) | (*byte == second) | (*byte == third));
    }
    let bits =
        |eight: &[u8; 8]| u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    is_mark.as_chunks().0.iter().rev().fold(0, |all, eight| all << 8 | bits(eight))
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
        let step: [u8; STEP] =
            std::array::from_fn(|at| [b',', 0xac, b'\n', b'x', b'"', 0, 1][at * at % 7]);
        let bits = marked(&step, [b',', b'\n', b'"']);
        for (at, byte) in step.iter().enumerate() {
            assert_eq!(bits >> at & 1 == 1, b",\n\"".contains(byte), "byte {at}");
        }
    }

    #[test]
    fn lines_end_at_the_room_and_at_whatever_is_no_line() {
        let split = |window: &str, room| {
            let window = window.as_bytes();
            let lines = Lines { window, delimiter: b',', quote: Some(b'"'), before: 10 };
            let mut ends = vec![0];
            (lines.split(2, room, &mut ends), ends)
        };
        let many = "a,b\n".repeat(40);
        assert_eq!(split(&many, 99).0, 40);
        assert_eq!(split(&many, 17).0, 17);
        assert_eq!(split("a,bc\n,\nx,y", 9), (2, vec![0, 12, 15, 16, 17]));
        assert_eq!(split("a,b\n\"c\",d\n", 9), (1, vec![0, 12, 14]));
        assert_eq!(split("a,b\nc\nd,e\n", 9), (1, vec![0, 12, 14]));
        assert_eq!(split("a,b,c\n", 9), (0, vec![0]));
    }
}
