//! Columns whose values repeat, as keys of their distinct values.
//!
//! The crate's writer looks up every value by its hash. The close has its words and months as numbers already, and
//! a number needs no hash: the look-up was half of the encoding's time, which was 30% of the close's.
//! Source: <https://parquet.apache.org/docs/file-format/data-pages/encodings/>, «Dictionary Encoding».

use std::hash::BuildHasher;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, PrimitiveArray, UInt32Array};
use arrow::compute::cast;
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal64Type, Int32Type, UInt32Type,
};
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use parquet::basic::Encoding;
use parquet::errors::ParquetError;
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnDescPtr;

use super::bits::{bits, hybrid, levels};
use super::numbers::{Range, known};
use super::pages::{Column, Plain};

/// The widest range of numbers whose keys are found in a list.
const WIDEST: usize = 1 << 20;
/// The most bytes of distinct values; where there are more, a dictionary spares nothing.
const PLAIN: usize = 4 << 20;
/// Stands for a value that has not come yet.
const NO_KEY: u32 = u32::MAX;

/// Encodes the parts of a column; none where it is not of texts or of numbers in a narrow range, or its values are
/// too different.
///
/// # Errors
/// Texts can't be unpacked.
pub fn encode(
    parts: &[ArrayRef],
    described: &ColumnDescPtr,
) -> Result<Option<Column>, ParquetError> {
    let keys = match parts.first().map(|part| part.data_type()) {
        Some(DataType::Dictionary(..)) => Some(match numbered(parts) {
            Some(keys) => keys,
            None => texts(&unpacked(parts)?),
        }),
        Some(DataType::Utf8) => Some(texts(&unpacked(parts)?)),
        Some(DataType::Date32) => days_or_counts::<Date32Type>(parts),
        Some(DataType::Int32) => days_or_counts::<Int32Type>(parts),
        Some(DataType::Decimal64(..)) => money(parts),
        _ => None,
    };
    let Some(keys) = keys.filter(|keys| keys.plain.len() <= PLAIN) else { return Ok(None) };
    let rows = parts.iter().map(|part| part.len()).sum();
    Ok(Some(Column {
        pages: vec![Plain { bytes: page(&keys, parts, rows, described), values: rows }],
        distinct: Some(Plain { bytes: keys.plain, values: keys.distinct }),
        encoding: Encoding::RLE_DICTIONARY,
        statistics: keys.statistics,
    }))
}

/// Which rows are not null, where some may be, the keys' bits, and the keys.
fn page(keys: &Keys, parts: &[ArrayRef], rows: usize, described: &ColumnDescPtr) -> Vec<u8> {
    let mut bytes = Vec::new();
    levels(parts, rows, described, &mut bytes);
    let width = bits(keys.distinct.saturating_sub(1) as u64);
    bytes.push(width as u8);
    hybrid(&keys.keys, width, &mut bytes);
    bytes
}

/// A column as keys of its distinct values.
struct Keys {
    /// A key for each row that is not null.
    keys: Vec<u32>,
    /// How many distinct values there are.
    distinct: usize,
    /// They, in the order of their keys, as the format writes them plainly.
    plain: Vec<u8>,
    /// What the footer says of the values.
    statistics: Option<Statistics>,
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
    let parts: Vec<&UInt32Array> = parts.iter().map(|part| part.keys()).collect();
    let found = Found::among(texts.len(), &known(&parts, |key| key), |key| *key as usize);
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
    numbers::<Decimal64Type, 8>(
        parts,
        |cents| cents,
        |least, greatest, nulls| Statistics::int64(least, greatest, None, Some(nulls), false),
    )
}

/// Numbers of so many bytes by their distance from the least.
fn numbers<T: ArrowPrimitiveType, const BYTES: usize>(
    parts: &[ArrayRef],
    whole: impl Fn(T::Native) -> i64,
    statistics: impl Fn(Option<i64>, Option<i64>, u64) -> Statistics,
) -> Option<Keys> {
    let typed: Vec<&PrimitiveArray<T>> = parts.iter().map(|part| part.as_primitive()).collect();
    let numbers = known(&typed, whole);
    let mut range = Range::default();
    range.widen(&numbers);
    let (least, greatest) = (range.least(), range.greatest());
    let base = least.unwrap_or_default();
    let width = usize::try_from(greatest.unwrap_or_default().checked_sub(base)?).ok()?;
    if width >= WIDEST {
        return None;
    }
    let found = Found::among(width + 1, &numbers, |number| (number - base) as usize);
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
    keys: Vec<u32>,
    /// The codes by key.
    distinct: Vec<usize>,
}

impl Found {
    fn among<T>(codes: usize, values: &[T], code: impl Fn(&T) -> usize) -> Self {
        let (mut key_of, mut distinct) = (vec![NO_KEY; codes], Vec::new());
        let key = |value: &T| {
            let code = code(value);
            let key = &mut key_of[code];
            if *key == NO_KEY {
                *key = distinct.len() as u32;
                distinct.push(code);
            }
            *key
        };
        let keys = values.iter().map(key).collect();
        Self { keys, distinct }
    }
}

#[cfg(test)]
mod tests;
