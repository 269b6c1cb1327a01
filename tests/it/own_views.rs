//! What is wrong with a view of the user's is told with its file, the line in it, and the nearest right name.

use crate::context::TestContext;

fn context() -> TestContext {
    let context = TestContext::with("[dimensions]\nbrand = \"brand\"\n");
    context.bills("billing/2024-01.csv", ["a,2024-01-05,10.00".to_owned()]);
    context.run_all();
    context
}

/// A view that can't be used: what `report` says of it.
#[track_caller]
fn refused(text: &str, words: &[&str]) {
    let context = context();
    context.file("sql/views/mine.sql", text);
    let said = context.run(&["report", "mine"]).says(1, words);
    assert!(said.stderr.starts_with("error: "), "{said:?}");
    assert!(said.stderr.lines().count() <= 2, "one line and a hint: {}", said.stderr);
}

const HEADER: &str = "-- mine: what I ask.\n-- Grain: month\n";

#[test]
fn no_sql() {
    let text = format!("{HEADER}select month\nfrom customer_month\nwhere status = = 'new'\n");
    refused(&text, &["sql/views/mine.sql:5: ", "found: ="]);
    refused(HEADER, &["sql/views/mine.sql: there is no query"]);
    let text = format!("{HEADER}select 'open\n");
    refused(&text, &["sql/views/mine.sql:3: Unterminated string literal"]);
}

#[test]
fn no_such_table() {
    let text = format!(
        "{HEADER}with a as (\n    select month from churn_rate\n)\nselect month\nfrom customer_mont\n"
    );
    refused(
        &text,
        &[
            "sql/views/mine.sql:7: no view or table of this name: customer_mont",
            "hint: did you mean customer_month?",
        ],
    );
}

#[test]
fn no_such_column() {
    let text = format!("{HEADER}select\n    month,\n    regoin\nfrom customer_month\n");
    refused(
        &text,
        &["sql/views/mine.sql:5: no column of this name: regoin", "hint: did you mean region?"],
    );
    // The word stands in the first query rightly, and wrongly in the second.
    let text = format!(
        "{HEADER}with one as (\n    select month, closing from churn_rate\n)\nselect month\nfrom customer_month\nwhere closing > 0\n"
    );
    refused(&text, &["sql/views/mine.sql:8: no column of this name: closing"]);
}

#[test]
fn no_such_function_or_type() {
    let text = format!("{HEADER}select\n    month_nubmer(month) as number\nfrom customer_month\n");
    refused(
        &text,
        &["sql/views/mine.sql:4: Invalid function 'month_nubmer'", "did you mean month_number?"],
    );
    let text = format!("{HEADER}select month from customer_month where 'a' + true = revenue\n");
    refused(&text, &["sql/views/mine.sql: Cannot coerce arithmetic expression"]);
}

#[test]
fn behind_a_template() {
    let text = format!(
        "{HEADER}select\n    month{{% for name in dimensions %}},\n    {{{{ name }}}}{{% endfor %}},\n    regoin\nfrom customer_month\n"
    );
    refused(&text, &["sql/views/mine.sql:6: no column of this name: regoin"]);
    let text = format!("{HEADER}select month\nfrom {{% fo name in dimensions %}}\n");
    refused(&text, &["sql/views/mine.sql:4: template: "]);
}

#[test]
fn more_than_a_query() {
    refused(
        &format!("{HEADER}select 1 as one;\nselect 2 as two;\n"),
        &["sql/views/mine.sql: there is more than one statement"],
    );
    refused(
        &format!("{HEADER}copy (select 1 as one) to 'x.csv'\n"),
        &["sql/views/mine.sql: a view is a query"],
    );
}

#[test]
fn a_circle() {
    let context = context();
    context.file("sql/views/mine.sql", &format!("{HEADER}select month\nfrom yours\n"));
    context.file("sql/views/yours.sql", "-- yours: too.\n\nselect month from mine\n");
    context.run(&["report", "mine"]).says(
        1,
        &["sql/views/yours.sql:3: views need each other in a circle: mine -> yours -> mine"],
    );
    context.file("sql/views/churn_rate.sql", "select *\nfrom churn_rate\n");
    context.run(&["report", "churn_rate"]).says(
        1,
        &["sql/views/churn_rate.sql:2: views need each other in a circle: churn_rate -> churn_rate"],
    );
}

/// The file that is wrong is told, whichever view is asked for.
#[test]
fn a_view_that_another_needs() {
    let context = context();
    context.file("sql/views/mine.sql", &format!("{HEADER}select month\nfrom yours\n"));
    context.file("sql/views/yours.sql", "select month,\n    nothing\nfrom customer_month\n");
    for asked in [&["report", "mine"][..], &["sql", "select * from mine"], &["report", "yours"]] {
        context
            .run(asked)
            .says(1, &["error: ", "sql/views/yours.sql:2: no column of this name: nothing"]);
    }
}

