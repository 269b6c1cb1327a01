//! The last sheet of a workbook: of each document what it is for, and what each of its columns measures,
//! means and is computed by, in the words of its header.

use rust_xlsxwriter::{Format as CellFormat, FormatAlign, Worksheet, XlsxError};

use super::super::document::{Definition, Document};
use super::sheet::header;

const COLUMNS: [(&str, u32); 7] = [
    ("view", 26),
    ("column", 26),
    ("unit", 9),
    ("meaning", 70),
    ("formula", 50),
    ("note", 60),
    ("source", 30),
];

/// The sheet with the definitions of these documents, in their order.
pub(super) fn sheet(name: &str, documents: &[Document]) -> Result<Worksheet, XlsxError> {
    let mut sheet = Worksheet::new();
    sheet.set_name(name)?.set_landscape().set_print_fit_to_pages(1, 0);
    sheet.set_freeze_panes(1, 0)?.set_repeat_rows(0, 0)?;
    for (index, (title, width)) in (0_u16..).zip(COLUMNS) {
        sheet.write_string_with_format(0, index, title, &header())?;
        sheet.set_column_width(index, width)?;
    }
    let (bold, plain) = (wrapped().set_bold(), wrapped());
    let mut row = 0;
    for document in documents {
        let Some(definition) = &document.definition else { continue };
        row += 1;
        line(&mut sheet, row, &of_rows(document, definition), &bold)?;
        for index in 0..document.schema.fields().len() {
            row += 1;
            line(&mut sheet, row, &of_column(document, index), &plain)?;
        }
    }
    sheet.autofilter(0, 0, row, COLUMNS.len() as u16 - 1)?;
    Ok(sheet)
}

fn wrapped() -> CellFormat {
    CellFormat::new().set_text_wrap().set_align(FormatAlign::Top)
}

fn of_rows<'a>(document: &'a Document, definition: &'a Definition) -> [&'a str; 7] {
    let text = |part: &'a Option<String>| part.as_deref().unwrap_or_default();
    let Definition { summary, formula, note, source } = definition;
    [&document.title, "", "", summary, text(formula), text(note), text(source)]
}

fn of_column(document: &Document, index: usize) -> [&str; 7] {
    let name = document.schema.field(index).name();
    let note = document.note(name);
    let meaning = note.and_then(|note| note.meaning.as_deref()).unwrap_or_default();
    let formula = note.and_then(|note| note.formula.as_deref()).unwrap_or_default();
    [&document.title, name, document.unit(index).name(), meaning, formula, "", ""]
}

fn line(
    sheet: &mut Worksheet,
    row: u32,
    texts: &[&str; 7],
    format: &CellFormat,
) -> Result<(), XlsxError> {
    for (index, text) in (0_u16..).zip(texts).filter(|(_, text)| !text.is_empty()) {
        sheet.write_string_with_format(row, index, *text, format)?;
    }
    Ok(())
}
