//! A view's rows for a person at a terminal: numbers as people write them, what changed since the month before,
//! and a line of the months behind. It computes nothing but differences: the past is the view's own rows.

mod layout;
mod past;

use chrono::NaiveDate;

use super::format::{Document, Source, Style, Unit, printable};
use super::{Filters, ReportError, document, query, report};
use crate::engine::rows;
use crate::month::Month;
use crate::views::{Desk, View};
use layout::Column;
use past::Past;

/// Months of a spark line.
const MONTHS: i32 = 24;

/// The rows that [`report`] gives, as a page of so many columns.
///
/// # Errors
/// As [`report`].
pub async fn screen(
    desk: &Desk,
    name: &str,
    filters: &Filters,
    today: NaiveDate,
    width: usize,
) -> Result<String, ReportError> {
    let view = desk.catalogue().find(name)?.clone();
    let shown = Rows::of(desk, &view, filters, today).await?;
    let month = shown.month(desk, &view, filters, today);
    // A customer's place in a list says nothing of last month's.
    let lists_customers = shown.document.names().iter().any(|name| name == "customer_id");
    let past = match month.filter(|_| !lists_customers) {
        Some(month) => Past::of(desk, &view, filters, month, today).await?,
        None => Past::default(),
    };
    let mut page = heading(&view, &shown, month);
    let lines = match shown.rows.as_slice() {
        [row] if !past.is_empty() => layout::lines(card(&view, &shown, row, &past), width),
        _ => layout::lines(columns(&view, &shown, month, &past), width),
    };
    page.push_str(&lines);
    Ok(page)
}

/// A view's rows as texts.
struct Rows {
    document: Document,
    rows: Vec<Vec<String>>,
}

impl Rows {
    async fn of(
        desk: &Desk,
        view: &View,
        filters: &Filters,
        today: NaiveDate,
    ) -> Result<Self, ReportError> {
        let frame = report(desk, &view.name, filters, today).await?;
        let (schema, batches) = rows(frame).await.map_err(query)?;
        let document = document(view, schema);
        let mut batches = batches.into_iter().map(Ok);
        let mut texts: Vec<Vec<String>> = Vec::new();
        Source::new(document.schema.clone(), &mut batches).each_row(|cells| {
            texts.push(cells.to_vec());
            Ok(())
        })?;
        Ok(Self { document, rows: texts })
    }

    /// The one month that all rows are of.
    fn month(
        &self,
        desk: &Desk,
        view: &View,
        filters: &Filters,
        today: NaiveDate,
    ) -> Option<Month> {
        let argument = filters.one_month(view).filter(|_| view.grain().contains(&"month"))?;
        argument.resolve(desk.closes(), today)
    }

    /// The places of the columns of these names.
    fn places(&self, names: &[&str]) -> Vec<usize> {
        let columns = self.document.names();
        let place = |name: &&str| columns.iter().position(|column| column == name);
        names.iter().filter_map(place).collect()
    }
}

/// What names a row besides its month.
fn keys(view: &View) -> Vec<&str> {
    view.grain().into_iter().filter(|column| *column != "month").collect()
}

/// The columns that a person looks at first: those that the header names, else the one that has the view's
/// name, else the first part of a whole, the first amount, the first count.
fn measures(view: &View, document: &Document) -> Vec<String> {
    if let Some(named) = view.section("Headline") {
        return named.split(',').map(|name| name.trim().to_owned()).collect();
    }
    let (names, grain) = (document.names(), view.grain());
    let numbers = document.numeric();
    let fits = |place: &usize| numbers[*place] && !grain.contains(&names[*place].as_str());
    let places: Vec<usize> = (0..names.len()).filter(fits).collect();
    let of = |unit: Unit| places.iter().copied().find(|place| document.unit(*place) == unit);
    let own = places.iter().copied().find(|place| names[*place] == view.name);
    let units = [Unit::Ratio, Unit::Money, Unit::Count];
    let first = own.or_else(|| units.into_iter().find_map(of));
    first.map(|place| names[place].clone()).into_iter().collect()
}

/// What is shown: the view, the month, of one row what names it; and what the view is for.
fn heading(view: &View, shown: &Rows, month: Option<Month>) -> String {
    let mut words = vec![view.name.clone()];
    words.extend(month.map(|month| month.to_string()));
    match shown.rows.as_slice() {
        [] => words.push("no rows".into()),
        [row] => {
            let places = shown.places(&keys(view));
            words.extend(places.iter().map(|place| cell(&shown.document, *place, &row[*place])));
        }
        _ => {}
    }
    format!("{}\n{}\n\n", words.join("  "), view.summary())
}

/// One row on its side: a line for each of its columns, with its change and the months behind it.
fn card(view: &View, shown: &Rows, row: &[String], past: &Past) -> Vec<Column> {
    let (document, names) = (&shown.document, shown.document.names());
    let named = shown.places(&keys(view));
    let key: Vec<String> = named.iter().map(|place| row[*place].clone()).collect();
    let tells = |place: &usize| !named.contains(place) && names[*place] != "month";
    let places: Vec<usize> = (0..names.len()).filter(tells).collect();
    let column = |title: &str, right: bool, cell: &dyn Fn(usize) -> String| {
        Column::new(title, places.iter().copied().map(cell).collect(), right, true)
    };
    vec![
        column("measure", false, &|place| names[place].replace('_', " ")),
        column("value", true, &|place| cell(document, place, &row[place])),
        column("change", true, &|place| past.change(&key, place, document.unit(place))),
        column(&past.title(), false, &|place| past.spark(&key, place)),
    ]
}

/// The columns of the page in order: the view's own, after each measure its change, and the months behind it.
fn columns(view: &View, shown: &Rows, month: Option<Month>, past: &Past) -> Vec<Column> {
    let document = &shown.document;
    let (keys, measures) = (keys(view), measures(view, document));
    let key_places = shown.places(&keys);
    let numeric = document.numeric();
    let mut columns = Vec::new();
    for (place, name) in document.names().into_iter().enumerate() {
        if month.is_some() && name == "month" {
            continue;
        }
        let measure = measures.iter().position(|measure| *measure == name);
        let cells = shown.rows.iter().map(|row| cell(document, place, &row[place])).collect();
        let kept = measure.is_some() || keys.contains(&name.as_str()) || name == "month";
        columns.push(Column::new(&name, cells, numeric[place], kept));
        let Some(measure) = measure.filter(|_| !past.is_empty()) else { continue };
        let key = |row: &Vec<String>| key_places.iter().map(|place| row[*place].clone()).collect();
        let unit = document.unit(place);
        let change = |row| past.change(&key(row), place, unit);
        let cells = shown.rows.iter().map(change).collect();
        columns.push(Column::new("change", cells, true, true));
        if measure == 0 {
            let spark = |row| past.spark(&key(row), place);
            let cells = shown.rows.iter().map(spark).collect();
            columns.push(Column::new(&past.title(), cells, false, true));
        }
    }
    columns
}

/// A value as people write it.
fn cell(document: &Document, place: usize, text: &str) -> String {
    let field = document.schema.field(place);
    if document.numeric()[place] && !text.is_empty() {
        return Style::of(field.data_type(), document.unit(place)).show(text);
    }
    match field.name().as_str() {
        month if month.ends_with("month") => text.get(..7).unwrap_or(text).to_owned(),
        _ => printable(text),
    }
}
