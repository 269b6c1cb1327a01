//! Columns whose values repeat, as keys of their distinct values.
//!
//! The crate's writer looks up every value by its hash. The close has its words and months as numbers already, and
//! a number needs no hash: the look-up was half of the encoding's time, which was 30% of the close's.

use std::hash::BuildHasher;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, PrimitiveArray};
use arrow::compute::{cast, max, min};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Int32Type, UInt32Type,
};
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use parquet::errors::ParquetError;
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnDescPtr;

use super::pages::{Chunk, Keys, Pages};

/// The widest range of numbers whose keys are found in a list.
const RANGE: usize = 1 << 20;
/// The most bytes of distinct values; where there are more, a dictionary spares nothing.
const PLAIN: usize = 4 << 20;
/// Stands for a value that has not come yet.
const NO_KEY: u32 = u32::MAX;

/// Encodes the parts of a column; none where it is not of texts or of numbers in a narrow range, or its values are
/// too different.
///
/// # Errors
/// Texts can't be unpacked, or a page can't be compressed.
pub fn encode(
    parts: &[ArrayRef],
    described: &ColumnDescPtr,
    pages: &mut Pages,
) -> Result<Option<Chunk>, ParquetError> {
    let keys = match parts.first().map(|part| part.data_type()) {
        Some(DataType::Dictionary(..)) => Some(match numbered(parts) {
            Some(keys) => keys,
            None => texts(&unpacked(parts)?),
        }),
        Some(DataType::Utf8) => Some(texts(&unpacked(parts)?)),
        Some(DataType::Date32) => days_or_counts::<Date32Type>(parts),
        Some(DataType::Int32) => days_or_counts::<Int32Type>(parts),
        Some(DataType::Decimal128(digits, _)) if *digits <= 18 => money(parts),
        _ => None,
    };
    let Some(keys) = keys.filter(|keys| keys.plain.len() <= PLAIN) else { return Ok(None) };
    pages.write(keys, parts, described).map(Some)
}

/// Texts as they are, whichever parts have numbers for them.
///
/// # Errors
/// A part is a dictionary of something else.
pub fn unpacked(parts: &[ArrayRef]) -> Result<Vec<ArrayRef>, ParquetError> {
    let unpack = |part: &ArrayRef| match part.data_type() {
        DataType::Dictionary(..) => cast(part, &DataType::Utf8),
        _ => Ok(Arc::clone(part)),
    };
    Ok(parts.iter().map(unpack).collect::<Result<_, _>>()?)
}

/// Texts that have numbers already, in all parts the same; none where they have not.
fn numbered(parts: &[ArrayRef]) -> Option<Keys> {
    let parts = parts.iter().map(|part| part.as_dictionary_opt::<UInt32Type>());
    let parts: Vec<&DictionaryArray<UInt32Type>> = parts.collect::<Option<_>>()?;
    let all = parts.iter().map(|part| part.values()).max_by_key(|texts| texts.len())?;
    let begins = |texts: &ArrayRef| *texts == all.slice(0, texts.len());
    if !parts.iter().all(|part| Arc::ptr_eq(part.values(), all) || begins(part.values())) {
        return None;
    }
    let texts = all.as_string_opt::<i32>()?;
    let mut found = Found::among(texts.len(), parts.iter().map(|part| part.len()).sum());
    parts.iter().for_each(|part| found.add(part.keys(), |key| key as usize));
    let plain = plain_texts(found.distinct.iter().map(|code| texts.value(*code)));
    Some(Keys { keys: found.keys, distinct: found.distinct.len(), plain, statistics: None })
}

