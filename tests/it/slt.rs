//! `tests/slt/*.slt`, each file a test of its own in a fresh folder with a fresh warehouse. Besides
//! queries, which the real program answers, a statement may be one of three commands: `config` with the
//! text of churnhouse.toml, `file PATH` with an extract's text, `churnhouse …` with the program's arguments;
//! a query may be `customers …`, with the columns of the list to pick.
//! A file is read to its end; all records that fail are shown, with line, expected and actual. At the end
//! the months are closed again, by the step written by hand and by `sql/core`: the same files must come.

use std::path::PathBuf;

use sqllogictest::{AsyncDB, DBOutput, DefaultColumnType, Record, Runner, parse, parse_file};

use crate::context::{DIGESTS, TODAY, TestContext, checkout, records};

/// Failures that are shown of one file; what follows the first ones mostly follows from them.
const SHOWN: usize = 10;

/// The program as a database.
struct Program(TestContext);

/// What the program, or the file, got wrong.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Failure(String);

type Done = DBOutput<DefaultColumnType>;

impl Program {
    fn statement(&mut self, command: &str, rest: &str) -> Option<Result<Done, Failure>> {
        match command {
            "config" => self.0.config(rest),
            "file" => {
                let (path, text) = rest.split_once('\n').unwrap_or((rest, ""));
                self.0.file(path.trim(), &format!("{text}\n"));
            }
            "churnhouse" => return Some(self.program(rest)),
            "customers" => return Some(self.customers(rest)),
            "definition" => return Some(self.holds_to_the_definition()),
            _ => return None,
        }
        Some(Ok(DBOutput::StatementComplete(0)))
    }

    fn program(&self, arguments: &str) -> Result<Done, Failure> {
        let mut arguments: Vec<&str> = arguments.split_whitespace().collect();
        let closes = matches!(arguments.first(), Some(&("run" | "close")));
        if closes && !arguments.contains(&"--today") {
            arguments.extend(["--today", TODAY]);
        }
        let output = self.0.run(&arguments);
        match output.status {
            0 => Ok(DBOutput::StatementComplete(0)),
            status => Err(Failure(format!("status {status}\n{}", output.stderr))),
        }
    }

    /// The step written by hand must leave the files that `sql/core` leaves, byte for byte.
    fn holds_to_the_definition(&self) -> Result<Done, Failure> {
        let closed = |by: &[&str]| {
            let said = self.0.run(&[&["close", "--full", "--today", TODAY], by].concat());
            let closes = self.0.run(&["sql", "--format", "csv", DIGESTS]).stdout;
            format!("status {}\n{}\n{closes}", said.status, said.stderr)
        };
        let (by_hand, by_sql) = (closed(&[]), closed(&["--by-sql"]));
        match by_hand == by_sql {
            true => Ok(DBOutput::StatementComplete(0)),
            false => Err(Failure(format!("by hand:\n{by_hand}\nby sql/core:\n{by_sql}"))),
        }
    }

    fn query(&self, sql: &str) -> Result<Done, Failure> {
        Ok(rows(self.csv(&["sql", "--format", "csv", sql])?))
    }

    /// The list of customers behind a count: `ARGUMENTS pick COLUMN,…`.
    fn customers(&self, text: &str) -> Result<Done, Failure> {
        let (arguments, picked) = text.split_once(" pick ").unwrap_or((text, "customer_id"));
        let command = ["customers", "--format", "csv"].into_iter();
        let arguments: Vec<&str> = command.chain(arguments.split_whitespace()).collect();
        let mut found = self.csv(&arguments)?;
        let header = found.remove(0);
        let place = |name: &str| header.iter().position(|column| column == name);
        let places: Option<Vec<usize>> = picked.trim().split(',').map(place).collect();
        let places = places.ok_or_else(|| Failure(format!("{picked} of {header:?}")))?;
        let pick = |row: &Vec<String>| places.iter().map(|place| row[*place].clone()).collect();
        let kept = found.iter().map(pick).collect();
        Ok(rows([vec![picked.split(',').map(str::to_owned).collect()], kept].concat()))
    }

