//! Every format that results are written in can be read back and says the same: from `sql` and `report`,
//! to a file and to standard output.

use std::fs::File;
use std::path::Path;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::util::display::array_value_to_string;
use calamine::{Data, Reader, open_workbook_auto};
use chrono::{Days, NaiveDate};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

use crate::context::{TODAY, TestContext, records};

const COLUMNS: [&str; 6] = ["month", "customer_id", "product", "revenue", "idle", "rate"];
const QUERY: &str = "select month, customer_id, nullif(product, 'unknown') as product, revenue, idle, idle / 3.0 as rate
                     from customer_month order by month, customer_id";

type Rows = Vec<Vec<String>>;

/// Products that want quoting in one format or another, and one that is null.
fn context() -> TestContext {
    let context = TestContext::with("[close]\nfirst_month = \"2024-01\"\n");
    let header = "customer_id,billed_on,amount,product\n";
    let odd = "\"a|b, \"\"c\"\" <d> & 'e'\"";
    let january = format!(
        "{header}a,2024-01-05,30.00,神州行\nb,2024-01-05,0.10,{odd}\nc,2024-01-06,1234567.89,\n"
    );
    context.file("billing/2024-01.csv", &january);
    context.file(
        "billing/2024-02.csv",
        &format!("{header}a,2024-02-05,-3.05,神州行\nb,2024-02-05,7.00,{odd}\n"),
    );
    context.run_all();
    context
}

/// A cell as text that does not depend on how a format writes a number.
fn plain(cell: &str) -> String {
    cell.parse::<f64>().map_or_else(|_| cell.to_owned(), |number| number.to_string())
}

fn plain_rows(rows: impl IntoIterator<Item = Vec<String>>) -> Rows {
    rows.into_iter().map(|row| row.iter().map(|cell| plain(cell)).collect()).collect()
}

fn delimited(path: &Path, delimiter: u8) -> Rows {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_path(path).unwrap();
    assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), COLUMNS);
    plain_rows(reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()))
}

fn objects(objects: impl IntoIterator<Item = Value>) -> Rows {
    let cell = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    plain_rows(
        objects
            .into_iter()
            .map(|object| COLUMNS.iter().map(|column| cell(&object[*column])).collect()),
    )
}

fn batches(batches: impl Iterator<Item = RecordBatch>) -> Rows {
    let rows = batches.flat_map(|batch| {
        let cell =
            |row: usize| move |column: &ArrayRef| array_value_to_string(column, row).unwrap();
        (0..batch.num_rows())
            .map(|row| batch.columns().iter().map(cell(row)).collect())
            .collect::<Rows>()
    });
    plain_rows(rows)
}

fn sheet(path: &Path) -> Rows {
    let mut book = open_workbook_auto(path).unwrap();
    let range = book.worksheet_range_at(0).unwrap().unwrap();
    let rows: Rows = range.rows().map(|row| row.iter().map(cell).collect()).collect();
    let header = rows.iter().position(|row| row.starts_with(&COLUMNS.map(str::to_owned))).unwrap();
    plain_rows(rows.into_iter().skip(header + 1))
}

fn cell(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::DateTime(date) => {
            let first = NaiveDate::from_ymd_opt(1899, 12, 30).unwrap();
            (first + Days::new(date.as_f64() as u64)).to_string()
        }
        other => other.to_string(),
    }
}

