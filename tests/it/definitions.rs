//! Months that were closed under another policy or other dimensions: `status` tells them, `run` does not mix
//! them with new ones, one command closes them again, and until then queries still answer.

use churnhouse::config;
use churnhouse::views::Catalogue;

use crate::context::{TODAY, TestContext};

const FIRST: &str = "[close]\nfirst_month = \"2023-12\"\n";
const STRICTER: &str = "[policy]\nchurned_after = 1\n";
const BRAND: &str = "[dimensions]\nbrand = \"brand\"\n";
const RUN: [&str; 3] = ["run", "--today", TODAY];
const CLOSE: [&str; 3] = ["close", "--today", TODAY];

fn month(context: &TestContext, month: &str, lines: &[(&str, &str)]) {
    let line = |(customer, amount): &(&str, &str)| format!("{customer},{month}-05,{amount}");
    context.bills(&format!("billing/{month}.csv"), lines.iter().map(line));
}

/// Four months: `a` pays less and less, `b` stays away, `c` joins because of `a`.
fn filled(config: &str) -> TestContext {
    let context = TestContext::with(&format!("{FIRST}{config}"));
    month(&context, "2023-12", &[("a", "900.00"), ("b", "10.00")]);
    month(&context, "2024-01", &[("a", "10.00"), ("c", "20.00")]);
    month(&context, "2024-02", &[("a", "10.00"), ("b", "10.00"), ("c", "20.00")]);
    month(&context, "2024-03", &[("a", "10.00"), ("b", "10.00"), ("c", "20.00")]);
    context.file(
        "channel/all.csv",
        "event_id,customer_id,occurred_at,event,brand,referred_by\n\
         e1,a,2023-12-02T09:00:00,profile,sun,\n\
         e2,c,2024-01-02T09:00:00,activate,moon,a\n",
    );
    context
}

fn closed(config: &str) -> TestContext {
    let context = filled(config);
    context.run_all();
    context
}

fn close(more: &[&'static str]) -> Vec<&'static str> {
    [&CLOSE, more].concat()
}

#[test]
fn a_run_does_not_mix_months_of_two_policies() {
    let mut context = closed("");
    let before = context.months();
    context.config(&format!("{FIRST}{STRICTER}"));
    month(&context, "2024-04", &[("a", "10.00")]);
    let refusal = [
        "error: 2023-12 to 2024-03 are closed under other definitions than those in force; nothing was closed",
        "hint: `churnhouse close --full` closes all months again",
    ];
    let said = context.run(&RUN).says(1, &refusal);
    assert!(said.stderr.contains("landed billing/2024-04.csv"), "{said:?}");
    context.run(&CLOSE).says(1, &refusal);
    assert_eq!(context.months(), before, "nothing was closed");

    let shown = context.ok(&["status"]).stdout;
    assert_eq!(shown.matches("closed under other definitions\n").count(), 4, "{shown}");
    assert!(
        shown.contains("2024-04           1 billing lines  open; waits for those before"),
        "{shown}"
    );
    assert!(shown.contains("2023-12 to 2024-03 are closed under other definitions"), "{shown}");
}

#[test]
fn a_close_of_some_months_does_not_mix_them_either() {
    let mut context = closed("");
    context.config(&format!("{FIRST}{STRICTER}"));
    context.run(&close(&["--from", "2024-02"])).says(1, &["2023-12 to 2024-01 are closed under"]);
    context.run(&close(&["--full", "--through", "2024-02"])).says(1, &["2024-03 is closed under"]);
    context.run(&close(&["--accept", "2024-02"])).says(1, &["2023-12 to 2024-03 are closed under"]);
}

#[test]
fn one_command_closes_all_months_again() {
    let mut context = closed("");
    context.config(&format!("{FIRST}{STRICTER}"));
    context.run(&RUN).says(1, &["churnhouse close --full"]);
    context.ok(&close(&["--full"]));
    assert_eq!(context.months(), closed(STRICTER).months());
    context.run_all();
    assert!(!context.ok(&["status"]).stdout.contains("other definitions"));
}

#[test]
fn what_is_taken_back_needs_no_close() {
    let mut context = closed("");
    let before = context.months();
    context.config(&format!("{FIRST}{STRICTER}"));
    context.run(&RUN).says(1, &["other definitions"]);
    context.config(FIRST);
    let said = context.run_all();
    assert!(said.stderr.contains("closed nothing"), "{said:?}");
    assert_eq!(context.months(), before);
}

/// Every view by segment has the new dimension once all months are closed again; before that, queries
/// answer from what there is and say so.
#[test]
fn a_new_dimension_comes_with_the_next_close_of_all() {
    let mut context = closed("");
    context.config(&format!("{FIRST}{BRAND}"));
    let other = ["warning: 2023-12 to 2024-03 are closed under other definitions"];
    let query =
        ["sql", "--format", "csv", "select count(*) as n from customer_month where brand is null"];
    assert_eq!(context.run(&query).says(0, &other).stdout, "n\n11\n");
    context
        .run(&["report", "churn_rate", "--dimension", "brand"])
        .says(1, &[other[0], "churn_rate has no dimension of this name: brand"]);
    context.run(&["report", "churn_rate"]).says(0, &other);
    context.run(&["customers", "churn_rate", "--measure", "closing"]).says(0, &other);

    let said = context.run(&RUN).says(1, &["restated channel/all.csv", "other definitions"]);
    assert!(!said.stderr.contains("restated billing"), "bills carry none: {said:?}");
    context.ok(&close(&["--full"]));
    context.run_all();
    assert_eq!(context.months(), closed(BRAND).months());
    let read = config::load(&context.path("churnhouse.toml"), std::iter::empty()).unwrap();
    let catalogue = Catalogue::load(&read).unwrap();
    let by_segment = catalogue.iter().filter(|view| view.grain().contains(&"dimension"));
    for view in by_segment {
        let query = format!("select count(*) from {} where dimension = 'brand'", view.name);
        assert_ne!(context.value(&query), "0", "{}", view.name);
    }
}

#[test]
fn a_dimension_that_went_leaves_queries_whole() {
    let mut context = closed(BRAND);
    context.config(FIRST);
    let other = ["warning: 2023-12 to 2024-03 are closed under other definitions"];
    context.run(&["report", "churn_rate"]).says(0, &other);
    context.run(&["sql", "select * from customer_month"]).says(0, &other);
    context.run(&["sql", "select brand from customer_month"]).says(1, &["brand"]);
    context.run(&RUN).says(1, &other[..0]);
    context.ok(&close(&["--full"]));
    context.run_all();
    assert_eq!(context.months(), closed("").months());
}