    fn csv(&self, arguments: &[&str]) -> Result<Vec<Vec<String>>, Failure> {
        let output = self.0.run(arguments);
        if output.status != 0 {
            return Err(Failure(format!("status {}\n{}", output.status, output.stderr)));
        }
        Ok(records(&output.stdout))
    }
}

fn rows(mut rows: Vec<Vec<String>>) -> Done {
    let types = vec![DefaultColumnType::Any; rows.remove(0).len()];
    for cell in rows.iter_mut().flatten().filter(|cell| cell.is_empty()) {
        // CSV has one way to write both; the warehouse holds no empty text.
        "NULL".clone_into(cell);
    }
    DBOutput::Rows { types, rows }
}

#[async_trait::async_trait]
impl AsyncDB for Program {
    type Error = Failure;
    type ColumnType = DefaultColumnType;

    async fn run(&mut self, sql: &str) -> Result<Done, Failure> {
        let end = sql.find(char::is_whitespace).unwrap_or(sql.len());
        let (command, rest) = sql.split_at(end);
        match self.statement(command, rest.trim_start()) {
            Some(done) => done,
            None => self.query(sql),
        }
    }

    async fn shutdown(&mut self) {}
}

fn folder() -> PathBuf {
    checkout().join("tests/slt")
}

fn run_file(name: &str) {
    let mut runner = Runner::new(|| async { Ok(Program(TestContext::new())) });
    runner.with_column_validator(|actual, expected| actual.len() == expected.len());
    let file = folder().join(format!("{name}.slt"));
    let mut all: Vec<Record<DefaultColumnType>> = parse_file(&file).unwrap();
    all.extend(parse("statement ok\ndefinition\n").unwrap());
    let failed = all.into_iter().filter_map(|record| runner.run(record).err());
    let failed: Vec<String> = failed.take(SHOWN).map(|error| error.to_string()).collect();
    assert!(failed.is_empty(), "{} of {name}.slt:\n\n{}", failed.len(), failed.join("\n"));
}

macro_rules! files {
    ($($name:ident),* $(,)?) => {
        const LISTED: &[&str] = &[$(stringify!($name)),*];
        $(
            #[test]
            fn $name() {
                run_file(stringify!($name));
            }
        )*
    };
}

files![
    alias,
    alias_reused,
    arpu,
    at_risk_customers,
    at_risk_flow,
    attributes,
    audit_billed_after_termination,
    audit_negative_month,
    audit_never_billed,
    audit_repeated_activation,
    audit_waived_only,
    card_tiers,
    card_tiers_cost,
    carried,
    channel_quality,
    churn_after_contact,
    churn_after_survey,
    churn_by_period,
    churn_definitions,
    churn_kind,
    churn_reasons,
    churned_customers,
    cohort,
    complaint_to_churn,
    cost_dimensions,
    customers,
    declining_value,
    dimensions,
    duplicates,
    event_order,
    final_bill,
    free_work,
    garage,
    group_churn,
    haulier,
    history,
    history_default,
    history_tenth,
    hotline_service,
    hotline_topic_all,
    lists_dimensions,
    loyalty_ladder,
    market_share,
    new_customers,
    no_loss,
    paid_through,
    period_restated,
    policy,
    product_end,
    product_migration,
    profit_loss,
    reactivation,
    recommendation_rate,
    recycled,
    recycled_views,
    relift,
    restatement,
    retention_value,
    returned_customers,
    revenue,
    revenue_bridge,
    revenue_concentration,
    roll_forward,
    rounding,
    segment_contribution,
    status,
    sums,
    survival,
    tenure,
    tier_equivalence,
    tier_freeze,
    tier_migration,
    tiers,
    visit_interval,
    winback,
    windows,
];

#[test]
fn every_file_is_listed() {
    let entries = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<String> =
        entries.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    found.sort_unstable();
    let mut listed = LISTED.to_vec();
    listed.sort_unstable();
    assert_eq!(listed, found, "list each file of tests/slt in files! above");
}
