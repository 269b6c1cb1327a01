//! Workbooks written small and read back with calamine: what each cell is, how rows continue on further sheets,
//! and what is refused.

use std::io::Cursor;
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray};
use calamine::{Data, Reader, Xlsx};

use super::super::{ColumnNote, Definition, Unit, sample};
use super::*;

fn open(bytes: Vec<u8>) -> Xlsx<Cursor<Vec<u8>>> {
    Xlsx::new(Cursor::new(bytes)).unwrap()
}

/// Every cell as calamine shows it, rows by ` | `.
fn lines(book: &mut Xlsx<Cursor<Vec<u8>>>, sheet: &str) -> Vec<String> {
    let show = |cell: &Data| match cell {
        Data::DateTime(serial) => format!("date {}", serial.as_f64()),
        Data::String(text) => format!("'{text}'"),
        other => other.to_string(),
    };
    let range = book.worksheet_range(sheet).unwrap();
    range.rows().map(|row| row.iter().map(show).collect::<Vec<_>>().join(" | ")).collect()
}

#[test]
fn numbers_dates_and_text_are_what_they_are() {
    let (document, batch) = sample::churn();
    let mut book = open(sample::written(Format::Xlsx, &document, vec![batch]));
    assert_eq!(book.sheet_names(), ["churn_rate"]);
    assert_eq!(
        lines(&mut book, "churn_rate"),
        [
            "'month' | 'product' | 'churned' | 'revenue' | 'churn_rate'",
            "date 45292 | '神州行' | 12 | 1234567.5 | 0.05",
            "date 45292 | 'a|b, \"c\"\n<d>' |  | -0.07 | ",
            "date 45323 |  | -3 |  | 0.3333333333333333",
        ]
    );
}

#[test]
fn every_type_has_its_cell() {
    let batch = sample::every_type();
    let mut document = Document::new("types", batch.schema());
    let text = Some(Unit::Text);
    document.columns =
        vec![ColumnNote { name: "tiny".into(), unit: text, ..ColumnNote::default() }];
    let mut book = open(sample::written(Format::Xlsx, &document, vec![batch]));
    assert_eq!(
        lines(&mut book, "types")[1..],
        [
            "'=1+1' | 'a view of more than twelve bytes' | 'gold' | '-1' | '18446744073709551615' | 0.1 | \
             1000000000000000000000 | -0.05 | 1200 | date 45291.99998842592 | date 45292.33333912037 | true |  | \
             '1 mons 2 days' | '[1, null]' | '{id: 7}'",
            " |  |  |  |  |  | 'NaN' |  |  |  |  |  |  |  |  | '{id: 8}'",
        ]
    );
}

#[test]
fn rows_continue_on_further_sheets_with_their_header() {
    let (document, batch) = sample::churn();
    let mut batches = [Ok(batch.clone()), Ok(batch)].into_iter();
    let mut book = Workbook::new("churn", None).unwrap();
    book.rows_per_sheet = 3;
    assert_eq!(book.sheet(&document, &mut batches).unwrap(), 6);
    let mut book = open(book.finish().unwrap());
    assert_eq!(book.sheet_names(), ["churn_rate", "churn_rate (2)"]);
    assert_eq!(lines(&mut book, "churn_rate"), lines(&mut book, "churn_rate (2)"));
    assert_eq!(lines(&mut book, "churn_rate").len(), 4);
}

#[test]
fn the_headline_sets_the_last_month_beside_the_one_before() {
    let columns: [(&str, ArrayRef); 3] = [
        ("month", Arc::new(Date32Array::from(vec![19_723, 19_754]))),
        ("churned", Arc::new(Int64Array::from(vec![10, 12]))),
        ("churn_rate", Arc::new(Float64Array::from(vec![Some(0.05), None]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let document = Document::new("headline", batch.schema());
    let mut book = Workbook::new("monthly", None).unwrap();
    book.headline("monthly 2024-02", &document, &mut [Ok(batch)].into_iter()).unwrap();
    let lines = lines(&mut open(book.finish().unwrap()), "headline");
    assert_eq!(lines[0].split(" | ").next(), Some("'monthly 2024-02'"));
    assert_eq!(lines[3], "'measure' | '2024-02' | '2024-01' | 'change' | 'change in %'");
    assert_eq!(lines[4], "'churned' | 12 | 10 | 2 | 0.2");
    assert_eq!(lines[5], "'churn rate' |  | 0.05 |  | ");
    assert_eq!(
        lines[lines.len() - 2..],
        ["date 45292 | 10 | 0.05 |  | ", "date 45323 | 12 |  |  | "]
    );
}

#[test]
fn what_is_defined_stands_on_the_last_sheet() {
    let (mut document, batch) = sample::churn();
    document.columns = vec![ColumnNote {
        name: "churn_rate".into(),
        unit: None,
        meaning: Some("the part that was lost".into()),
        formula: Some("churned / opening".into()),
    }];
    document.definition = Some(Definition { summary: "who left".into(), ..Definition::default() });
    let mut book = open(sample::written(Format::Xlsx, &document, vec![batch]));
    assert_eq!(book.sheet_names(), ["churn_rate", "definitions"]);
    let lines = lines(&mut book, "definitions");
    assert_eq!(lines[1], "'churn_rate' |  |  | 'who left' |  |  | ");
    assert_eq!(lines[3], "'churn_rate' | 'product' | 'text' |  |  |  | ");
    let rate = "'churn_rate' | 'churn_rate' | 'ratio' | 'the part that was lost' | 'churned / opening' |  | ";
    assert_eq!(lines[6], rate);
}

#[test]
fn a_text_that_no_cell_holds_is_refused_with_its_place() {
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["x".repeat(32_767), "x".repeat(32_768)]));
    let batch = RecordBatch::try_from_iter([("raw", texts)]).unwrap();
    let document = Document::new("rejected", batch.schema());
    let error = super::super::write(
        Format::Xlsx,
        &document,
        &mut [Ok(batch)].into_iter(),
        &mut std::io::sink(),
    );
    assert_eq!(
        error.unwrap_err().to_string(),
        "text too long for an xlsx cell (32767 characters) in row 2, write csv or parquet instead, column: raw"
    );
}

#[test]
fn sheet_names_are_made_fit() {
    let cases = [
        ("churn_rate", 1, "churn_rate"),
        ("", 1, "result"),
        ("'a/b [c]: d?'", 1, "a_b _c__ d_"),
        ("a title that is longer than thirty-one", 1, "a title that is longer than thi"),
        ("a title that is longer than thirty-one", 12, "a title that is longer tha (12)"),
    ];
    for (title, number, expected) in cases {
        assert_eq!(sheet_name(title, number), expected);
        assert!(rust_xlsxwriter::Worksheet::new().set_name(sheet_name(title, number)).is_ok());
    }
}

#[test]
fn the_time_is_the_documents_and_never_the_clocks() {
    let (mut document, batch) = sample::churn();
    let mut dated = |modified| {
        document.modified = modified;
        sample::written(Format::Xlsx, &document, vec![batch.clone()])
    };
    assert_eq!(dated(None), dated(NaiveDate::from_ymd_opt(2000, 1, 1)));
    assert_ne!(dated(None), dated(NaiveDate::from_ymd_opt(2024, 1, 31)));
}
