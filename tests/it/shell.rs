//! The shell as a person uses it: typed keys in a terminal, what the screen shows; and the same statements and
//! commands from a file.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use crate::context::{TODAY, TestContext};
use crate::terminal::Terminal;

/// Two months of three customers in two regions.
fn context() -> TestContext {
    let context = TestContext::with("[close]\nfirst_month = \"2024-01\"\n");
    let bill = |customer: &str, month: &str| format!("{customer},2024-{month}-05,10.00");
    let months = ["01", "02"].into_iter();
    let lines = months.flat_map(|month| ["a", "b", "c"].map(|customer| bill(customer, month)));
    context.bills("billing/all.csv", lines);
    context.file(
        "channel/all.csv",
        "event_id,customer_id,occurred_at,event,region\n1,a,2024-01-01,activate,north\n\
         2,b,2024-01-01,activate,south\n3,c,2024-01-01,activate,south\n",
    );
    context.ok(&["run", "--today", TODAY]);
    context
}

fn shell(context: &TestContext) -> Terminal {
    let terminal = Terminal::start(context, &["sql"]);
    terminal.prompts();
    terminal
}

#[test]
fn a_statement_may_take_several_lines() {
    let context = context();
    let terminal = shell(&context);
    terminal.enters("select segment, opening -- a comment; not the end");
    terminal.shows("...>");
    terminal.enters("from churn_rate where dimension = 'region' and month = '2024-02-01'");
    terminal.enters("order by 1;");
    let screen = terminal.shows("2 rows");
    let table = "┌─────────┬─────────┐\n│ segment │ opening │\n├─────────┼─────────┤\n\
                 │ north   │       1 │\n│ south   │       2 │\n└─────────┴─────────┘\n2 rows";
    assert!(screen.contains(table), "{screen}");
}

#[test]
fn the_history_outlives_the_shell() {
    let context = context();
    let first = shell(&context);
    first.enters("select 40 +");
    first.enters("2 as answer;");
    first.shows("42");
    first.enters("\\echo of the first");
    first.shows("\nof the first\nchurnhouse>");
    first.press(&["C-d"]);
    first.shows("ended with status 0");
    let history = context.path(".local/state/churnhouse/history");
    assert_eq!(history.metadata().unwrap().permissions().mode() & 0o777, 0o600);

    let second = shell(&context);
    second.press(&["Up", "Up"]);
    second.shows("churnhouse> select 40 +\n       ...> 2 as answer;");
    second.press(&["Enter"]);
    second.shows("42");
    second.enters("quit");
    second.shows("ended with status 0");
}

#[test]
fn tab_completes_names_and_values() {
    let context = context();
    let terminal = shell(&context);
    terminal.types("select * from profit");
    terminal.press(&["Tab"]);
    terminal.shows("profit_loss_from_churn");
    terminal.types(" where dimension = 're");
    terminal.press(&["Tab"]);
    terminal.shows("'region'");
    terminal.types(" and segment = 'so");
    terminal.press(&["Tab"]);
    terminal.shows("'south'");
    terminal.types(" and people");
    terminal.press(&["Tab"]);
    terminal.shows("people_influenced");
    terminal.types(" = 0;");
    terminal.press(&["Enter"]);
    terminal.shows("rows");
    terminal.prompts();
    terminal.types("\\desc");
    terminal.press(&["Tab"]);
    terminal.types("churn_ra");
    terminal.press(&["Tab", "Enter"]);
    terminal.shows("Grain: month, dimension, segment");
}

#[test]
fn ctrl_c_drops_the_line_and_stops_the_query() {
    let context = context();
    let terminal = shell(&context);
    terminal.types("select 'half a line");
    terminal.shows("half");
    terminal.press(&["C-c"]);
    terminal.prompts();
    let series = "generate_series(1, 100000)";
    terminal.enters(&format!(
        "select max(a.value * b.value + c.value) from {series} a, {series} b, {series} c;"
    ));
    std::thread::sleep(Duration::from_millis(500));
    terminal.press(&["C-c"]);
    let begun = Instant::now();
    terminal.shows("stopped");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    terminal.prompts();
    terminal.enters("select 6 * 7 as answer;");
    terminal.shows("42");
}

