//! A result as a file that appears whole or not at all, as readable as any file. What is there and no file, such as
//! a device or a named pipe, is written to and stays what it is.

use std::io::Write;
use std::path::Path;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;

use super::{Document, Format, FormatError, write};

/// Writes all batches to a file, in place of what was there, and returns the number of rows.
///
/// # Errors
/// As `write`, and `File` when the folder takes no file.
pub fn save(
    format: Format,
    document: &Document,
    batches: &mut dyn Iterator<Item = Result<RecordBatch, ArrowError>>,
    path: &Path,
) -> Result<u64, FormatError> {
    put(path, |sink| write(format, document, batches, sink))
}

/// Lets `fill` write a file, in place of what was there, and returns what it returns.
///
/// # Errors
/// As `fill`, and `File` when the folder takes no file.
pub fn put<T>(
    path: &Path,
    fill: impl FnOnce(&mut (dyn Write + Send)) -> Result<T, FormatError>,
) -> Result<T, FormatError> {
    let failed = |source| FormatError::File { path: path.to_owned(), source };
    if path.metadata().is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        let mut device = std::fs::OpenOptions::new().write(true).open(path).map_err(failed)?;
        return fill(&mut device);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    let filled = fill(file.as_file_mut())?;
    readable(file.path()).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(filled)
}

/// A temporary file is its owner's alone.
#[cfg(unix)]
fn readable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileTypeExt;

    use super::super::sample;
    use super::*;

    #[test]
    fn a_named_pipe_is_written_to_and_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe.csv");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let reader = std::thread::spawn({
            let path = path.clone();
            move || std::fs::read_to_string(path).unwrap()
        });
        let (document, batch) = sample::churn();
        save(Format::Csv, &document, &mut std::iter::once(Ok(batch)), &path).unwrap();
        assert!(path.metadata().unwrap().file_type().is_fifo());
        assert!(reader.join().unwrap().starts_with("month,product"));
    }
}