/// Texts as they are: mostly the one before, or one of few.
fn texts(parts: &[ArrayRef]) -> Keys {
    let (mut keys, mut distinct) = (Vec::new(), Vec::<&str>::new());
    let mut known = HashTable::<u32>::new();
    let hash_of = |text: &str| FixedState::default().hash_one(text.as_bytes());
    for text in parts.iter().flat_map(|part| part.as_string::<i32>()).flatten() {
        let last = keys.last().copied().filter(|key| distinct[*key as usize] == text);
        let key = last.unwrap_or_else(|| {
            let same = |key: &u32| distinct[*key as usize] == text;
            let next = distinct.len() as u32;
            let rehash = |key: &u32| hash_of(distinct[*key as usize]);
            *known.entry(hash_of(text), same, rehash).or_insert(next).get()
        });
        if key as usize == distinct.len() {
            distinct.push(text);
        }
        keys.push(key);
    }
    let (distinct, plain) = (distinct.len(), plain_texts(distinct.into_iter()));
    Keys { keys, distinct, plain, statistics: None }
}

/// Each text behind its length.
fn plain_texts<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<u8> {
    let mut plain = Vec::new();
    for text in texts {
        plain.extend((text.len() as u32).to_le_bytes());
        plain.extend(text.as_bytes());
    }
    plain
}

fn days_or_counts<T: ArrowPrimitiveType<Native = i32>>(parts: &[ArrayRef]) -> Option<Keys> {
    numbers::<T, 4>(parts, i64::from, |least, greatest, nulls| {
        let narrow = |number: Option<i64>| number.map(|number| number as i32);
        Statistics::int32(narrow(least), narrow(greatest), None, Some(nulls), false)
    })
}

fn money(parts: &[ArrayRef]) -> Option<Keys> {
    numbers::<Decimal128Type, 8>(
        parts,
        |cents| cents as i64,
        |least, greatest, nulls| Statistics::int64(least, greatest, None, Some(nulls), false),
    )
}

/// Numbers of so many bytes by their distance from the least.
fn numbers<T: ArrowPrimitiveType, const BYTES: usize>(
    parts: &[ArrayRef],
    whole: impl Fn(T::Native) -> i64,
    statistics: impl Fn(Option<i64>, Option<i64>, u64) -> Statistics,
) -> Option<Keys> {
    let parts: Vec<&PrimitiveArray<T>> = parts.iter().map(|part| part.as_primitive()).collect();
    let least = parts.iter().filter_map(|part| min(part)).map(&whole).min();
    let greatest = parts.iter().filter_map(|part| max(part)).map(&whole).max();
    let base = least.unwrap_or_default();
    let range = usize::try_from(greatest.unwrap_or_default().checked_sub(base)?).ok()?;
    if range >= RANGE {
        return None;
    }
    let mut found = Found::among(range + 1, parts.iter().map(|part| part.len()).sum());
    parts.iter().for_each(|part| found.add(part, |value| (whole(value) - base) as usize));
    let bytes = |code: &usize| (base + *code as i64).to_le_bytes().into_iter().take(BYTES);
    let nulls = parts.iter().map(|part| part.null_count() as u64).sum();
    Some(Keys {
        plain: found.distinct.iter().flat_map(bytes).collect(),
        distinct: found.distinct.len(),
        keys: found.keys,
        statistics: Some(statistics(least, greatest, nulls)),
    })
}

/// Keys of codes that are less than some number, in the order of their first rows, so that keys don't depend on
/// what the codes are.
struct Found {
    key_of: Vec<u32>,
    keys: Vec<u32>,
    /// The codes by key.
    distinct: Vec<usize>,
}

impl Found {
    fn among(codes: usize, rows: usize) -> Self {
        let (key_of, keys) = (vec![NO_KEY; codes], Vec::with_capacity(rows));
        Self { key_of, keys, distinct: Vec::new() }
    }

