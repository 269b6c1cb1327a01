//! Results on their way out: to the terminal, shortened to fit it or through the pager, to a pipe whole, or to
//! a file.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use super::ShellError;
use super::pager::Paged;
use crate::printer::Printer;
use crate::report::format::{Document, Format, FormatError, save, write};

/// Lines of the screen that a box leaves for its frame, the row count and the prompt.
const AROUND: usize = 8;
const LEAST_ROWS: usize = 10;

/// Rows on their way.
pub type Batches<'a> = dyn Iterator<Item = Result<RecordBatch, ArrowError>> + 'a;

/// How results are shown, and where.
pub struct Display<'a> {
    /// Where the program talks.
    pub printer: &'a Printer,
    /// The format.
    pub mode: Format,
    /// A line per value, whatever the format.
    pub expanded: bool,
    /// The rows that a box shows: `Some(0)` for all, none for what fits the screen.
    pub rows: Option<usize>,
    /// The pager's command line.
    pub pager: Option<String>,
    /// Whether it is used.
    pub paging: bool,
    target: Option<(PathBuf, File)>,
    once: Option<PathBuf>,
    file: Option<(PathBuf, Format)>,
}

impl<'a> Display<'a> {
    /// Shows in a format.
    pub fn new(printer: &'a Printer, mode: Format) -> Self {
        Self {
            printer,
            mode,
            expanded: false,
            rows: None,
            pager: None,
            paging: true,
            target: None,
            once: None,
            file: None,
        }
    }

    /// Writes each result to a file, in place of the one before.
    #[must_use]
    pub fn into_file(mut self, file: Option<(PathBuf, Format)>) -> Self {
        self.file = file;
        self
    }

    /// Writes the next result to a file, in place of what is there.
    pub fn once(&mut self, path: PathBuf) {
        self.once = Some(path);
    }

    /// Writes results to a file from now on, one after the other; without one, to the terminal again.
    ///
    /// # Errors
    /// The file can't be made, or its format holds one result only.
    pub fn output(&mut self, path: Option<PathBuf>) -> Result<(), ShellError> {
        self.target = None;
        let Some(path) = path else { return Ok(()) };
        if let Some(format) = Format::from_path(&path).filter(|format| format.is_binary()) {
            return Err(ShellError::Command {
                message: format!("a file of {format} holds one result: {}", path.display()),
                hint: format!("\\once {}", path.display()),
            });
        }
        let failed = |source| ShellError::File { what: "write", path: path.clone(), source };
        let file = File::create(&path).map_err(failed)?;
        self.target = Some((path, file));
        Ok(())
    }

    /// Writes a result, and tells its rows where a person sees them.
    ///
    /// # Errors
    /// The rows can't be had or written.
    pub fn result(
        &mut self,
        schema: SchemaRef,
        batches: &mut Batches<'_>,
    ) -> Result<Option<u64>, ShellError> {
        let mut document = Document::new("query", schema);
        if let Some(path) = self.once.take() {
            save(self.format_of(&path)?, &document, batches, &path)?;
            return Ok(None);
        }
        if let Some((path, format)) = &self.file {
            save(*format, &document, batches, path)?;
            return Ok(None);
        }
        if let Some((path, file)) = &mut self.target {
            let format = Format::from_path(path).unwrap_or(match self.mode {
                Format::Box => Format::Table,
                mode => mode,
            });
            write(format, &document, batches, file)?;
            return Ok(None);
        }
        let format = if self.expanded { Format::Line } else { self.mode };
        match self.printer.terminal_size() {
            Some(size) => self.on_terminal(format, &mut document, batches, size),
            None => self.on_pipe(format, &document, batches),
        }
    }

    /// Writes text as it is.
    ///
    /// # Errors
    /// Standard output or the pager is gone.
    pub fn text(&self, text: &str) -> Result<(), ShellError> {
        let size = self.printer.terminal_size();
        let pager = size.and_then(|_| self.pager());
        let lines = size.map_or(0, |(lines, _)| lines);
        self.through(pager, lines, |sink| Ok(sink.write_all(text.as_bytes())?))
    }

    fn on_pipe(
        &self,
        format: Format,
        document: &Document,
        batches: &mut Batches<'_>,
    ) -> Result<Option<u64>, ShellError> {
        self.through(None, 0, |sink| write(format, document, batches, sink))?;
        Ok(None)
    }

    fn on_terminal(
        &self,
        format: Format,
        document: &mut Document,
        batches: &mut Batches<'_>,
        (lines, columns): (usize, usize),
    ) -> Result<Option<u64>, ShellError> {
        if format.is_binary() {
            return Err(ShellError::Command {
                message: format!("{format} is not for a terminal"),
                hint: "name a file: -o FILE".into(),
            });
        }
        if format == Format::Box && is_plan(&document.schema) {
            return self.plan(batches);
        }
        document.width = Some(columns);
        document.rows = match self.rows {
            Some(0) => None,
            Some(rows) => Some(rows),
            None => Some(lines.saturating_sub(AROUND).max(LEAST_ROWS)),
        };
        let elided = format == Format::Box && document.rows.is_some();
        let pager = self.pager().filter(|_| !elided);
        self.through(pager, lines, |sink| write(format, document, batches, sink)).map(Some)
    }

    /// A plan is text in the shape of a tree, which a table would break.
    fn plan(&self, batches: &mut Batches<'_>) -> Result<Option<u64>, ShellError> {
        let mut text = String::new();
        for batch in batches {
            let batch = batch.map_err(FormatError::Source)?;
            let parts = |column: usize| batch.column(column).as_string::<i32>().iter().flatten();
            for (kind, plan) in parts(0).zip(parts(1)) {
                text.extend([kind, "\n", plan.trim_end(), "\n"]);
            }
        }
        self.text(&text).map(|()| None)
    }

    fn pager(&self) -> Option<&str> {
        self.pager.as_deref().filter(|pager| self.paging && !pager.trim().is_empty())
    }

    /// Writes to standard output, through the pager where there is one and the lines do not suffice.
    fn through<T>(
        &self,
        pager: Option<&str>,
        lines: usize,
        write: impl FnOnce(&mut (dyn Write + Send)) -> Result<T, FormatError>,
    ) -> Result<T, ShellError> {
        let Some(pager) = pager else {
            let mut out = self.printer.stdout();
            let written = write(&mut out)?;
            out.flush().map_err(FormatError::Io)?;
            return Ok(written);
        };
        let mut paged = Paged::new(self.printer, pager, lines.saturating_sub(1));
        let written = write(&mut paged);
        paged.finish().map_err(FormatError::Io)?;
        Ok(written?)
    }

    fn format_of(&self, path: &Path) -> Result<Format, ShellError> {
        let told = Format::from_path(path);
        let chosen = (self.mode != Format::Box).then_some(self.mode);
        told.or(chosen).ok_or_else(|| ShellError::Command {
            message: format!("the file's ending names no format: {}", path.display()),
            hint: "use an ending such as .csv, .xlsx, .parquet, or \\mode csv".into(),
        })
    }
}

fn is_plan(schema: &SchemaRef) -> bool {
    let names = schema.fields().iter().map(|field| field.name().as_str());
    names.eq(["plan_type", "plan"])
}
