//! Rows to where the user wants them: standard output or a file, in the format asked for or told by the
//! file's ending. A file appears whole or not at all.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use crate::cli::FormatArgs;
use crate::error::Error;
use crate::printer::Printer;
use crate::report::format::{Document, Format, FormatError, write};

/// Columns of a terminal that does not tell its width.
const WIDTH: usize = 120;

/// Writes rows.
pub fn rows(
    printer: &Printer,
    args: &FormatArgs,
    title: &str,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
) -> Result<(), Error> {
    let mut document = Document::new(title, schema);
    let mut batches = batches.into_iter().map(Ok::<_, ArrowError>);
    let format = format(args)?.unwrap_or(Format::Table);
    if args.output.is_none() {
        refuse_terminal(printer, format, format.is_binary())?;
        document.width = printer.stdout_is_terminal().then(terminal_width);
    }
    to_place(printer, args, |sink| Ok(write(format, &document, &mut batches, sink).map(drop)?))
}

/// Writes the manager's page.
pub fn page(printer: &Printer, args: &FormatArgs, html: &str) -> Result<(), Error> {
    if args.output.is_none() {
        refuse_terminal(printer, Format::Html, true)?;
    }
    to_place(printer, args, |sink| {
        Ok(sink.write_all(html.as_bytes()).map_err(FormatError::from)?)
    })
}

/// The format asked for, or told by the file's ending; none for standard output where none is asked for.
pub fn format(args: &FormatArgs) -> Result<Option<Format>, Error> {
    let Some(path) = &args.output else { return Ok(args.format) };
    match args.format.or_else(|| Format::from_path(path)) {
        Some(format) => Ok(Some(format)),
        None => Err(Error::usage(
            format!("the file's ending names no format: {}", path.display()),
            "add --format, or an ending such as .csv, .xlsx, .parquet",
        )),
    }
}

fn refuse_terminal(printer: &Printer, format: Format, unfit: bool) -> Result<(), Error> {
    match unfit && printer.stdout_is_terminal() {
        true => {
            Err(Error::usage(format!("{format} is not for a terminal"), "name a file: -o FILE"))
        }
        false => Ok(()),
    }
}

/// Lets `fill` write to standard output or to the file.
fn to_place(
    printer: &Printer,
    args: &FormatArgs,
    fill: impl FnOnce(&mut (dyn Write + Send)) -> Result<(), Error>,
) -> Result<(), Error> {
    let Some(path) = &args.output else {
        let mut out = printer.stdout();
        fill(&mut out)?;
        return out
            .flush()
            .map_err(|source| Error::Output { path: "standard output".into(), source });
    };
    let failed =
        |source: std::io::Error| Error::Output { path: path.display().to_string(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| std::path::Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    fill(file.as_file_mut())?;
    readable(file.path()).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// A temporary file is its owner's alone; a result is as readable as any file.
#[cfg(unix)]
fn readable(path: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &std::path::Path) -> std::io::Result<()> {
    Ok(())
}

fn terminal_width() -> usize {
    console::Term::stdout().size_checked().map_or(WIDTH, |(_, columns)| columns.into())
}