#[test]
fn a_table_s_name() {
    let context = context();
    context.file("sql/views/billing.sql", "select 1 as one\n");
    context.run(&["report", "churn_rate"]).says(
        1,
        &[
            "sql/views/billing.sql: a table of this name is there already",
            "hint: give the view another name",
        ],
    );
}

/// A view of the user's declares whom its counts count, like the built-in ones.
#[test]
fn counts_of_one_s_own() {
    let context = context();
    let header = "-- mine: how many pay.\n-- Grain: month\n-- Columns:\n--   payers: who pay\n-- Customers:\n";
    let query = "select month, count(*) as payers from customer_month group by month\n";
    let with =
        |line: &str| context.file("sql/views/mine.sql", &format!("{header}--   {line}\n{query}"));
    with("payers = customer_month where revenue > 0");
    let said = context.ok(&["customers", "mine", "--format", "csv"]);
    assert!(said.stdout.contains("2024-01-01,a,carried"), "{said:?}");
    with("payers = customer_month where revenue > 1000");
    context
        .run(&["customers", "mine"])
        .says(1, &["mine.payers counts 1 customers and its list has 0"]);
    with("payers = customer_month where revnue > 0");
    context.run(&["customers", "mine"]).says(
        1,
        &["sql/views/mine.sql:6: no column of this name: revnue", "did you mean revenue?"],
    );
    with("payers of customer_month");
    context.run(&["customers", "mine"]).says(1, &["sql/views/mine.sql: not like `measure = "]);
}

/// The shares of the reasons are looked at, whosever view tells them.
#[test]
fn reasons_that_do_not_add_up() {
    let context = context();
    context.bills("billing/2024-02.csv", ["z,2024-02-05,10.00".to_owned()]);
    for month in ["2024-03", "2024-04"] {
        context.bills(&format!("billing/{month}.csv"), [format!("z,{month}-05,10.00")]);
    }
    context.run_all();
    let view = "-- churn_reasons: mine.\n-- Grain: month, churn_kind, reason\nselect month, 'left' as churn_kind, \
        'none' as reason, 'other' as reason_class, true as avoidable, churned as customers, 0.5 as share, \
        1.0 as share_of_avoidable, lost_annual_revenue from movement where dimension = 'total'\n";
    context.file("sql/views/churn_reasons.sql", view);
    let said = context.run(&["check"]).says(1, &["check shares_add_up failed: shares add up to 1"]);
    assert!(said.stdout.contains("2024-04-01"), "a left in April: {}", said.stdout);
    assert!(!said.stdout.contains("2024-03-01"), "nobody in March: {}", said.stdout);
}

/// A built-in view over a replaced one fails where it stands; the hint tells which one is the user's.
#[test]
fn a_replaced_view_that_lacks_a_column() {
    let context = context();
    let own = "-- opening_contact: mine.\n-- Grain: month, contact\nselect month, 'none' as contact, 1 as opening, \
        0 as churned from movement where dimension = 'total'\n";
    context.file("sql/views/opening_contact.sql", own);
    context.file("sql/views/mine.sql", &format!("{HEADER}select month from churn_rate\n"));
    context.run(&["report", "churn_after_survey"]).says(
        1,
        &[
            "sql/views/churn_after_survey.sql:",
            "satisfaction",
            "hint: it reads a view of your own",
            "opening_contact.sql",
        ],
    );
    let listed = context.ok(&["views", "--format", "csv"]).stdout;
    for line in [
        "churn_rate,built in,",
        "mine,own,",
        "opening_contact,\"own, in place of the built-in one\",",
    ] {
        assert!(listed.contains(line), "{line}: {listed}");
    }
}

/// What README shows of a view of one's own can be asked.
#[test]
fn the_views_that_the_readme_shows() {
    let context = context();
    let readme = std::fs::read_to_string(crate::context::checkout().join("README.md")).unwrap();
    let shown = readme.split("```sql\n").filter_map(|rest| rest.split("```").next());
    let mut names = Vec::new();
    for text in shown.filter(|text| text.starts_with("-- stays")) {
        let name = text[3..].split(':').next().unwrap();
        context.file(&format!("sql/views/{name}.sql"), text);
        names.push(name.to_owned());
    }
    assert_eq!(names, ["stays", "stays_customers"]);
    context.ok(&["report", "stays"]);
    context.ok(&["customers", "stays", "--measure", "staying"]);
}
