//! Who is meant by an id on a day: the reference table `alias` (old_id, new_id, from), its chains followed.
//! Until the day `from` the person now known by `new_id` was known by `old_id`; from that day on the old id
//! is somebody else's. Lines, events and calls are counted for the person, under the newest id.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, AsArray, Date32Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type};
use chrono::NaiveDate;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::CloseError;
use crate::config::Config;
use crate::month::Month;
use crate::warehouse::layout;

/// The name of the reference table.
const TABLE: &str = "alias";
const COLUMNS: [&str; 3] = ["old_id", "new_id", "from"];

/// A day, counted from 1970-01-01.
type Day = i32;

/// The table of aliases can't be used.
#[derive(Debug, thiserror::Error)]
#[error("tables.alias: {}{}: {problem}", path.display(), line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct AliasError {
    path: PathBuf,
    line: Option<u64>,
    problem: String,
}

impl AliasError {
    /// What remedies it.
    pub fn hint(&self) -> String {
        "a .csv file with the columns old_id, new_id, from (a day: 2024-05-31), or .parquet; paths start at \
         churnhouse.toml"
            .into()
    }
}

/// One row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    line: u64,
    old_id: String,
    new_id: String,
    from: Day,
}

/// Until a day an id means a person.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Span {
    since: Option<Day>,
    until: Day,
    customer_id: String,
}

/// All aliases, by the id as it stands in the extracts; the spans of an id are in order of days.
#[derive(Debug, Default)]
pub struct Aliases {
    spans: HashMap<String, Vec<Span>, foldhash::fast::FixedState>,
}

impl Aliases {
    /// Reads `[tables.alias]`; none where it is not configured.
    ///
    /// # Errors
    /// The file is not there, can't be read or lacks a column; a row is not complete or repeats another; ids
    /// that lead back to themselves.
    pub fn read(config: &Config) -> Result<Self, CloseError> {
        if !config.tables.contains_key(TABLE) {
            return Ok(Self::default());
        }
        let path = config.table_path(TABLE)?;
        let failed = |(line, problem)| AliasError { path: path.clone(), line, problem };
        let rows = match path.extension().is_some_and(|ending| ending == "parquet") {
            true => parquet_rows(&path),
            false => csv_rows(&path),
        };
        Ok(Self::new(&rows.map_err(failed)?).map_err(failed)?)
    }

    fn new(rows: &[Row]) -> Result<Self, (Option<u64>, String)> {
        let mut given: BTreeMap<&str, BTreeMap<Day, &Row>> = BTreeMap::new();
        for row in rows {
            let ends = given.entry(&row.old_id).or_default();
            if let Some(other) = ends.insert(row.from, row) {
                let problem = format!("{} has this day in line {} already", row.old_id, other.line);
                return Err((Some(row.line), problem));
            }
        }
        let mut spans: HashMap<String, Vec<Span>, _> = HashMap::default();
        for (id, ends) in &given {
            let mut since = None;
            let own = spans.entry((*id).to_owned()).or_default();
            for (until, row) in ends {
                let customer_id = person(&given, row)?.to_owned();
                own.push(Span { since: since.replace(*until), until: *until, customer_id });
            }
        }
        Ok(Self { spans })
    }

    /// The person whom an id means on a day.
    pub fn whose<'a>(&'a self, id: &'a str, day: Day) -> &'a str {
        if self.spans.is_empty() {
            return id;
        }
        let spans = self.spans.get(id).into_iter().flatten();
        let mut then =
            spans.filter(|span| span.since.is_none_or(|since| since <= day) && day < span.until);
        then.next().map_or(id, |span| &span.customer_id)
    }

