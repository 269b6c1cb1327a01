//! The manager's page: one HTML file that opens offline, without script, with the numbers of a month and how they
//! came about. It gathers what the queries of `sql/page` answer and lays it out by `page.html`; every number is a
//! view's. It holds nothing of the clock, so that the same close gives the same bytes.

mod answer;
mod charts;
mod content;
mod figures;
mod heat;
mod tiles;
mod words;

use minijinja::{Environment, context};

use crate::config::Language;
use crate::extract::SourceKind;
use crate::month::Month;
use crate::report::format::FormatError;
use crate::views::{Desk, ViewError};
use answer::Span;
use content::{SectionShown, figure_shown, made_from};
use figures::{HEADLINE, SECTIONS};
use tiles::tiles;
use words::Words;

/// The name by which `report` and exports know the page.
pub const NAME: &str = "page";

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");

/// What goes wrong with the page.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// A figure's query does not fit the views, which may be the user's own.
    #[error("the page's figure {figure}: {source}")]
    Figure {
        /// The figure.
        figure: String,
        /// Why.
        source: ViewError,
    },
    /// A query fails.
    #[error(transparent)]
    View(#[from] ViewError),
    /// A value that can't be written.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The template is broken.
    #[error("the page's template: {0}")]
    Template(#[from] minijinja::Error),
    /// A file of words is broken.
    #[error("the page's words: {0}")]
    Words(#[from] toml::de::Error),
}

impl PageError {
    /// What remedies it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Figure { source, .. } | Self::View(source) => source.hint(),
            _ => None,
        }
    }

    /// Whether it is a fault of the program's.
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::Template(_) | Self::Words(_))
    }
}

/// A page that is written.
#[derive(Debug)]
pub struct Page {
    /// The file.
    pub html: String,
    /// The rows in its tables.
    pub rows: u64,
}

/// Whether a name given to `report` or an export means the page: a view of the user's of this name replaces it.
pub fn is_page(desk: &Desk, name: &str) -> bool {
    name == NAME && desk.catalogue().get(name).is_none()
}

/// Writes the page of a closed month.
///
/// # Errors
/// A view of the user's own does not have what a figure asks of it, or the warehouse can't be read.
pub async fn page(desk: &Desk, month: Month, language: Language) -> Result<Page, PageError> {
    let words = Words::of(language)?;
    let span = Span { month };
    let headline = span.ask(desk, "headline", HEADLINE).await?;
    let mut sections = Vec::new();
    for (name, figures) in SECTIONS {
        let mut shown = Vec::new();
        for figure in figures {
            let answer = span.ask(desk, figure.name, figure.sql).await?;
            shown.push(figure_shown(desk, figure, &answer, &words, span));
        }
        let title = words.sections.get(name).cloned().unwrap_or_default();
        sections.push(SectionShown { name, title, figures: shown });
    }
    let figures = sections.iter().flat_map(|section| &section.figures);
    let rows = figures.map(content::FigureShown::rows).sum();
    // No close reads the calls: the views do.
    let hotline = desk.inventory().await?.version(SourceKind::Hotline);
    let record = desk.closes().closed(month);
    let made = record.map(|record| made_from(record, hotline, &words, month));
    let long_month = words.long_month(month);
    let html = rendered(&context! {
        t => words, month => month.to_string(), long_month, style => STYLE,
        tiles => tiles(&headline, &words, span), sections, made,
    })?;
    Ok(Page { html, rows })
}

/// The queries that a page asks.
pub fn queries() -> impl Iterator<Item = &'static str> {
    let figures = SECTIONS.iter().flat_map(|(_, figures)| figures.iter());
    std::iter::once(HEADLINE).chain(figures.map(|figure| figure.sql))
}

/// All that a page's looks and numbers come from besides the warehouse and the views, for a digest.
pub fn sources(language: Language) -> Vec<String> {
    let looks = [Words::file(language), TEMPLATE, STYLE];
    looks.into_iter().chain(queries()).map(str::to_owned).collect()
}

fn rendered(values: &minijinja::Value) -> Result<String, PageError> {
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.add_template("page.html", TEMPLATE)?;
    Ok(environment.get_template("page.html")?.render(values)?)
}
