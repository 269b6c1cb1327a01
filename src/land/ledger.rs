//! The ledger: a row in `landings` for each landing of a file. The commits to the landed tables are the
//! truth: a row that a crash kept from the ledger is taken from the commit's own note.

use std::collections::BTreeMap;

use futures::future::{try_join, try_join_all};
use serde::{Deserialize, Serialize};

use super::LandError;
use crate::config::nearest;
use crate::extract::SourceKind;
use crate::month::{Month, day};
use crate::warehouse::{SmallTable, Table, Warehouse, WarehouseError, layout};

/// One landing of one file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Landing {
    /// The place of the delivery in the order of its source's first landings; stays when the file is replaced.
    pub delivery: i32,
    /// The source system.
    pub source: SourceKind,
    /// The delivery key, unique in its source.
    pub key: String,
    /// The name of this version: a digest of key, content and description.
    pub landing: String,
    /// The file as it was found.
    pub file: String,
    /// BLAKE3 of the file's bytes, in hexadecimal.
    pub content: String,
    /// Digest of the source's description.
    pub description: String,
    /// Size of the file in bytes.
    pub bytes: i64,
    /// Its modification time, or ETag: equal means unchanged.
    pub modified: String,
    /// Rows that landed.
    pub rows: i64,
    /// Rows that were rejected.
    pub rejected: i64,
    /// Rows whose id another row has as well.
    pub duplicates: i64,
    /// The first month that it touches.
    #[serde(with = "day")]
    pub first_month: Option<Month>,
    /// The last month that it touches.
    #[serde(with = "day")]
    pub last_month: Option<Month>,
    /// Whether this is a withdrawal.
    pub retracted: bool,
    /// The version of the landed table that this made.
    pub version: i64,
    /// When.
    pub landed_at: String,
}

impl Default for Landing {
    fn default() -> Self {
        Self {
            delivery: 0,
            source: SourceKind::Billing,
            key: String::new(),
            landing: String::new(),
            file: String::new(),
            content: String::new(),
            description: String::new(),
            bytes: 0,
            modified: String::new(),
            rows: 0,
            rejected: 0,
            duplicates: 0,
            first_month: None,
            last_month: None,
            retracted: false,
            version: 0,
            landed_at: now(),
        }
    }
}

/// Now, as the ledger writes it.
pub(super) fn now() -> String {
    chrono::Utc::now().format("%Y-%m-%dT%H:%M:%S%.6f").to_string()
}

/// The ledger in memory; [`Ledger::save`] makes it lasting.
#[derive(Debug)]
pub struct Ledger {
    table: Option<SmallTable>,
    warehouse: Warehouse,
    landings: Vec<Landing>,
    changed: bool,
    landed: BTreeMap<SourceKind, Table>,
}

impl Ledger {
    /// Reads it, and takes from the landed tables' commits what a crash kept from it.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn open(warehouse: &Warehouse) -> Result<Self, WarehouseError> {
        let kinds = SourceKind::iter();
        let landed = try_join_all(kinds.map(|kind| warehouse.open(layout::landed(kind))));
        let table = SmallTable::open(warehouse, layout::LANDINGS);
        let (table, landed) = try_join(table, landed).await?;
        let mut landings: Vec<Landing> = match &table {
            Some(table) => table.read().await?,
            None => Vec::new(),
        };
        // One source after the other, since they land side by side.
        landings.sort_by_key(|landing| landing.source);
        let mut ledger = Self {
            table,
            warehouse: warehouse.clone(),
            landings,
            changed: false,
            landed: BTreeMap::new(),
        };
        ledger.repair(landed).await?;
        Ok(ledger)
    }

    /// A source's table as it was read for the repair, handed out once.
    pub fn take_table(&mut self, kind: SourceKind) -> Option<Table> {
        self.landed.remove(&kind)
    }

    async fn repair(&mut self, landed: Vec<Option<Table>>) -> Result<(), WarehouseError> {
        for (kind, table) in SourceKind::iter().zip(landed) {
            let Some(table) = table else { continue };
            let own = self.landings.iter().filter(|landing| landing.source == kind);
            let known = own.map(|landing| landing.version).max().unwrap_or_default();
            for (version, note) in table.notes_since(known.unsigned_abs()).await? {
                if let Ok(mut landing) = serde_json::from_value::<Landing>(note) {
                    landing.version = version as i64;
                    self.push(landing);
                }
            }
            self.landed.insert(kind, table);
        }
        Ok(())
    }

    /// All landings, of each source the oldest first.
    pub fn landings(&self) -> &[Landing] {
        &self.landings
    }

    /// The latest landing of a key, which may be its withdrawal.
    pub fn current(&self, kind: SourceKind, key: &str) -> Option<&Landing> {
        self.landings.iter().rev().find(|landing| landing.source == kind && landing.key == key)
    }

    /// The landings of a source whose rows are in its table.
    pub fn current_of(&self, kind: SourceKind) -> Vec<&Landing> {
        let latest = |landing: &&Landing| {
            self.current(kind, &landing.key).is_some_and(|current| std::ptr::eq(current, *landing))
        };
        let own =
            self.landings.iter().filter(|landing| landing.source == kind && !landing.retracted);
        own.filter(latest).collect()
    }

    /// A landed file with the same content under another key.
    pub fn twin(&self, kind: SourceKind, key: &str, content: &str) -> Option<&Landing> {
        let live = |landing: &&Landing| {
            landing.source == kind
                && landing.key != key
                && landing.content == content
                && !landing.retracted
                && self
                    .current(kind, &landing.key)
                    .is_some_and(|current| current.landing == landing.landing)
        };
        self.landings.iter().find(live)
    }

    /// The place that the next new key of a source gets.
    pub fn next_delivery(&self, kind: SourceKind) -> i32 {
        let own = self.landings.iter().filter(|landing| landing.source == kind);
        own.map(|landing| landing.delivery + 1).max().unwrap_or(1)
    }

    /// The one landed file of a key.
    ///
    /// # Errors
    /// There is none, or several sources have one.
    pub fn find(&self, kind: Option<SourceKind>, key: &str) -> Result<&Landing, LandError> {
        let kinds =
            SourceKind::iter().filter(|candidate| kind.is_none_or(|kind| kind == *candidate));
        let found: Vec<&Landing> = kinds
            .filter_map(|kind| self.current(kind, key))
            .filter(|landing| !landing.retracted)
            .collect();
        match found.as_slice() {
            [landing] => Ok(landing),
            [] => {
                let keys = self
                    .landings
                    .iter()
                    .filter(|landing| !landing.retracted)
                    .map(|landing| landing.key.as_str());
                Err(LandError::UnknownKey {
                    key: key.to_owned(),
                    near: nearest(key, keys).map(str::to_owned),
                })
            }
            _ => Err(LandError::AmbiguousKey(key.to_owned())),
        }
    }

    /// Adds a landing.
    pub fn push(&mut self, landing: Landing) {
        let behind = self.landings.partition_point(|other| other.source <= landing.source);
        self.landings.insert(behind, landing);
        self.changed = true;
    }

    /// Writes the ledger where it has changed.
    ///
    /// # Errors
    /// The store refuses, or another writer was quicker.
    pub async fn save(&mut self) -> Result<(), WarehouseError> {
        if !self.changed {
            return Ok(());
        }
        let table = match self.table.take() {
            Some(table) => table,
            None => SmallTable::open_or_create(&self.warehouse, layout::LANDINGS).await?,
        };
        self.table.insert(table).replace(&self.landings, None).await?;
        self.changed = false;
        Ok(())
    }
}
