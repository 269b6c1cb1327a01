//! Lags by columns beside those of the library.

use std::sync::Arc;

use arrow::array::{Int32Array, RecordBatch, StringViewArray};
use arrow::compute::concat_batches;
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;

use crate::engine::Engine;

/// Customers with few months, many, and one of more rows than a batch; some revenues unknown.
fn history() -> RecordBatch {
    let lengths = (0..60).map(|customer| if customer == 30 { 25 } else { customer % 5 });
    let rows: Vec<(i32, i32)> = (0..)
        .zip(lengths)
        .flat_map(|(customer, months)| (0..months).map(move |month| (customer, month)))
        .collect();
    let text = |customer: i32| format!("a customer with a long id, {customer:04}");
    let revenue = |customer, month| ((customer + month) % 4 > 0).then_some(customer * month);
    RecordBatch::try_from_iter([
        (
            "customer",
            Arc::new(StringViewArray::from_iter_values(rows.iter().map(|(c, _)| text(*c))))
                as super::ArrayRef,
        ),
        ("month", Arc::new(Int32Array::from_iter_values(rows.iter().map(|(_, m)| *m)))),
        ("revenue", Arc::new(Int32Array::from_iter(rows.iter().map(|(c, m)| revenue(*c, *m))))),
    ])
    .unwrap()
}

/// The rows of a query, and whether lags were computed by columns.
async fn ask(context: &SessionContext, batch_rows: usize, sql: &str) -> (RecordBatch, bool) {
    let set = format!("set datafusion.execution.batch_size = {batch_rows}");
    context.sql(&set).await.unwrap();
    let table = MemTable::try_new(history().schema(), vec![vec![history()]]).unwrap();
    context.register_table("history", Arc::new(table)).unwrap();
    let frame = context.sql(&format!("{sql} order by customer, month")).await.unwrap();
    let plan = frame.clone().create_physical_plan().await.unwrap();
    let shown = datafusion::physical_plan::displayable(plan.as_ref()).indent(false).to_string();
    let rows = frame.collect().await.unwrap();
    (concat_batches(&rows[0].schema(), &rows).unwrap(), shown.contains("LagExec"))
}

async fn same_as_the_library(window: &str, by_columns: bool) {
    let sql = format!("select *, {window} as before from history");
    let wanted = ask(&SessionContext::new(), 8192, &sql).await;
    for batch_rows in [2, 7, 8192] {
        let engine = Engine::new(&crate::config::Config::default()).unwrap();
        let (rows, replaced) = ask(&engine.session(), batch_rows, &sql).await;
        assert_eq!(rows, wanted.0, "{window} in batches of {batch_rows}");
        assert_eq!(replaced, by_columns, "{window}");
    }
}

#[tokio::test]
async fn lags_are_what_the_library_makes_of_them() {
    for window in [
        "lag(revenue) over (partition by customer order by month)",
        "lag(customer, 3) over (partition by customer order by month)",
        "lag(revenue * 2, 2) over (partition by month, customer order by revenue)",
        "lag(revenue, 2, null) over (partition by customer order by month desc)",
        "lag(revenue, 20) over (order by customer, month)",
        "lag(month, 1024) over (partition by customer order by month)",
    ] {
        same_as_the_library(window, true).await;
    }
}

#[tokio::test]
async fn other_windows_are_left_to_the_library() {
    for window in [
        "lag(revenue) ignore nulls over (partition by customer order by month)",
        "lag(revenue, 1, -1) over (partition by customer order by month)",
        "lag(revenue, 0) over (partition by customer order by month)",
        "lag(revenue, -1) over (partition by customer order by month)",
        "lag(revenue, 1025) over (partition by customer order by month)",
        "lead(revenue) over (partition by customer order by month)",
        "sum(revenue) over (partition by customer order by month)",
        "lag(revenue) over (partition by customer order by month)
            + row_number() over (partition by customer order by month)",
    ] {
        same_as_the_library(window, false).await;
    }
}
