//! Columns whose values hardly repeat, as what differs from the row before.
//!
//! The crate's writer compares texts byte by byte and packs lengths one at a time; by pages it is several times as
//! quick, and nothing is put together before it is encoded.
//! Source: <https://parquet.apache.org/docs/file-format/data-pages/encodings/>, «Delta Encoding» and «Delta Strings».

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Decimal64Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use parquet::basic::Encoding;
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnDescPtr;

use super::bits::{Bits, bits, levels, varint, zigzag};
use super::numbers::{Range, known};
use super::pages::{Column, Plain};
use crate::short::Short;

/// The rows of a page: what can be skipped where few rows are asked for.
const PAGE_ROWS: usize = 1 << 14;
/// The smaller blocks of a block, each with a width of its own.
const MINI_BLOCKS: usize = 4;

/// Encodes the parts of a column; none where it is neither of texts nor of numbers of 64 bits.
pub fn encode(parts: &[ArrayRef], described: &ColumnDescPtr) -> Option<Column> {
    let micros = TimeUnit::Microsecond;
    Some(match parts.first().map(|part| part.data_type()) {
        Some(DataType::Utf8) => texts(parts, described),
        Some(DataType::Int64) => numbers::<Int64Type>(parts, described, |number| number),
        Some(DataType::Timestamp(unit, _)) if *unit == micros => {
            numbers::<TimestampMicrosecondType>(parts, described, |micros| micros)
        }
        Some(DataType::Decimal64(..)) => numbers::<Decimal64Type>(parts, described, |cents| cents),
        _ => return None,
    })
}

fn texts(parts: &[ArrayRef], described: &ColumnDescPtr) -> Column {
    Column {
        distinct: None,
        pages: paged(parts, described, put_texts),
        encoding: Encoding::DELTA_BYTE_ARRAY,
        statistics: None,
    }
}

fn numbers<T: ArrowPrimitiveType>(
    parts: &[ArrayRef],
    described: &ColumnDescPtr,
    whole: impl Fn(T::Native) -> i64,
) -> Column {
    let mut range = Range::default();
    let put = |rows: &[ArrayRef], to: &mut Vec<u8>| {
        let rows: Vec<&PrimitiveArray<T>> = rows.iter().map(|part| part.as_primitive()).collect();
        let numbers = known(&rows, &whole);
        range.widen(&numbers);
        put_numbers::<64>(&numbers, to);
    };
    let pages = paged(parts, described, put);
    let nulls = parts.iter().map(|part| part.null_count() as u64).sum();
    let (least, greatest) = (range.least(), range.greatest());
    Column {
        distinct: None,
        pages,
        encoding: Encoding::DELTA_BINARY_PACKED,
        statistics: Some(Statistics::int64(least, greatest, None, Some(nulls), false)),
    }
}

/// A column by pages, whatever its parts.
fn paged(
    parts: &[ArrayRef],
    described: &ColumnDescPtr,
    mut put: impl FnMut(&[ArrayRef], &mut Vec<u8>),
) -> Vec<Plain> {
    let mut page = |rows: &[ArrayRef], values: usize| {
        let mut bytes = Vec::new();
        levels(rows, values, described, &mut bytes);
        put(rows, &mut bytes);
        Plain { bytes, values }
    };
    let (mut pages, mut rows, mut values) = (Vec::new(), Vec::new(), 0);
    for part in parts {
        let mut start = 0;
        while start < part.len() {
            let fit = (PAGE_ROWS - values).min(part.len() - start);
            rows.push(part.slice(start, fit));
            (start, values) = (start + fit, values + fit);
            if values == PAGE_ROWS {
                pages.push(page(&std::mem::take(&mut rows), std::mem::take(&mut values)));
            }
        }
    }
    if values > 0 {
        pages.push(page(&rows, values));
    }
    pages
}

