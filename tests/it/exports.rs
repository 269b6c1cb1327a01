//! Exports: a folder a month whose manifest says what it holds and what it was made from; the same close
//! gives the same bytes, a month that came out otherwise is due again, a stale one is withheld.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;

use calamine::{DataType, Reader, Xlsx, open_workbook};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::context::{TODAY, TestContext, files_below};

const EXPORT: &str = r#"
[close]
first_month = "2024-01"
[[exports]]
name = "monthly"
views = ["churn_rate", "retention_rate", "arpu_by_segment", "profit_loss_from_churn"]
formats = ["csv", "json", "parquet", "xlsx"]
to = "out"
"#;

fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

/// Two months of two customers, of whom one does not come again.
fn context() -> TestContext {
    let context = TestContext::with(EXPORT);
    context.bills(
        "billing/2024-01.csv",
        ["a,2024-01-05,10.00", "b,2024-01-05,20.00"].map(str::to_owned),
    );
    context.bills("billing/2024-02.csv", ["a,2024-02-05,10.00".to_owned()]);
    context
}

fn exported(context: &TestContext) -> BTreeMap<String, Vec<u8>> {
    let folder = context.path("out");
    let read = |name: String| (name.clone(), std::fs::read(folder.join(name)).unwrap());
    files_below(&folder).into_iter().map(read).collect()
}

