//! What holds of every column, whoever encodes it.

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use bytes::Bytes;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

use super::{FileBytes, encode};

/// The file of rows: they are read as they were written, and have the same bytes where they come in two parts.
pub fn file_of(rows: &RecordBatch, cut: usize) -> Bytes {
    let bytes = encode(rows).unwrap();
    let typed = ArrowReaderOptions::new().with_schema(rows.schema());
    let read = ParquetRecordBatchReaderBuilder::try_new_with_options(bytes.clone(), typed);
    let read = read.unwrap().build().unwrap();
    let read: Vec<RecordBatch> = read.map(Result::unwrap).collect();
    assert_eq!(concat_batches(&rows.schema(), &read).unwrap(), *rows);
    let parts = [rows.slice(0, cut), rows.slice(cut, rows.num_rows() - cut)];
    assert_eq!(file_of_parts(&parts), bytes);
    bytes
}

/// The file of rows that come in parts.
pub fn file_of_parts(parts: &[RecordBatch]) -> Bytes {
    let mut file = FileBytes::new(parts[0].schema(), 1);
    parts.iter().for_each(|part| file.push(part).unwrap());
    file.finish().unwrap().0
}
