//! The pages of a column chunk: compressed, and described for the file's footer.

use std::cell::RefCell;
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, Encoding, PageType};
use parquet::column::page::{CompressedPage, Page, PageWriteSpec, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    ColumnChunkMetaData, ColumnChunkMetaDataBuilder, OffsetIndexBuilder, PageEncodingStats,
};
use parquet::file::page_index::offset_index::OffsetIndexMetaData;
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use zstd::bulk::Compressor;

/// A column chunk's bytes, and what the file's footer says of it.
pub type Chunk = (Bytes, ColumnCloseResult);

/// A page before it is compressed.
pub struct Plain {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// How many values it has, null or not.
    pub values: usize,
}

/// A column chunk before it is compressed.
pub struct Column {
    /// The distinct values, each behind the other, where the pages have keys of them.
    pub distinct: Option<Plain>,
    /// The rows.
    pub pages: Vec<Plain>,
    /// How they are encoded.
    pub encoding: Encoding,
    /// What the footer says of the values.
    pub statistics: Option<Statistics>,
}

/// The column's pages one after the other, compressed with zstd or not at all, and what the footer says of them.
///
/// # Errors
/// A page can't be compressed.
pub fn write(
    column: Column,
    described: &ColumnDescPtr,
    compression: Compression,
) -> Result<Chunk, ParquetError> {
    let Column { distinct, pages, encoding, statistics } = column;
    let mut to = TrackedWrite::new(Vec::new());
    let mut writer = SerializedPageWriter::new(&mut to);
    let mut put = |plain: Plain, page: &dyn Fn(Bytes, u32) -> Page| {
        let (length, values) = (plain.bytes.len(), plain.values as u32);
        let page = page(compress(plain.bytes, compression)?, values);
        writer.write_page(CompressedPage::new(page, length))
    };
    let distinct = distinct.map(|plain| put(plain, &distinct_page)).transpose()?;
    let page = |bytes, values| data_page(bytes, values, encoding);
    let data = pages.into_iter().map(|plain| put(plain, &page));
    let data: Vec<PageWriteSpec> = data.collect::<Result<_, _>>()?;
    let bytes: Bytes = to.into_inner()?.into();
    let mut metadata =
        ColumnChunkMetaData::builder(Arc::clone(described)).set_compression(compression);
    if let Some(statistics) = statistics {
        metadata = metadata.set_statistics(statistics);
    }
    let metadata = tell_pages(metadata, distinct.as_ref(), &data, encoding).build()?;
    let close = ColumnCloseResult {
        bytes_written: bytes.len() as u64,
        rows_written: metadata.num_values() as u64,
        metadata,
        bloom_filter: None,
        column_index: None,
        offset_index: Some(index(&data)),
    };
    Ok((bytes, close))
}

thread_local! {
    /// Setting zstd up takes longer than to compress a page: a thread does it once.
    static ZSTD: RefCell<Compressor<'static>> = RefCell::default();
}

fn compress(plain: Vec<u8>, compression: Compression) -> Result<Bytes, ParquetError> {
    let Compression::ZSTD(level) = compression else { return Ok(plain.into()) };
    ZSTD.with_borrow_mut(|zstd| {
        zstd.set_compression_level(level.compression_level())?;
        Ok(zstd.compress(&plain)?.into())
    })
}

fn distinct_page(buf: Bytes, num_values: u32) -> Page {
    Page::DictionaryPage { buf, num_values, encoding: Encoding::PLAIN, is_sorted: false }
}

fn data_page(buf: Bytes, num_values: u32, encoding: Encoding) -> Page {
    Page::DataPage {
        buf,
        num_values,
        encoding,
        def_level_encoding: Encoding::RLE,
        rep_level_encoding: Encoding::RLE,
        statistics: None,
    }
}

/// Where the pages lie, how large they are, and how they are encoded.
fn tell_pages(
    metadata: ColumnChunkMetaDataBuilder,
    distinct: Option<&PageWriteSpec>,
    data: &[PageWriteSpec],
    encoding: Encoding,
) -> ColumnChunkMetaDataBuilder {
    let stats = |page_type, encoding, count| PageEncodingStats { page_type, encoding, count };
    let of_data = stats(PageType::DATA_PAGE, encoding, data.len() as i32);
    let of_distinct = distinct.map(|_| stats(PageType::DICTIONARY_PAGE, Encoding::PLAIN, 1));
    let plain = distinct.map(|_| Encoding::PLAIN);
    let all = || distinct.into_iter().chain(data);
    metadata
        .set_encodings(plain.into_iter().chain([Encoding::RLE, encoding]).collect())
        .set_page_encoding_stats(of_distinct.into_iter().chain([of_data]).collect())
        .set_total_compressed_size(all().map(|page| page.compressed_size as i64).sum())
        .set_total_uncompressed_size(all().map(|page| page.uncompressed_size as i64).sum())
        .set_num_values(data.iter().map(|page| i64::from(page.num_values)).sum())
        .set_dictionary_page_offset(distinct.map(|page| page.offset as i64))
        .set_data_page_offset(data.first().map_or(0, |page| page.offset as i64))
}

/// Which row each page begins with, so that pages can be skipped.
fn index(data: &[PageWriteSpec]) -> OffsetIndexMetaData {
    let mut index = OffsetIndexBuilder::new();
    for page in data {
        index.append_row_count(page.num_values.into());
        index.append_offset_and_size(page.offset as i64, page.compressed_size as i32);
    }
    index.build()
}
