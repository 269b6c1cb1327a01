//! An Excel workbook: a sheet of real numbers and dates for each document, a first sheet of headline numbers
//! with charts where there are such, and a last one with what every column means.
//! Rows go to disk as they come (the library's constant-memory mode); the packed file is held in memory at the end,
//! since a zip wants to seek and a pipe cannot. `sheet` writes rows, `cell` decides what a value becomes.

mod cell;
mod definitions;
mod headline;
mod sheet;

use std::io::Write;

use chrono::NaiveDate;
use rust_xlsxwriter::{DocProperties, IntoCustomDateTime, Workbook as Packed, XlsxError};

use super::Format;
use super::document::Document;
use super::error::FormatError;
use super::source::{Batches, Source};

// Excel has 1,048,576 rows; the first is the header.
const ROWS_PER_SHEET: u32 = 1_048_575;
const NAME_LENGTH: usize = 31;

/// Writes one document as a workbook.
pub(super) fn write(
    document: &Document,
    source: &mut Source,
    sink: &mut dyn Write,
) -> Result<(), FormatError> {
    let mut book = Workbook::new(&document.title, document.modified)?;
    book.fill(document, source)?;
    Ok(sink.write_all(&book.finish()?)?)
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

/// A workbook that is being written, sheet by sheet, in their order.
pub struct Workbook {
    packed: Packed,
    names: Vec<String>,
    defined: Vec<Document>,
    rows_per_sheet: u32,
}

impl Workbook {
    /// An empty workbook; `modified` is the time that it carries.
    ///
    /// # Errors
    /// The folder for temporary files can't be used.
    pub fn new(title: &str, modified: Option<NaiveDate>) -> Result<Self, FormatError> {
        let mut packed = Packed::new();
        // Asked for explicitly, an unusable folder is an error; left to the library, a panic.
        packed.set_tempdir(std::env::temp_dir()).map_err(failed)?;
        let day = modified.or_else(|| NaiveDate::from_ymd_opt(2000, 1, 1)).unwrap_or_default();
        let properties = DocProperties::new().set_title(title).set_creation_datetime(Midnight(day));
        packed.set_properties(&properties);
        Ok(Self { packed, names: Vec::new(), defined: Vec::new(), rows_per_sheet: ROWS_PER_SHEET })
    }

    /// A sheet of headline numbers: rows of months, the last of which is what it is about, beside the month
    /// before it, with charts of all of them.
    ///
    /// # Errors
    /// As [`Workbook::sheet`].
    pub fn headline(
        &mut self,
        title: &str,
        document: &Document,
        batches: &mut Batches<'_>,
    ) -> Result<(), FormatError> {
        let mut source = Source::new(document.schema.clone(), batches);
        let name = self.name(&document.title);
        let sheet = headline::sheet(&name, title, document, &mut source)?;
        self.packed.push_worksheet(sheet);
        self.defined.push(document.clone());
        Ok(())
    }

    /// A document's rows, on as many sheets as they need; tells how many rows there are.
    ///
    /// # Errors
    /// The rows can't be had or do not fit the document's schema, or a sheet cannot hold a value.
    pub fn sheet(
        &mut self,
        document: &Document,
        batches: &mut Batches<'_>,
    ) -> Result<u64, FormatError> {
        let mut source = Source::new(document.schema.clone(), batches);
        self.fill(document, &mut source)?;
        Ok(source.rows())
    }

    /// The packed file, after a last sheet with the definitions of all documents that have one.
    ///
    /// # Errors
    /// The library can't pack it.
    pub fn finish(mut self) -> Result<Vec<u8>, FormatError> {
        self.defined.retain(|document| document.definition.is_some());
        if !self.defined.is_empty() {
            let name = self.name("definitions");
            let sheet = definitions::sheet(&name, &self.defined).map_err(failed)?;
            self.packed.push_worksheet(sheet);
        }
        self.packed.save_to_buffer().map_err(failed)
    }

    fn fill(&mut self, document: &Document, source: &mut Source) -> Result<(), FormatError> {
        let columns = sheet::columns(document);
        let open = |book: &mut Self| {
            let name = book.name(&document.title);
            let worksheet = book.packed.new_worksheet_with_constant_memory();
            sheet::Sheet::open(worksheet, &name, &columns)
        };
        let mut current = open(self)?;
        let mut row = 0;
        source.each_row(|cells| {
            if current.rows() == self.rows_per_sheet {
                let full = std::mem::replace(&mut current, open(self)?);
                self.packed.push_worksheet(full.close()?);
            }
            row += 1;
            current.write(&columns, cells, row)
        })?;
        self.packed.push_worksheet(current.close()?);
        self.defined.push(document.clone());
        Ok(())
    }

    /// A name for the next sheet that no other has; Excel compares them without case.
    fn name(&mut self, title: &str) -> String {
        let mut number = 1;
        while self.names.contains(&sheet_name(title, number).to_lowercase()) {
            number += 1;
        }
        let name = sheet_name(title, number);
        self.names.push(name.to_lowercase());
        name
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
