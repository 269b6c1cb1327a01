//! Months that are missing, partial or sent twice: none of them may look like customers who left. And
//! mistakes that are corrected: the numbers are then as if they had never been made.

use insta::assert_snapshot;

use crate::context::{TODAY, TestContext};

const FIRST: &str = "[close]\nfirst_month = \"2024-01\"\n";
const TOTALS: &str = "select month, opening, churned, closing from churn_rate where dimension = 'total' order by month";

/// A month's file with a line for each of so many customers.
fn month(context: &TestContext, file: &str, month: &str, customers: u32) {
    context.bills(file, (0..customers).map(|customer| format!("c{customer:05},{month}-05,10.00")));
}

/// The main job, which must refuse a month with these words.
#[track_caller]
fn stops(context: &TestContext, words: &[&str]) -> String {
    let said = context.snapshot(&["run", "--today", TODAY]);
    assert!(said.contains("status 1\n"), "{said}");
    words.iter().for_each(|word| assert!(said.contains(word), "{word:?} is not in:\n{said}"));
    said
}

#[test]
fn a_month_that_came_twice() {
    let context = TestContext::with(FIRST);
    month(&context, "billing/2024-01.csv", "2024-01", 1000);
    month(&context, "billing/2024-02.csv", "2024-02", 1001);
    month(&context, "billing/2024-02-again.csv", "2024-02", 1001);
    let words =
        ["2024-02 is not closed", "2002 billing lines after 1000", "--retract", "--accept 2024-02"];
    assert_snapshot!(stops(&context, &words), @r#"
    $ churnhouse run --today 2100-01-01
    status 1
    --- stderr
    landed billing/2024-01.csv: 1000 rows, 2024-01
    landed billing/2024-02-again.csv: 1001 rows, 2024-02
    landed billing/2024-02.csv: 1001 rows, 2024-02
    warning: billing/2024-02.csv: has the same bytes as billing/2024-02-again.csv, which has landed too
    landed 3 files, 3002 rows; 0 files unchanged, 0 refused
    closed 2024-01
    error: 2024-02 is not closed: it is probably sent twice, with 2002 billing lines after 1000 in the month before
    hint: withdraw the file that is too much (churnhouse land --retract KEY), or say that it is right: churnhouse close --accept 2024-02
    checks: 15 of 15 passed
    "#);
    assert_eq!(context.csv(TOTALS), "month,opening,churned,closing\n2024-01-01,0,0,1000\n");

    context.ok(&["land", "billing", "--retract", "2024-02-again.csv"]);
    context.run_all();
    let revenue =
        "select revenue from arpu_by_segment where dimension = 'total' and month = '2024-02-01'";
    assert_eq!(context.value(revenue), "10010.00");
}

#[test]
fn a_month_that_came_twice_and_is_accepted() {
    let context = TestContext::with(FIRST);
    month(&context, "billing/2024-01.csv", "2024-01", 1000);
    month(&context, "billing/2024-02.csv", "2024-02", 2001);
    month(&context, "billing/2024-03.csv", "2024-03", 2001);
    stops(&context, &["2024-02 is not closed"]);
    context.ok(&["close", "--accept", "2024-02", "--today", TODAY]);
    assert_eq!(context.csv(TOTALS).lines().last().unwrap(), "2024-03-01,2001,0,2001");
    context.ok(&["close", "--full", "--today", TODAY]);
    assert_eq!(context.csv(TOTALS).lines().count(), 4, "it holds in every later close");
}

#[test]
fn half_a_month() {
    let context = TestContext::with(FIRST);
    month(&context, "billing/2024-01.csv", "2024-01", 1000);
    month(&context, "billing/2024-02.csv", "2024-02", 499);
    let words =
        ["2024-02 is not closed", "499 billing lines after 1000", "land the rest of 2024-02"];
    assert_snapshot!(stops(&context, &words), @r#"
    $ churnhouse run --today 2100-01-01
    status 1
    --- stderr
    landed billing/2024-01.csv: 1000 rows, 2024-01
    landed billing/2024-02.csv: 499 rows, 2024-02
    landed 2 files, 1499 rows; 0 files unchanged, 0 refused
    closed 2024-01
    error: 2024-02 is not closed: it is probably partial, with 499 billing lines after 1000 in the month before
    hint: land the rest of 2024-02, or say that it is right: churnhouse close --accept 2024-02
    checks: 15 of 15 passed
    "#);

    month(&context, "billing/2024-02.csv", "2024-02", 1000);
    context.run_all();
    assert_eq!(context.csv(TOTALS).lines().last().unwrap(), "2024-02-01,1000,0,1000");
}

#[test]
fn no_events_after_many() {
    let context = TestContext::with(FIRST);
    month(&context, "billing/2024-01.csv", "2024-01", 10);
    month(&context, "billing/2024-02.csv", "2024-02", 10);
    let visits = (0..1000).map(|event| format!("e{event},c00001,2024-01-05T10:00:00,visit\n"));
    context.file(
        "channel/2024-01.csv",
        &format!("event_id,customer_id,occurred_at,event\n{}", visits.collect::<String>()),
    );
    stops(&context, &["2024-02 is not closed", "no channel rows, after 1000"]);
    context.ok(&["close", "--accept", "2024-02", "--today", TODAY]);
}

#[test]
fn a_missing_month() {
    let context = TestContext::with(FIRST);
    for name in ["2024-01", "2024-02", "2024-04"] {
        month(&context, &format!("billing/{name}.csv"), name, 3);
    }
    let words = [
        "2024-03 is not closed",
        "it has no billing lines, while a later month has some",
        "land the file of 2024-03",
    ];
    assert_snapshot!(stops(&context, &words), @r#"
    $ churnhouse run --today 2100-01-01
    status 1
    --- stderr
    landed billing/2024-01.csv: 3 rows, 2024-01
    landed billing/2024-02.csv: 3 rows, 2024-02
    landed billing/2024-04.csv: 3 rows, 2024-04
    landed 3 files, 9 rows; 0 files unchanged, 0 refused
    closed 2 months, 2024-01 to 2024-02
    error: 2024-03 is not closed: it has no billing lines, while a later month has some
    hint: land the file of 2024-03; no later month closes without it
    checks: 15 of 15 passed
    "#);
    assert_eq!(context.csv(TOTALS).lines().last().unwrap(), "2024-02-01,3,0,3");

    month(&context, "billing/2024-03.csv", "2024-03", 3);
    context.run_all();
    assert_eq!(context.csv(TOTALS).lines().last().unwrap(), "2024-04-01,3,0,3");
}

/// The history is found and not configured: a hole that appears later does not cut off what is closed.
#[test]
fn a_missing_file_is_not_a_lost_customer() {
    let context = TestContext::new();
    month(&context, "billing/2024-01.csv", "2024-01", 3);
    month(&context, "billing/2024-02.csv", "2024-02", 3);
    context.run_all();
    let before = context.months();
    month(&context, "billing/2024-04.csv", "2024-04", 3);
    stops(&context, &["2024-03 is not closed"]);
    assert_eq!(context.months(), before);
}

#[test]
fn a_month_that_is_not_over_waits() {
    let mut context = TestContext::with(FIRST);
    month(&context, "billing/2024-01.csv", "2024-01", 3);
    month(&context, "billing/2024-02.csv", "2024-02", 3);
    let closed = |context: &TestContext| context.value("select count(*) from closes");
    context.ok(&["run", "--today", "2024-02-29"]);
    assert_eq!(closed(&context), "1");
    context.config(&format!("{FIRST}settle_days = 3\n"));
    context.ok(&["run", "--today", "2024-03-03"]);
    assert_eq!(closed(&context), "1");
    context.ok(&["run", "--today", "2024-03-04"]);
    assert_eq!(closed(&context), "2");
}

const WRONG: &str =
    "[extracts.billing]\npath = \"billing/*.csv\"\n[extracts.billing.columns]\namount = \"vat\"\n";
const RIGHT: &str = "[extracts.billing]\npath = \"billing/*.csv\"\n[extracts.billing.columns]\namount = \"total\"\n";

/// Files whose amounts stand in the column `total`.
fn with_totals(config: &str) -> TestContext {
    let context = TestContext::with(&format!("{FIRST}{config}"));
    for (month, total, vat) in [("01", 100, 19), ("02", 200, 38), ("03", 300, 57)] {
        let text = format!(
            "customer_id,billed_on,total,vat\na,2024-{month}-05,{total},{vat}\nb,2024-01-07,{total},{vat}\n"
        );
        context.file(&format!("billing/2024-{month}.csv"), &text);
    }
    context
}

#[test]
fn a_column_mapped_wrongly_and_then_corrected() {
    let right = with_totals(RIGHT);
    right.run_all();
    let mut corrected = with_totals(WRONG);
    corrected.run_all();
    assert_ne!(corrected.everything(), right.everything());

    corrected.config(&format!("{FIRST}{RIGHT}"));
    let said = corrected.run_all();
    assert!(said.stderr.contains("restated billing/2024-01.csv"), "{said:?}");
    assert_eq!(corrected.everything(), right.everything());
}

#[test]
fn a_policy_changed_and_changed_back() {
    let mut context = with_totals(RIGHT);
    context.run_all();
    let before = context.everything();
    let again = ["close", "--full", "--today", TODAY];
    context.config(&format!("{FIRST}{RIGHT}[policy]\nchurned_after = 1\n"));
    context.ok(&again);
    assert_ne!(context.everything(), before);
    context.config(&format!("{FIRST}{RIGHT}"));
    context.ok(&again);
    assert_eq!(context.everything(), before);
}
