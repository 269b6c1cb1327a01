//! The same bill lines in every shape that a source may send them in: the numbers are those of the
//! canonical CSV. Beside each file stands the description that makes it readable.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, RecordBatch, StringArray,
};
use chrono::NaiveDate;
use parquet::arrow::ArrowWriter;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

use crate::context::{TestContext, difference};

/// A bill line; amounts are in cents, an empty text is null.
struct Line(&'static str, &'static str, &'static str, &'static str, i64, bool, &'static str);

/// The second byte of 東 in GBK is `|`.
const LINES: [Line; 9] = [
    Line("13909510001", "2024-01-05", "神州行", "monthly_fee", 3000, false, ""),
    Line("13909510001", "2024-01-20", "神州行", "usage", 1855, false, ""),
    Line("13909510002", "2024-01-07", "東方资讯", "value_added", 500, true, ""),
    Line("13909510002", "2024-01-07", "全球通", "monthly_fee", 123456, false, "2024-03-31"),
    Line("13909510003", "2024-02-01", "m-zone", "monthly_fee", 999, false, ""),
    Line("13909510001", "2024-02-05", "神州行", "discount", -250, false, ""),
    Line("13909510001", "2024-02-05", "神州行", "monthly_fee", 3000, false, ""),
    Line("13909510003", "2024-03-01", "", "monthly_fee", 100, false, ""),
    Line("13909510001", "2024-03-02", "東方资讯", "monthly_fee", 3000, false, ""),
];

const HEADER: &str = "customer_id,billed_on,product,charge_type,amount,waived,paid_through\n";

fn euros(cents: i64) -> String {
    format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100)
}

/// All lines, each written by `line`.
fn text(line: impl Fn(&Line) -> String) -> String {
    LINES.iter().map(|row| line(row) + "\n").collect()
}

fn canonical_lines() -> String {
    text(|Line(id, day, product, charge, cents, waived, paid)| {
        format!("{id},{day},{product},{charge},{},{waived},{paid}", euros(*cents))
    })
}

fn context(source: &str) -> TestContext {
    TestContext::with(&format!(
        "[close]\nfirst_month = \"2024-01\"\n[extracts.billing]\npath = \"billing/*\"\n{source}"
    ))
}

/// The file, read by this description of its source, has the numbers of the canonical one.
#[track_caller]
fn same(source: &str, file: &str, bytes: &[u8]) {
    let canonical = context("");
    canonical.file("billing/all.csv", &format!("{HEADER}{}", canonical_lines()));
    canonical.run_all();
    let other = context(source);
    other.bytes(&format!("billing/{file}"), bytes);
    other.run_all();
    let (found, expected) = (other.months(), canonical.months());
    assert!(found == expected, "{file}:\n{}", difference(&found, &expected));
    assert_eq!(other.value("select count(*) from billing"), LINES.len().to_string());
}

#[test]
fn columns_in_another_order_with_others_between() {
    let lines = text(|Line(id, day, product, charge, cents, waived, paid)| {
        format!("\"{}\",x,{paid},{charge},{waived},{product},{day},{id}", euros(*cents))
    });
    let header = "amount,remark,paid_through,charge_type,waived,product,billed_on,customer_id\n";
    same("", "all.csv", format!("\u{feff}{header}{lines}").replace('\n', "\r\n").as_bytes());
}

#[test]
fn no_header_and_columns_by_their_number() {
    let source = "header = false\n[extracts.billing.columns]\ncustomer_id = 1\nbilled_on = 2\nproduct = 3\n\
                  charge_type = { from = 4 }\namount = 5\nwaived = 6\npaid_through = 7\n";
    same(source, "all.txt", canonical_lines().as_bytes());
}

const OPERATOR: &str = r#"
encoding = "gbk"
delimiter = "|"
[extracts.billing.columns]
customer_id = "用户号码"
billed_on = { from = "账期", format = "%Y%m%d" }
product = "品牌"
amount = "金额"
waived = { from = "免收标志", true = ["1"], false = ["0"] }
paid_through = { from = "付至", format = "%Y-%m-%d" }
[extracts.billing.columns.charge_type]
from = "费用项"
map = { "月租费" = "monthly_fee", "语音通话费" = "usage", "增值业务费" = "value_added", "优惠减免" = "discount" }
"#;