    /// Adds the rows that are not null.
    fn add<T: ArrowPrimitiveType>(
        &mut self,
        column: &PrimitiveArray<T>,
        code: impl Fn(T::Native) -> usize,
    ) {
        let Self { key_of, keys, distinct } = self;
        let key = |value: T::Native| {
            let code = code(value);
            let key = &mut key_of[code];
            if *key == NO_KEY {
                *key = distinct.len() as u32;
                distinct.push(code);
            }
            *key
        };
        match column.nulls() {
            Some(nulls) => {
                keys.extend(nulls.valid_indices().map(|row| column.value(row)).map(key));
            }
            None => keys.extend(column.values().iter().copied().map(key)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        Date32Array, Decimal128Array, DictionaryArray, Int32Array, RecordBatch, StringArray,
    };
    use arrow::compute::concat_batches;
    use arrow::datatypes::{Field, Schema};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use parquet::basic::Encoding;
    use parquet::file::metadata::ColumnChunkMetaData;
    use proptest::prelude::*;

    use super::super::{FileBytes, encode as file_of};
    use super::*;

    /// Rows of a text, a day, a count and an amount, any of which may be null.
    type Row = (Option<String>, Option<i32>, Option<i32>, Option<i128>);

    fn rows() -> impl Strategy<Value = Vec<Row>> {
        let text = prop::option::weighted(0.8, "[a-c]{0,2}");
        let day = prop::option::weighted(0.9, prop_oneof![0..5_i32, 19_000..19_400_i32]);
        let count = prop::option::of(prop_oneof![9 => -3..3_i32, 1 => any::<i32>()]);
        let most = 10_i128.pow(18) - 1;
        let amount = prop::option::of(prop_oneof![9 => -500..5_000_i128, 1 => -most..=most]);
        let few = prop::collection::vec((text, day, count, amount), 0..300);
        (few, 1..200_usize).prop_map(|(rows, times)| {
            rows.iter().cloned().cycle().take(rows.len() * times).collect()
        })
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
            ("amount", DataType::Decimal128(18, 2)),
        ];
        let fields = fields.map(|(name, kind)| Field::new(name, kind, nullable));
        let amounts = rows.iter().map(|row| row.3).collect::<Decimal128Array>();
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
            let bytes = file_of(&rows).unwrap();
            let read = ParquetRecordBatchReaderBuilder::try_new(bytes.clone()).unwrap();
            let batches: Vec<RecordBatch> = read.build().unwrap().map(Result::unwrap).collect();
            prop_assert_eq!(&concat_batches(&rows.schema(), &batches).unwrap(), &rows);
            prop_assert_eq!(&file_of(&by_number(&rows)).unwrap(), &bytes);
            let cut = cut.index(rows.num_rows() + 1);
            let [first, second] = [rows.slice(0, cut), rows.slice(cut, rows.num_rows() - cut)];
            let growing = [numbered_by(&first, &words(&first)), numbered_by(&second, &words(&rows))];
            for parts in [
                [by_number(&first), by_number(&second)],
                [by_number(&first), second.clone()],
                [first.clone(), by_number(&second)],
                [first, second],
                growing,
            ] {
                let mut file = FileBytes::new(rows.schema(), 1);
                parts.iter().for_each(|part| file.push(part).unwrap());
                prop_assert_eq!(&file.finish().unwrap().0, &bytes);
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
            let bytes = file_of(&rows).unwrap();
            let mut file = FileBytes::new(rows.schema(), 1);
            file.push(&by_number(&rows)).unwrap();
            assert_eq!(file.finish().unwrap().0, bytes);
            let read = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
            let chunk = read.metadata().row_group(0).column(0).clone();
            let read: Vec<RecordBatch> = read.build().unwrap().map(Result::unwrap).collect();
            assert_eq!(concat_batches(&rows.schema(), &read).unwrap(), rows);
            chunk
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
        let read = ParquetRecordBatchReaderBuilder::try_new(file_of(&rows).unwrap()).unwrap();
        let group = read.metadata().row_group(0);
        let told = |place: usize| group.column(place).statistics().cloned();
        assert_eq!(told(0), None);
        assert_eq!(told(1), Some(Statistics::int32(Some(3), Some(19_000), None, Some(1), false)));
        assert_eq!(told(3), Some(Statistics::int64(Some(-250), Some(7), None, Some(1), false)));
        assert_eq!(told(2), Some(Statistics::int32(Some(-2), Some(4), None, Some(1), false)));
    }
}
