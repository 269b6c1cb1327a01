//! The pages of a column chunk in the format's dictionary encoding: one of distinct values, one of keys.
//! Source: <https://parquet.apache.org/docs/file-format/data-pages/encodings/>, «Dictionary Encoding» and «RLE».

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanBufferBuilder};
use bytes::Bytes;
use parquet::basic::{Compression, Encoding, PageType};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, OffsetIndexBuilder, PageEncodingStats};
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use zstd::bulk::Compressor;

/// A column chunk's bytes, and what the file's footer says of it.
pub type Chunk = (Bytes, ColumnCloseResult);

/// A column as keys of its distinct values.
pub struct Keys {
    /// A key for each row that is not null.
    pub keys: Vec<u32>,
    /// How many distinct values there are.
    pub distinct: usize,
    /// They, in the order of their keys, as the format writes them plainly.
    pub plain: Vec<u8>,
    /// What the footer says of the values.
    pub statistics: Option<Statistics>,
}

/// How pages are compressed; one for each thread.
pub struct Pages {
    compression: Compression,
    zstd: Option<Compressor<'static>>,
}

impl Pages {
    /// Compresses with zstd, or not at all.
    ///
    /// # Errors
    /// There is no such level of zstd.
    pub fn new(compression: Compression) -> Result<Self, ParquetError> {
        let zstd = match compression {
            Compression::ZSTD(level) => Some(Compressor::new(level.compression_level())?),
            _ => None,
        };
        Ok(Self { compression, zstd })
    }

    fn compress(&mut self, plain: Vec<u8>) -> Result<Bytes, ParquetError> {
        Ok(match &mut self.zstd {
            Some(zstd) => zstd.compress(&plain)?.into(),
            None => plain.into(),
        })
    }

    /// The column's two pages one after the other, and what the footer says of them.
    ///
    /// # Errors
    /// A page can't be compressed.
    pub fn write(
        &mut self,
        keys: Keys,
        parts: &[ArrayRef],
        described: &ColumnDescPtr,
    ) -> Result<Chunk, ParquetError> {
        let rows: usize = parts.iter().map(|part| part.len()).sum();
        let data = keyed(&keys, parts, rows, described.max_def_level() > 0);
        let (plain_bytes, data_bytes) = (keys.plain.len(), data.len());
        let distinct = Page::DictionaryPage {
            buf: self.compress(keys.plain)?,
            num_values: keys.distinct as u32,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        let data_page = Page::DataPage {
            buf: self.compress(data)?,
            num_values: rows as u32,
            encoding: Encoding::RLE_DICTIONARY,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let mut to = TrackedWrite::new(Vec::new());
        let mut writer = SerializedPageWriter::new(&mut to);
        let first = writer.write_page(CompressedPage::new(distinct, plain_bytes))?;
        let second = writer.write_page(CompressedPage::new(data_page, data_bytes))?;
        let stats = |page_type, encoding| PageEncodingStats { page_type, encoding, count: 1 };
        let mut metadata = ColumnChunkMetaData::builder(Arc::clone(described))
            .set_compression(self.compression)
            .set_encodings(vec![Encoding::PLAIN, Encoding::RLE, Encoding::RLE_DICTIONARY])
            .set_page_encoding_stats(vec![
                stats(PageType::DICTIONARY_PAGE, Encoding::PLAIN),
                stats(PageType::DATA_PAGE, Encoding::RLE_DICTIONARY),
            ])
            .set_total_compressed_size((first.compressed_size + second.compressed_size) as i64)
            .set_total_uncompressed_size(
                (first.uncompressed_size + second.uncompressed_size) as i64,
            )
            .set_num_values(rows as i64)
            .set_dictionary_page_offset(Some(first.offset as i64))
            .set_data_page_offset(second.offset as i64);
        if let Some(statistics) = keys.statistics {
            metadata = metadata.set_statistics(statistics);
        }
        let mut index = OffsetIndexBuilder::new();
        index.append_row_count(rows as i64);
        index.append_offset_and_size(second.offset as i64, second.compressed_size as i32);
        let bytes: Bytes = to.into_inner()?.into();
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: rows as u64,
            metadata: metadata.build()?,
            bloom_filter: None,
            column_index: None,
            offset_index: Some(index.build()),
        };
        Ok((bytes, close))
    }
}

/// A data page before it is compressed: which rows are not null, where some may be, the keys' bits, and the keys.
fn keyed(keys: &Keys, parts: &[ArrayRef], rows: usize, nullable: bool) -> Vec<u8> {
    let mut data = Vec::new();
    if nullable {
        levels(parts, rows, &mut data);
    }
    let width = bits(keys.distinct.saturating_sub(1));
    data.push(width);
    hybrid(&keys.keys, width, &mut data);
    data
}

/// How many bits a number takes.
fn bits(number: usize) -> u8 {
    (usize::BITS - number.leading_zeros()) as u8
}

/// Which rows are not null, as definition levels: a bit for each, with the length before them.
fn levels(parts: &[ArrayRef], rows: usize, to: &mut Vec<u8>) {
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
        varint(rows.div_ceil(8) << 1 | 1, to);
        to.extend(valid.as_slice());
    }
    let length = (to.len() - start - 4) as u32;
    to[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

/// Keys in the format's hybrid of runs and bits: one run where all are equal, else bits alone, which zstd
/// makes small where there are runs.
fn hybrid(keys: &[u32], width: u8, to: &mut Vec<u8>) {
    match keys.first() {
        None => {}
        Some(first) if width == 0 => run(*first, width, keys.len(), to),
        Some(_) => packed(keys, width, to),
    }
}

fn run(key: u32, width: u8, length: usize, to: &mut Vec<u8>) {
    varint(length << 1, to);
    to.extend(&key.to_le_bytes()[..usize::from(width.div_ceil(8))]);
}

/// Groups of eight keys, the first one in the lowest bits.
fn packed(keys: &[u32], width: u8, to: &mut Vec<u8>) {
    let groups = keys.len().div_ceil(8);
    varint(groups << 1 | 1, to);
    let end = to.len() + groups * usize::from(width);
    to.reserve(end + 8 - to.len());
    let (mut waiting, mut filled) = (0_u64, 0);
    for key in keys {
        waiting |= u64::from(*key) << filled;
        filled += width;
        if filled >= 32 {
            to.extend((waiting as u32).to_le_bytes());
            waiting >>= 32;
            filled -= 32;
        }
    }
    to.extend(waiting.to_le_bytes());
    to.resize(end, 0);
}

fn varint(mut number: usize, to: &mut Vec<u8>) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}
