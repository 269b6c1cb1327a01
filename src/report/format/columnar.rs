//! Parquet and Arrow files: the same columns with their types, for other engines.
//! Rows are cut anew into batches of one size, since pages and IPC messages follow the batches they were handed in,
//! and the bytes must depend on the rows alone.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::compute::BatchCoalescer;
use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType, IntervalUnit};
use arrow::error::ArrowError;
use arrow::ipc::writer::FileWriter;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::Format;
use super::document::value_type;
use super::error::FormatError;
use super::source::Source;

const BATCH_ROWS: usize = 8192;
const ZSTD_LEVEL: i32 = 3;
// Readers parse this field for "<program> version <number>"; a number that moved with releases would change every file.
const CREATED_BY: &str = "churnhouse version 1";

/// Writes a Parquet file: zstd, the arrow schema kept in its metadata. What Parquet lacks is recast: intervals and
/// views of text to text, decimals counted in hundreds to whole ones.
pub(super) fn write_parquet(
    source: &mut Source,
    sink: &mut (dyn Write + Send),
) -> Result<(), FormatError> {
    source.recast(known_to_parquet);
    let level = ZstdLevel::try_new(ZSTD_LEVEL).map_err(FormatError::parquet)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_created_by(CREATED_BY.to_owned())
        .build();
    let writer = ArrowWriter::try_new(sink, source.schema().clone(), Some(properties));
    let mut writer = writer.map_err(FormatError::parquet)?;
    each_chunk(source, |chunk| writer.write(chunk).map_err(FormatError::parquet))?;
    writer.close().map_err(FormatError::parquet)?;
    Ok(())
}

/// Writes an Arrow IPC file. Dictionaries and string views are written out plainly: the file format allows one
/// dictionary for all batches, and the buffers behind a view depend on where its rows came from.
pub(super) fn write_arrow(source: &mut Source, sink: &mut dyn Write) -> Result<(), FormatError> {
    let failed = |error| FormatError::arrow(Format::Arrow, error);
    source.recast(plain);
    let mut writer = FileWriter::try_new(sink, source.schema()).map_err(failed)?;
    each_chunk(source, |chunk| writer.write(chunk).map_err(failed))?;
    writer.finish().map_err(failed)
}

fn known_to_parquet(data_type: &DataType) -> Option<DataType> {
    match *data_type {
        DataType::Interval(IntervalUnit::MonthDayNano) | DataType::Utf8View => Some(DataType::Utf8),
        DataType::Decimal128(precision, scale @ ..=-1) => {
            let whole = precision.saturating_add(scale.unsigned_abs());
            Some(DataType::Decimal128(whole.min(DECIMAL128_MAX_PRECISION), 0))
        }
        _ => None,
    }
}

fn plain(data_type: &DataType) -> Option<DataType> {
    let plain = match value_type(data_type) {
        DataType::Utf8View => &DataType::Utf8,
        DataType::BinaryView => &DataType::Binary,
        values => values,
    };
    (plain != data_type).then(|| plain.clone())
}

fn each_chunk(
    source: &mut Source,
    mut visit: impl FnMut(&RecordBatch) -> Result<(), FormatError>,
) -> Result<(), FormatError> {
    let mut chunks = BatchCoalescer::new(source.schema().clone(), BATCH_ROWS);
    let mut drain = |chunks: &mut BatchCoalescer| -> Result<(), FormatError> {
        while let Some(chunk) = chunks.next_completed_batch() {
            visit(&chunk)?;
        }
        Ok(())
    };
    let failed = |error: ArrowError| FormatError::Source(error);
    for batch in source {
        chunks.push_batch(batch?).map_err(failed)?;
        drain(&mut chunks)?;
    }
    chunks.finish_buffered_batch().map_err(failed)?;
    drain(&mut chunks)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::sync::Arc;

    use arrow::array::{ArrayRef, DictionaryArray, StringArray, StringViewArray};
    use arrow::datatypes::Int32Type;
    use arrow::ipc::reader::FileReader;
    use bytes::Bytes;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::super::{Document, sample};
    use super::*;

    #[test]
    fn parquet_reads_back_with_its_schema() {
        let (document, batch) = sample::churn();
        let file = Bytes::from(sample::written(Format::Parquet, &document, vec![batch.clone()]));
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        assert_eq!(reader.schema(), &document.schema);
        let metadata = reader.metadata();
        assert_eq!(metadata.file_metadata().created_by(), Some("churnhouse version 1"));
        assert!(matches!(metadata.row_group(0).column(0).compression(), Compression::ZSTD(_)));
        let read = reader.build().unwrap().collect::<Result<Vec<_>, _>>().unwrap();
        assert_eq!(read, [batch]);
    }

    #[test]
    fn arrow_reads_back_with_its_schema() {
        let (document, batch) = sample::churn();
        let file = sample::written(Format::Arrow, &document, vec![batch.clone()]);
        let reader = FileReader::try_new(Cursor::new(file), None).unwrap();
        assert_eq!(reader.schema(), document.schema);
        assert_eq!(reader.collect::<Result<Vec<_>, _>>().unwrap(), [batch]);
    }

    #[test]
    fn every_type_survives() {
        let batch = sample::every_type();
        let document = Document::new("types", batch.schema());
        let parquet = Bytes::from(sample::written(Format::Parquet, &document, vec![batch.clone()]));
        let parquet = ParquetRecordBatchReaderBuilder::try_new(parquet).unwrap().build().unwrap();
        let arrow = Cursor::new(sample::written(Format::Arrow, &document, vec![batch]));
        let arrow = FileReader::try_new(arrow, None).unwrap();
        let read = [parquet.last().unwrap().unwrap(), arrow.last().unwrap().unwrap()];
        for batch in read {
            let document = Document::new("types", batch.schema());
            let csv = sample::text(Format::Csv, &document, vec![batch]);
            let mut rows = csv::ReaderBuilder::new().from_reader(csv.as_bytes()).into_records();
            for expected in sample::every_text() {
                assert_eq!(rows.next().unwrap().unwrap().iter().collect::<Vec<_>>(), expected);
            }
        }
    }

    #[test]
    fn dictionaries_and_views_that_differ_between_batches_are_one_column() {
        let columns = |words: [&str; 2]| -> [(&str, ArrayRef); 2] {
            let dictionary: DictionaryArray<Int32Type> = words.into_iter().collect();
            [
                ("dictionary", Arc::new(dictionary)),
                ("view", Arc::new(StringViewArray::from_iter_values(words))),
            ]
        };
        let batches: Vec<_> = [["gold", "silver"], ["silver", "a tier with a longer name"]]
            .map(|words| RecordBatch::try_from_iter(columns(words)).unwrap())
            .into();
        let document = Document::new("tiers", batches[0].schema());
        let file = sample::written(Format::Arrow, &document, batches);
        let read = FileReader::try_new(Cursor::new(file), None).unwrap().next().unwrap().unwrap();
        let expected =
            StringArray::from(vec!["gold", "silver", "silver", "a tier with a longer name"]);
        assert_eq!(
            read.columns().iter().map(|column| column.as_ref()).collect::<Vec<_>>(),
            [&expected, &expected] as [&dyn arrow::array::Array; 2]
        );
    }
}
