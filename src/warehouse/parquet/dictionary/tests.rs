//! Columns written from keys beside what was given, and beside the crate's own encoding.

use std::sync::Arc;

use arrow::array::{
    Date32Array, Decimal64Array, DictionaryArray, Int32Array, RecordBatch, StringArray,
};
use arrow::datatypes::{Field, Schema};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Encoding;
use parquet::file::metadata::ColumnChunkMetaData;
use proptest::prelude::*;

use super::super::tests::{file_of, file_of_parts};
use super::*;

/// Rows of a text, a day, a count and an amount, any of which may be null.
type Row = (Option<String>, Option<i32>, Option<i32>, Option<i64>);

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let text = prop::option::weighted(0.8, "[a-c]{0,2}");
    let day = prop::option::weighted(0.9, prop_oneof![0..5_i32, 19_000..19_400_i32]);
    let count = prop::option::of(prop_oneof![9 => -3..3_i32, 1 => any::<i32>()]);
    let most = 10_i64.pow(18) - 1;
    let amount = prop::option::of(prop_oneof![9 => -500..5_000_i64, 1 => -most..=most]);
    let few = prop::collection::vec((text, day, count, amount), 0..300);
    (few, 1..200_usize)
        .prop_map(|(rows, times)| rows.iter().cloned().cycle().take(rows.len() * times).collect())
}

fn batch(rows: &[Row], nullable: bool) -> RecordBatch {
    let rows: Vec<Row> = match nullable {
        true => rows.to_vec(),
        false => rows
            .iter()
            .map(|(text, day, count, amount)| {
                let text = Some(text.clone().unwrap_or_default());
                (text, day.or(Some(7)), count.or(Some(7)), amount.or(Some(7)))
            })
            .collect(),
    };
    let fields = [
        ("text", DataType::Utf8),
        ("day", DataType::Date32),
        ("count", DataType::Int32),
        ("amount", DataType::Decimal64(18, 2)),
    ];
    let fields = fields.map(|(name, kind)| Field::new(name, kind, nullable));
    let amounts = rows.iter().map(|row| row.3).collect::<Decimal64Array>();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(rows.iter().map(|row| row.0.as_deref()).collect::<StringArray>()),
        Arc::new(rows.iter().map(|row| row.1).collect::<Date32Array>()),
        Arc::new(rows.iter().map(|row| row.2).collect::<Int32Array>()),
        Arc::new(amounts.with_precision_and_scale(18, 2).unwrap()),
    ];
    RecordBatch::try_new(Arc::new(Schema::new(fields.to_vec())), columns).unwrap()
}

/// The texts of rows in the order in which they come, each once.
fn words(rows: &RecordBatch) -> Vec<&str> {
    let mut words = Vec::new();
    for text in rows.column(0).as_string::<i32>().iter().flatten() {
        if !words.contains(&text) {
            words.push(text);
        }
    }
    words
}

/// The same rows, their texts by number.
fn numbered_by(rows: &RecordBatch, words: &[&str]) -> RecordBatch {
    let texts = rows.column(0).as_string::<i32>();
    let place = |text: &str| words.iter().position(|word| *word == text).unwrap() as u32;
    let keys = texts.iter().map(|text| text.map(place)).collect();
    let values: StringArray = words.iter().copied().map(Some).collect();
    let column: ArrayRef = Arc::new(DictionaryArray::<UInt32Type>::new(keys, Arc::new(values)));
    let field = rows.schema().field(0).clone().with_data_type(column.data_type().clone());
    let others = rows.schema().fields().iter().skip(1).cloned().collect::<Vec<_>>();
    let fields: Vec<_> = [Arc::new(field)].into_iter().chain(others).collect();
    let mut columns = rows.columns().to_vec();
    columns[0] = column;
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

/// The same rows with their texts by number, in another order than they come.
fn by_number(rows: &RecordBatch) -> RecordBatch {
    let mut known = words(rows);
    known.push("unused");
    known.sort_unstable();
    numbered_by(rows, &known)
}

proptest! {
    /// What is written is read again, and has the same bytes however the rows came.
    #[test]
    fn columns_are_read_as_they_were_written(rows in rows(), nullable: bool, cut: prop::sample::Index) {
        let rows = batch(&rows, nullable);
        let cut = cut.index(rows.num_rows() + 1);
        let bytes = file_of(&rows, cut);
        prop_assert_eq!(&file_of_parts(&[by_number(&rows)]), &bytes);
        let [first, second] = [rows.slice(0, cut), rows.slice(cut, rows.num_rows() - cut)];
        let growing = [numbered_by(&first, &words(&first)), numbered_by(&second, &words(&rows))];
        for parts in [
            [by_number(&first), by_number(&second)],
            [by_number(&first), second.clone()],
            [first, by_number(&second)],
            growing,
        ] {
            prop_assert_eq!(&file_of_parts(&parts), &bytes);
        }
    }
}

#[test]
fn long_texts_that_differ_are_left_to_the_library() {
    let text = |row: usize| format!("{row}{}", "long".repeat(PLAIN / 400));
    let texts = |rows: usize| -> ArrayRef {
        Arc::new((0..rows).map(|row| Some(text(row))).collect::<StringArray>())
    };
    let chunk = |column: ArrayRef| {
        let rows = RecordBatch::try_from_iter([("text", column)]).unwrap();
        let bytes = file_of(&rows, 1);
        assert_eq!(file_of_parts(&[by_number(&rows)]), bytes);
        let read = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
        read.metadata().row_group(0).column(0).clone()
    };
    let by_keys = |chunk: &ColumnChunkMetaData| {
        chunk
            .page_encoding_stats_mask()
            .is_some_and(|pages| pages.is_only(Encoding::RLE_DICTIONARY))
    };
    assert!(by_keys(&chunk(texts(90))));
    assert!(!by_keys(&chunk(texts(110))));
}

#[test]
fn the_footer_tells_least_and_greatest() {
    let rows = batch(
        &[
            (None, Some(19_000), None, Some(-250)),
            (None, None, Some(4), Some(7)),
            (None, Some(3), Some(-2), None),
        ],
        true,
    );
    let read = ParquetRecordBatchReaderBuilder::try_new(file_of(&rows, 1)).unwrap();
    let group = read.metadata().row_group(0);
    let told = |place: usize| group.column(place).statistics().cloned();
    assert_eq!(told(0), None);
    assert_eq!(told(1), Some(Statistics::int32(Some(3), Some(19_000), None, Some(1), false)));
    assert_eq!(told(3), Some(Statistics::int64(Some(-250), Some(7), None, Some(1), false)));
    assert_eq!(told(2), Some(Statistics::int32(Some(-2), Some(4), None, Some(1), false)));
}
