//! Rows to where the user wants them: standard output or a file, in the format asked for or told by the
//! file's ending.

use std::io::Write;
use std::path::PathBuf;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;

use crate::cli::FormatArgs;
use crate::error::Error;
use crate::printer::Printer;
use crate::report::format::{Document, Format, put, save, write};

/// Writes rows.
pub fn rows(
    printer: &Printer,
    args: &FormatArgs,
    mut document: Document,
    batches: Vec<RecordBatch>,
) -> Result<(), Error> {
    let mut batches = batches.into_iter().map(Ok::<_, ArrowError>);
    if let Some((path, format)) = file(args)? {
        save(format, &document, &mut batches, &path)?;
        return Ok(());
    }
    let format = args.format.unwrap_or(Format::Table);
    let size = printer.terminal_size();
    if format.is_binary() && size.is_some() {
        return Err(not_for_a_terminal(format));
    }
    document.width = size.map(|(_, columns)| columns);
    let mut out = printer.stdout();
    write(format, &document, &mut batches, &mut out)?;
    out.flush().map_err(failed)
}

/// Writes the manager's page.
pub fn page(printer: &Printer, args: &FormatArgs, html: &str) -> Result<(), Error> {
    let fill = |sink: &mut (dyn Write + Send)| Ok(sink.write_all(html.as_bytes())?);
    if let Some(path) = &args.output {
        return Ok(put(path, fill)?);
    }
    if printer.stdout_is_terminal() {
        return Err(not_for_a_terminal(Format::Html));
    }
    let mut out = printer.stdout();
    fill(&mut out)?;
    out.flush().map_err(failed)
}

fn not_for_a_terminal(format: Format) -> Error {
    Error::usage(format!("{format} is not for a terminal"), "name a file: -o FILE")
}

/// The error of standard output that takes no more.
pub fn failed(source: std::io::Error) -> Error {
    Error::Output { path: "standard output".into(), source }
}

/// The format asked for, or told by the file's ending; none for standard output where none is asked for.
pub fn format(args: &FormatArgs) -> Result<Option<Format>, Error> {
    Ok(file(args)?.map(|(_, format)| format).or(args.format))
}

/// The file that rows go to and its format, where one is named.
pub fn file(args: &FormatArgs) -> Result<Option<(PathBuf, Format)>, Error> {
    let Some(path) = &args.output else { return Ok(None) };
    match args.format.or_else(|| Format::from_path(path)) {
        Some(format) => Ok(Some((path.clone(), format))),
        None => Err(Error::usage(
            format!("the file's ending names no format: {}", path.display()),
            "add --format, or an ending such as .csv, .xlsx, .parquet",
        )),
    }
}
