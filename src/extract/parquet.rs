//! A Parquet file → chunks: the needed columns only, cast to text by Arrow, so that
//! decimals and dates keep their exact digits. Refuses columns that have no text, such
//! as lists, if they are needed.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};

use super::chunk::{Chunk, ROWS, Raw, Reader};
use super::error::ExtractError;
use super::input::Bytes;
use super::number;
use super::source::Format;

/// Reads a Parquet file.
pub struct ParquetReader {
    shown: String,
    file: File,
    columns: Vec<String>,
    needed: Vec<bool>,
    batches: Option<ParquetRecordBatchReader>,
    progress: Progress,
}

struct Progress {
    counter: Arc<AtomicU64>,
    bytes: u64,
    rows: u64,
    done: u64,
}

impl ParquetReader {
    /// Opens a file and reads its schema. `counter` is told how much of it is read.
    ///
    /// # Errors
    /// It is no Parquet file.
    pub fn open(file: File, shown: &str, counter: Arc<AtomicU64>) -> Result<Self, ExtractError> {
        let fail = |problem: io::Error| ExtractError::io(shown, problem);
        let bytes = file.metadata().map_err(fail)?.len();
        let again = file.try_clone().map_err(fail)?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(again)
            .map_err(|problem| unreadable(shown, &problem))?;
        let rows = builder.metadata().file_metadata().num_rows();
        let fields = builder.schema().fields();
        Ok(Self {
            shown: shown.to_owned(),
            columns: fields.iter().map(|field| field.name().clone()).collect(),
            needed: vec![true; fields.len()],
            file,
            batches: None,
            progress: Progress { counter, bytes, rows: u64::try_from(rows).unwrap_or(0), done: 0 },
        })
    }

    fn start(&self) -> Result<ParquetRecordBatchReader, ExtractError> {
        let fail = |problem: io::Error| ExtractError::io(&self.shown, problem);
        let file = self.file.try_clone().map_err(fail)?;
        let build = || {
            let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
            let roots = (0..self.columns.len()).filter(|column| self.needed[*column]);
            let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
            builder.with_projection(mask).with_batch_size(ROWS).build()
        };
        build().map_err(|problem| unreadable(&self.shown, &problem))
    }

    fn fill(&mut self, batch: &RecordBatch, chunk: &mut Chunk) -> Result<(), ExtractError> {
        let texts: Result<Vec<StringArray>, _> = batch.columns().iter().map(text).collect();
        let texts = texts.map_err(|problem| unreadable(&self.shown, &problem))?;
        let mut picked = texts.iter();
        let mut column = |needed: &bool| if *needed { picked.next() } else { None };
        let columns: Vec<_> = self.needed.iter().map(&mut column).collect();
        for row in 0..batch.num_rows() {
            for column in &columns {
                let text = column.filter(|text| text.is_valid(row));
                chunk.push_field(text.map_or("", |text| text.value(row)));
            }
            chunk.end_row(self.progress.done + row as u64 + 1);
        }
        self.progress.advance(batch.num_rows() as u64);
        Ok(())
    }
}

impl Progress {
    fn advance(&mut self, rows: u64) {
        self.done += rows;
        let share = self.done as f64 / self.rows.max(1) as f64;
        let bytes = (self.bytes as f64 * share) as u64;
        self.counter.store(bytes, Ordering::Relaxed);
    }
}

impl Reader for ParquetReader {
    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn is_typed(&self) -> bool {
        true
    }

    fn raw(&self) -> Raw {
        Raw::Named(self.columns.clone().into())
    }

    fn pick(&mut self, needed: &[bool]) -> Result<(), ExtractError> {
        self.needed = needed.to_vec();
        self.batches = Some(self.start()?);
        Ok(())
    }

    fn next_chunk(&mut self, chunk: &mut Chunk) -> Result<bool, ExtractError> {
        chunk.clear();
        if self.batches.is_none() {
            self.batches = Some(self.start()?);
        }
        let next = self.batches.as_mut().and_then(Iterator::next).transpose();
        match next.map_err(|problem| unreadable(&self.shown, &problem))? {
            Some(batch) => self.fill(&batch, chunk).map(|()| true),
            None => Ok(false),
        }
    }
}

fn unreadable(shown: &str, problem: &impl ToString) -> ExtractError {
    ExtractError::Unreadable {
        file: shown.to_owned(),
        format: Format::Parquet,
        problem: problem.to_string(),
    }
}

