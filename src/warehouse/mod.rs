//! Tables at rest: a Delta table per name below one URL, written as Parquet files that we name
//! ourselves and committed by Delta's log. It knows layouts and bytes; it refuses to know what a row means.

pub mod layout;
mod lock;
mod parquet;
mod small;
mod storage;
mod table;

pub use lock::Lock;
pub use parquet::{Encoder, FileBytes, GROUP_ROWS};
pub use small::{SmallTable, from_batch, read_file, to_batch, write_file};
pub use storage::{Place, place};
pub use table::{Change, DataFile, Table};

use std::sync::Arc;

use object_store::ObjectStore;
use url::Url;

use crate::config::Config;

/// What goes wrong with tables at rest.
#[derive(Debug, thiserror::Error)]
pub enum WarehouseError {
    /// The URL of the warehouse (or of an extract, an export) can't be used.
    #[error("can't use {url}: {why}")]
    Url {
        /// The URL as configured.
        url: String,
        /// Why.
        why: String,
    },
    /// There is nothing at the URL yet, and the command only reads.
    #[error("no warehouse at {0}")]
    Absent(String),
    /// Storage refuses or can't be reached.
    #[error("can't {action} {path}: {source}")]
    Storage {
        /// `read`, `write`, …
        action: &'static str,
        /// The object.
        path: String,
        /// Why.
        source: object_store::Error,
    },
    /// The table's log does not fit or can't be read.
    #[error("table {table}: {source}")]
    Delta {
        /// The table.
        table: String,
        /// Why.
        source: deltalake_core::DeltaTableError,
    },
    /// Another writer committed in between.
    #[error("table {0} was changed by another writer in the meantime")]
    Conflict(String),
    /// Another process writes.
    #[error("the warehouse is being written by {holder}")]
    Locked {
        /// Who holds it, since when.
        holder: String,
    },
    /// The store ignores `If-None-Match`, so that two commits could overwrite each other.
    #[error(
        "the store of {0} does not honour conditional writes (If-None-Match: *), so commits could be lost"
    )]
    Unconditional(String),
    /// A Parquet file can't be written or read.
    #[error("{file}: {source}")]
    Parquet {
        /// The file.
        file: String,
        /// Why.
        source: ::parquet::errors::ParquetError,
    },
    /// Arrow refuses.
    #[error("table {table}: {source}")]
    Arrow {
        /// The table.
        table: String,
        /// Why.
        source: arrow::error::ArrowError,
    },
}

impl WarehouseError {
    /// What remedies it.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Absent(_) => "`churnhouse run` lands the extracts and closes the months first",
            Self::Conflict(_) => "run the command again: it goes on from what the other one left",
            Self::Locked { .. } => "wait until it has ended, then run the command again",
            Self::Unconditional(_) => {
                "use a store that does (AWS S3, GCS, Azure, MinIO, Ceph) or a local folder"
            }
            Self::Storage { source, .. } => return storage_hint(source),
            Self::Delta { source, .. } => return storage_hint(source),
            Self::Parquet { source, .. } => return storage_hint(source),
            _ => return None,
        };
        Some(text.to_owned())
    }
}

/// What remedies a failure of storage, whichever library reports it.
fn storage_hint(source: &dyn std::fmt::Debug) -> Option<String> {
    let text = format!("{source:?}");
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let hint = if says(&["StorageFull", "os error 28", "code: 28"]) {
        "free some disk space and run it again: it goes on from where it was"
    } else if says(&[
        "Unauthenticated",
        "SignatureDoesNotMatch",
        "InvalidAccessKeyId",
        "status: 403",
        "403 Forbidden",
    ]) {
        "check the credentials and the permissions on it"
    } else if says(&["PermissionDenied", "ReadOnlyFilesystem"]) {
        "check the permissions of the folder"
    } else if says(&["onnect", "dns"]) {
        "check the endpoint and the network; [warehouse] options or AWS_* variables set them"
    } else {
        return None;
    };
    Some(hint.to_owned())
}

/// A table that is being opened, which may not be there.
pub type Opening = tokio::task::JoinHandle<Result<Option<Table>, WarehouseError>>;

/// A warehouse: a URL, its store, and its tables by name.
#[derive(Clone, Debug)]
pub struct Warehouse {
    place: Place,
    dimensions: Vec<String>,
}

impl Warehouse {
    /// The warehouse of a configuration. Nothing is read or written yet.
    ///
    /// # Errors
    /// The URL is of no known kind.
    pub fn new(config: &Config) -> Result<Self, WarehouseError> {
        let url = config.resolve(&config.warehouse.url);
        let place = storage::place(&url, &config.warehouse.options)?;
        Ok(Self { place, dimensions: config.dimensions.keys().cloned().collect() })
    }

    /// The URL, as a person knows it.
    pub fn url(&self) -> &Url {
        &self.place.url
    }

    /// The store, its root being the root of the bucket or file system.
    pub fn store(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.place.store)
    }

    /// The configured dimensions, in order.
    pub fn dimensions(&self) -> &[String] {
        &self.dimensions
    }

    /// The path of something in the warehouse, from the store's root.
    pub fn path(&self, below: &str) -> object_store::path::Path {
        self.place.below(below)
    }

    /// Opens a table; `None` where it does not exist yet.
    ///
    /// # Errors
    /// The store or the table's log can't be read.
    pub async fn open(&self, name: &'static str) -> Result<Option<Table>, WarehouseError> {
        Table::open(self, name).await
    }

    /// Begins to open a table, in a task of its own.
    pub fn begin_to_open(&self, name: &'static str) -> Opening {
        let warehouse = self.clone();
        tokio::spawn(async move { warehouse.open(name).await })
    }

    /// A table as it is said to be, without reading its log.
    pub fn told(&self, name: &'static str, version: u64, files: Vec<DataFile>) -> Table {
        Table::told(self, name, version, files)
    }

    /// Opens a table, and creates it where it does not exist yet.
    ///
    /// # Errors
    /// The store can't be written, or the table's log can't be read.
    pub async fn open_or_create(&self, name: &'static str) -> Result<Table, WarehouseError> {
        match Table::open(self, name).await? {
            Some(table) => Ok(table),
            None => Table::create(self, name).await,
        }
    }

    /// Takes the right to write, and on the first write proves that the store keeps conditional writes.
    ///
    /// # Errors
    /// Another process holds it, or the store is not fit for commits.
    pub async fn lock(&self) -> Result<Lock, WarehouseError> {
        let lock = Lock::take(&self.place).await?;
        if !self.place.is_local() && self.open(layout::LANDINGS).await?.is_none() {
            storage::probe_conditional_put(&self.place).await?;
        }
        Ok(lock)
    }
}

#[cfg(test)]
mod tests {
    use super::storage_hint;

    #[test]
    fn what_remedies_a_failure_is_not_read_from_how_long_it_took() {
        let hint = |text: &str| storage_hint(&text).unwrap_or_default();
        let refused = hint("Error performing PUT in 1.403495848s: tcp connect error");
        assert!(refused.contains("endpoint"), "{refused}");
        let forbidden = hint("Status { status: 403, body: None }");
        assert!(forbidden.contains("credentials"), "{forbidden}");
    }
}
