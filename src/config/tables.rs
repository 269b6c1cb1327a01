//! Reference tables: files of the user's that SQL reads beside ours, and where they lie.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Config, ConfigError, nearest};

/// A reference table: a `.parquet` file, or a `.csv` file with a header (or a folder of these).
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableConfig {
    /// A local path; it starts at the folder of churnhouse.toml.
    pub path: String,
    /// The file and line that name it.
    #[serde(skip)]
    pub place: String,
}

impl Config {
    /// The file of a reference table, or the folder of its files.
    ///
    /// # Errors
    /// It is not there.
    pub fn table_path(&self, name: &str) -> Result<PathBuf, ConfigError> {
        let table = &self.tables[name];
        let path = PathBuf::from(self.resolve(&table.path));
        if path.exists() {
            return Ok(path);
        }
        let whole = std::path::absolute(&path).unwrap_or(path);
        let wanted = whole.file_name().unwrap_or_default().to_string_lossy();
        let beside = whole.parent().and_then(|folder| std::fs::read_dir(folder).ok());
        let beside = beside.into_iter().flatten().flatten().map(|entry| entry.file_name());
        let beside: Vec<String> = beside.map(|name| name.to_string_lossy().into_owned()).collect();
        Err(ConfigError::NoTable {
            place: table.place.clone(),
            name: name.to_owned(),
            path: table.path.clone(),
            near: nearest(&wanted, beside.iter().map(String::as_str)).map(str::to_owned),
        })
    }

    /// Refuses reference tables whose files are not there.
    ///
    /// # Errors
    /// One is not.
    pub fn check_tables(&self) -> Result<(), ConfigError> {
        self.tables.keys().try_for_each(|name| self.table_path(name).map(|_| ()))
    }
}
