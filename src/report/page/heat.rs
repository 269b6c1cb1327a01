//! Heat maps: tables whose cells are shaded by a value, which reads aloud, prints and needs no drawing.

use serde::Serialize;

use super::answer::{Answer, Measure};
use super::figures::Chart;
use super::words::Words;

/// A table of shaded cells.
#[derive(Debug, Serialize)]
pub struct Heat {
    corner: String,
    beside: Option<String>,
    heads: Vec<String>,
    lines: Vec<Line>,
    over: String,
}

#[derive(Debug, Serialize)]
struct Line {
    name: String,
    beside: Option<String>,
    cells: Vec<Option<Cell>>,
}

#[derive(Clone, Debug, Serialize)]
struct Cell {
    text: String,
    /// From 0 for the palest to 100.
    shade: u8,
}

/// The heat map of a figure; none where it is drawn otherwise, or has no rows.
pub fn heat(chart: Chart, answer: &Answer, words: &Words) -> Option<Heat> {
    let Chart::Heat { row, beside, column, text, shade } = chart else { return None };
    let shown = |name: &str, text: &str| words.shown(name, answer.measure(name), text);
    let heads = answer.distinct(column);
    let shades = shades(answer, shade);
    let places: Vec<usize> = answer
        .texts(column)
        .map(|text| heads.iter().position(|head| *head == text).unwrap_or_default())
        .collect();
    let mut lines: Vec<Line> = Vec::new();
    let mut current = None;
    for (place, values) in answer.rows.iter().enumerate() {
        let name = &values[answer.place(row)];
        if current != Some(name) {
            let beside = beside.map(|column| shown(column, &values[answer.place(column)]));
            let cells = vec![None; heads.len()];
            lines.push(Line { name: shown(row, name), beside, cells });
            current = Some(name);
        }
        let text = brief(words, text, answer.measure(text), &values[answer.place(text)]);
        let cell = Cell { text, shade: shades[place] };
        if let Some(line) = lines.last_mut() {
            line.cells[places[place]] = Some(cell);
        }
    }
    let first = answer.rows.first().map(|_| words.column(row))?;
    let heads = heads.iter().map(|head| shown(column, head)).collect();
    let beside = beside.map(|name| words.column(name));
    Some(Heat { corner: first, beside, heads, lines, over: words.column(column) })
}

/// A value in a small cell: a ratio without decimals.
fn brief(words: &Words, column: &str, measure: Measure, text: &str) -> String {
    match (measure, text.parse::<f64>()) {
        (Measure::Ratio, Ok(value)) => format!("{:.0}%", value * 100.0),
        _ => words.shown(column, measure, text),
    }
}

/// How dark each row's cell is, between the least and the greatest value.
fn shades(answer: &Answer, column: &str) -> Vec<u8> {
    let numbers = answer.numbers(column);
    let known = || numbers.iter().flatten().copied();
    let least = known().fold(f64::INFINITY, f64::min);
    let wide = known().fold(f64::NEG_INFINITY, f64::max) - least;
    let shade = |value: f64| if wide > 0.0 { (value - least) / wide * 100.0 } else { 0.0 };
    numbers.iter().map(|value| value.map_or(0, |value| shade(value) as u8)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::answer::sample;
    use super::*;
    use crate::config::Language;

    #[test]
    fn a_cell_for_each_row_and_none_where_there_is_none() {
        let chart = Chart::Heat {
            row: "month",
            beside: None,
            column: "region",
            text: "churn_rate",
            shade: "churn_rate",
        };
        let words = Words::of(Language::En).unwrap();
        let rows =
            [["2024-01-01", "a", "0.25"], ["2024-01-01", "b", "0.5"], ["2024-02-01", "b", "0.75"]];
        let heat = heat(chart, &sample(&rows), &words).unwrap();
        assert_eq!(heat.heads, ["a", "b"]);
        let lines = heat.lines.iter().map(|line| {
            let cells = line.cells.iter();
            let cells =
                cells.map(|cell| cell.as_ref().map(|cell| (cell.text.as_str(), cell.shade)));
            (line.name.as_str(), cells.collect::<Vec<_>>())
        });
        assert_eq!(
            lines.collect::<Vec<_>>(),
            [
                ("Jan 2024", vec![Some(("25%", 0)), Some(("50%", 50))]),
                ("Feb 2024", vec![None, Some(("75%", 100))]),
            ]
        );
        assert!(super::heat(chart, &sample(&[]), &words).is_none());
        assert!(super::heat(Chart::Table, &sample(&rows), &words).is_none());
    }
}