/// As an operator's system writes it.
fn operator_file() -> Vec<u8> {
    let words = [
        ("monthly_fee", "月租费"),
        ("usage", "语音通话费"),
        ("value_added", "增值业务费"),
        ("discount", "优惠减免"),
    ];
    let lines = text(|Line(id, day, product, charge, cents, waived, paid)| {
        let charge = words.iter().find(|(word, _)| word == charge).unwrap().1;
        let day = day.replace('-', "");
        format!("{id}|{day}|{product}|{charge}|{}|{}|{paid}", euros(*cents), u8::from(*waived))
    });
    let whole = format!("用户号码|账期|品牌|费用项|金额|免收标志|付至\n{lines}");
    encoding_rs::GBK.encode(&whole).0.into_owned()
}

#[test]
fn gbk_with_bars() {
    assert!(
        operator_file().windows(2).any(|pair| pair[0] > 0x80 && pair[1] == b'|'),
        "a character holds a bar"
    );
    same(OPERATOR, "all.csv", &operator_file());
}

#[test]
fn gbk_with_bars_compressed() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(&operator_file()).unwrap();
    same(OPERATOR, "all.csv.gz", &packed.finish().unwrap());
}

#[test]
fn zstd_and_bzip2() {
    let plain = format!("{HEADER}{}", canonical_lines());
    same("", "all.csv.zst", &zstd::encode_all(plain.as_bytes(), 3).unwrap());
    let mut packed = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
    packed.write_all(plain.as_bytes()).unwrap();
    same("", "all.csv.bz2", &packed.finish().unwrap());
}

/// `1.234,56` and `2,50-`, days first, words of their own for yes, no and nothing, Windows-1252.
#[test]
fn as_a_german_system_writes_it() {
    let source = r#"
encoding = "windows-1252"
delimiter = ";"
nulls = ["-"]
date_format = "%d.%m.%Y"
[extracts.billing.columns]
customer_id = "Kunde"
billed_on = "Buchungstag"
product = { from = "Tarif", map = { "Größe 1" = "神州行", "Größe 2" = "東方资讯", "Größe 3" = "全球通" } }
charge_type = "Art"
amount = { from = "Betrag", decimal_comma = true, thousands = ".", trailing_minus = true }
waived = { from = "Frei", true = ["ja"], false = ["nein"] }
paid_through = "Bis"
"#;
    let day = |day: &str| day.split('-').rev().collect::<Vec<_>>().join(".");
    let or_dash = |text: String| if text.is_empty() { "-".to_owned() } else { text };
    let tariff = |product: &str| match product {
        "神州行" => "Größe 1".to_owned(),
        "東方资讯" => "Größe 2".to_owned(),
        "全球通" => "Größe 3".to_owned(),
        other => or_dash(other.to_owned()),
    };
    let amount = |cents: i64| {
        let (whole, rest) = (cents.abs() / 100, cents.abs() % 100);
        let whole = if whole < 1000 {
            whole.to_string()
        } else {
            format!("{}.{:03}", whole / 1000, whole % 1000)
        };
        format!("{whole},{rest:02}{}", if cents < 0 { "-" } else { "" })
    };
    let lines = text(|Line(id, billed, product, charge, cents, waived, paid)| {
        let free = if *waived { "ja" } else { "nein" };
        format!(
            "{id};{};{};{charge};{};{free};{}",
            day(billed),
            tariff(product),
            amount(*cents),
            or_dash(day(paid))
        )
    });
    let whole = format!("Kunde;Buchungstag;Tarif;Art;Betrag;Frei;Bis\n{lines}");
    same(source, "all.csv", &encoding_rs::WINDOWS_1252.encode(&whole).0);
}

