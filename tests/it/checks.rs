//! The checks find what is wrong: a count that the customers of its segment do not bear out.

use churnhouse::config;
use churnhouse::engine::Engine;
use churnhouse::views::{Desk, Failure, check};
use churnhouse::warehouse::Warehouse;
use datafusion::arrow::util::pretty::pretty_format_batches;
use insta::assert_snapshot;

use crate::context::TestContext;

/// Of the east: a, and b, who moves west with his termination in February. Of the west: n, new in February.
fn context() -> TestContext {
    let context = TestContext::with("[close]\nfirst_month = \"2024-01\"\n");
    context.file(
        "billing/all.csv",
        "customer_id,billed_on,amount\n\
         a,2024-01-05,10.00\n\
         b,2024-01-05,10.00\n\
         a,2024-02-05,10.00\n\
         n,2024-02-05,10.00\n",
    );
    context.file(
        "channel/all.csv",
        "event_id,customer_id,occurred_at,event,region\n\
         e1,a,2023-12-10T09:00:00,profile,east\n\
         e2,b,2023-12-10T09:00:00,profile,east\n\
         e3,n,2024-02-01T09:00:00,activate,west\n\
         e4,b,2024-02-10T09:00:00,terminate,west\n",
    );
    context.run_all();
    context
}

/// What the checks find at a desk at which `movement` has been falsified.
async fn failures(context: &TestContext, movement: &str) -> Vec<Failure> {
    let config = config::load(&context.path("churnhouse.toml"), std::iter::empty()).unwrap();
    let engine = Engine::new(&config).unwrap();
    let desk = Desk::open(&Warehouse::new(&config).unwrap(), &engine, &config).await.unwrap();
    let falsified = format!("create or replace view movement as {movement}");
    for statement in desk.statements(&falsified).unwrap() {
        desk.ask(statement).await.unwrap();
    }
    check(&desk, |_, _| ()).await.unwrap()
}

/// The rows of the check that compares counts with lists, ordered.
fn unequal(failures: &[Failure]) -> String {
    let failed = failures.iter().filter(|failure| failure.check == "lists_equal_counts");
    let tables = failed.map(|failure| pretty_format_batches(&failure.rows).unwrap().to_string());
    let table = tables.collect::<String>();
    let mut rows: Vec<&str> = table.lines().filter(|line| !line.starts_with('+')).collect();
    rows.sort_unstable_by_key(|row| (!row.starts_with("| month "), *row));
    rows.join("\n")
}

#[tokio::test]
async fn every_count_is_compared_with_its_customers() {
    let context = context();
    assert!(failures(&context, "select * from movement").await.is_empty());
    for count in ["churned", "new", "returned", "closing"] {
        let movement = format!(
            "select * replace (case when segment = 'west' then {count} + 1 else {count} end as {count}) from movement"
        );
        let rows = unequal(&failures(&context, &movement).await);
        assert_eq!(rows.matches("| 2024-02-01 | region    | west ").count(), 1, "{count}: {rows}");
        assert_eq!(rows.lines().count(), 2, "{count}: {rows}");
    }
}

/// Whoever is lost is counted in the segment of the month before, though he moved with his termination.
#[tokio::test]
async fn a_loss_in_the_wrong_segment_is_found() {
    let movement = "select * replace (case when month < '2024-02-01' then churned when segment = 'east' then 0 \
        when segment = 'west' then 1 else churned end as churned) from movement";
    let rows = unequal(&failures(&context(), movement).await);
    assert_snapshot!(rows, @r"
    | month      | dimension | segment | churned | listed_churned | new | listed_new | returned | listed_returned | closing | listed_closing |
    | 2024-02-01 | region    | east    | 0       | 1              | 0   | 0          | 0        | 0               | 1       | 1              |
    | 2024-02-01 | region    | west    | 1       | 0              | 1   | 1          | 0        | 0               | 1       | 1              |
    ");
}

#[tokio::test]
async fn a_segment_that_is_not_counted_is_found() {
    let movement = "select * from movement where segment <> 'west'";
    let rows = unequal(&failures(&context(), movement).await);
    assert_snapshot!(rows, @r"
    | month      | dimension | segment | churned | listed_churned | new | listed_new | returned | listed_returned | closing | listed_closing |
    | 2024-02-01 | region    | west    | 0       | 0              | 0   | 1          | 0        | 0               | 0       | 1              |
    ");
}
