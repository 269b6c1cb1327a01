//! A sheet of a workbook → chunks. Dates become ISO text, numbers the text that the
//! sheet shows; a row with an error cell (#N/A) is rejected. Columns and lines are
//! those of the sheet, so that column 1 is A whatever it holds.

use std::io::{Cursor, Read};
use std::sync::Arc;

use calamine::{Data, ExcelDateTime, Range, Reader as _, Sheets, open_workbook_auto_from_rs};
use chrono::{Duration, NaiveDate, NaiveDateTime, NaiveTime};

use super::chunk::{Chunk, Reader, Reject, join};
use super::error::ExtractError;
use super::input::Bytes;
use super::number;
use super::source::{Format, Selector, SourceConfig};

/// Reads a sheet, which calamine holds in memory.
pub struct ExcelReader {
    cells: Range<Data>,
    columns: Vec<String>,
    /// The next row of the sheet, from 0.
    next: u32,
}

impl ExcelReader {
    /// Reads the workbook, and the header of the sheet that the description names.
    ///
    /// # Errors
    /// It is no workbook, has no such sheet, or the sheet holds nothing.
    pub fn open(
        mut bytes: Bytes,
        shown: &str,
        source: &SourceConfig,
    ) -> Result<Self, ExtractError> {
        let mut whole = Vec::new();
        bytes.read_to_end(&mut whole).map_err(|problem| ExtractError::io(shown, problem))?;
        let whole: Arc<[u8]> = whole.into();
        let mut book =
            open_workbook_auto_from_rs(Cursor::new(whole)).map_err(|e| unreadable(shown, &e))?;
        let sheet = sheet(&book, shown, source)?;
        let cells = book.worksheet_range(&sheet).map_err(|problem| unreadable(shown, &problem))?;
        let mut reader =
            Self { next: cells.start().map_or(0, |start| start.0), columns: Vec::new(), cells };
        reader.skip_blank();
        if reader.next >= reader.end() {
            return Err(ExtractError::Empty { file: shown.into() });
        }
        reader.name_columns(source.header);
        Ok(reader)
    }

    fn name_columns(&mut self, header: bool) {
        if !header {
            self.columns = (1..=self.width()).map(|number| number.to_string()).collect();
            return;
        }
        let names = self.row(self.next);
        self.columns = names
            .map(|cell| {
                cell.map_or_else(String::new, |cell| text(cell).unwrap_or_default().trim().into())
            })
            .collect();
        self.next += 1;
    }

    fn width(&self) -> u32 {
        self.cells.end().map_or(0, |end| end.1 + 1)
    }

    fn end(&self) -> u32 {
        self.cells.end().map_or(0, |end| end.0 + 1)
    }

    fn row(&self, row: u32) -> impl Iterator<Item = Option<&Data>> {
        (0..self.width()).map(move |column| self.cells.get_value((row, column)))
    }

    fn skip_blank(&mut self) {
        let blank = |cell: Option<&Data>| match cell {
            None | Some(Data::Empty) => true,
            Some(Data::String(text)) => text.trim().is_empty(),
            Some(_) => false,
        };
        while self.next < self.end() && self.row(self.next).all(blank) {
            self.next += 1;
        }
    }

    fn append(&self, row: u32, chunk: &mut Chunk) {
        let line = u64::from(row) + 1;
        let fields: Result<Vec<String>, String> =
            self.row(row).map(|cell| cell.map_or_else(|| Ok(String::new()), text)).collect();
        match fields {
            Ok(fields) => {
                fields.iter().for_each(|field| chunk.push_field(field));
                chunk.end_row(line);
            }
            Err(reason) => {
                let raw: Vec<String> = self
                    .row(row)
                    .map(|cell| cell.map(ToString::to_string).unwrap_or_default())
                    .collect();
                let raw = join(raw.iter().map(String::as_str), ',', Some('"'));
                chunk.rejects.push(Reject::unreadable(line, reason, raw));
            }
        }
    }
}

impl Reader for ExcelReader {
    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn is_typed(&self) -> bool {
        true
    }

    fn next_chunk(&mut self, chunk: &mut Chunk) -> Result<bool, ExtractError> {
        chunk.clear();
        self.skip_blank();
        while !chunk.is_full() && self.next < self.end() {
            self.append(self.next, chunk);
            self.next += 1;
            self.skip_blank();
        }
        Ok(!chunk.is_empty())
    }
}

type Book = Sheets<Cursor<Arc<[u8]>>>;

fn unreadable(shown: &str, problem: &calamine::Error) -> ExtractError {
    ExtractError::Unreadable {
        file: shown.to_owned(),
        format: Format::Excel,
        problem: problem.to_string(),
    }
}

