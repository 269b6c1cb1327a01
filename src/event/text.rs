//! An event in words: a line of a log, or a line for a person at a terminal, which has the times as well.

use std::fmt;

use indicatif::HumanCount;

use super::{Event, Span};
use crate::month::Month;

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self { months: 1, first, .. } => write!(f, "{first}"),
            Self { months, first, last } => write!(f, "{months} months, {first} to {last}"),
        }
    }
}

/// As a line of a log; with `{:#}` as a line for a terminal, which has the times as well.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FileLanded { .. } => self.file_landed(f),
            Self::FileChecked { file, rows, rejected } => {
                write!(f, "would land {file}: {rows} rows{}", also(*rejected, "rejected"))
            }
            Self::FileSkipped { file, why, .. } => write!(f, "{why}: {file}"),
            Self::Landed { files, rows, unchanged, refused, seconds, rows_per_second } => {
                if f.alternate() && *files > 0 {
                    let (rows, speed) = (count(*rows), HumanCount(*rows_per_second));
                    write!(
                        f,
                        "landed {files} files, {rows} rows in {seconds:.1} s, {speed} rows/s"
                    )?;
                } else {
                    write!(f, "landed {files} files, {rows} rows")?;
                }
                write!(f, "; {unchanged} files unchanged, {refused} refused")
            }
            Self::RowsRejected { rows, look_at } => {
                write!(f, "{rows} rows were rejected; they are in: {look_at}")
            }
            Self::MonthClosed { month, customers, seconds } => {
                write!(f, "closed {month}: {customers} customers in {seconds:.2} s")
            }
            Self::Closed { span: None, .. } => f.write_str("closed nothing: no month is open"),
            Self::Closed { span: Some(span), seconds } => {
                write!(f, "closed {span}")?;
                in_seconds(f, *seconds)
            }
            Self::Check { check, passed } => {
                write!(f, "check {check}: {}", if *passed { "passed" } else { "failed" })
            }
            Self::Checked { passed, checks, seconds } => {
                write!(f, "checks: {passed} of {checks} passed")?;
                in_seconds(f, *seconds)
            }
            Self::MonthExported { export, month, folder, .. } => {
                write!(f, "exported {export} of {month}: {folder}")
            }
            Self::Exported { export, span: None, .. } => write!(f, "{export} is exported already"),
            Self::Exported { export, span: Some(span), folder } => {
                write!(f, "exported {export} of {span}")?;
                if f.alternate() { write!(f, ": {folder}") } else { Ok(()) }
            }
            Self::Ended { status: 3, seconds } => {
                write!(f, "done in {seconds:.1} s, with status 3: rows were rejected")
            }
            Self::Ended { status: 0, seconds } => write!(f, "done in {seconds:.1} s"),
            Self::Ended { status, seconds } => {
                write!(f, "stopped after {seconds:.1} s, with status {status}")
            }
            Self::FileRefused { message, .. }
            | Self::Note { message }
            | Self::Detail { message }
            | Self::Warning { message }
            | Self::Error { message, .. } => f.write_str(message),
        }
    }
}

impl Event {
    fn file_landed(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::FileLanded { file, rows, rejected, sharing_id, restated, .. } = self else {
            return Ok(());
        };
        let verb = if *restated { "restated" } else { "landed" };
        let rejected = also(rejected.cast_unsigned(), "rejected");
        let repeated = also(sharing_id.cast_unsigned(), "sharing an id with another");
        write!(f, "{verb} {file}: {rows} rows{rejected}{repeated}")?;
        match self {
            Self::FileLanded { first_month: Some(first), last_month: Some(last), .. } => {
                write!(f, "{}", from_to(*first, *last))
            }
            _ => Ok(()),
        }
    }
}

/// The months that a file touches, after a comma.
pub fn from_to(first: Month, last: Month) -> String {
    if first == last { format!(", {first}") } else { format!(", {first} to {last}") }
}

fn also(number: u64, what: &str) -> String {
    if number == 0 { String::new() } else { format!(", {number} {what}") }
}

fn count(number: i64) -> HumanCount {
    HumanCount(number.max(0).cast_unsigned())
}

fn in_seconds(f: &mut fmt::Formatter<'_>, seconds: f64) -> fmt::Result {
    if f.alternate() { write!(f, " in {seconds:.1} s") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_event_is_a_line_of_a_log_a_line_for_a_person_and_fields() {
        let landed = Event::Landed {
            files: 2,
            rows: 12_345,
            unchanged: 1,
            refused: 0,
            seconds: 0.5,
            rows_per_second: 24_690,
        };
        assert_eq!(landed.to_string(), "landed 2 files, 12345 rows; 1 files unchanged, 0 refused");
        let person =
            "landed 2 files, 12,345 rows in 0.5 s, 24,690 rows/s; 1 files unchanged, 0 refused";
        assert_eq!(format!("{landed:#}"), person);
        let fields = r#"{"event":"landed","files":2,"rows":12345,"unchanged":1,"refused":0,"seconds":0.5,"rows_per_second":24690}"#;
        assert_eq!(serde_json::to_string(&landed).unwrap(), fields);
    }

    #[test]
    fn months_are_fields_where_there_are_some() {
        let months = [Month::new(2024, 1), Month::new(2024, 2)];
        let closed = |months: &[Month]| Event::Closed { span: Span::of(months), seconds: 1.0 };
        let fields =
            r#"{"event":"closed","months":2,"first":"2024-01","last":"2024-02","seconds":1.0}"#;
        assert_eq!(serde_json::to_string(&closed(&months)).unwrap(), fields);
        assert_eq!(closed(&months[..1]).to_string(), "closed 2024-01");
        assert_eq!(closed(&[]).to_string(), "closed nothing: no month is open");
        assert_eq!(
            serde_json::to_string(&closed(&[])).unwrap(),
            r#"{"event":"closed","seconds":1.0}"#
        );
    }
}
