//! The first sheet of a workbook: the last month's numbers beside those of the month before, charts, and below
//! them all months that the charts show. The charts are Excel's own and read the cells of this sheet.

use rust_xlsxwriter::{
    Chart, ChartAxisLabelPosition, ChartLegendPosition, ChartType, Format as CellFormat,
    FormatAlign, Formula, Worksheet, XlsxError,
};

use super::super::document::{Document, Unit};
use super::super::error::FormatError;
use super::super::source::Source;
use super::cell::{Cell, Kind};
use super::failed;
use super::sheet::{Column, columns, header, put};

/// Row of the table's header; the charts begin there, too.
const TABLE: u32 = 3;
const CHARTS_FROM: u16 = 6;
const CHARTS_BESIDE: u32 = 2;
const CHART_ROWS: u32 = 15;
const CHART_COLUMNS: u16 = 4;
const CHART_SIZE: (u32, u32) = (540, 290);
/// Of the table; those of the months are as wide as the longest of their names.
const WIDTHS: [u32; 6] = [24, 16, 16, 16, 16, 16];
const MONTHS_WIDTH: u32 = 20;

/// A chart: its title, its kind and the columns that it shows where the rows have them.
struct Picture(&'static str, ChartType, &'static [&'static str]);

const PICTURES: [Picture; 6] = [
    Picture("Customers at the month's end", ChartType::Line, &["closing"]),
    Picture("Churn rate", ChartType::Line, &["churn_rate", "voluntary_churn_rate"]),
    Picture("Customers won and lost", ChartType::Column, &["new", "returned", "churned"]),
    Picture("Revenue", ChartType::Line, &["revenue"]),
    Picture("Revenue per customer", ChartType::Line, &["arpu", "arppu"]),
    Picture(
        "A year of those lost",
        ChartType::Column,
        &["lost_annual_revenue", "lost_annual_profit"],
    ),
];

/// Where the months stand on the sheet.
struct History<'a> {
    sheet: &'a str,
    columns: &'a [Column],
    header: u32,
    last: u32,
}

/// The sheet. Its rows must come in the order of their first column, the month.
pub(super) fn sheet(
    name: &str,
    title: &str,
    document: &Document,
    source: &mut Source,
) -> Result<Worksheet, FormatError> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    source.each_row(|cells| {
        rows.push(cells.to_vec());
        Ok(())
    })?;
    let columns = columns(document);
    let mut sheet = Worksheet::new();
    sheet.set_name(name).map_err(failed)?.set_landscape().set_print_fit_to_pages(1, 0);
    let bottom = TABLE + CHART_ROWS * (PICTURES.len() as u32).div_ceil(CHARTS_BESIDE);
    let header = bottom.max(TABLE + columns.len() as u32) + 2;
    let history =
        History { sheet: name, columns: &columns, header, last: header + rows.len() as u32 };
    head(&mut sheet, title)
        .and_then(|()| table(&mut sheet, document, &columns, &rows))
        .and_then(|()| months(&mut sheet, &history, &rows))
        .and_then(|()| if rows.is_empty() { Ok(()) } else { charts(&mut sheet, &history) })
        .map_err(failed)?;
    Ok(sheet)
}

fn head(sheet: &mut Worksheet, title: &str) -> Result<(), XlsxError> {
    let large = CellFormat::new().set_bold().set_font_size(16);
    sheet.write_string_with_format(0, 0, title, &large)?;
    let words = "What each number means stands on the sheet definitions; the months behind the charts stand below them.";
    sheet.write_string(1, 0, words)?;
    for (index, width) in (0_u16..).zip(WIDTHS) {
        sheet.set_column_width(index, width)?;
    }
    sheet.set_column_range_width(WIDTHS.len() as u16, u16::from(u8::MAX), MONTHS_WIDTH)?;
    Ok(())
}

/// The name of a column: on the right, like the numbers below it, but for the first.
fn over_numbers(index: u16) -> CellFormat {
    if index == 0 { header() } else { header().set_align(FormatAlign::Right) }
}

