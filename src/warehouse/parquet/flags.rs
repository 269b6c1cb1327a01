//! Columns of true and false: a bit for each row that is not null.
//! Source: <https://parquet.apache.org/docs/file-format/data-pages/encodings/>, «Plain».

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, BooleanBufferBuilder};
use parquet::basic::Encoding;
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnDescPtr;

use super::bits::levels;
use super::pages::{Column, Plain};

/// Encodes the parts of a column; none where it is of something else.
pub fn encode(parts: &[ArrayRef], described: &ColumnDescPtr) -> Option<Column> {
    let typed: Option<Vec<&BooleanArray>> =
        parts.iter().map(|part| part.as_boolean_opt()).collect();
    let typed = typed.filter(|parts| !parts.is_empty())?;
    let rows = parts.iter().map(|part| part.len()).sum();
    let mut values = BooleanBufferBuilder::new(rows);
    for part in &typed {
        match part.nulls() {
            Some(_) => part.iter().flatten().for_each(|value| values.append(value)),
            None => values.append_buffer(part.values()),
        }
    }
    let nulls = parts.iter().map(|part| part.null_count()).sum::<usize>();
    let values = values.finish();
    let (yes, all) = (values.count_set_bits(), values.len());
    let least = (all > 0).then_some(yes == all);
    let greatest = (all > 0).then_some(yes > 0);
    let mut bytes = Vec::new();
    levels(parts, rows, described, &mut bytes);
    bytes.extend(values.inner().as_slice());
    Some(Column {
        distinct: None,
        pages: vec![Plain { bytes, values: rows }],
        encoding: Encoding::PLAIN,
        statistics: Some(Statistics::boolean(least, greatest, None, Some(nulls as u64), false)),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::RecordBatch;
    use arrow::datatypes::{DataType, Field, Schema};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use proptest::prelude::*;

    use super::super::tests::file_of;
    use super::*;

    fn batch(flags: &[Option<bool>], nullable: bool) -> RecordBatch {
        let flags = flags.iter().map(|flag| flag.or((!nullable).then_some(true)));
        let field = Field::new("flag", DataType::Boolean, nullable);
        let column: ArrayRef = Arc::new(flags.collect::<BooleanArray>());
        RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![column]).unwrap()
    }

    proptest! {
        /// What is written is read again, and has the same bytes however the rows came.
        #[test]
        fn columns_are_read_as_they_were_written(
            flags in prop::collection::vec(prop::option::weighted(0.8, any::<bool>()), 1..300),
            times in 1..60_usize, nullable: bool, cut: prop::sample::Index,
        ) {
            let rows = batch(&flags.repeat(times), nullable);
            file_of(&rows, cut.index(rows.num_rows() + 1));
        }
    }

    #[test]
    fn the_footer_tells_whether_there_is_a_false_and_a_true() {
        let told = |flags: &[Option<bool>]| {
            let bytes = file_of(&batch(flags, true), 1);
            let read = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
            read.metadata().row_group(0).column(0).statistics().cloned().unwrap()
        };
        let expected = |least, greatest, nulls| {
            Statistics::boolean(Some(least), Some(greatest), None, Some(nulls), false)
        };
        assert_eq!(told(&[Some(true), None, Some(false)]), expected(false, true, 1));
        assert_eq!(told(&[Some(true), Some(true)]), expected(true, true, 0));
        assert_eq!(told(&[Some(false), None]), expected(false, false, 1));
        assert_eq!(told(&[None, None]).null_count_opt(), Some(2));
    }
}