/// How many bytes each text shares with the one before, how many it has behind them, and these.
fn put_texts(rows: &[ArrayRef], to: &mut Vec<u8>) {
    let mut texts = Texts::default();
    for part in rows.iter().map(|part| part.as_string::<i32>()) {
        let nulls = part.nulls().filter(|nulls| nulls.null_count() > 0);
        let ends = part.value_offsets().array_windows();
        for (row, [begin, end]) in ends.enumerate() {
            if nulls.is_none_or(|nulls| nulls.is_valid(row)) {
                texts.add(part.value_data(), *begin as usize, *end as usize);
            }
        }
    }
    put_numbers::<32>(&texts.shared, to);
    put_numbers::<32>(&texts.lengths, to);
    to.append(&mut texts.rest);
}

/// Texts beside the one before each.
#[derive(Default)]
struct Texts<'a> {
    shared: Vec<i64>,
    lengths: Vec<i64>,
    rest: Vec<u8>,
    last: &'a [u8],
    last_short: Short,
}

impl<'a> Texts<'a> {
    /// Adds a text by its place among others.
    #[inline]
    fn add(&mut self, bytes: &'a [u8], begin: usize, end: usize) {
        let text = &bytes[begin..end];
        let short = Short::at(bytes, begin, end);
        let is_long = short == Short::NONE;
        let same = match is_long || self.last_short == Short::NONE {
            true => shared_bytes(self.last, text),
            false => self.last_short.shared(short),
        };
        self.shared.push(same as i64);
        self.lengths.push((text.len() - same) as i64);
        match is_long {
            true => self.rest.extend_from_slice(&text[same..]),
            false => short.append_from(same, &mut self.rest),
        }
        (self.last, self.last_short) = (text, short);
    }
}

/// With how many equal bytes two texts begin.
#[inline]
fn shared_bytes(left: &[u8], right: &[u8]) -> usize {
    let words = left.as_chunks::<8>().0.iter().zip(right.as_chunks::<8>().0);
    let same = 8 * words.take_while(|(left, right)| left == right).count();
    let bytes = left[same..].iter().zip(&right[same..]);
    same + bytes.take_while(|(left, right)| left == right).count()
}

/// Numbers as their differences: in blocks, each of the least one, and of how far the others lie above it in as
/// many bits as the farthest of so many takes.
fn put_numbers<const MINI_BLOCK: usize>(numbers: &[i64], to: &mut Vec<u8>) {
    varint((MINI_BLOCK * MINI_BLOCKS) as u64, to);
    varint(MINI_BLOCKS as u64, to);
    varint(numbers.len() as u64, to);
    zigzag(numbers.first().copied().unwrap_or_default(), to);
    let mut differences = Vec::with_capacity(MINI_BLOCK * MINI_BLOCKS);
    let mut left = numbers;
    while left.len() > 1 {
        let block = &left[..left.len().min(1 + MINI_BLOCK * MINI_BLOCKS)];
        differences.clear();
        differences.extend(block.array_windows().map(|[one, next]| next.wrapping_sub(*one)));
        put_block::<MINI_BLOCK>(&differences, to);
        left = &left[differences.len()..];
    }
}

