//! Descriptions against headers: what is mapped, and what each misfit says.

use super::super::source::{Patterns, Scalar};
use super::*;

struct Header(Vec<String>);

impl Reader for Header {
    fn columns(&self) -> &[String] {
        &self.0
    }

    fn next_chunk(&mut self, _: &mut Chunk) -> Result<bool, ExtractError> {
        Ok(false)
    }
}

fn header(names: &[&str]) -> Header {
    Header(names.iter().map(|name| (*name).to_owned()).collect())
}

fn resolve(names: &[&str], source: &SourceConfig) -> Result<Mapping, ExtractError> {
    let dimensions = Dimensions::new();
    let resolver = Resolver {
        file: "a.csv",
        source,
        today: NaiveDate::from_ymd_opt(2024, 6, 1).unwrap(),
        compile: &|sql, _| Err(format!("no engine for {sql}")),
    };
    let targets = targets(SourceKind::Billing, &dimensions, source)?;
    resolver.resolve(&targets, &mut header(names))
}

fn source(columns: &[(&str, ColumnConfig)]) -> SourceConfig {
    let mut source = SourceConfig::canonical("x");
    let named = columns.iter().cloned();
    source.columns = named.map(|(name, from)| (name.to_owned(), from)).collect();
    source
}

fn table(table: ColumnTable) -> ColumnConfig {
    ColumnConfig::Table(Box::new(table))
}

fn name(name: &str) -> ColumnConfig {
    ColumnConfig::From(Selector::Name(name.to_owned()))
}

#[track_caller]
fn error(names: &[&str], source: &SourceConfig) -> ExtractError {
    resolve(names, source).err().unwrap()
}

#[test]
fn columns_are_found_by_name_number_and_value() {
    let constant =
        table(ColumnTable { value: Some(Scalar::Text("usage".into())), ..ColumnTable::default() });
    let source = source(&[
        ("customer_id", ColumnConfig::From(Selector::Number(3))),
        ("amount", name("sum")),
        ("charge_type", constant),
    ]);
    let mapping = resolve(&["billed_on", "sum", "who", "sum2"], &source).unwrap();
    let origin = |place: usize| &mapping.columns[place].origin;
    assert!(matches!(origin(0), Origin::Field(2)));
    assert!(matches!(origin(1), Origin::Field(0)));
    assert!(matches!(origin(2), Origin::Absent(_)));
    assert!(matches!(origin(3), Origin::Constant(text) if text == "usage"));
    assert!(matches!(origin(4), Origin::Field(1)));
    assert!(matches!(origin(5), Origin::Constant(text) if text.is_empty()));
}

#[test]
fn a_missing_column_says_what_is_there() {
    let missing = error(&["customer_id", "billed_on", "Amount"], &source(&[]));
    assert_eq!(
        missing.to_string(),
        "a.csv has no column amount to make amount from, only: customer_id, billed_on, Amount"
    );
    assert!(missing.hint().unwrap().contains("amount = \"Amount\""));
    let one = error(&["customer_id;billed_on;amount"], &source(&[]));
    assert!(one.hint().unwrap().ends_with("delimiter = \";\""));
    let optional = source(&[("product", name("plan"))]);
    let names = ["customer_id", "billed_on", "amount"];
    assert!(matches!(error(&names, &optional), ExtractError::MissingColumn { .. }));
    let twice = ["customer_id", "billed_on", "amount", "amount"];
    assert!(matches!(error(&twice, &source(&[])), ExtractError::AmbiguousColumn { .. }));
}

#[test]
fn options_that_do_not_do() {
    let names = ["customer_id", "billed_on", "amount"];
    let pattern =
        table(ColumnTable { format: Some(Patterns::One("%Q".into())), ..ColumnTable::default() });
    assert_eq!(
        error(&names, &source(&[("billed_on", pattern)])).to_string(),
        "columns.billed_on.format is no pattern of dates: %Q"
    );
    let marks = table(ColumnTable { thousands: Some('.'), ..ColumnTable::default() });
    assert!(resolve(&names, &source(&[("amount", marks)])).is_err());
    let zone =
        table(ColumnTable { timezone: Some("Asia/Shanghia".into()), ..ColumnTable::default() });
    let wrong = error(&names, &source(&[("billed_on", zone)])).to_string();
    assert!(wrong.contains("perhaps Asia/Shanghai is meant"), "{wrong}");
    let both = table(ColumnTable {
        from: Some(Selector::Number(1)),
        sql: Some("1".into()),
        ..ColumnTable::default()
    });
    assert!(matches!(error(&names, &source(&[("amount", both)])), ExtractError::Setting { .. }));
    let sql = table(ColumnTable { sql: Some("1".into()), ..ColumnTable::default() });
    assert!(matches!(error(&names, &source(&[("amount", sql)])), ExtractError::Sql { .. }));
}

#[test]
fn other_columns_than_the_kinds_are_refused() {
    let wrong = error(&[], &source(&[("amuont", name("sum"))]));
    assert_eq!(wrong.to_string(), "no column of billing: amuont");
    assert_eq!(wrong.hint().unwrap(), "perhaps it should read amount");
    let repeated = Dimensions::from([("region".to_owned(), "area".to_owned())]);
    assert!(targets(SourceKind::Channel, &repeated, &source(&[])).is_err());
}