fn json(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn what_is_written_can_be_read_back() {
    let context = context();
    let written = |format: &str| {
        let name = format!("out.{format}");
        context.ok(&["sql", "-o", &name, QUERY]);
        context.path(&name)
    };
    let expected = plain_rows(context.rows(QUERY));
    assert_eq!(expected.len(), 6);
    assert_eq!(expected[1][2], "a|b, \"c\" <d> & 'e'");
    assert_eq!(delimited(&written("csv"), b','), expected);
    assert_eq!(delimited(&written("tsv"), b'\t'), expected);
    let array: Vec<Value> = serde_json::from_str(&json(&written("json"))).unwrap();
    assert_eq!(objects(array), expected);
    let lines = json(&written("ndjson"));
    assert_eq!(objects(lines.lines().map(|line| serde_json::from_str(line).unwrap())), expected);
    let parquet =
        ParquetRecordBatchReaderBuilder::try_new(File::open(written("parquet")).unwrap()).unwrap();
    assert_eq!(batches(parquet.build().unwrap().map(Result::unwrap)), expected);
    let arrow =
        arrow::ipc::reader::FileReader::try_new(File::open(written("arrow")).unwrap(), None)
            .unwrap();
    assert_eq!(batches(arrow.map(Result::unwrap)), expected);
    assert_eq!(sheet(&written("xlsx")), expected);
}

#[test]
fn what_people_read_shows_every_value() {
    let context = context();
    for (format, escaped) in
        [("table", "a|b, \"c\" <d> & 'e'"), ("markdown", "a\\|b"), ("html", "&lt;d&gt; &amp;")]
    {
        let text = context.ok(&["sql", "--format", format, QUERY]).stdout;
        for word in COLUMNS.iter().chain(&["神州行", "2024-02-01", "-3.05", escaped]) {
            assert!(text.contains(word), "{word:?} is not in the {format}:\n{text}");
        }
        let digits: String = text.chars().filter(|c| *c != ',').collect();
        assert!(digits.contains("1234567.89"), "{text}");
    }
}

#[test]
fn standard_output_is_the_file() {
    let context = context();
    for format in ["csv", "tsv", "json", "ndjson", "markdown", "html"] {
        let name = format!("out.{}", if format == "markdown" { "md" } else { format });
        context.ok(&["report", "churn_rate", "--month", "latest", "-o", &name]);
        let shown =
            context.ok(&["report", "churn_rate", "--month", "latest", "--format", format]).stdout;
        assert_eq!(std::fs::read_to_string(context.path(&name)).unwrap(), shown, "{format}");
    }
    context.run(&["report", "churn_rate", "-o", "out.pdf"]).says(1, &["out.pdf", "--format"]);
}

#[test]
fn a_report_is_the_view_filtered() {
    let context = context();
    let report = |arguments: &[&str]| {
        let whole = [&["report", "arpu_by_segment", "--format", "csv"], arguments].concat();
        records(&context.ok(&whole).stdout).split_off(1)
    };
    let view = |filter: &str| {
        context.rows(&format!(
            "select * from arpu_by_segment where {filter} order by month, dimension, segment"
        ))
    };
    assert_eq!(report(&[]), view("month = '2024-02-01'"), "the latest closed month");
    assert_eq!(report(&["--month", "2024-01"]), view("month = '2024-01-01'"));
    assert_eq!(report(&["--from", "2024-01", "--to", "latest"]), view("true"));
    assert_eq!(report(&["--from", "2024-02"]), view("month >= '2024-02-01'"));
    assert_eq!(
        report(&["--from", "2024-01", "--dimension", "product", "--segment", "神州行"]),
        view("dimension = 'product' and segment = '神州行'")
    );
}

#[test]
fn filters_fit_the_view() {
    let context = context();
    let refused: [(&[&str], &[&str]); 4] = [
        (
            &["survival", "--month", "2024-01"],
            &["survival can't be filtered by --month", "it takes: --dimension, --segment"],
        ),
        (&["survival", "--from", "2024-01"], &["survival can't be filtered by --from"]),
        (
            &["churn_rate", "--grain", "year"],
            &["churn_rate can't be filtered by --grain", "it takes: --month, --from, --to, --dim"],
        ),
        (&["churn_by_period", "--grain", "week"], &["quarter, year"]),
    ];
    for (arguments, words) in refused {
        context.run(&[&["report"], arguments].concat()).says(1, words);
    }
}

#[test]
fn queries_come_from_files_and_standard_input_too() {
    let context = context();
    context.file("two.sql", "select 1 as one;\nselect month from churn_rate where dimension = 'total' order by month;\n");
    let said = context.ok(&["sql", "-f", "two.sql", "--format", "csv"]);
    assert_eq!(said.stdout, "one\n1\nmonth\n2024-01-01\n2024-02-01\n");
    context.file(
        "wrong.sql",
        "select 1 as one;\nselect nonsense from churn_rate;\nselect 2 as two;\n",
    );
    let said = context.run(&["sql", "-f", "wrong.sql", "--format", "csv"]).says(1, &["nonsense"]);
    assert_eq!(said.stdout, "one\n1\n", "the first error ends it");
    let mut command = context.command(&["sql", "--format", "csv"]);
    command.stdin(File::open(context.path("two.sql")).unwrap());
    assert_eq!(crate::context::output(&command.output().unwrap()).stdout.lines().count(), 5);
}

/// A user's own view joins the catalogue.
#[test]
fn a_view_of_one_s_own() {
    let context = context();
    let view = "-- big_spenders: who pays most.\n-- Grain: month, customer_id\n-- Columns:\n--   revenue: of the month\n\
                -- Source: customer_month\nselect month, customer_id, revenue from customer_month where revenue > 10\n";
    context.file("sql/views/big_spenders.sql", view);
    assert!(context.ok(&["views"]).stdout.contains("big_spenders"));
    assert!(context.ok(&["describe", "big_spenders"]).stdout.contains("who pays most"));
    let shown =
        context.ok(&["report", "big_spenders", "--month", "2024-01", "--format", "csv"]).stdout;
    assert_eq!(shown, "month,customer_id,revenue\n2024-01-01,a,30.00\n2024-01-01,c,1234567.89\n");
}

/// An answer without rows is told so, and one that can't be is refused.
#[test]
fn nothing_to_show() {
    let context = context();
    context
        .run(&["report", "churn_rate", "--from", "2024-02", "--to", "2024-01"])
        .says(1, &["--from 2024-02 lies after --to 2024-01", "hint: --from 2024-01 --to 2024-02"]);
    let said = context.ok(&["report", "churn_by_period", "--month", "2024-01", "--format", "csv"]);
    assert_eq!(said.stdout.lines().count(), 1);
    said.says(0, &["churn_by_period has no rows that fit"]);
    context.file(
        "channel/a.csv",
        "event_id,customer_id,occurred_at,event,channel\n1,a,2024-01-02T09:00:00,activate,shop\n",
    );
    context.run_all();
    context
        .run(&["customers", "channel_quality", "--measure", "early_churned", "--month", "2024-01"])
        .says(1, &["channel_quality.early_churned is not known of these rows: it is null"]);
}

/// A reference table must be there, and must not hide a table of the warehouse.
#[test]
fn a_reference_table_that_does_not_fit() {
    let mut context = context();
    context.config("[tables.market]\npath = \"markt.csv\"\n");
    context.file("market.csv", "month,operator,customers\n");
    let report = ["report", "market_share"];
    for command in [&["sql", "select * from market"][..], &report, &["check"], &["run"]] {
        let said = context.run(command).says(1, &["churnhouse.toml:", "market.csv"]);
        let line = format!(
            "churnhouse.toml:{}: tables.market.path: no such file: markt.csv",
            1 + config_before(&context, "path = \"markt.csv\"")
        );
        assert!(said.stderr.contains(&line), "{line}: {said:?}");
    }
    context.config("[tables.billing]\npath = \"billing/a.csv\"\n");
    context
        .run(&["sql", "select * from billing"])
        .says(1, &["tables.billing: a table or view of this name is there already"]);
}

/// How many lines of churnhouse.toml stand before one.
fn config_before(context: &TestContext, line: &str) -> usize {
    let text = std::fs::read_to_string(context.path("churnhouse.toml")).unwrap();
    text.lines().position(|other| other == line).unwrap()
}

/// Ids are text wherever they stand, and zeros before a number are part of it.
#[test]
fn a_reference_table_of_ids() {
    let mut context = TestContext::with("[tables.people]\npath = \"people.csv\"\n");
    context.bills(
        "billing/2024-01.csv",
        ["001,2024-01-05,10.00", "A,2024-01-05,20.00"].map(str::to_owned),
    );
    context.file(
        "people.csv",
        "customer_id,branch,rank,born\n001,0012,1,1980-01-02\n002,13,2,1990-01-02\n",
    );
    context.run_all();
    assert_eq!(
        context.csv("select * from people order by rank"),
        "customer_id,branch,rank,born\n001,0012,1,1980-01-02\n002,13,2,1990-01-02\n"
    );
    let types =
        context.value("select arrow_typeof(rank) || ' ' || arrow_typeof(born) from people limit 1");
    assert_eq!(types, "Int64 Date32");
    let joined = "select rank, revenue from customer_month join people using (customer_id)";
    assert_eq!(context.rows(joined), [["1", "10.00"]]);
    // A folder of files is one table.
    context.config("[tables.people]\npath = \"people\"\n");
    context.file("people/1.csv", "number,region\n7,1\n");
    context.file("people/2.csv", "number,region\n08,2\n");
    let types =
        "select arrow_typeof(number), arrow_typeof(region), min(number) from people group by 1, 2";
    assert_eq!(context.rows(types), [["Utf8", "Utf8", "08"]]);
}

/// Aliases that can't be meant are refused before anything is closed.
#[test]
fn aliases_that_lead_nowhere() {
    let mut context = context();
    context.config("[tables.alias]\npath = \"alias.csv\"\n");
    let close = ["close", "--full", "--today", TODAY];
    context.run(&close).says(1, &["tables.alias.path: no such file: alias.csv"]);
    let refused = [
        ("old_id,new_id\na,b\n", "alias.csv:1: there is no column from"),
        ("old_id,new_id,from\na,b,May\n", "alias.csv:2: from is not a day: May"),
        ("old_id,new_id,from\na,,2024-05-01\n", "alias.csv:2: new_id is missing"),
        ("old_id,new_id,from\na,a,2024-05-01\n", "alias.csv:2: both ids are a"),
        (
            "old_id,new_id,from\na,b,2024-05-01\nb,c,2024-06-01\nc,a,2024-07-01\n",
            "alias.csv: a -> b -> c -> a: these ids lead back to themselves",
        ),
        (
            "old_id,new_id,from\na,b,2024-05-01\na,c,2024-05-01\n",
            "alias.csv:3: a has this day in line 2 already",
        ),
    ];
    for (text, problem) in refused {
        context.file("alias.csv", text);
        context
            .run(&close)
            .says(1, &["tables.alias", problem, "hint: a .csv file with the columns"]);
    }
    let closed = context.csv("select count(*) from closes");
    assert_eq!(closed, "count(*)\n2\n");
}
