//! A file on this machine, whatever store it came from, and the hash of its bytes.

use std::io::Write;
use std::path::{Path, PathBuf};

use futures::TryStreamExt;
use object_store::ObjectStoreExt;

use super::{FoundFile, LandError};
use crate::extract::ExtractError;

/// A local file; a fetched copy goes when this value does.
pub struct LocalFile {
    /// Where it is.
    pub path: PathBuf,
    _copy: Option<tempfile::NamedTempFile>,
}

/// The file itself where it is local, else a copy of it in the temporary folder.
pub async fn fetch(file: &FoundFile) -> Result<LocalFile, LandError> {
    if let Some(path) = file.place.folder() {
        return Ok(LocalFile { path, _copy: None });
    }
    let failed = |why: String| LandError::Unreadable { path: file.shown.clone(), why };
    let suffix = format!("-{}", file.place.prefix.filename().unwrap_or("extract"));
    let mut copy = tempfile::Builder::new()
        .suffix(&suffix)
        .tempfile()
        .map_err(|error| failed(error.to_string()))?;
    let got = file
        .place
        .store
        .get(&file.place.prefix)
        .await
        .map_err(|error| failed(error.to_string()))?;
    let mut bytes = got.into_stream();
    while let Some(part) = bytes.try_next().await.map_err(|error| failed(error.to_string()))? {
        copy.write_all(&part).map_err(|error| failed(error.to_string()))?;
    }
    Ok(LocalFile { path: copy.path().to_owned(), _copy: Some(copy) })
}

/// BLAKE3 of a file's bytes, in hexadecimal, as `b3sum` prints it: several times as quick as SHA-256.
/// Source: <https://github.com/BLAKE3-team/BLAKE3-specs>.
pub fn content_of(path: &Path, shown: &str) -> Result<String, LandError> {
    let failed = |error: std::io::Error| LandError::from(ExtractError::io(shown, error));
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut hash = blake3::Hasher::new();
    hash.update_reader(file).map_err(failed)?;
    Ok(hash.finalize().to_string())
}
