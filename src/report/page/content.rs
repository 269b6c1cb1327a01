//! What the template is filled with besides the numbers at the top: the figures with the rows behind them, and what
//! the month was made from. Texts only: numbers are written here as the language has them.

use serde::Serialize;

use super::answer::{Answer, Measure, Span};
use super::charts::{self, Drawn};
use super::figures::{Chart, Figure};
use super::heat::{self, Heat};
use super::words::{Said, Words};
use crate::close::CloseRecord;
use crate::month::Month;
use crate::views::Desk;

/// A section as it is written.
#[derive(Serialize)]
pub struct SectionShown {
    /// Its name, and where links lead.
    pub name: &'static str,
    /// Its heading.
    pub title: String,
    /// What stands in it.
    pub figures: Vec<FigureShown>,
}

/// A figure as it is written.
#[derive(Serialize)]
pub struct FigureShown {
    name: &'static str,
    said: Said,
    chart: Option<Drawn>,
    heat: Option<Heat>,
    is_table: bool,
    table: Table,
    definition: String,
    ask: String,
}

/// The rows behind a figure.
#[derive(Serialize)]
struct Table {
    columns: Vec<Head>,
    rows: Vec<Vec<Cell>>,
}

#[derive(Serialize)]
struct Head {
    name: String,
    title: String,
    is_number: bool,
}

#[derive(Serialize)]
struct Cell {
    raw: String,
    shown: String,
    is_number: bool,
}

impl FigureShown {
    /// How many rows stand behind it.
    pub fn rows(&self) -> u64 {
        self.table.rows.len() as u64
    }
}

/// A figure with its chart, its rows and its definition.
pub fn figure_shown(
    desk: &Desk,
    figure: &Figure,
    answer: &Answer,
    words: &Words,
    span: Span,
) -> FigureShown {
    let view = figure.view().and_then(|view| desk.catalogue().get(view));
    FigureShown {
        name: figure.name,
        said: words.figures.get(figure.name).cloned().unwrap_or_default(),
        chart: charts::draw(figure.name, figure.chart, answer, words),
        heat: heat::heat(figure.chart, answer, words),
        is_table: matches!(figure.chart, Chart::Table),
        table: table(answer, words),
        definition: view.map_or_else(|| figure.header(), |view| view.header.clone()),
        ask: asked(figure.ask, span),
    }
}

fn table(answer: &Answer, words: &Words) -> Table {
    let columns = answer.columns.iter().map(|(name, measure)| Head {
        name: name.clone(),
        title: words.column(name),
        is_number: measure.is_number(),
    });
    let cell = |((name, measure), raw): (&(String, Measure), &String)| Cell {
        raw: raw.clone(),
        shown: words.shown(name, *measure, raw),
        is_number: measure.is_number(),
    };
    let rows = answer.rows.iter().map(|row| answer.columns.iter().zip(row).map(cell).collect());
    Table { columns: columns.collect(), rows: rows.collect() }
}

/// The command by which a figure is asked on.
fn asked(ask: &str, span: Span) -> String {
    let command = span.months().iter().fold(ask.to_owned(), |command, (name, month)| {
        command.replace(&name.to_uppercase(), &month.to_string())
    });
    format!("churnhouse {command}")
}

/// What the month was closed from, and the version of `hotline` that the page reads, by name.
pub fn made_from(
    record: &CloseRecord,
    hotline_version: u64,
    words: &Words,
    month: Month,
) -> Vec<(String, String)> {
    let values = [
        ("month", month.to_string()),
        ("month_end", words.last_day(month)),
        ("billing_version", record.billing_version.to_string()),
        ("channel_version", record.channel_version.to_string()),
        ("hotline_version", hotline_version.to_string()),
        ("definitions", record.definitions.clone()),
        ("program", env!("CARGO_PKG_VERSION").to_owned()),
    ];
    let named =
        |(name, value): (&str, String)| (words.made.get(name).cloned().unwrap_or_default(), value);
    values.into_iter().map(named).collect()
}