fn put_block<const MINI_BLOCK: usize>(differences: &[i64], to: &mut Vec<u8>) {
    let least = differences.iter().copied().min().unwrap_or_default();
    zigzag(least, to);
    let widths = to.len();
    to.extend([0; MINI_BLOCKS]);
    for (place, few) in differences.chunks(MINI_BLOCK).enumerate() {
        let above = |difference: &i64| difference.wrapping_sub(least) as u64;
        let width = bits(few.iter().fold(0, |all, difference| all | above(difference)));
        to[widths + place] = width as u8;
        if width == 0 {
            continue;
        }
        let mut packed = Bits::new(to);
        few.iter().for_each(|difference| packed.put_long(above(difference), width));
        (few.len()..MINI_BLOCK).for_each(|_| packed.put_long(0, width));
        packed.end();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        Decimal64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    };
    use arrow::datatypes::{Field, Schema};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use proptest::prelude::*;

    use super::super::tests::file_of;
    use super::*;

    /// An id, a line, a moment and an amount, any of which may be null.
    type Row = (Option<String>, Option<i64>, Option<i64>, Option<i64>);

    fn rows() -> impl Strategy<Value = Vec<Row>> {
        let id = prop::option::weighted(0.9, "(C000[0-2]{1,3}x?|[a月]{0,20})");
        let line = prop::option::weighted(0.9, prop_oneof![9 => 0..50_i64, 1 => any::<i64>()]);
        let moment = prop::option::weighted(0.9, prop_oneof![1_i64 << 40..1 << 41, any::<i64>()]);
        let most = 10_i64.pow(18) - 1;
        let amount = prop::option::of(prop_oneof![9 => -500..5_000_i64, 1 => -most..=most]);
        let few = prop::collection::vec((id, line, moment, amount), 1..300);
        (few, 1..200_usize).prop_map(|(rows, times)| {
            rows.iter().cloned().cycle().take(rows.len() * times).collect()
        })
    }

    fn batch(rows: &[Row], nullable: bool) -> RecordBatch {
        let or = |number: Option<i64>| number.or((!nullable).then_some(7));
        let id = |row: &Row| row.0.clone().or((!nullable).then(String::new));
        let amounts = rows.iter().map(|row| or(row.1).and(row.3).or((!nullable).then_some(7)));
        let columns: [ArrayRef; 4] = [
            Arc::new(rows.iter().map(id).collect::<StringArray>()),
            Arc::new(rows.iter().map(|row| or(row.1)).collect::<Int64Array>()),
            Arc::new(rows.iter().map(|row| or(row.2)).collect::<TimestampMicrosecondArray>()),
            Arc::new(amounts.collect::<Decimal64Array>().with_precision_and_scale(18, 2).unwrap()),
        ];
        let names = ["customer_id", "line", "occurred_at", "annual_revenue"];
        let field = |(name, column): (&str, &ArrayRef)| {
            Field::new(name, column.data_type().clone(), nullable)
        };
        let fields: Vec<Field> = names.into_iter().zip(&columns).map(field).collect();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.to_vec()).unwrap()
    }

    proptest! {
        /// What is written is read again, and has the same bytes however the rows came.
        #[test]
        fn columns_are_read_as_they_were_written(
            rows in rows(), nullable: bool, cut: prop::sample::Index,
        ) {
            let rows = batch(&rows, nullable);
            let bytes = file_of(&rows, cut.index(rows.num_rows() + 1));
            let read = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
            let delta = [Encoding::DELTA_BYTE_ARRAY, Encoding::DELTA_BINARY_PACKED];
            for column in read.metadata().row_group(0).columns() {
                prop_assert!(column.encodings().any(|encoding| delta.contains(&encoding)));
            }
        }
    }

    #[test]
    fn the_footer_tells_least_and_greatest_of_numbers() {
        let row = |line, moment| (Some("C1".to_owned()), line, Some(moment), None);
        let rows = batch(&[row(Some(5), 9), row(None, -2), row(Some(3), 0)], true);
        let read = ParquetRecordBatchReaderBuilder::try_new(file_of(&rows, 1)).unwrap();
        let group = read.metadata().row_group(0);
        let told = |place: usize| group.column(place).statistics().cloned();
        assert_eq!(told(0), None);
        assert_eq!(told(1), Some(Statistics::int64(Some(3), Some(5), None, Some(1), false)));
        assert_eq!(told(2), Some(Statistics::int64(Some(-2), Some(9), None, Some(0), false)));
        assert_eq!(told(3).and_then(|amounts| amounts.null_count_opt()), Some(3));
    }

    #[test]
    fn texts_share_what_they_begin_with() {
        let shared = |left: &str, right: &str| shared_bytes(left.as_bytes(), right.as_bytes());
        assert_eq!(shared("", "a"), 0);
        assert_eq!(shared("C0000012", "C0000013"), 7);
        assert_eq!(shared("C00000123456789", "C00000123456"), 12);
        assert_eq!(shared("C0000012345678901", "C0000012345678902x"), 16);
    }
}
