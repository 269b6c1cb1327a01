//! The format's small numbers: of variable length, of a few bits each, and in runs.
//! Source: <https://parquet.apache.org/docs/file-format/data-pages/encodings/>, «RLE».

use arrow::array::{Array, ArrayRef, BooleanBufferBuilder};
use parquet::schema::types::ColumnDescPtr;

/// Numbers of a few bits each, the first one in the lowest bits.
pub struct Bits<'a> {
    to: &'a mut Vec<u8>,
    waiting: u64,
    filled: u32,
}

impl<'a> Bits<'a> {
    /// Numbers behind what is there already.
    pub fn new(to: &'a mut Vec<u8>) -> Self {
        Self { to, waiting: 0, filled: 0 }
    }

    /// Adds a number of so many bits, at most 32.
    #[inline]
    pub fn put(&mut self, number: u32, width: u32) {
        self.waiting |= u64::from(number) << self.filled;
        self.filled += width;
        if self.filled >= 32 {
            self.to.extend((self.waiting as u32).to_le_bytes());
            self.waiting >>= 32;
            self.filled -= 32;
        }
    }

    /// Adds a number of so many bits, at most 64.
    #[inline]
    pub fn put_long(&mut self, number: u64, width: u32) {
        self.put(number as u32, width.min(32));
        if width > 32 {
            self.put((number >> 32) as u32, width - 32);
        }
    }

    /// Ends the last byte.
    pub fn end(self) {
        let bytes = self.filled.div_ceil(8) as usize;
        self.to.extend(&self.waiting.to_le_bytes()[..bytes]);
    }
}

/// How many bits a number takes.
pub fn bits(number: u64) -> u32 {
    u64::BITS - number.leading_zeros()
}

/// A number in as few bytes as it needs.
pub fn varint(mut number: u64, to: &mut Vec<u8>) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

/// The same of a number that may be negative.
pub fn zigzag(number: i64, to: &mut Vec<u8>) {
    varint((number << 1 ^ number >> 63) as u64, to);
}

/// Which rows are not null, where some may be, as definition levels: a bit for each, with the length before them.
pub fn levels(parts: &[ArrayRef], rows: usize, described: &ColumnDescPtr, to: &mut Vec<u8>) {
    if described.max_def_level() == 0 {
        return;
    }
    let start = to.len();
    to.extend([0; 4]);
    if parts.iter().all(|part| part.null_count() == 0) {
        run(1, 1, rows, to);
    } else {
        let mut valid = BooleanBufferBuilder::new(rows);
        for part in parts {
            match part.nulls() {
                Some(nulls) => valid.append_buffer(nulls.inner()),
                None => valid.append_n(part.len(), true),
            }
        }
        // The last byte's other bits are told too, so that equal rows make equal bytes.
        valid.append_n(rows.next_multiple_of(8) - rows, false);
        varint((rows.div_ceil(8) << 1 | 1) as u64, to);
        to.extend(valid.as_slice());
    }
    let length = (to.len() - start - 4) as u32;
    to[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

/// Keys of so many bits in the format's hybrid of runs and bits: one run where all are equal, else bits alone,
/// which zstd makes small where there are runs.
pub fn hybrid(keys: &[u32], width: u32, to: &mut Vec<u8>) {
    match keys.first() {
        None => {}
        Some(first) if width == 0 => run(*first, width, keys.len(), to),
        Some(_) => packed(keys, width, to),
    }
}

fn run(key: u32, width: u32, length: usize, to: &mut Vec<u8>) {
    varint((length << 1) as u64, to);
    to.extend(&key.to_le_bytes()[..width.div_ceil(8) as usize]);
}

/// Groups of eight keys.
fn packed(keys: &[u32], width: u32, to: &mut Vec<u8>) {
    let groups = keys.len().div_ceil(8);
    varint((groups << 1 | 1) as u64, to);
    let end = to.len() + groups * width as usize;
    to.reserve(end - to.len());
    let mut packed = Bits::new(to);
    keys.iter().for_each(|key| packed.put(*key, width));
    packed.end();
    to.resize(end, 0);
}
