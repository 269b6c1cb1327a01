//! Lying bars, with their values written beside them.

use kuva::plot::BarPlot;
use kuva::render::annotations::TextAnnotation;
use kuva::render::plots::Plot;
use unicode_width::UnicodeWidthStr;

use super::{Drawn, MARGINS, Pen, WIDTH, colour};

/// The height of a row, of its first bar and of each further one.
const ROW: (f64, f64) = (26.0, 11.0);
/// The part of a row that its bars leave free.
const GAP: f64 = 0.35;
/// How far the axis reaches beyond the longest bar, for what is written beside it.
const REACH: f64 = 1.3;
/// The mean width of a letter.
const LETTER: f64 = 6.6;
/// The colour of bars that matter less.
const PALE: &str = "var(--s6)";

impl Pen<'_> {
    /// A bar for each row and column; none where none is above 0. The first row stands on top, where a bar
    /// chart's last category is.
    pub(super) fn bars(
        &self,
        labels: &[&str],
        values: &[&str],
        pale_unless: Option<&str>,
    ) -> Option<Drawn> {
        let columns: Vec<_> = values.iter().map(|value| self.answer.numbers(value)).collect();
        let greatest = columns.iter().flatten().flatten().copied().fold(0.0, f64::max);
        if greatest <= 0.0 {
            return None;
        }
        let names = self.names(labels);
        let pale = self.pale(pale_unless);
        let shown: Vec<_> = values.iter().map(|value| self.shown(value)).collect();
        let mut bars = BarPlot::new().with_horizontal(true).with_gap(GAP).with_tooltips();
        let mut tips = Vec::new();
        for (row, name) in names.iter().enumerate().rev() {
            let group = columns.iter().enumerate().rev().map(|(place, column)| {
                let colour = if pale[row] { PALE.to_owned() } else { bar_colour(place) };
                (column[row].unwrap_or_default(), colour)
            });
            bars = bars.with_group(name, group);
            tips.extend(shown.iter().enumerate().rev().map(|(place, shown)| {
                format!("{name}, {}: {}", self.words.column(values[place]), shown[row])
            }));
        }
        let plots = vec![Plot::Bar(bars.with_tooltip_labels(tips))];
        let height = names.len() as f64 * row_height(values.len()) + MARGINS.0 + MARGINS.1;
        let mut layout = self
            .layout(&plots, height)
            .with_x_tick_format(self.ticks(values[0]))
            .with_x_axis_max(greatest * REACH)
            .with_ticks(3);
        for note in notes(&names, &columns, &shown, greatest) {
            layout = layout.with_annotation(note);
        }
        Some(self.finish(plots, layout, self.legend(values, ["s1", "s5"])))
    }

    /// Which rows' bars are pale.
    fn pale(&self, unless: Option<&str>) -> Vec<bool> {
        let all = || vec![false; self.answer.rows.len()];
        let is_false = |column| self.answer.texts(column).map(|text| text == "false").collect();
        unless.map_or_else(all, is_false)
    }

    /// What each row is called.
    fn names(&self, labels: &[&str]) -> Vec<String> {
        let parts: Vec<Vec<String>> = labels.iter().map(|label| self.shown(label)).collect();
        let name = |row: usize| parts.iter().map(|part| part[row].as_str()).collect::<Vec<_>>();
        (0..self.answer.rows.len()).map(|row| name(row).join(" · ")).collect()
    }
}

/// The values beside the bars. A note stands by its middle, in the chart's own units.
fn notes(
    names: &[String],
    columns: &[Vec<Option<f64>>],
    shown: &[Vec<String>],
    greatest: f64,
) -> Vec<TextAnnotation> {
    let longest = names.iter().map(|name| name.width()).max().unwrap_or_default() as f64;
    let unit = greatest * REACH / (WIDTH - (longest + 3.0) * LETTER - 30.0).max(WIDTH / 4.0);
    let count = columns.len() as f64;
    let mut notes = Vec::new();
    for row in 0..names.len() {
        for (place, column) in columns.iter().enumerate() {
            let text = shown[place][row].as_str();
            let aside = (4.0 + text.width() as f64 * LETTER / 2.0) * unit;
            let above = (count - 1.0 - 2.0 * place as f64) / count * (1.0 - GAP) / 2.0;
            let middle = (names.len() - row) as f64 + above - 10.0 / row_height(columns.len());
            let note = TextAnnotation::new(text, column[row].unwrap_or_default() + aside, middle);
            notes.push(note.with_color("var(--soft)").with_font_size(11));
        }
    }
    notes
}

fn row_height(bars: usize) -> f64 {
    ROW.0 + ROW.1 * (bars as f64 - 1.0)
}

/// The first of several bars is what it is about, the others are there to compare with.
fn bar_colour(place: usize) -> String {
    colour(if place == 0 { 0 } else { 4 })
}