    /// A digest of those that the rows of a month may need; empty where there are none.
    pub fn digest(&self, month: Month) -> String {
        let (first, end) = (month.days(), month.next().days());
        let touches =
            |span: &&Span| span.since.is_none_or(|since| since < end) && span.until > first;
        let mut lines: Vec<String> = self
            .spans
            .iter()
            .flat_map(|(id, spans)| {
                spans.iter().filter(touches).map(move |span| format!("{id} {span:?}"))
            })
            .collect();
        if lines.is_empty() {
            return String::new();
        }
        lines.sort_unstable();
        layout::digest(&[lines.join("\n").as_bytes()])
    }

    /// The aliases as SQL joins them: `id` means `customer_id` on days from `since` (null: always) to before
    /// `until`.
    ///
    /// # Errors
    /// None that is not a fault of ours.
    pub fn rows(&self) -> Result<RecordBatch, arrow::error::ArrowError> {
        let mut spans: Vec<(&String, &Span)> = self
            .spans
            .iter()
            .flat_map(|(id, spans)| spans.iter().map(move |span| (id, span)))
            .collect();
        spans.sort_unstable_by_key(|(id, span)| (*id, span.until));
        let ids: StringArray = spans.iter().map(|(id, _)| Some(id.as_str())).collect();
        let since: Date32Array =
            spans.iter().map(|(_, span)| Some(span.since.unwrap_or(Day::MIN))).collect();
        let until: Date32Array = spans.iter().map(|(_, span)| Some(span.until)).collect();
        let persons: StringArray =
            spans.iter().map(|(_, span)| Some(span.customer_id.as_str())).collect();
        RecordBatch::try_from_iter([
            ("id", Arc::new(ids) as Arc<dyn Array>),
            ("since", Arc::new(since)),
            ("until", Arc::new(until)),
            ("person", Arc::new(persons)),
        ])
    }
}

/// The newest id of the person who took a row's new id on its day: whoever had that id before is somebody else.
fn person<'a>(
    given: &BTreeMap<&str, BTreeMap<Day, &'a Row>>,
    row: &'a Row,
) -> Result<&'a str, (Option<u64>, String)> {
    let (mut path, mut row) = (vec![row.old_id.as_str()], row);
    loop {
        let id = row.new_id.as_str();
        if path.contains(&id) {
            let circle =
                format!("{} -> {id}: these ids lead back to themselves", path.join(" -> "));
            return Err((None, circle));
        }
        let later = (Bound::Excluded(row.from), Bound::Unbounded);
        match given.get(id).and_then(|ends| ends.range(later).next()) {
            Some((_, next)) => (path, row) = ([path, vec![id]].concat(), *next),
            None => return Ok(id),
        }
    }
}

type Rows = Result<Vec<Row>, (Option<u64>, String)>;

fn csv_rows(path: &Path) -> Rows {
    let unreadable = |error: csv::Error| {
        (error.position().map(csv::Position::line), format!("can't be read: {error}"))
    };
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(path).map_err(unreadable)?;
    let header = reader.headers().map_err(unreadable)?.clone();
    let place = |name: &str| {
        let place = header.iter().position(|column| column.trim_start_matches('\u{feff}') == name);
        place.ok_or_else(|| (Some(1), format!("there is no column {name}")))
    };
    let [old_id, new_id, from] = COLUMNS.map(place);
    let (old_id, new_id, from) = (old_id?, new_id?, from?);
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        let line = record.position().map_or(0, csv::Position::line);
        let day = record[from].parse::<NaiveDate>();
        let day = day.map_err(|_| (Some(line), format!("from is not a day: {}", &record[from])))?;
        rows.push(row(line, &record[old_id], &record[new_id], Date32Type::from_naive_date(day))?);
    }
    Ok(rows)
}

