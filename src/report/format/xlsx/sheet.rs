//! A sheet of rows: a frozen header with a filter, a cell of its own kind for every value, columns as wide as
//! what they hold. It refuses a text that no cell holds, with its place.

use rust_xlsxwriter::{Format as CellFormat, FormatBorder, Worksheet, XlsxError};
use unicode_width::UnicodeWidthStr;

use super::super::document::Document;
use super::super::error::FormatError;
use super::cell::{Cell, Kind};
use super::failed;

const WIDTHS: (usize, usize) = (8, 60);
// Room for the autofilter's button beside a column's name.
const BUTTON_WIDTH: usize = 3;

/// A column of a document as a sheet shows it.
pub(super) struct Column {
    pub name: String,
    pub kind: Kind,
    pub format: CellFormat,
}

/// The columns of a document.
pub(super) fn columns(document: &Document) -> Vec<Column> {
    let fields = document.schema.fields().iter().enumerate();
    let column = |(index, field): (usize, &arrow::datatypes::FieldRef)| {
        let kind = Kind::of(field.data_type(), document.unit(index));
        let format = CellFormat::new().set_num_format(kind.pattern());
        Column { name: field.name().clone(), kind, format }
    };
    fields.map(column).collect()
}

/// How the names of columns are shown.
pub(super) fn header() -> CellFormat {
    CellFormat::new().set_bold().set_border_bottom(FormatBorder::Thin)
}

/// A sheet that is being written.
pub(super) struct Sheet {
    sheet: Worksheet,
    rows: u32,
    widths: Vec<usize>,
}

impl Sheet {
    /// A sheet with its header.
    pub fn open(mut sheet: Worksheet, name: &str, columns: &[Column]) -> Result<Self, FormatError> {
        sheet.set_name(name).map_err(failed)?.set_landscape().set_print_fit_to_pages(1, 0);
        sheet.set_freeze_panes(1, 0).map_err(failed)?.set_repeat_rows(0, 0).map_err(failed)?;
        let header = header();
        for (index, column) in (0_u16..).zip(columns) {
            sheet.write_string_with_format(0, index, &column.name, &header).map_err(failed)?;
        }
        let widths = columns.iter().map(|column| column.name.width() + BUTTON_WIDTH).collect();
        Ok(Self { sheet, rows: 0, widths })
    }

    /// Rows written so far, the header not counted.
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// Writes a row, the document's `number`th.
    pub fn write(
        &mut self,
        columns: &[Column],
        cells: &[String],
        number: u64,
    ) -> Result<(), FormatError> {
        self.rows += 1;
        let columns = columns.iter().zip(&mut self.widths).zip(cells);
        for (index, ((column, width), text)) in (0_u16..).zip(columns) {
            let cell = column.kind.read(text);
            *width = column.kind.width(&cell, text).max(*width);
            put(&mut self.sheet, (self.rows, index), &cell, &column.format).map_err(|error| {
                match error {
                    XlsxError::MaxStringLengthExceeded => {
                        FormatError::CellTooLong { row: number, column: column.name.clone() }
                    }
                    other => failed(other),
                }
            })?;
        }
        Ok(())
    }

    /// The whole sheet. Widths and the filter's range belong to its frame, which the library writes last.
    pub fn close(mut self) -> Result<Worksheet, FormatError> {
        for (index, &width) in (0_u16..).zip(&self.widths) {
            let width = width.clamp(WIDTHS.0, WIDTHS.1) as u32;
            self.sheet.set_column_width(index, width).map_err(failed)?;
        }
        if let Some(last) = self.widths.len().checked_sub(1) {
            self.sheet.autofilter(0, 0, self.rows, last as u16).map_err(failed)?;
        }
        Ok(self.sheet)
    }
}

/// Writes a cell; a blank one stays away.
pub(super) fn put(
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
