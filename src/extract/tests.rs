//! Whole files through the room: text in, batches and rejects out.

use std::io::Write;
use std::sync::atomic::Ordering;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Date32Type, Decimal64Type};
use arrow::util::display::array_value_to_string;

use super::*;

fn none(_: &str, _: &arrow::datatypes::Schema) -> Result<Box<dyn Expression>, String> {
    Err("no engine".to_owned())
}

fn open(name: &str, bytes: &[u8], kind: SourceKind, toml: &str) -> Result<Extract, ExtractError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let source: SourceConfig = toml::from_str(&format!("path = '*'\n{toml}")).unwrap();
    let dimensions = Dimensions::from([("brand".to_owned(), "marke".to_owned())]);
    let today = NaiveDate::from_ymd_opt(2024, 6, 1).unwrap();
    Extract::open(&path, name, kind, &source, &dimensions, 7, today, &none)
}

fn read(name: &str, bytes: &[u8], kind: SourceKind, toml: &str) -> Piece {
    open(name, bytes, kind, toml).unwrap().next().unwrap().unwrap()
}

fn rows(batch: &RecordBatch) -> Vec<String> {
    let row = |row: usize| {
        let cells = batch.columns().iter();
        let cells = cells.map(|column| array_value_to_string(column, row).unwrap());
        cells.collect::<Vec<_>>().join("|")
    };
    (0..batch.num_rows()).map(row).collect()
}

const OPERATOR: &str = r#"
    encoding = "gbk"
    delimiter = "|"
    [columns]
    customer_id = "用户号码"
    amount = "金额"
    product = "品牌"
    charge_type = { from = "费用项", map = { "月租费" = "monthly_fee" } }
    billed_on = { from = "账期", format = "%Y%m" }
    waived = { from = "免收标志", true = ["1"], false = ["0"] }
"#;

#[test]
fn a_file_as_an_operators_system_writes_it() {
    let text = "用户号码|账期|品牌|费用项|金额|免收标志\r\n\
                13909510001|202401|神州行|月租费|30.00|0\r\n\
                13909510001|202401|神州行|语音通话费|18.555|0\r\n\
                \u{3000}|202401|神州行|月租费|x|1\r\n";
    let (gbk, ..) = encoding_rs::GBK.encode(text);
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(&gbk).unwrap();
    let piece = read("bill.csv.gz", &gz.finish().unwrap(), SourceKind::Billing, OPERATOR);
    assert_eq!(rows(&piece.batch), ["13909510001|2024-01-01|神州行|monthly_fee|30.00|false|||7|2"]);
    assert_eq!(piece.rows_read, 3);
    let reject = |line, column: &str, reason: &str, raw: &str| Reject {
        line,
        column: Some(column.to_owned()),
        reason: reason.to_owned(),
        raw: raw.to_owned(),
    };
    let short = "13909510001|202401|神州行|语音通话费|18.555|0";
    let blank = "\u{3000}|202401|神州行|月租费|x|1";
    assert_eq!(
        piece.rejects,
        [
            reject(3, "amount", "more than 2 decimals: 18.555", short),
            reject(4, "customer_id", "is missing", blank),
        ]
    );
}

#[test]
fn a_canonical_file_needs_no_description() {
    let text = b"line_id,customer_id,amount,billed_on,waived,other\n\
                 l1,c1,-5,2024-01-31,,x\nl2,c2,1.5,2024-02-01,yes,y\n";
    let mut extract = open("a.csv", text, SourceKind::Billing, "").unwrap();
    let bytes = extract.bytes_read();
    let piece = extract.next().unwrap().unwrap();
    assert_eq!(
        rows(&piece.batch),
        ["c1|2024-01-31|||-5.00|false||l1|7|2", "c2|2024-02-01|||1.50|true||l2|7|3"]
    );
    let cents = piece.batch.column(4).as_primitive::<Decimal64Type>();
    assert_eq!(cents.values(), &[-500, 150]);
    assert_eq!(piece.batch.column(1).as_primitive::<Date32Type>().value(0), 19_753);
    assert!(extract.next().unwrap().is_none());
    assert_eq!(extract.rows(), 2);
    assert_eq!(bytes.load(Ordering::Relaxed), text.len() as u64);
}

#[test]
fn channel_events_with_a_dimension() {
    let text = r#"{"event_id": 1, "customer_id": 13909510001.0, "occurred_at": "2024-01-05T10:00:00Z", "event": "ACTIVATE"}
{"event_id": 2, "customer_id": "c", "occurred_at": "soon", "event": "visit"}
{"event_id": 3, "customer_id": "c", "occurred_at": "2024-01-05", "event": "销户", "marke": "m-zone"}
"#;
    let toml = "[columns]\nevent = { map = { '销户' = 'terminate' } }";
    let piece = read("a.ndjson", text.as_bytes(), SourceKind::Channel, toml);
    assert_eq!(
        rows(&piece.batch),
        [
            "1|13909510001|2024-01-05T10:00:00|activate||||||||||7|1",
            "3|c|2024-01-05T00:00:00|terminate|||||||||m-zone|7|3",
        ]
    );
    assert_eq!(piece.rejects[0].reason, "not a timestamp: soon");
    assert_eq!(Some(piece.rejects[0].raw.as_str()), text.lines().nth(1));
}

