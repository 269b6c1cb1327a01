//! Small results that the tests of this room write in every format, beside what each must come out as.
//! `churn` looks like a view, with a null in each kind of column, wide characters and text that wants escaping;
//! `every_type` has a column for each type that a query can give.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array,
    Float64Array, Int8Array, Int32Array, Int64Array, IntervalMonthDayNanoArray, LargeStringArray,
    ListArray, NullArray, RecordBatch, StringArray, StringViewArray, StructArray,
    TimestampMicrosecondArray, TimestampSecondArray, UInt64Array,
};
use arrow::datatypes::{DataType, Field, Int32Type, IntervalMonthDayNano};

use super::{Document, Format, write};

/// Three rows of month, product, churned, revenue and churn_rate.
pub(super) fn churn() -> (Document, RecordBatch) {
    let columns: [(&str, ArrayRef); 5] = [
        ("month", Arc::new(Date32Array::from(vec![19_723, 19_723, 19_754]))),
        (
            "product",
            Arc::new(StringArray::from(vec![Some("神州行"), Some("a|b, \"c\"\n<d>"), None])),
        ),
        ("churned", Arc::new(Int64Array::from(vec![Some(12), None, Some(-3)]))),
        ("revenue", decimal(vec![Some(123_456_750), Some(-7), None], 2)),
        ("churn_rate", Arc::new(Float64Array::from(vec![Some(0.05), None, Some(1.0 / 3.0)]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    (Document::new("churn_rate", batch.schema()), batch)
}

/// Two rows with a column per type, the second mostly null.
pub(super) fn every_type() -> RecordBatch {
    let tiers = DictionaryArray::new(
        Int32Array::from(vec![0, 1]),
        Arc::new(StringArray::from(vec![Some("gold"), None])),
    );
    let instants = TimestampMicrosecondArray::from(vec![Some(1_704_067_200_500_000), None])
        .with_timezone("+08:00");
    let interval = IntervalMonthDayNano::new(1, 2, 0);
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), None]), None]);
    let member = Arc::new(Field::new("id", DataType::Int32, true));
    let group =
        StructArray::from(vec![(member, Arc::new(Int32Array::from(vec![7, 8])) as ArrayRef)]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("large", Arc::new(LargeStringArray::from(vec![Some("=1+1"), None]))),
        (
            "view",
            Arc::new(StringViewArray::from(vec![Some("a view of more than twelve bytes"), None])),
        ),
        ("dictionary", Arc::new(tiers)),
        ("tiny", Arc::new(Int8Array::from(vec![Some(-1), None]))),
        ("huge", Arc::new(UInt64Array::from(vec![Some(u64::MAX), None]))),
        ("single", Arc::new(Float32Array::from(vec![Some(0.1), None]))),
        ("double", Arc::new(Float64Array::from(vec![1e21, f64::NAN]))),
        ("arpu", decimal(vec![Some(-500), None], 4)),
        ("hundreds", decimal(vec![Some(12), None], -2)),
        ("second", Arc::new(TimestampSecondArray::from(vec![Some(1_704_067_199), None]))),
        ("instant", Arc::new(instants)),
        ("waived", Arc::new(BooleanArray::from(vec![Some(true), None]))),
        ("nothing", Arc::new(NullArray::new(2))),
        ("interval", Arc::new(IntervalMonthDayNanoArray::from(vec![Some(interval), None]))),
        ("list", Arc::new(list)),
        ("struct", Arc::new(group)),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

/// The rows of `every_type` as text.
pub(super) fn every_text() -> [Vec<String>; 2] {
    let first = [
        "=1+1",
        "a view of more than twelve bytes",
        "gold",
        "-1",
        "18446744073709551615",
        "0.1",
        "1e21",
        "-0.0500",
        "1200",
        "2023-12-31T23:59:59",
        "2024-01-01T08:00:00.500+08:00",
        "true",
        "",
        "1 mons 2 days",
        "[1, null]",
        "{id: 7}",
    ];
    let second = ["", "", "", "", "", "", "NaN", "", "", "", "", "", "", "", "", "{id: 8}"];
    [first.map(str::to_owned).into(), second.map(str::to_owned).into()]
}

/// A decimal column of precision 18.
pub(super) fn decimal(values: Vec<Option<i128>>, scale: i8) -> ArrayRef {
    Arc::new(Decimal128Array::from(values).with_precision_and_scale(18, scale).unwrap())
}

/// What is written of these batches.
pub(super) fn written(format: Format, document: &Document, batches: Vec<RecordBatch>) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(format, document, &mut batches.into_iter().map(Ok), &mut bytes).unwrap();
    bytes
}

/// What is written of these batches in a format of text.
pub(super) fn text(format: Format, document: &Document, batches: Vec<RecordBatch>) -> String {
    String::from_utf8(written(format, document, batches)).unwrap()
}