fn sheet(book: &Book, shown: &str, source: &SourceConfig) -> Result<String, ExtractError> {
    let present = book.sheet_names();
    let wanted = source.sheet.clone().unwrap_or(Selector::Number(1));
    let found = match &wanted {
        Selector::Number(number) => number.checked_sub(1).and_then(|at| present.get(at)),
        Selector::Name(name) => present.iter().find(|sheet| *sheet == name),
    };
    found.cloned().ok_or_else(|| ExtractError::MissingSheet {
        file: shown.to_owned(),
        sheet: wanted.to_string(),
        present,
    })
}

/// A cell as text, or why it has none.
fn text(cell: &Data) -> Result<String, String> {
    Ok(match cell {
        Data::Empty => String::new(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Int(number) => number.to_string(),
        Data::Float(number) => number::shown(*number),
        Data::Bool(flag) => flag.to_string(),
        Data::DateTime(moment) => date(moment)?,
        Data::Error(error) => return Err(format!("an error in a cell: {error}")),
    })
}

/// A serial date as ISO text: a day, a time of day, or both; a duration as seconds.
fn date(moment: &ExcelDateTime) -> Result<String, String> {
    let serial = moment.as_f64();
    if moment.is_duration() {
        return Ok(number::text((serial * 86_400.0).round()));
    }
    let moment = point(moment).ok_or_else(|| format!("not a date: {serial}"))?;
    if serial < 1.0 {
        return Ok(moment.format("%H:%M:%S%.f").to_string());
    }
    if moment.time() == NaiveTime::MIN {
        return Ok(moment.date().to_string());
    }
    Ok(moment.format("%Y-%m-%d %H:%M:%S%.f").to_string())
}

fn point(moment: &ExcelDateTime) -> Option<NaiveDateTime> {
    if moment.as_f64() < 0.0 {
        return None;
    }
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    let day = NaiveDate::from_ymd_opt(year.into(), month.into(), day.into())?;
    let second = day.and_hms_opt(hour.into(), minute.into(), second.into())?;
    // A serial a hair below a full second comes as 1000 ms, so they are added, not set.
    Some(second + Duration::milliseconds(milli.into()))
}

#[cfg(test)]
mod tests {
    use calamine::{CellErrorType, ExcelDateTimeType};

    use super::*;

    fn serial(value: f64) -> String {
        let kind = ExcelDateTimeType::DateTime;
        text(&Data::DateTime(ExcelDateTime::new(value, kind, false))).unwrap()
    }

    fn reader(cells: Range<Data>) -> ExcelReader {
        let next = cells.start().map_or(0, |start| start.0);
        let columns = Vec::new();
        let mut reader = ExcelReader { cells, columns, next };
        reader.name_columns(true);
        reader
    }

    #[test]
    fn cells_become_text() {
        assert_eq!(serial(45_292.0), "2024-01-01");
        assert_eq!(serial(45_292.5), "2024-01-01 12:00:00");
        assert_eq!(serial(45_292.0 + 46_799.999_99 / 86_400.0), "2024-01-01 13:00:00");
        assert_eq!(serial(0.5), "12:00:00");
        assert_eq!(text(&Data::Float(13_909_510_001.0)).unwrap(), "13909510001");
        assert_eq!(text(&Data::Bool(true)).unwrap(), "true");
    }

    #[test]
    fn rows_and_columns_are_those_of_the_sheet() {
        let mut cells = Range::new((2, 1), (5, 2));
        cells.set_value((2, 1), Data::String(" id ".into()));
        cells.set_value((2, 2), Data::String("amount".into()));
        cells.set_value((4, 1), Data::Float(7.0));
        cells.set_value((5, 2), Data::Error(CellErrorType::NA));
        let mut reader = reader(cells);
        assert_eq!(reader.columns(), ["", "id", "amount"]);
        let mut chunk = Chunk::new(3, reader.raw());
        assert!(reader.next_chunk(&mut chunk).unwrap());
        assert_eq!((chunk.lines[0], chunk.field(0, 1)), (5, "7"));
        assert_eq!(chunk.rejects[0].line, 6);
        assert_eq!(chunk.rejects[0].reason, "an error in a cell: #N/A");
        assert!(!reader.next_chunk(&mut chunk).unwrap());
    }

    #[test]
    fn what_is_no_workbook_is_refused() {
        let source = SourceConfig::canonical("x");
        let bytes: Bytes = Box::new(Cursor::new(b"id,amount\n".to_vec()));
        let error = ExcelReader::open(bytes, "a.xlsx", &source).err().unwrap();
        assert!(matches!(error, ExtractError::Unreadable { .. }), "{error}");
    }
}
