//! Where rows become files. A file is written under a temporary name and takes its own only when
//! everything is written, so that a run cut short leaves no extract that looks whole. Files that
//! are there already are never touched: a folder in use is refused before anything is written.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::{Compression, GzBuilder};

use super::error::GenerateError;

const BUFFER: usize = 128 * 1024;

/// Refuses `out` where it holds a description, or anything in one of the extract folders, and
/// makes the folders.
pub(super) fn prepare(out: &Path, folders: &[&str]) -> Result<(), GenerateError> {
    let description = out.join("churnhouse.toml");
    if description.exists() {
        return Err(GenerateError::Occupied { path: description });
    }
    for folder in folders {
        let path = out.join(folder);
        fs::create_dir_all(&path).map_err(GenerateError::io("make the folder", &path))?;
        let mut entries =
            fs::read_dir(&path).map_err(GenerateError::io("read the folder", &path))?;
        if entries.next().is_some() {
            return Err(GenerateError::Occupied { path });
        }
    }
    Ok(())
}

/// A file under its temporary name; dropped before `publish`, it is removed.
pub(super) struct Part {
    path: PathBuf,
    temporary: PathBuf,
    writer: Option<BufWriter<File>>,
}

impl Part {
    /// Begins a file.
    pub(super) fn create(path: PathBuf) -> Result<Self, GenerateError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let temporary = path.with_file_name(format!(".{name}.part"));
        let file = File::create(&temporary).map_err(GenerateError::io("create", &temporary))?;
        Ok(Self { path, temporary, writer: Some(BufWriter::with_capacity(BUFFER, file)) })
    }

    /// Appends bytes; nothing may follow `close`.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), GenerateError> {
        match &mut self.writer {
            Some(writer) => {
                writer.write_all(bytes).map_err(GenerateError::io("write", &self.temporary))
            }
            None => Ok(()),
        }
    }

    /// Writes out what is buffered and gives the file handle back.
    pub(super) fn close(&mut self) -> Result<(), GenerateError> {
        match self.writer.take() {
            Some(mut writer) => writer.flush().map_err(GenerateError::io("write", &self.temporary)),
            None => Ok(()),
        }
    }

    /// Gives the file its name.
    pub(super) fn publish(mut self) -> Result<(), GenerateError> {
        self.close()?;
        fs::rename(&self.temporary, &self.path).map_err(GenerateError::io("rename to", &self.path))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // After `publish` there is nothing of that name; otherwise this is all that can be done.
        let _ = fs::remove_file(&self.temporary);
    }
}

/// Writes a whole file.
pub(super) fn place(path: PathBuf, bytes: &[u8]) -> Result<(), GenerateError> {
    let mut part = Part::create(path)?;
    part.write(bytes)?;
    part.publish()
}

/// Compresses with a header that knows neither time nor machine.
pub(super) fn gzip(path: &Path, bytes: &[u8]) -> Result<Vec<u8>, GenerateError> {
    let sink = GzBuilder::new().mtime(0).operating_system(255);
    let mut encoder = sink.write(Vec::new(), Compression::best());
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .map_err(GenerateError::io("compress", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let path =
            std::env::temp_dir().join(format!("churnhouse-output-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        path
    }

    #[test]
    fn a_file_appears_only_when_published() {
        let out = folder("publish");
        prepare(&out, &["billing"]).unwrap();
        let path = out.join("billing/a.csv");
        let mut part = Part::create(path.clone()).unwrap();
        part.write(b"x").unwrap();
        assert!(!path.exists());
        part.publish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"x");
        drop(Part::create(out.join("billing/b.csv")).unwrap());
        assert_eq!(fs::read_dir(out.join("billing")).unwrap().count(), 1);
        fs::remove_dir_all(out).unwrap();
    }

    #[test]
    fn a_folder_in_use_is_refused_with_a_hint() {
        let out = folder("occupied");
        prepare(&out, &["billing"]).unwrap();
        prepare(&out, &["billing"]).unwrap();
        place(out.join("billing/a.csv"), b"x").unwrap();
        let error = prepare(&out, &["billing"]).unwrap_err();
        assert!(matches!(error, GenerateError::Occupied { .. }));
        assert!(error.hint().is_some());
        fs::remove_dir_all(out).unwrap();
    }

    #[test]
    fn a_compressed_file_has_no_time_in_its_header() {
        let bytes = gzip(Path::new("a.gz"), b"x").unwrap();
        assert_eq!(bytes[4..8], [0; 4]);
        assert_eq!(bytes[9], 255);
    }
}