/// A column as text. Floats go their own way: Arrow writes 7.0 where 7 is meant.
fn text(column: &ArrayRef) -> Result<StringArray, arrow::error::ArrowError> {
    if matches!(column.data_type(), DataType::Float64) {
        let floats = column.as_primitive::<Float64Type>();
        return Ok(floats.iter().map(|float| float.map(number::text)).collect());
    }
    let column = match column.data_type() {
        // The shortest text of a 32-bit float, which widening alone would not give.
        DataType::Float16 | DataType::Float32 => {
            let text = cast(column, &DataType::Utf8)?;
            let strip = |text: &str| text.strip_suffix(".0").unwrap_or(text).to_owned();
            let texts = text.as_string::<i32>().iter();
            return Ok(texts.map(|text| text.map(strip)).collect());
        }
        DataType::Dictionary(_, values) => cast(column, values)?,
        _ => Arc::clone(column),
    };
    cast(&column, &DataType::Utf8).map(|text| text.as_string::<i32>().clone())
}

/// A file on disk with these bytes, since Parquet is read from its end.
pub fn spool(mut bytes: Bytes, shown: &str) -> Result<File, ExtractError> {
    let mut copy = || {
        let mut file = tempfile::tempfile()?;
        io::copy(&mut bytes, &mut file)?;
        Ok(file)
    };
    copy().map_err(|problem| ExtractError::io(shown, problem))
}

#[cfg(test)]
mod tests {
    use ::parquet::arrow::ArrowWriter;
    use arrow::array::{
        Date32Array, Decimal128Array, Float32Array, Float64Array, Int64Array,
        TimestampMicrosecondArray,
    };

    use super::*;

    fn file(columns: Vec<(&str, ArrayRef)>) -> File {
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let file = tempfile::tempfile().unwrap();
        let again = file.try_clone().unwrap();
        let mut writer = ArrowWriter::try_new(again, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        file
    }

    fn sample() -> File {
        let amount = Decimal128Array::from(vec![Some(3000), None]);
        let amount = amount.with_precision_and_scale(18, 2).unwrap();
        let moment = TimestampMicrosecondArray::from(vec![1_704_110_400_000_000, 0]);
        file(vec![
            ("id", Arc::new(Float64Array::from(vec![13_909_510_001.0, 0.5]))),
            ("amount", Arc::new(amount)),
            ("day", Arc::new(Date32Array::from(vec![19_723, 0]))),
            ("at", Arc::new(moment.with_timezone("UTC"))),
            ("n", Arc::new(Int64Array::from(vec![7, 8]))),
            ("f", Arc::new(Float32Array::from(vec![0.1, 3.0]))),
        ])
    }

    #[test]
    fn columns_keep_their_exact_text() {
        let counter = Arc::default();
        let mut reader = ParquetReader::open(sample(), "a.parquet", Arc::clone(&counter)).unwrap();
        let mut chunk = Chunk::new(6, reader.raw());
        assert!(reader.next_chunk(&mut chunk).unwrap());
        let row = |row| (0..6).map(|column| chunk.field(row, column)).collect::<Vec<_>>();
        assert_eq!(
            row(0),
            ["13909510001", "30.00", "2024-01-01", "2024-01-01T12:00:00Z", "7", "0.1"]
        );
        assert_eq!(row(1)[..3], ["0.5", "", "1970-01-01"]);
        assert_eq!(row(1)[5], "3");
        assert_eq!(chunk.lines, [1, 2]);
        assert!(!reader.next_chunk(&mut chunk).unwrap());
        assert!(counter.load(Ordering::Relaxed) > 100);
    }

    #[test]
    fn only_needed_columns_are_read() {
        let mut reader = ParquetReader::open(sample(), "a.parquet", Arc::default()).unwrap();
        reader.pick(&[false, true, false, false, true, false]).unwrap();
        let mut chunk = Chunk::new(6, reader.raw());
        reader.next_chunk(&mut chunk).unwrap();
        assert_eq!(chunk.raw(0), r#"{"amount":"30.00","n":"7"}"#);
    }

    #[test]
    fn other_files_are_refused() {
        let bytes: Bytes = Box::new(io::Cursor::new(b"id,amount\n1,2\n".to_vec()));
        let file = spool(bytes, "a.parquet").unwrap();
        let error = ParquetReader::open(file, "a.parquet", Arc::default()).err().unwrap();
        assert!(matches!(error, ExtractError::Unreadable { .. }));
    }
}
