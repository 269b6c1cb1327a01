//! The charts, drawn by kuva as SVG when the page is written. Colours are the page's CSS variables, so that one
//! drawing serves light, dark and print. Where there is nothing to see, no chart is drawn.

mod bars;
mod over_time;
mod waterfall;

use std::sync::Arc;

use kuva::backend::svg::SvgBackend;
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::plots::Plot;
use kuva::render::render::render_multiple;
use kuva::render::theme::Theme;
use serde::Serialize;

use super::answer::{Answer, Measure};
use super::figures::Chart;
use super::words::Words;

/// The width that all charts are drawn at; the page scales them.
const WIDTH: f64 = 440.0;
/// The height of those that do not grow with their rows.
const HEIGHT: f64 = 220.0;
/// The room above a chart and that below it, for the labels of its axis.
const MARGINS: (f64, f64) = (12.0, 24.0);
/// How many colours the page knows.
const COLOURS: usize = 6;

/// A chart, and what its colours mean.
#[derive(Debug, Default, Serialize)]
pub struct Drawn {
    /// The inner part of the SVG element.
    pub svg: String,
    /// The size of its view box.
    pub size: (f64, f64),
    /// The colour's class and what it stands for.
    pub legend: Vec<(String, String)>,
}

/// Draws the rows of a figure; none where they have nothing to be seen.
pub fn draw(name: &str, chart: Chart, answer: &Answer, words: &Words) -> Option<Drawn> {
    let pen = Pen { name, answer, words };
    match chart {
        Chart::Lines { values, from_zero } => pen.lines(values, from_zero),
        Chart::Stack { parts, value } => pen.stack(parts, value),
        Chart::Bars { labels, values, pale_unless } => pen.bars(labels, values, pale_unless),
        Chart::Waterfall { label, value } => pen.waterfall(label, value),
        Chart::Heat { .. } | Chart::Table => None,
    }
}

fn colour(place: usize) -> String {
    format!("var(--{})", swatch(place))
}

/// The class of a colour's sample in a legend.
fn swatch(place: usize) -> String {
    format!("s{}", place % COLOURS + 1)
}

/// What all charts are drawn with.
struct Pen<'a> {
    name: &'a str,
    answer: &'a Answer,
    words: &'a Words,
}

impl Pen<'_> {
    fn measure(&self, column: &str) -> Measure {
        self.answer.measure(column)
    }

    fn shown(&self, column: &str) -> Vec<String> {
        let texts = self.answer.texts(column);
        texts.map(|text| self.words.shown(column, self.measure(column), text)).collect()
    }

    fn word(&self, column: &str, text: &str) -> String {
        self.words.shown(column, Measure::Word, text)
    }

    fn legend(&self, values: &[&str], classes: [&str; 2]) -> Vec<(String, String)> {
        let names = values.iter().enumerate();
        let class = |place: usize| classes[place.min(1)].to_owned();
        names.map(|(place, value)| (class(place), self.words.column(value))).collect()
    }

    fn ticks(&self, column: &str) -> TickFormat {
        let measure = self.measure(column);
        // The formatter outlives the words; each tick is formatted once, so that a copy of the few texts is cheap.
        let words = self.words.clone();
        TickFormat::Custom(Arc::new(move |value| words.tick(measure, value)))
    }

    fn layout(&self, plots: &[Plot], height: f64) -> Layout {
        let theme = Theme {
            background: "none".into(),
            axis_color: "var(--line)".into(),
            grid_color: "var(--grid)".into(),
            tick_color: "none".into(),
            text_color: "var(--soft)".into(),
            font_family: Some("inherit".into()),
            ..Theme::default()
        };
        Layout::auto_from_plots(plots)
            .with_width(WIDTH)
            .with_height(height)
            .with_theme(theme)
            .with_tick_size(12)
            .with_tick_length(4.0)
            .with_force_margins_y(MARGINS.0, MARGINS.1)
            .with_ticks(5)
    }

    /// The inner part of the SVG. Its identifier is named after the figure: kuva counts them over all charts of the
    /// process, so that the same chart would not have the same bytes.
    fn finish(&self, plots: Vec<Plot>, layout: Layout, legend: Vec<(String, String)>) -> Drawn {
        let scene = render_multiple(plots, layout);
        let svg = SvgBackend::new().render_scene(&scene);
        let inner = svg.split_once('>').map_or(svg.as_str(), |(_, inner)| inner);
        let inner = inner.trim_end().trim_end_matches("</svg>");
        let mut parts = inner.split("kuva-clip-");
        let mut svg = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let rest = part.trim_start_matches(|digit: char| digit.is_ascii_digit());
            svg.extend(["clip-", self.name, rest]);
        }
        Drawn { svg, size: (scene.width, scene.height), legend }
    }
}

#[cfg(test)]
mod tests {
    use super::super::answer::sample;
    use super::*;
    use crate::config::Language;

    const LINES: Chart = Chart::Lines { values: &["churn_rate"], from_zero: true };
    const BARS: Chart =
        Chart::Bars { labels: &["region"], values: &["churn_rate"], pale_unless: None };
    const STACK: Chart = Chart::Stack { parts: "region", value: "churn_rate" };
    const STEPS: Chart = Chart::Waterfall { label: "region", value: "churn_rate" };

    fn drawn(chart: Chart, rows: &[[&str; 3]]) -> Option<Drawn> {
        draw("figure", chart, &sample(rows), &Words::of(Language::En).unwrap())
    }

    #[test]
    fn nothing_to_be_seen_is_no_chart() {
        let still = [["2024-01-01", "a", "0.0"], ["2024-02-01", "a", ""]];
        for chart in [LINES, BARS, STACK, STEPS] {
            assert!(drawn(chart, &[]).is_none(), "{chart:?} of no rows");
            assert!(drawn(chart, &still).is_none(), "{chart:?} of nothing");
        }
        let point = [["2024-01-01", "a", ""], ["2024-02-01", "a", "0.5"]];
        assert!(drawn(LINES, &point).is_none(), "a point is no line");
        assert!(drawn(BARS, &point).is_some());
    }

    #[test]
    fn the_same_rows_are_the_same_chart_and_their_words_stay_text() {
        let rows = [["2024-01-01", "</svg><b>\"&", "0.5"], ["2024-02-01", "b", "0.25"]];
        for chart in [LINES, BARS, STACK, STEPS] {
            let svg = drawn(chart, &rows).unwrap().svg;
            assert_eq!(svg, drawn(chart, &rows).unwrap().svg, "{chart:?}");
            assert!(!svg.contains("</svg>") && !svg.contains("<b>"), "{chart:?}: {svg}");
            assert!(!svg.contains("<svg"), "the element itself is the template's: {svg}");
        }
        let svg = drawn(BARS, &rows).unwrap().svg;
        assert!(svg.contains("<title>b, Churn rate: 25.00%</title>"), "{svg}");
    }
}
