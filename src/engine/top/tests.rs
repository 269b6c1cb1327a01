//! The first rows of files beside those that the library finds.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, Decimal128Array, Float64Array, Int32Array, RecordBatch, StringArray,
};
use arrow::util::pretty::pretty_format_batches;
use datafusion::physical_plan::execution_plan::reset_plan_states;
use datafusion::physical_plan::{collect, displayable};
use datafusion::prelude::{ParquetReadOptions, SessionContext};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use crate::engine::Engine;

const ROWS: i32 = 1000;
/// Many row groups, since the first ones read tell which of the next ones' rows are left out.
const GROUP_ROWS: usize = 50;

/// Bill lines of which many have the same amount, and some none.
fn lines(file: i32) -> RecordBatch {
    let rows = || (0..ROWS).map(move |row| row * 2 + file);
    let amount = |row: i32| (row % 7 > 0).then_some(i128::from(row * 37 % 101));
    let amounts: Decimal128Array = rows().map(amount).collect();
    let amounts = amounts.with_precision_and_scale(12, 2).unwrap();
    let ratio = |row: i32| if row % 9 == 0 { f64::NAN } else { f64::from(row * 37 % 101) };
    RecordBatch::try_from_iter([
        ("line", Arc::new(Int32Array::from_iter_values(rows())) as ArrayRef),
        ("amount", Arc::new(amounts)),
        ("day", Arc::new(Date32Array::from_iter_values(rows().map(|row| row % 31)))),
        ("ratio", Arc::new(Float64Array::from_iter_values(rows().map(ratio)))),
        ("name", Arc::new(StringArray::from_iter_values(rows().map(|row| format!("n{row:04}"))))),
    ])
    .unwrap()
}

fn folder_of_lines() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in 0..2 {
        let to = std::fs::File::create(folder.path().join(format!("{file}.parquet"))).unwrap();
        let groups =
            WriterProperties::builder().set_max_row_group_row_count(Some(GROUP_ROWS)).build();
        let mut writer = ArrowWriter::try_new(to, lines(file).schema(), Some(groups)).unwrap();
        writer.write(&lines(file)).unwrap();
        writer.close().unwrap();
    }
    folder
}

/// The rows of a query, how its plan looks, and the rows once more from the same plan.
async fn ask(context: &SessionContext, sql: &str) -> (String, String, String) {
    let plan = context.sql(sql).await.unwrap().create_physical_plan().await.unwrap();
    let run = async |plan| {
        let rows = collect(plan, context.task_ctx()).await.unwrap();
        pretty_format_batches(&rows).unwrap().to_string()
    };
    let first = run(Arc::clone(&plan)).await;
    let shown = displayable(plan.as_ref()).indent(false).to_string();
    (first, shown, run(reset_plan_states(plan).unwrap()).await)
}

/// The context with the files of a place as the table `bill`.
async fn with_bills(context: SessionContext, place: &Path) -> SessionContext {
    let (place, options) = (place.to_string_lossy(), ParquetReadOptions::default());
    context.register_parquet("bill", place.as_ref(), options).await.unwrap();
    context
}

fn session() -> SessionContext {
    Engine::new(&crate::config::Config::default()).unwrap().session()
}

async fn same_as_the_library(sql: &str, by_first_key: bool) {
    let folder = folder_of_lines();
    let library = with_bills(SessionContext::new(), folder.path()).await;
    let set = "set datafusion.optimizer.enable_topk_dynamic_filter_pushdown = false";
    library.sql(set).await.unwrap();
    let engine = with_bills(session(), folder.path()).await;
    let (wanted, _, _) = ask(&library, sql).await;
    let (rows, shown, again) = ask(&engine, sql).await;
    assert_eq!(rows, wanted, "{sql}");
    assert_eq!(again, wanted, "a second time: {sql}");
    assert_eq!(shown.contains("LeadersExec"), by_first_key, "{sql}:\n{shown}");
}

#[tokio::test]
async fn the_first_rows_are_those_the_library_finds() {
    for (by, rows) in [
        ("amount desc, line", 5),
        ("amount desc, line", 300),
        ("amount desc nulls last, line desc", 10),
        ("amount, line", 10),
        ("amount nulls first, line", 10),
        ("amount nulls first, line", 500),
        ("day desc, amount desc, line", 40),
        ("line desc", 1),
        ("line", 3000),
    ] {
        same_as_the_library(&format!("select * from bill order by {by} limit {rows}"), true).await;
    }
}

#[tokio::test]
async fn an_offset_asks_for_the_rows_before_it_too() {
    same_as_the_library("select * from bill order by amount desc, line limit 5 offset 20", true)
        .await;
}

#[tokio::test]
async fn what_is_not_ordered_in_the_files_is_left_to_the_library() {
    for sql in [
        // NaN is the greatest of floats, and left out of a file's statistics.
        "select * from bill order by ratio desc, line limit 5",
        "select * from bill order by name desc limit 5",
        "select * from bill order by amount * 2 desc, line limit 5",
        "select * from bill where name > 'n0500' order by amount desc, line limit 5",
        "select * from bill order by amount desc, line limit 10000",
        "select amount from bill order by amount desc limit 5",
        "select * from bill order by amount desc, line",
        "select day, sum(amount) as whole from bill group by day order by whole desc, day limit 5",
    ] {
        same_as_the_library(sql, false).await;
    }
}

#[tokio::test]
async fn a_scan_of_so_many_rows_of_any_is_left_as_it_is() {
    let folder = folder_of_lines();
    let engine = with_bills(session(), &folder.path().join("0.parquet")).await;
    let sql = "select * from (select * from bill limit 100) order by day desc, line limit 3";
    let (_, shown, _) = ask(&engine, sql).await;
    assert!(shown.contains("limit=100") && !shown.contains("LeadersExec"), "{shown}");
}

#[tokio::test]
async fn a_key_that_is_drawn_anew_each_time_is_left_to_the_library() {
    let folder = folder_of_lines();
    let engine = with_bills(session(), folder.path()).await;
    let sql = "select *, cast(random() * 1000000 as int) as drawn from bill order by drawn limit 5";
    let (_, shown, _) = ask(&engine, sql).await;
    assert!(!shown.contains("LeadersExec"), "{shown}");
}

#[tokio::test]
async fn rows_behind_those_asked_for_are_not_read() {
    let folder = folder_of_lines();
    let engine = with_bills(session(), folder.path()).await;
    let sql = "explain analyze select * from bill order by line limit 3";
    let rows = engine.sql(sql).await.unwrap().collect().await.unwrap();
    let shown = pretty_format_batches(&rows).unwrap().to_string();
    let (_, scan) = shown.split_once("DataSourceExec").unwrap();
    let (_, read) = scan.split_once("output_rows=").unwrap();
    let read: usize = read.split(',').next().unwrap().parse().unwrap();
    // The first row group of each file, and hardly more.
    assert!((3..=3 * GROUP_ROWS).contains(&read), "{shown}");
}
