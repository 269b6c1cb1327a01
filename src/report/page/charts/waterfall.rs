//! The waterfall: from one total to another by the steps between.

use kuva::plot::WaterfallPlot;
use kuva::render::annotations::TextAnnotation;
use kuva::render::plots::Plot;

use super::{Drawn, HEIGHT, Pen};

impl Pen<'_> {
    /// Steps from the first row's total to the last one's; none where both are 0.
    pub(super) fn waterfall(&self, label: &str, value: &str) -> Option<Drawn> {
        let steps = self.answer.numbers(value);
        let steps: Vec<f64> = steps.into_iter().map(Option::unwrap_or_default).collect();
        let (opening, closing) = (*steps.first()?, *steps.last()?);
        if steps.len() < 2 || (opening == 0.0 && closing == 0.0) {
            return None;
        }
        let names = self.shown(label);
        // The bar before the axis sets where the first one that is seen begins.
        let mut plot = WaterfallPlot::new().with_delta("", opening).with_total(names.first()?);
        for (name, step) in names.iter().zip(&steps).skip(1).take(steps.len() - 2) {
            plot = plot.with_delta(name, *step);
        }
        let plot = plot.with_total(names.last()?).with_connectors();
        let plot = plot.with_color_total("var(--s1)").with_color_positive("var(--good)");
        let plots = vec![Plot::Waterfall(plot.with_color_negative("var(--bad)"))];
        let (lowest, highest) = reach(&steps);
        let spare = (highest - lowest).max(1.0) * 0.35;
        let mut layout = self
            .layout(&plots, HEIGHT)
            .with_y_tick_format(self.ticks(value))
            .with_y_axis_min((lowest - spare).max(0.0).floor())
            .with_y_axis_max((highest + spare).ceil())
            .with_x_axis_min(1.6);
        for (place, (top, text)) in self.tops(&steps, value).into_iter().enumerate() {
            let note = TextAnnotation::new(text, place as f64 + 2.0, top);
            layout = layout.with_annotation(note.with_color("var(--ink)").with_font_size(12));
        }
        Some(self.finish(plots, layout, Vec::new()))
    }

    /// The top of each bar of a waterfall, and what stands over it.
    fn tops(&self, steps: &[f64], value: &str) -> Vec<(f64, String)> {
        let last = steps.len() - 1;
        let mut level = 0.0;
        let tops = steps.iter().zip(self.answer.texts(value)).enumerate();
        tops.map(|(place, (step, text))| {
            let before = level;
            level = if place == last { *step } else { level + step };
            match place == 0 || place == last {
                true => (level, self.words.shown(value, self.measure(value), text)),
                false => (f64::max(before, level), self.words.change(self.measure(value), text)),
            }
        })
        .collect()
    }
}

/// The least and the greatest level that the steps of a waterfall reach; the last is the total.
fn reach(steps: &[f64]) -> (f64, f64) {
    let mut level = 0.0;
    let levels = steps[..steps.len() - 1].iter().map(|step| {
        level += step;
        level
    });
    levels.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, greatest), level| {
        (least.min(level), greatest.max(level))
    })
}
