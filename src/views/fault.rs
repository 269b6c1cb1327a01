//! What is wrong with SQL, and where: in a view with the line of its file (SQL is planned as it is rendered, and
//! told of as it is written), in a question with the place in its text.

use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;

use super::{View, ViewError};
use crate::config::nearest;
use crate::engine::EngineError;

/// Columns that are listed where none is near the one asked for.
const LISTED: usize = 12;

/// A place in a text of SQL, lines and columns counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// An error in a text of SQL, with the place where it is known.
#[derive(Debug)]
pub struct Fault {
    spot: Option<Spot>,
    pub(super) error: ViewError,
}

impl From<ViewError> for Fault {
    fn from(error: ViewError) -> Self {
        Self { spot: None, error }
    }
}

impl From<DataFusionError> for Fault {
    fn from(error: DataFusionError) -> Self {
        Self { spot: spot_of(&error), error: error.into() }
    }
}

impl From<Fault> for ViewError {
    fn from(fault: Fault) -> Self {
        fault.error
    }
}

impl Fault {
    /// An error whose place another one tells.
    pub fn beside(cause: &DataFusionError, error: ViewError) -> Self {
        Self { spot: spot_of(cause), error }
    }

    /// The error as one of a view's file. What a view that it needs has said already stays as it is.
    pub fn of(self, view: &View, rendered: &str) -> ViewError {
        let Some((message, hint, word)) = self.told() else { return self.error };
        let line = self.spot.and_then(|spot| written(view, rendered, spot.line));
        let line = line.or_else(|| line_naming(view, word.as_deref()?));
        ViewError::Invalid { origin: place(view, line), message, hint }
    }

    /// The error as one of a question. What a view that it needs has said already stays as it is.
    pub fn of_question(self) -> ViewError {
        match self.told() {
            Some((message, hint, word)) => {
                ViewError::Question { message, hint, spot: self.spot, word }
            }
            None => self.error,
        }
    }

    /// The message, what remedies it, and the word that is wrong.
    fn told(&self) -> Option<(String, Option<String>, Option<String>)> {
        match &self.error {
            ViewError::Engine(EngineError::Query(error)) => Some(told(error)),
            ViewError::Unknown { name, .. } => {
                Some((self.error.to_string(), self.error.hint(), Some(name.clone())))
            }
            _ => None,
        }
    }
}

/// An error in what a view's header says of a count.
pub fn in_header(view: &View, measure: &str, error: &DataFusionError) -> ViewError {
    let says = |line: &str| {
        let text = line.trim_start_matches('-').trim_start();
        text.strip_prefix(measure).is_some_and(|rest| rest.starts_with(" = "))
    };
    let line = view.sql.lines().position(says).map(|place| place + 1);
    let (message, hint, _) = told(error);
    ViewError::Invalid { origin: place(view, line), message, hint }
}

/// A view's file with a line, where it is known.
pub fn place(view: &View, line: Option<usize>) -> String {
    line.map_or_else(|| view.place(), |line| format!("{}:{line}", view.place()))
}

/// The first line of a view's query that names something.
pub fn line_naming(view: &View, name: &str) -> Option<usize> {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let names = |line: &str| line.split(|letter| !is_part(letter)).any(|word| word == name);
    let code = |line: &str| line.split("--").next().is_some_and(names);
    view.sql.lines().position(code).map(|place| place + 1)
}

/// The line of a view's file that a line of its rendered text comes from.
fn written(view: &View, rendered: &str, line: usize) -> Option<usize> {
    let same = rendered.lines().count() == view.sql.lines().count();
    let text = rendered.lines().nth(line.checked_sub(1)?)?.trim();
    let found = || view.sql.lines().position(|other| other.trim() == text).map(|place| place + 1);
    if same { Some(line) } else { found() }
}

/// The place that an error tells: by its diagnostic, or in the words of the parser or of the template.
fn spot_of(error: &DataFusionError) -> Option<Spot> {
    let span = error.diagnostic().and_then(|diagnostic| diagnostic.span);
    let number = |text: &str| {
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    };
    let message = error.strip_backtrace();
    let after = |mark: &str| message.split_once(mark).and_then(|(_, rest)| number(rest));
    let told = || {
        let line = after("at Line: ").or_else(|| after("(in <string>:"))?;
        Some(Spot { line, column: after(", Column: ").unwrap_or(1) })
    };
    let start = span.map(|span| span.start);
    start
        .map(|start| Spot { line: start.line as usize, column: start.column as usize })
        .or_else(told)
}

/// An error's message, what remedies it, and the word that is wrong.
fn told(error: &DataFusionError) -> (String, Option<String>, Option<String>) {
    match error.find_root() {
        DataFusionError::SchemaError(inner, _) => column(inner),
        DataFusionError::SQL(inner, _) => (syntax(&inner.to_string()), None, None),
        root => {
            let message = root.strip_backtrace();
            let message = message.strip_prefix("Error during planning: ").unwrap_or(&message);
            let message = message.split(" (in <string>:").next().unwrap_or(message);
            let (message, near) = message.split_once("\nDid you mean ").unwrap_or((message, ""));
            let near = near.trim_end_matches('?').trim_matches('\'');
            let hint = (!near.is_empty()).then(|| format!("did you mean {near}?"));
            (message.to_owned(), hint, quoted(message))
        }
    }
}

/// The name that a message about a function quotes.
fn quoted(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("unction '")?;
    rest.split_once('\'').map(|(name, _)| name.to_owned())
}

fn column(error: &SchemaError) -> (String, Option<String>, Option<String>) {
    let SchemaError::FieldNotFound { field, valid_fields } = error else {
        return (error.to_string(), None, None);
    };
    let known: Vec<&str> = valid_fields.iter().map(|field| field.name.as_str()).collect();
    let hint = match nearest(&field.name, known.iter().copied()) {
        Some(near) => Some(format!("did you mean {near}?")),
        None if known.is_empty() => None,
        None => {
            let listed = known.iter().take(LISTED).copied().collect::<Vec<_>>().join(", ");
            let more = if known.len() > LISTED { ", …" } else { "" };
            Some(format!("there are: {listed}{more}"))
        }
    };
    let message = format!("no column of this name: {}", field.flat_name());
    (message, hint, Some(field.name.clone()))
}

/// The parser's words without the place, which is told before them.
fn syntax(message: &str) -> String {
    let message = message.strip_prefix("sql parser error: ").unwrap_or(message);
    message.split(" at Line: ").next().unwrap_or(message).to_owned()
}