/// A row a measure: the last month, the one before it, and the change.
fn table(
    sheet: &mut Worksheet,
    document: &Document,
    columns: &[Column],
    rows: &[Vec<String>],
) -> Result<(), XlsxError> {
    let Some((now, before)) = rows.split_last() else { return Ok(()) };
    let before = before.last();
    let month =
        |row: &[String]| row.first().and_then(|day| day.get(..7)).unwrap_or_default().to_owned();
    let earlier = before.map_or("month before".to_owned(), |row| month(row));
    let titles = ["measure", &month(now), &earlier, "change", "change in %"];
    for (index, title) in (0_u16..).zip(titles) {
        sheet.write_string_with_format(TABLE, index, title, &over_numbers(index))?;
    }
    for (index, column) in columns.iter().enumerate().skip(1) {
        let row = TABLE + index as u32;
        sheet.write_string(row, 0, column.name.replace('_', " "))?;
        let now = column.kind.read(&now[index]);
        let before = before.map_or(Cell::Blank, |before| column.kind.read(&before[index]));
        put(sheet, (row, 1), &now, &column.format)?;
        put(sheet, (row, 2), &before, &column.format)?;
        change(sheet, row, (&now, &before), column.kind, document.unit(index))?;
    }
    Ok(())
}

/// The difference in the column's own unit, and as a part of the value before; of a ratio in points only.
/// They are formulas over the two cells, with the values that they have.
fn change(
    sheet: &mut Worksheet,
    row: u32,
    cells: (&Cell, &Cell),
    kind: Kind,
    unit: Unit,
) -> Result<(), XlsxError> {
    let (&Cell::Number(now), &Cell::Number(before)) = cells else { return Ok(()) };
    let signed = |pattern: &str| {
        CellFormat::new().set_num_format(format!("+{pattern};-{pattern};{pattern}"))
    };
    let line = row + 1;
    let formula = |text: String, value: f64| Formula::new(text).set_result(value.to_string());
    let difference = formula(format!("=B{line}-C{line}"), now - before);
    sheet.write_formula_with_format(row, 3, difference, &signed(kind.pattern()))?;
    if unit != Unit::Ratio && before != 0.0 {
        let part = formula(format!("=D{line}/ABS(C{line})"), (now - before) / before.abs());
        sheet.write_formula_with_format(row, 4, part, &signed("0.0%"))?;
    }
    Ok(())
}

fn months(sheet: &mut Worksheet, history: &History, rows: &[Vec<String>]) -> Result<(), XlsxError> {
    for (index, column) in (0_u16..).zip(history.columns) {
        let format = over_numbers(index);
        sheet.write_string_with_format(history.header, index, &column.name, &format)?;
    }
    for (row, cells) in (history.header + 1..).zip(rows) {
        for (index, (column, text)) in (0_u16..).zip(history.columns.iter().zip(cells)) {
            put(sheet, (row, index), &column.kind.read(text), &column.format)?;
        }
    }
    Ok(())
}

fn charts(sheet: &mut Worksheet, history: &History) -> Result<(), XlsxError> {
    let mut place = 0;
    for picture in PICTURES {
        let Some(chart) = chart(history, &picture) else { continue };
        let row = TABLE + place / CHARTS_BESIDE * CHART_ROWS;
        let column = CHARTS_FROM + (place % CHARTS_BESIDE) as u16 * CHART_COLUMNS;
        sheet.insert_chart(row, column, &chart)?;
        place += 1;
    }
    Ok(())
}

/// The chart of those of its columns that the rows have; none where they have none of them.
fn chart(history: &History, Picture(title, kind, names): &Picture) -> Option<Chart> {
    let mut chart = Chart::new(*kind);
    let (first, last) = (history.header + 1, history.last);
    let mut shown = Vec::new();
    for name in *names {
        let Some(index) = history.columns.iter().position(|column| column.name == *name) else {
            continue;
        };
        let place = index as u16;
        chart
            .add_series()
            .set_name((history.sheet, history.header, place))
            .set_categories((history.sheet, first, 0, last, 0))
            .set_values((history.sheet, first, place, last, place));
        shown.push(index);
    }
    let pattern = history.columns[*shown.first()?].kind.pattern();
    chart.title().set_name(*title);
    chart.x_axis().set_date_axis(true).set_num_format("yyyy-mm");
    chart.x_axis().set_label_position(ChartAxisLabelPosition::Low);
    chart.y_axis().set_num_format(pattern.replace(".0000", ".00"));
    chart.legend().set_position(ChartLegendPosition::Bottom);
    if shown.len() == 1 {
        chart.legend().set_hidden();
    }
    chart.set_width(CHART_SIZE.0).set_height(CHART_SIZE.1);
    Some(chart)
}
