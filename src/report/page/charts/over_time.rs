//! Charts over the months: lines, and bars made of parts.

use std::sync::Arc;

use kuva::plot::{BarPlot, LinePlot};
use kuva::render::layout::TickFormat;
use kuva::render::plots::Plot;

use super::{Drawn, HEIGHT, Pen, colour, swatch};

impl Pen<'_> {
    /// Lines, the first solid and the others dashed; none where there are not two points to join.
    pub(super) fn lines(&self, values: &[&str], from_zero: bool) -> Option<Drawn> {
        let columns: Vec<_> = values.iter().map(|value| self.answer.numbers(value)).collect();
        let nothing = columns.iter().flatten().flatten().all(|value| *value == 0.0);
        if columns.first()?.iter().flatten().count() < 2 || (from_zero && nothing) {
            return None;
        }
        let last = self.answer.rows.len() as f64 - 1.0;
        let plots = columns.iter().enumerate().map(|(place, numbers)| {
            let points = numbers.iter().enumerate();
            let points = points.filter_map(|(x, y)| Some((x as f64 - last, (*y)?)));
            let line = LinePlot::new().with_data(points).with_color(colour(place));
            let line = line.with_stroke_width(2.0);
            Plot::Line(match place {
                0 if from_zero => line.with_fill().with_fill_opacity(0.1),
                0 => line,
                _ => line.with_dashed(),
            })
        });
        let plots: Vec<Plot> = plots.collect();
        let months = self.shown("month");
        let at = move |x: f64| months.get((x + last).round() as usize).cloned().unwrap_or_default();
        let layout = self
            .layout(&plots, HEIGHT)
            .with_y_tick_format(self.ticks(values[0]))
            .with_x_tick_format(TickFormat::Custom(Arc::new(at)))
            .with_x_axis_min(-last)
            .with_x_axis_max(0.0)
            .with_x_tick_step((last / 3.0).ceil());
        let layout = if from_zero { layout.with_y_axis_min(0.0) } else { layout };
        Some(self.finish(plots, layout, self.legend(values, ["s1 line", "s2 line dashed"])))
    }

    /// A bar for each month, of its parts; none where all of them are 0.
    pub(super) fn stack(&self, parts: &str, value: &str) -> Option<Drawn> {
        let heights = self.answer.numbers(value);
        if heights.iter().flatten().all(|height| *height == 0.0) {
            return None;
        }
        let (names, months) = (self.answer.distinct(parts), self.answer.distinct("month"));
        let rows = || self.answer.texts("month").zip(self.answer.texts(parts)).zip(&heights);
        let mut bars = BarPlot::new().with_stacked().with_gap(0.25).with_tooltips();
        let mut tips = Vec::new();
        for (place, month) in months.iter().enumerate() {
            let label = self.words.shown("month", self.measure("month"), month);
            let height = |name: &&str| {
                let found = rows().find(|((at, part), _)| at == month && part == name);
                found.and_then(|(_, height)| *height).unwrap_or_default()
            };
            let heights: Vec<f64> = names.iter().map(height).collect();
            tips.extend(names.iter().zip(&heights).map(|(name, height)| {
                let height = self.words.shown(value, self.measure(value), &height.to_string());
                format!("{label}, {}: {height}", self.word(parts, name))
            }));
            let every = months.len().div_ceil(4);
            let is_labelled = (months.len() - 1 - place).is_multiple_of(every);
            let label = if is_labelled { label } else { String::new() };
            let group = heights.into_iter().enumerate();
            bars = bars.with_group(label, group.map(|(part, height)| (height, colour(part))));
        }
        let plots = vec![Plot::Bar(bars.with_tooltip_labels(tips))];
        let layout = self.layout(&plots, HEIGHT).with_y_tick_format(self.ticks(value));
        let legend = names.iter().enumerate();
        let legend = legend.map(|(at, name)| (swatch(at), self.word(parts, name))).collect();
        Some(self.finish(plots, layout, legend))
    }
}
