//! Finding the files of a source: a path, a glob or a URL, in the order of their delivery keys.

use std::collections::BTreeMap;
use std::path::Path;

use futures::TryStreamExt;
use globset::{GlobBuilder, GlobMatcher};
use object_store::ObjectStore;

use super::LandError;
use crate::config::Config;
use crate::extract::{SourceConfig, SourceKind, delivery_key};
use crate::warehouse::{Place, place};

/// A file of a source, not read yet.
#[derive(Clone, Debug)]
pub struct FoundFile {
    /// Its source.
    pub kind: SourceKind,
    /// Its delivery key.
    pub key: String,
    /// As it is shown: the path or URL.
    pub shown: String,
    /// The store, and the path in it.
    pub place: Place,
    /// Its bytes.
    pub size: u64,
    /// Its ETag, or modification time.
    pub modified: String,
}

/// The files of a source, in the order of their paths; of several with one key the last counts.
///
/// # Errors
/// The path is no glob, the folder or bucket can't be listed, or nothing matches.
pub async fn list(
    config: &Config,
    kind: SourceKind,
    source: &SourceConfig,
) -> Result<Vec<FoundFile>, LandError> {
    let pattern = Pattern::of(&config.resolve(&source.path))?;
    let base = place(&pattern.fixed, &config.warehouse.options)?;
    let mut found = BTreeMap::new();
    for (below, size, modified) in pattern.matching(&base).await? {
        let key = delivery_key(&below, source)?;
        let shown = shown(&base, &below);
        let place = Place {
            url: base.url_below(&below),
            prefix: base.below(&below),
            store: base.store.clone(),
        };
        // Paths come in order, so that the last of a key stays.
        found.insert(key.clone(), FoundFile { kind, key, shown, place, size, modified });
    }
    if found.is_empty() {
        let near = nearby(&base, &pattern.rest);
        return Err(LandError::NoFile { kind, path: source.path.clone(), near });
    }
    Ok(found.into_values().collect())
}

fn shown(base: &Place, below: &str) -> String {
    match base.folder() {
        Some(folder) => relative(&folder.join(below)),
        None => base.url_below(below).to_string(),
    }
}

/// A path as short as it can be said from the working directory.
fn relative(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).display().to_string()
}

/// What lies in the folder that the pattern should have matched in.
fn nearby(base: &Place, wanted: &str) -> Option<String> {
    let mut folder = base.folder()?;
    while !folder.is_dir() {
        folder = folder.parent()?.to_owned();
    }
    let names = std::fs::read_dir(&folder).ok()?.filter_map(Result::ok);
    let mut names: Vec<String> =
        names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    let like = crate::config::nearest(wanted, names.iter().map(String::as_str)).map(str::to_owned);
    like.or_else(|| names.into_iter().next()).map(|name| relative(&folder.join(name)))
}

/// A glob, cut into its fixed part and the rest.
struct Pattern {
    fixed: String,
    rest: String,
    matcher: GlobMatcher,
}

impl Pattern {
    fn of(path: &str) -> Result<Self, LandError> {
        let wild = |part: &str| part.contains(['*', '?', '[', '{']);
        let parts: Vec<&str> = path.split('/').collect();
        let first_wild = parts.iter().position(|part| wild(part)).unwrap_or(parts.len());
        // A path without a wildcard is a file in a folder.
        let cut = first_wild.min(parts.len().saturating_sub(1));
        let (fixed, rest) = (parts[..cut].join("/"), parts[cut..].join("/"));
        let fixed = if fixed.is_empty() && path.starts_with('/') { "/".to_owned() } else { fixed };
        let glob = GlobBuilder::new(&rest).literal_separator(true).build();
        let matcher = glob
            .map_err(|error| LandError::Unreadable {
                path: path.to_owned(),
                why: error.to_string(),
            })?
            .compile_matcher();
        Ok(Self { fixed: if fixed.is_empty() { ".".into() } else { fixed }, rest, matcher })
    }

    /// Path below the base, size and time of each match, ordered by path.
    async fn matching(&self, base: &Place) -> Result<Vec<(String, u64, String)>, LandError> {
        let mut matches = match base.folder() {
            Some(folder) => self.matching_local(&folder)?,
            None => self.matching_remote(base).await?,
        };
        matches.sort_unstable();
        Ok(matches)
    }

    fn matching_local(&self, folder: &Path) -> Result<Vec<(String, u64, String)>, LandError> {
        let mut matches = Vec::new();
        let mut open = vec![folder.to_owned()];
        while let Some(inner) = open.pop() {
            let failed = |error: std::io::Error| LandError::Unreadable {
                path: relative(&inner),
                why: error.to_string(),
            };
            let entries = match std::fs::read_dir(&inner) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                other => other.map_err(failed)?,
            };
            for entry in entries {
                let path = entry.map_err(failed)?.path();
                let below =
                    path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
                let data = std::fs::metadata(&path).map_err(failed)?;
                if self.matcher.is_match(&below) {
                    matches.push((below, data.len(), modified(&data)));
                } else if data.is_dir() {
                    open.push(path);
                }
            }
        }
        Ok(matches)
    }

    async fn matching_remote(&self, base: &Place) -> Result<Vec<(String, u64, String)>, LandError> {
        let failed = |error: object_store::Error| LandError::Unreadable {
            path: base.url.to_string(),
            why: error.to_string(),
        };
        let prefix = base.prefix.to_string();
        let listed = base.store.list(Some(&base.prefix));
        let listed: Vec<object_store::ObjectMeta> = listed.try_collect().await.map_err(failed)?;
        let below = |path: &str| {
            path.strip_prefix(&prefix).unwrap_or(path).trim_start_matches('/').to_owned()
        };
        Ok(listed
            .into_iter()
            .map(|object| {
                let modified = object.e_tag.unwrap_or_else(|| object.last_modified.to_rfc3339());
                (below(object.location.as_ref()), object.size, modified)
            })
            .filter(|(below, _, _)| self.matcher.is_match(below))
            .collect())
    }
}

fn modified(data: &std::fs::Metadata) -> String {
    let time =
        data.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    time.map(|time| format!("{}.{:09}", time.as_secs(), time.subsec_nanos())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_is_cut_where_it_begins_to_vary() {
        let pattern = Pattern::of("/data/billing/*/bill_*.csv").unwrap();
        assert_eq!(
            (pattern.fixed.as_str(), pattern.rest.as_str()),
            ("/data/billing", "*/bill_*.csv")
        );
        assert!(pattern.matcher.is_match("2024/bill_01.csv"));
        assert!(!pattern.matcher.is_match("2024/x/bill_01.csv"));
    }

    #[test]
    fn a_plain_path_is_a_file_in_its_folder() {
        let pattern = Pattern::of("billing/2024.csv").unwrap();
        assert_eq!((pattern.fixed.as_str(), pattern.rest.as_str()), ("billing", "2024.csv"));
    }
}