fn parquet_rows(path: &Path) -> Rows {
    let unreadable = |error: String| (None, format!("can't be read: {error}"));
    let file = File::open(path).map_err(|error| unreadable(error.to_string()))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|builder| builder.build());
    let mut rows = Vec::new();
    for batch in reader.map_err(|error| unreadable(error.to_string()))? {
        let batch = batch.map_err(|error| unreadable(error.to_string()))?;
        let column = |name: &str, kind: DataType| {
            let column = batch.column_by_name(name);
            let column = column.ok_or_else(|| (None, format!("there is no column {name}")))?;
            cast(column, &kind).map_err(|error| unreadable(error.to_string()))
        };
        let (old, new) = (column(COLUMNS[0], DataType::Utf8)?, column(COLUMNS[1], DataType::Utf8)?);
        let from = column(COLUMNS[2], DataType::Date32)?;
        let ids = old.as_string::<i32>().iter().zip(new.as_string::<i32>().iter());
        for ((old, new), from) in ids.zip(from.as_primitive::<Date32Type>()) {
            let line = rows.len() as u64 + 1;
            let from = from.ok_or_else(|| (Some(line), "from is missing".to_owned()))?;
            rows.push(row(line, old.unwrap_or_default(), new.unwrap_or_default(), from)?);
        }
    }
    Ok(rows)
}

fn row(line: u64, old_id: &str, new_id: &str, from: Day) -> Result<Row, (Option<u64>, String)> {
    match (old_id, new_id) {
        ("", _) => Err((Some(line), "old_id is missing".into())),
        (_, "") => Err((Some(line), "new_id is missing".into())),
        _ if old_id == new_id => Err((Some(line), format!("both ids are {old_id}"))),
        _ => Ok(Row { line, old_id: old_id.into(), new_id: new_id.into(), from }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aliases(rows: &[(&str, &str, Day)]) -> Result<Aliases, (Option<u64>, String)> {
        let row = |(line, (old, new, from)): (u64, &(&str, &str, Day))| {
            row(line, old, new, *from).unwrap()
        };
        Aliases::new(&(2..).zip(rows).map(row).collect::<Vec<_>>())
    }

    #[test]
    fn an_id_is_the_person_s_until_the_day() {
        let aliases = aliases(&[("a", "b", 10)]).unwrap();
        let found = [9, 10].map(|day| aliases.whose("a", day));
        assert_eq!(found, ["b", "a"]);
        assert_eq!(aliases.whose("b", 9), "b");
    }

    #[test]
    fn chains_are_followed_by_the_day() {
        // a became b on day 10, b became c on day 20; a's next owner became d on day 30.
        let aliases = aliases(&[("b", "c", 20), ("a", "d", 30), ("a", "b", 10)]).unwrap();
        let found = [5, 10, 29, 30].map(|day| aliases.whose("a", day));
        assert_eq!(found, ["c", "d", "d", "a"]);
        assert_eq!([19, 20].map(|day| aliases.whose("b", day)), ["c", "b"]);
    }

    #[test]
    fn who_takes_an_id_is_not_whoever_gave_it_up() {
        // b was given up for c on day 5, and taken by a on day 10.
        let aliases = aliases(&[("a", "b", 10), ("b", "c", 5)]).unwrap();
        assert_eq!([4, 5, 9, 10].map(|day| aliases.whose("a", day)), ["b", "b", "b", "a"]);
        assert_eq!([4, 5].map(|day| aliases.whose("b", day)), ["c", "b"]);
    }

    #[test]
    fn circles_and_contradictions_are_refused() {
        let circle = aliases(&[("a", "b", 10), ("b", "a", 20)]).unwrap_err().1;
        assert_eq!(circle, "a -> b -> a: these ids lead back to themselves");
        let twice = aliases(&[("a", "b", 10), ("a", "c", 10)]).unwrap_err();
        assert_eq!(twice, (Some(3), "a has this day in line 2 already".into()));
    }

    #[test]
    fn a_month_is_touched_by_the_aliases_of_its_days() {
        let may: Month = "2024-05".parse().unwrap();
        let aliases = aliases(&[("a", "b", may.days() + 3)]).unwrap();
        assert_ne!(aliases.digest(may), "");
        assert_eq!(aliases.digest(may.next()), "");
    }
}