#[test]
fn hotline_scores_within_their_bounds() {
    let text = b"call_id,customer_id,called_at,wait_seconds,satisfaction,resolved\n\
                 1,c,2024-01-05 10:00,30,5.0,NO\n2,c,2024-01-05 10:00,30,6,no\n\
                 3,c,2024-01-05 10:00,-1,,\n";
    let piece = read("a.csv", text, SourceKind::Hotline, "");
    assert_eq!(rows(&piece.batch), ["1|c|2024-01-05T10:00:00|||30||false|5||7|2"]);
    let reasons: Vec<_> = piece.rejects.iter().map(|reject| &reject.reason).collect();
    assert_eq!(reasons, ["not from 1 to 5: 6", "not from 0 to 2147483647: -1"]);
}

#[test]
fn files_that_do_not_fit_are_refused() {
    let error = open("a.csv", b"a,b\n1,2\n", SourceKind::Billing, "").err().unwrap();
    assert!(matches!(error, ExtractError::MissingColumn { .. }));
    let error = open("a.parquet", b"a,b\n1,2\n", SourceKind::Billing, "").err().unwrap();
    assert!(matches!(error, ExtractError::Unreadable { .. }));
    let header = b"customer_id,billed_on,amount\n";
    let mut extract = open("a.csv", header, SourceKind::Billing, "").unwrap();
    assert!(extract.next().unwrap().is_none());
    assert_eq!(extract.rows(), 0);
}

struct Upper;

impl Expression for Upper {
    fn evaluate(&self, batch: &RecordBatch) -> Result<ArrayRef, String> {
        let texts = batch.column_by_name("Kunde").ok_or("no Kunde")?;
        let texts = texts.as_string::<i32>().iter();
        let upper = texts.map(|text| text.map(str::to_uppercase));
        Ok(Arc::new(upper.collect::<arrow::array::StringArray>()))
    }
}

#[test]
fn a_column_made_by_sql() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"Kunde,Betrag,Tag\nab,5,2024-01-01\n,6,2024-01-01\n").unwrap();
    let toml = "path = '*'\nformat = 'csv'\n[columns]\ncustomer_id = { sql = 'upper(\"Kunde\")' }\n\
                amount = 'Betrag'\nbilled_on = 'Tag'";
    let source: SourceConfig = toml::from_str(toml).unwrap();
    let today = NaiveDate::from_ymd_opt(2024, 6, 1).unwrap();
    let compile = |sql: &str, schema: &arrow::datatypes::Schema| {
        assert_eq!(sql, "upper(\"Kunde\")");
        assert_eq!(schema.field(2).data_type(), &DataType::Utf8);
        Ok(Box::new(Upper) as Box<dyn Expression>)
    };
    let (kind, none) = (SourceKind::Billing, Dimensions::new());
    let opened = Extract::open(file.path(), "x", kind, &source, &none, 1, today, &compile);
    let piece = opened.unwrap().next().unwrap().unwrap();
    assert_eq!(piece.batch.column(0).as_string::<i32>().value(0), "AB");
    assert_eq!(piece.batch.num_rows(), 1);
    assert_eq!(piece.rejects[0].reason, "is missing");
    assert_eq!(piece.batch.column(2).null_count(), 1);
}

#[test]
fn a_workbook() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet().set_name("März").unwrap();
    let day = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
    for (column, name) in (0..).zip(["customer_id", "billed_on", "amount"]) {
        sheet.write_string(0, column, name).unwrap();
    }
    sheet.write_number(1, 0, 13_909_510_001.0).unwrap();
    sheet.write_number_with_format(1, 1, 45_292.0, &day).unwrap();
    sheet.write_number(1, 2, 0.1 + 0.2).unwrap();
    let bytes = book.save_to_buffer().unwrap();
    let toml = "sheet = 'März'\ndate_format = '%d.%m.%Y'\ndecimal_comma = true";
    let piece = read("a.xlsx", &bytes, SourceKind::Billing, toml);
    assert_eq!(rows(&piece.batch), ["13909510001|2024-01-01|||0.30|false|||7|2"]);
    let error = open("a.xlsx", &bytes, SourceKind::Billing, "sheet = 2").err().unwrap();
    assert_eq!(error.to_string(), "a.xlsx has no sheet 2, only: März");
}