#[test]
fn an_error_shows_its_place_and_the_nearest_name() {
    let context = context();
    let terminal = shell(&context);
    terminal.enters("select segment,");
    terminal.enters("  openning from churn_rate;");
    terminal.shows(
        "error: no column of this name: openning\n2 |   openning from churn_rate\n  |   ^^^^^^^^\n\
         hint: did you mean opening?",
    );
    terminal.enters("select * from churn_rat;");
    terminal.shows(
        "  | select * from churn_rat\n  |               ^^^^^^^^^\nhint: did you mean churn_rate?",
    );
    terminal.enters("\\moed csv");
    terminal.shows("error: no command of this name: \\moed\nhint: did you mean \\mode?");
}

#[test]
fn results_go_to_files_and_statements_come_from_them() {
    let context = context();
    context.file("in.sql", ".echo from a file\nselect :n + 1 as more, :'who' as who;\n");
    let terminal = shell(&context);
    terminal.enters("\\set n 41");
    terminal.enters("\\set who 'O''Hara'");
    terminal.enters("\\o out.csv");
    terminal.enters("\\i in.sql");
    terminal.enters("select 'second' as part;");
    terminal.enters("\\o");
    terminal.enters("\\once one.parquet");
    terminal.enters("select 1 as one;");
    terminal.enters("\\i in.sql");
    terminal.shows("│   42 │ O'Hara │");
    let out = std::fs::read_to_string(context.path("out.csv")).unwrap();
    assert_eq!(out, "more,who\n42,O'Hara\npart\nsecond\n");
    assert!(std::fs::read(context.path("one.parquet")).unwrap().starts_with(b"PAR1"));
    terminal.enters("\\o all.xlsx");
    terminal.shows("error: a file of xlsx holds one result: all.xlsx");
}

#[test]
fn long_and_wide_results_are_shortened_for_the_terminal_only() {
    let context = context();
    let terminal = shell(&context);
    terminal.enters("select value from generate_series(1, 1000);");
    let screen = terminal.shows("1000 rows");
    assert!(screen.contains("│ … (968 more rows)"), "{screen}");
    terminal.enters("select * from customer_month;");
    let screen = terminal.shows("6 rows");
    assert!(screen.lines().all(|line| line.chars().count() <= 100), "{screen}");
    assert!(screen.contains("│ … │"), "{screen}");
    terminal.enters("\\x");
    terminal.enters("select 1 as one, 'b' as two;");
    terminal.shows("one = 1\ntwo = b\n1 row");
    let piped =
        context.ok(&["sql", "--format", "box", "select value from generate_series(1, 1000)"]);
    assert_eq!(piped.stdout.lines().count(), 1004);
}

#[test]
fn a_file_stops_at_its_first_error() {
    let context = context();
    context.file("good.sql", "\\set m 2024-02-01\n.mode csv\nselect :'m' as month, :n as n;\n");
    let said = context.ok(&["sql", "-f", "good.sql", "--set", "n=3"]);
    assert_eq!(said.stdout, "month,n\n2024-02-01,3\n");
    assert_eq!(said.stderr, "");
    context.file(
        "bad.sql",
        "\\i good.sql\nselect 1 as one;\n\nselect nosuch\nfrom churn_rate;\nselect 2 as two;\n",
    );
    let said = context.run(&["sql", "-f", "bad.sql", "--set", "n=3"]);
    let said = said.says(1, &["error: bad.sql:4: no column of this name: nosuch\n4 | select nosuch\n  |        ^^^^^^\n"]);
    assert_eq!(said.stdout, "month,n\n2024-02-01,3\none\n1\n");
    let lacks = ["error: good.sql:3: no value for the parameter: n\n3 | ", "--set n=VALUE"];
    context.run(&["sql", "-f", "bad.sql"]).says(1, &lacks);
    context.file("round.sql", "\\i round.sql\n");
    context
        .run(&["sql", "-f", "round.sql"])
        .says(1, &["files read each other too deep: round.sql"]);
}
