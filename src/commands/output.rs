//! Rows to where the user wants them: standard output or a file, in the format asked for or told by the
//! file's ending. A file appears whole or not at all.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;

use crate::cli::FormatArgs;
use crate::error::Error;
use crate::printer::Printer;
use crate::report::format::{Document, Format, write};

/// Columns of a terminal that does not tell its width.
const WIDTH: usize = 120;

/// Writes rows.
pub fn rows(
    printer: &Printer,
    args: &FormatArgs,
    mut document: Document,
    batches: Vec<RecordBatch>,
) -> Result<(), Error> {
    let mut batches = batches.into_iter().map(Ok::<_, ArrowError>);
    let Some(path) = &args.output else {
        let format = args.format.unwrap_or(Format::Table);
        if format.is_binary() && printer.stdout_is_terminal() {
            return Err(Error::usage(
                format!("{format} is not for a terminal"),
                "name a file: -o FILE",
            ));
        }
        document.width = printer.stdout_is_terminal().then(terminal_width);
        let mut out = printer.stdout();
        write(format, &document, &mut batches, &mut out)?;
        return out.flush().map_err(failed);
    };
    let format = match args.format.or_else(|| Format::from_path(path)) {
        Some(format) => format,
        None => {
            let message = format!("the file's ending names no format: {}", path.display());
            return Err(Error::usage(
                message,
                "add --format, or an ending such as .csv, .xlsx, .parquet",
            ));
        }
    };
    let failed =
        |source: std::io::Error| Error::Output { path: path.display().to_string(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| std::path::Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    write(format, &document, &mut batches, file.as_file_mut())?;
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

/// The error of standard output that takes no more.
pub fn failed(source: std::io::Error) -> Error {
    Error::Output { path: "standard output".into(), source }
}

/// How many columns the terminal has.
pub fn terminal_width() -> usize {
    console::Term::stdout().size_checked().map_or(WIDTH, |(_, columns)| columns.into())
}