#[test]
fn columns_made_by_sql() {
    let source = r#"
[extracts.billing.columns]
customer_id = { sql = "concat('139', \"Account\")" }
billed_on = { sql = "concat(month, '-', lpad(day, 2, '0'))" }
product = { sql = "nullif(product, 'none')" }
amount = { sql = "cast(cents as decimal(18, 2)) / 100" }
waived = { sql = "kind = 'free'" }
charge_type = "charge_type"
paid_through = "paid_through"
"#;
    let lines = text(|Line(id, day, product, charge, cents, waived, paid)| {
        let product = if product.is_empty() { "none" } else { product };
        let kind = if *waived { "free" } else { "paid" };
        let date = day.trim_start_matches(&day[..8]).trim_start_matches('0');
        format!("{},{},{date},{product},{cents},{kind},{charge},{paid}", &id[3..], &day[..7])
    });
    same(
        source,
        "all.csv",
        format!("Account,month,day,product,cents,kind,charge_type,paid_through\n{lines}")
            .as_bytes(),
    );
}

#[test]
fn ndjson() {
    let lines = text(|Line(id, day, product, charge, cents, waived, paid)| {
        let null =
            |text: &str| if text.is_empty() { "null".to_owned() } else { format!("\"{text}\"") };
        let (product, paid) = (null(product), null(paid));
        let amount = euros(*cents);
        format!(
            "{{\"charge_type\": \"{charge}\", \"customer_id\": {id}, \"billed_on\": \"{day}\", \"product\": {product}, \
             \"amount\": {amount}, \"waived\": {waived}, \"paid_through\": {paid}}}"
        )
    });
    same("", "all.ndjson", lines.as_bytes());
}

#[test]
fn parquet_with_types() {
    let days = |day: &str| {
        let date: NaiveDate = day.parse().unwrap();
        (date - NaiveDate::default()).num_days() as i32
    };
    let some = |text: &'static str| Some(text).filter(|text| !text.is_empty());
    let column = |text: fn(&Line) -> &'static str| -> ArrayRef {
        Arc::new(LINES.iter().map(|line| some(text(line))).collect::<StringArray>())
    };
    let amounts: Decimal128Array = LINES.iter().map(|line| Some(i128::from(line.4))).collect();
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("customer_id", column(|line| line.0), true),
        (
            "billed_on",
            Arc::new(LINES.iter().map(|line| Some(days(line.1))).collect::<Date32Array>()),
            true,
        ),
        ("product", column(|line| line.2), true),
        ("charge_type", column(|line| line.3), true),
        ("amount", Arc::new(amounts.with_precision_and_scale(18, 2).unwrap()), true),
        ("waived", Arc::new(LINES.iter().map(|line| Some(line.5)).collect::<BooleanArray>()), true),
        (
            "paid_through",
            Arc::new(LINES.iter().map(|line| some(line.6).map(days)).collect::<Date32Array>()),
            true,
        ),
    ]);
    let batch = batch.unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    same("", "all.parquet", &writer.into_inner().unwrap());
}

/// Numbers for numbers, dates for dates: the customers' are numbers there as well.
#[test]
fn a_workbook() {
    let mut book = Workbook::new();
    book.add_worksheet().set_name("notes").unwrap();
    let sheet = book.add_worksheet().set_name("bills").unwrap();
    for (column, name) in (0..).zip(HEADER.trim().split(',')) {
        sheet.write_string(0, column, name).unwrap();
    }
    let date = Format::new().set_num_format("yyyy-mm-dd");
    for (row, Line(id, day, product, charge, cents, waived, paid)) in (1..).zip(&LINES) {
        sheet.write_number(row, 0, id.parse::<f64>().unwrap()).unwrap();
        for (column, day) in [(1, day), (6, paid)].into_iter().filter(|(_, day)| !day.is_empty()) {
            sheet
                .write_datetime_with_format(
                    row,
                    column,
                    ExcelDateTime::parse_from_str(day).unwrap(),
                    &date,
                )
                .unwrap();
        }
        sheet.write_string(row, 2, *product).unwrap();
        sheet.write_string(row, 3, *charge).unwrap();
        sheet.write_number(row, 4, *cents as f64 / 100.0).unwrap();
        sheet.write_boolean(row, 5, *waived).unwrap();
    }
    same("sheet = \"bills\"\n", "all.xlsx", &book.save_to_buffer().unwrap());
}
