//! The rows of `closes`: what each closed month was made from and the files that hold it. Readers take
//! a month's files from here, so that a month appears at once or not at all.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::month::{Month, day};
use crate::warehouse::{DataFile, SmallTable, Warehouse, WarehouseError, layout};

/// A month's row in `closes`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CloseRecord {
    /// The month.
    #[serde(with = "day")]
    pub month: Option<Month>,
    /// Whether a person accepted its volume (`--accept`).
    pub accepted: bool,
    /// Digest of the landed rows that were read.
    pub inputs: String,
    /// Digest of the state that it started from.
    pub prior_state: String,
    /// Digest of the revenue of the months that fell out of the windows.
    pub window_charges: String,
    /// Digest of the states that the quarter and the year began with, in the months that end them.
    pub openings: String,
    /// Digest of the policy and the core SQL.
    pub definitions: String,
    /// Digest of the state that it left.
    pub state: String,
    /// Digest of all rows of `dormant` up to it, of which the next close may need any.
    pub sleepers: String,
    /// Digest of its customers' revenue.
    pub charges: String,
    /// Of each table of the core its file, the rows and the bytes in it, in columns such as `movement_file`;
    /// none of a month that is accepted and not closed yet.
    #[serde(flatten)]
    pub(super) files: BTreeMap<String, Note>,
    /// Billing lines that counted.
    pub billing_lines: u64,
    /// Channel events that counted.
    pub channel_events: u64,
    /// Hotline calls that counted.
    pub hotline_calls: u64,
    /// Version of `billing` that was read.
    pub billing_version: u64,
    /// Version of `channel` that was read.
    pub channel_version: u64,
    /// Version of `hotline` that was read.
    pub hotline_version: u64,
    /// When.
    pub closed_at: Option<String>,
}

impl CloseRecord {
    /// Whether the month is closed, rather than merely accepted.
    pub fn is_closed(&self) -> bool {
        self.file(layout::CUSTOMER_MONTH).is_some()
    }

    /// Whether it names a file of every table: a version of the program that knew fewer tables may have
    /// written it.
    pub fn is_whole(&self) -> bool {
        layout::core().all(|table| self.file(table).is_some())
    }

    /// The month's data file of a table of the core.
    pub fn file(&self, table: &str) -> Option<DataFile> {
        let [file, rows, bytes] = notes(table).map(|name| self.files.get(&name));
        let (Note::Text(path), Note::Count(rows), Note::Count(size)) = (file?, rows?, bytes?)
        else {
            return None;
        };
        let path = path.clone();
        Some(DataFile { path, month: self.month, rows: *rows, size: *size, ids: None })
    }

    /// Takes note of the month's file of a table of the core.
    pub fn set_file(&mut self, table: &str, file: &DataFile) {
        let values =
            [Note::Text(file.path.clone()), Note::Count(file.rows), Note::Count(file.size)];
        self.files.extend(notes(table).into_iter().zip(values));
    }
}

/// Something noted of a data file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Note {
    Count(u64),
    Text(String),
}

/// The columns that tell of a table's file.
fn notes(table: &str) -> [String; 3] {
    layout::FILE_NOTES.map(|(note, _)| format!("{table}_{note}"))
}

/// The closed months, in order.
#[derive(Clone, Debug, Default)]
pub struct Closes {
    records: BTreeMap<Month, CloseRecord>,
    /// The version of the table that was read.
    pub version: u64,
}

impl Closes {
    /// Reads them; none where there is no warehouse yet.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn read(warehouse: &Warehouse) -> Result<Self, WarehouseError> {
        match SmallTable::open(warehouse, layout::CLOSES).await? {
            Some(table) => Self::of(&table).await,
            None => Ok(Self::default()),
        }
    }

    /// Reads them from their table.
    pub(super) async fn of(table: &SmallTable) -> Result<Self, WarehouseError> {
        let rows: Vec<CloseRecord> = table.read().await?;
        let records = rows.into_iter().filter_map(|row| Some((row.month?, row))).collect();
        Ok(Self { records, version: table.version() })
    }

    /// The record of a month, closed or merely accepted.
    pub fn get(&self, month: Month) -> Option<&CloseRecord> {
        self.records.get(&month)
    }

    /// The record of a closed month.
    pub fn closed(&self, month: Month) -> Option<&CloseRecord> {
        self.get(month).filter(|record| record.is_closed())
    }

    /// The closed months, in order.
    pub fn months(&self) -> impl DoubleEndedIterator<Item = Month> + '_ {
        self.records.iter().filter(|(_, record)| record.is_closed()).map(|(month, _)| *month)
    }

    /// The months closed under other definitions than these, in order.
    pub fn under_others(&self, definitions: &str) -> Vec<Month> {
        let other = |month: &Month| self.records[month].definitions != definitions;
        self.months().filter(other).collect()
    }

    /// All records, in order.
    pub fn records(&self) -> impl Iterator<Item = &CloseRecord> {
        self.records.values()
    }

    /// Puts a record in place of the month's.
    pub fn put(&mut self, record: CloseRecord) {
        if let Some(month) = record.month {
            self.records.insert(month, record);
        }
    }

    /// Notes that a person accepts a month's volume.
    pub fn accept(&mut self, month: Month) {
        self.records.entry(month).or_default().accepted = true;
        self.records.entry(month).and_modify(|record| record.month = Some(month));
    }

    /// Drops the months that do not satisfy a condition; tells whether there were any.
    pub fn retain(&mut self, keep: impl Fn(Month) -> bool) -> bool {
        let before = self.records.len();
        self.records.retain(|month, _| keep(*month));
        self.records.len() != before
    }

    /// The files of one of the core's tables, in the order of their months.
    pub fn files(&self, table: &str, wanted: impl Fn(Month) -> bool) -> Vec<DataFile> {
        let wanted = self.records.iter().filter(|(month, _)| wanted(**month));
        wanted.filter_map(|(_, record)| record.file(table)).collect()
    }
}