fn manifest(context: &TestContext, month: &str) -> Value {
    let bytes = std::fs::read(context.path(&format!("out/monthly/{month}/manifest.json"))).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn the_manifest_names_every_file_with_its_digest() {
    let context = context();
    context.run_all();
    let files = exported(&context);
    for month in ["2024-01", "2024-02"] {
        let manifest = manifest(&context, month);
        let listed = manifest["files"].as_array().unwrap();
        assert_eq!(listed.len(), 13, "four views in three formats, and the workbook");
        for file in listed {
            let bytes = &files[&format!("monthly/{month}/{}", file["name"].as_str().unwrap())];
            assert_eq!(file["sha256"], sha256(bytes));
            assert_eq!(file["bytes"], bytes.len());
        }
        assert_eq!(manifest["replaces"], Value::Null);
    }
    assert_eq!(files.len(), 2 * 14, "and nothing else lies there: {:?}", files.keys());
}

#[test]
fn the_same_close_gives_the_same_bytes() {
    let context = context();
    context.run_all();
    let first = exported(&context);
    context.run_all();
    assert_eq!(exported(&context), first, "nothing is due");
    std::fs::remove_dir_all(context.path("out")).unwrap();
    context.ok(&["export", "monthly", "--month", "latest", "--today", TODAY]);
    assert!(!context.path("out/monthly/2024-01").exists());
    context.ok(&["export", "--today", TODAY]);
    assert_eq!(exported(&context), first, "a folder that is gone is due");
}

#[test]
fn a_month_that_came_out_otherwise_is_due_again() {
    let context = context();
    context.run_all();
    let first = exported(&context);
    context.bills(
        "billing/2024-02.csv",
        ["a,2024-02-05,10.00", "b,2024-02-09,70.00"].map(str::to_owned),
    );
    context.run_all();
    let second = exported(&context);
    let january = "monthly/2024-01/churn_rate.csv";
    assert_eq!(second[january], first[january]);
    assert_eq!(manifest(&context, "2024-01")["replaces"], Value::Null, "January is as it was");
    let february = "monthly/2024-02/arpu_by_segment.csv";
    assert_ne!(second[february], first[february]);
    let replaced = sha256(&first["monthly/2024-02/manifest.json"]);
    assert_eq!(manifest(&context, "2024-02")["replaces"], replaced);
}

#[test]
fn the_workbook_holds_the_headline_every_view_and_every_definition() {
    let mut context = context();
    context.run_all();
    let views = context.ok(&["views", "--format", "csv"]).stdout;
    let views: Vec<String> = crate::context::records(&views)
        .split_off(1)
        .into_iter()
        .map(|row| row[0].clone())
        .collect();
    context.config(
        &EXPORT
            .replace(
                r#"["churn_rate", "retention_rate", "arpu_by_segment", "profit_loss_from_churn"]"#,
                &format!("{views:?}"),
            )
            .replace(r#"["csv", "json", "parquet", "xlsx"]"#, r#"["xlsx"]"#),
    );
    context.ok(&["export", "--month", "2024-02"]);
    assert_eq!(manifest(&context, "2024-02")["files"].as_array().unwrap().len(), 1);
    let mut book: Xlsx<_> =
        open_workbook(context.path("out/monthly/2024-02/monthly.xlsx")).unwrap();
    // `headline` is a view, too, and has a sheet of its own besides the first.
    let own = |view: &String| if view == "headline" { "headline (2)".into() } else { view.clone() };
    let names: Vec<String> = views.iter().map(own).collect();
    let names = [&["headline".to_owned()], &names[..], &["definitions".to_owned()]].concat();
    assert_eq!(book.sheet_names(), names);
    let undefined = undefined_columns(&mut book);
    assert!(undefined.is_empty(), "the headers do not tell of: {undefined:?}");
}

/// The columns that the sheet of definitions names and does not explain.
fn undefined_columns(book: &mut Xlsx<BufReader<File>>) -> Vec<String> {
    let definitions = book.worksheet_range("definitions").unwrap();
    assert_eq!(definitions.get((0, 3)).unwrap(), "meaning");
    let blank = definitions.rows().filter(|row| row[3].is_empty());
    blank.map(|row| format!("{}.{}", row[0], row[1])).collect()
}

#[test]
fn the_first_sheet_follows_the_months_before() {
    let context = context();
    context.run_all();
    let first = exported(&context);
    // January is sent again with another amount; February's customers stay as they are.
    context.bills(
        "billing/2024-01.csv",
        ["a,2024-01-05,10.00", "b,2024-01-05,30.00"].map(str::to_owned),
    );
    context.run_all();
    let (february, now) = ("monthly/2024-02/monthly.xlsx", exported(&context));
    assert_ne!(now[february], first[february], "January's revenue is on its first sheet");
    std::fs::remove_dir_all(context.path("out")).unwrap();
    context.ok(&["export", "--today", TODAY]);
    assert_eq!(exported(&context)[february], now[february]);
}

#[test]
fn a_stale_month_is_withheld_unless_forced() {
    let context = TestContext::with(EXPORT);
    let lines = |month: &str, count: u32| {
        (0..count).map(move |c| format!("c{c},2024-{month}-05,10.00")).collect()
    };
    let write = |month: &str, count: u32| {
        let lines: Vec<String> = lines(month, count);
        context.bills(&format!("billing/2024-{month}.csv"), lines);
    };
    write("01", 1000);
    write("02", 1000);
    context.run_all();
    // February is sent again with a tenth of its lines: it keeps its old rows, and is stale.
    write("02", 100);
    context.run(&["run", "--today", TODAY]).says(1, &["2024-02 is not closed", "probably partial"]);
    assert_eq!(
        context.value(
            "select closing from churn_rate where dimension = 'total' and month = '2024-02-01'"
        ),
        "1000"
    );
    std::fs::remove_dir_all(context.path("out")).unwrap();
    let export = ["export", "monthly", "--month", "2024-02", "--today", TODAY];
    context.run(&export).says(1, &["monthly of 2024-02 is not exported", "--force"]);
    assert!(!context.path("out/monthly/2024-02/manifest.json").exists());
    context.ok(&[&export[..], &["--force"]].concat());
    assert!(context.path("out/monthly/2024-02/manifest.json").exists());
}

/// Three months of one customer, and an export of these views.
fn of_views(views: &[&str], more: &str) -> TestContext {
    let context = TestContext::with(&format!(
        "[close]\nfirst_month = \"2024-01\"\n{more}\n[[exports]]\nname = \"monthly\"\nviews = {views:?}\nto = \"out\"\n"
    ));
    for month in ["01", "02", "03"] {
        context.bills(
            &format!("billing/2024-{month}.csv"),
            [format!("a,2024-{month}-05,10.00"), format!("b,2024-{month}-05,10.00")],
        );
    }
    context
}

fn calls(context: &TestContext, month: &str, calls: &[&str]) {
    let lines: String = calls.iter().map(|call| format!("{call}\n")).collect();
    let header = "call_id,customer_id,called_at,category,topic,talk_seconds,resolved\n";
    context.file(&format!("hotline/{month}.csv"), &format!("{header}{lines}"));
}

fn told(context: &TestContext, file: &str) -> String {
    std::fs::read_to_string(context.path(&format!("out/monthly/{file}"))).unwrap()
}

#[test]
fn calls_that_are_landed_again_make_the_months_due_that_show_them() {
    let context = of_views(&["hotline_service", "churn_after_contact"], "");
    calls(&context, "2024-02", &["1,a,2024-02-03T10:00:00,complaint,price,60,true"]);
    context.run_all();
    let first = exported(&context);
    assert_eq!(manifest(&context, "2024-02")["tables"]["hotline"]["version"], 1);
    calls(&context, "2024-02", &["1,a,2024-02-03T10:00:00,complaint,price,60,false"]);
    context.run_all().says(0, &["exported monthly of 2 months, 2024-02 to 2024-03"]);
    let second = exported(&context);
    let manifest_of = |month: &str| format!("monthly/{month}/manifest.json");
    assert_eq!(second[&manifest_of("2024-01")], first[&manifest_of("2024-01")]);
    assert!(told(&context, "2024-03/churn_after_contact.csv").contains("complaint_unresolved,1,"));
    for month in ["2024-02", "2024-03"] {
        let now = manifest(&context, month);
        assert_eq!(now["tables"]["hotline"]["version"], 2);
        assert_eq!(now["replaces"], sha256(&first[&manifest_of(month)]));
    }
    // A new month of calls is none of the old months' business.
    calls(&context, "2024-04", &["2,a,2024-04-03T10:00:00,complaint,price,60,true"]);
    context.run_all();
    assert_eq!(exported(&context), second);
}

#[test]
fn files_that_come_out_as_they_were_stay_and_the_manifest_tells_from_what() {
    let context = of_views(&["hotline_service"], "");
    calls(&context, "2024-02", &["1,a,2024-02-03T10:00:00,complaint,price,60,true"]);
    context.run_all();
    let first = manifest(&context, "2024-02");
    // No view reads how long a call took.
    calls(&context, "2024-02", &["1,a,2024-02-03T10:00:00,complaint,price,90,true"]);
    let said = context.run_all();
    assert!(!said.stderr.contains("exported"), "{said:?}");
    let second = manifest(&context, "2024-02");
    assert_eq!(second["files"], first["files"]);
    assert_ne!(second["tables"]["hotline"], first["tables"]["hotline"]);
    let before = exported(&context);
    context.run_all();
    assert_eq!(exported(&context), before, "and it is not due again");
}

#[test]
fn a_reference_table_that_changed_makes_due_what_reads_it() {
    let context = of_views(&["market_share"], "[tables.market]\npath = \"market.csv\"");
    let market = |customers: u32| {
        let text =
            format!("month,operator,customers\n2024-01-01,us,5\n2024-02-01,us,{customers}\n");
        context.file("market.csv", &text);
    };
    market(7);
    context.run_all();
    let first = manifest(&context, "2024-02");
    market(8);
    context.run_all().says(0, &["exported monthly of 2024-02"]);
    assert!(told(&context, "2024-02/market_share.csv").contains("us,8,"));
    let second = manifest(&context, "2024-02");
    assert_ne!(second["tables"]["market"]["digest"], first["tables"]["market"]["digest"]);
}

#[test]
fn a_view_replaced_below_an_exported_one_makes_it_due() {
    let context = of_views(&["churn_after_contact"], "");
    context.run_all();
    let own = "-- opening_contact: mine.\n-- Grain: month, contact\nselect month, 'inquiry' as contact, 1 as opening, \
        0 as churned from movement where dimension = 'total'\n";
    context.file("sql/views/opening_contact.sql", own);
    context.run_all().says(0, &["exported monthly of 3 months, 2024-01 to 2024-03"]);
    assert!(told(&context, "2024-01/churn_after_contact.csv").contains("inquiry,1,0,"));
}

#[test]
fn what_later_months_tell_of_a_month_reaches_its_export() {
    let context = of_views(&["channel_quality"], "");
    context.file(
        "channel/2024-01.csv",
        "event_id,customer_id,occurred_at,event,channel,channel_type\n\
         1,a,2024-01-02T09:00:00,activate,shop,dealer\n",
    );
    let shop = |early: &str| format!("2024-01-01,shop,dealer,1,1,0,{early},");
    context.run_all();
    assert!(told(&context, "2024-01/channel_quality.csv").contains(&shop("")));
    context.bills("billing/2024-04.csv", ["a", "b"].map(|id| format!("{id},2024-04-05,10.00")));
    context.run_all().says(0, &["exported monthly of 2 months, 2024-01 to 2024-04"]);
    assert!(told(&context, "2024-01/channel_quality.csv").contains(&shop("0")));
}

#[test]
fn force_exports_what_is_exported_already() {
    let context = context();
    context.run_all();
    let first = exported(&context);
    context.file("out/monthly/2024-02/churn_rate.csv", "spoilt");
    let export = ["export", "--month", "2024-02", "--today", TODAY];
    context.ok(&export);
    context.ok(&[&export[..], &["--force"]].concat()).says(0, &["exported monthly of 2024-02"]);
    let file = "monthly/2024-02/churn_rate.csv";
    assert_eq!(exported(&context)[file], first[file]);
    let replaced = sha256(&first["monthly/2024-02/manifest.json"]);
    assert_eq!(manifest(&context, "2024-02")["replaces"], replaced);
}

#[test]
fn unknown_exports_views_and_formats_are_named() {
    let mut context = context();
    context.run_all();
    context.run(&["export", "weekly"]).says(1, &["no export of this name is configured: weekly"]);
    context.config(&EXPORT.replace("\"churn_rate\"", "\"churn_rat\""));
    context.run(&["export"]).says(1, &["churn_rat"]);
    context.config(&EXPORT.replace("\"csv\"", "\"pdf\""));
    context.run(&["export"]).says(1, &["exports.monthly.formats", "pdf"]);
}
