//! An Excel workbook: one sheet of real numbers and dates, continued on further sheets where Excel's rows run out.
//! Rows go to disk as they come (the library's constant-memory mode); the packed file is held in memory at the end,
//! since a zip wants to seek and a pipe cannot. `cell` decides what a value becomes; this file does the sheets.

mod cell;

use std::io::Write;

use chrono::NaiveDate;
use rust_xlsxwriter::{
    DocProperties, Format as CellFormat, IntoCustomDateTime, Workbook, Worksheet, XlsxError,
};
use unicode_width::UnicodeWidthStr;

use super::Format;
use super::document::Document;
use super::error::FormatError;
use super::source::Source;
use cell::{Cell, Kind};

// Excel has 1,048,576 rows; the first is the header.
const ROWS_PER_SHEET: u32 = 1_048_575;
const NAME_LENGTH: usize = 31;
const WIDTHS: (usize, usize) = (8, 60);
// Room for the autofilter's button beside a column's name.
const BUTTON_WIDTH: usize = 3;

/// Writes the workbook.
pub(super) fn write(
    document: &Document,
    source: &mut Source,
    sink: &mut dyn Write,
) -> Result<(), FormatError> {
    write_sheets(document, source, sink, ROWS_PER_SHEET)
}

fn write_sheets(
    document: &Document,
    source: &mut Source,
    sink: &mut dyn Write,
    rows_per_sheet: u32,
) -> Result<(), FormatError> {
    let mut book = Book::new(document)?;
    let mut sheet = book.open_sheet()?;
    source.each_row(|cells| {
        if sheet.rows == rows_per_sheet {
            let next = book.open_sheet()?;
            book.close_sheet(std::mem::replace(&mut sheet, next))?;
        }
        book.write_row(&mut sheet, cells)
    })?;
    book.close_sheet(sheet)?;
    Ok(sink.write_all(&book.workbook.save_to_buffer().map_err(failed)?)?)
}

fn failed(error: XlsxError) -> FormatError {
    FormatError::encode(Format::Xlsx, error)
}

/// The document's time. Without it the library would write the clock's.
struct Midnight(NaiveDate);

impl IntoCustomDateTime for Midnight {
    fn utc_datetime(self) -> String {
        self.0.format("%Y-%m-%dT00:00:00Z").to_string()
    }
}

struct Column {
    name: String,
    kind: Kind,
    format: CellFormat,
}

struct Sheet {
    sheet: Worksheet,
    rows: u32,
    widths: Vec<usize>,
}

struct Book {
    workbook: Workbook,
    title: String,
    columns: Vec<Column>,
    opened: usize,
    rows: u64,
}

impl Book {
    fn new(document: &Document) -> Result<Self, FormatError> {
        let mut workbook = Workbook::new();
        // Asked for explicitly, an unusable folder is an error; left to the library, a panic.
        workbook.set_tempdir(std::env::temp_dir()).map_err(failed)?;
        let day =
            document.modified.or_else(|| NaiveDate::from_ymd_opt(2000, 1, 1)).unwrap_or_default();
        let properties =
            DocProperties::new().set_title(&document.title).set_creation_datetime(Midnight(day));
        workbook.set_properties(&properties);
        let columns = document.schema.fields().iter().enumerate().map(|(index, field)| {
            let kind = Kind::of(field.data_type(), document.unit(index));
            Column {
                name: field.name().clone(),
                format: CellFormat::new().set_num_format(kind.pattern()),
                kind,
            }
        });
        let columns = columns.collect();
        Ok(Self { workbook, title: document.title.clone(), columns, opened: 0, rows: 0 })
    }

    fn open_sheet(&mut self) -> Result<Sheet, FormatError> {
        self.opened += 1;
        let mut sheet = self.workbook.new_worksheet_with_constant_memory();
        let bold = CellFormat::new().set_bold();
        sheet.set_name(sheet_name(&self.title, self.opened)).map_err(failed)?;
        sheet.set_freeze_panes(1, 0).map_err(failed)?;
        for (index, column) in (0_u16..).zip(&self.columns) {
            sheet.write_string_with_format(0, index, &column.name, &bold).map_err(failed)?;
        }
        let widths = self.columns.iter().map(|column| column.name.width() + BUTTON_WIDTH).collect();
        Ok(Sheet { sheet, rows: 0, widths })
    }

    fn write_row(&mut self, sheet: &mut Sheet, cells: &[String]) -> Result<(), FormatError> {
        sheet.rows += 1;
        self.rows += 1;
        let columns = self.columns.iter().zip(&mut sheet.widths).zip(cells);
        for (index, ((column, width), text)) in (0_u16..).zip(columns) {
            let cell = column.kind.read(text);
            *width = column.kind.width(&cell, text).max(*width);
            put(&mut sheet.sheet, (sheet.rows, index), &cell, &column.format).map_err(|error| {
                match error {
                    XlsxError::MaxStringLengthExceeded => {
                        FormatError::CellTooLong { row: self.rows, column: column.name.clone() }
                    }
                    other => failed(other),
                }
            })?;
        }
        Ok(())
    }

    // Widths and the filter's range belong to the sheet's frame, which the library writes last.
    fn close_sheet(&mut self, mut done: Sheet) -> Result<(), FormatError> {
        for (index, &width) in (0_u16..).zip(&done.widths) {
            let width = width.clamp(WIDTHS.0, WIDTHS.1) as u32;
            done.sheet.set_column_width(index, width).map_err(failed)?;
        }
        if let Some(last) = self.columns.len().checked_sub(1) {
            done.sheet.autofilter(0, 0, done.rows, last as u16).map_err(failed)?;
        }
        self.workbook.push_worksheet(done.sheet);
        Ok(())
    }
}

fn put(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    cell: &Cell,
    format: &CellFormat,
) -> Result<(), XlsxError> {
    match *cell {
        Cell::Blank => Ok(()),
        Cell::Flag(value) => sheet.write_boolean(row, column, value).map(drop),
        Cell::Number(value) => sheet.write_number_with_format(row, column, value, format).map(drop),
        Cell::Text(text) => sheet.write_string(row, column, text).map(drop),
    }
}

/// A name that Excel takes: without its forbidden characters, of 31 at most, numbered from the second sheet on.
fn sheet_name(title: &str, number: usize) -> String {
    let suffix = if number > 1 { format!(" ({number})") } else { String::new() };
    let cleaned =
        title.replace(['*', '?', ':', '[', ']', '\\', '/'], "_").replace(char::is_control, " ");
    let short: String =
        cleaned.trim_matches([' ', '\'']).chars().take(NAME_LENGTH - suffix.len()).collect();
    let short = short.trim_end_matches([' ', '\'']);
    format!("{}{suffix}", if short.is_empty() { "result" } else { short })
}

#[cfg(test)]
mod tests;
