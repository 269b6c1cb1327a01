//! The rows of `closes`: what each closed month was made from and the files that hold it. Readers take
//! a month's files from here, so that a month appears at once or not at all.

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
    /// Digest of the policy and the core SQL.
    pub definitions: String,
    /// Digest of the state that it left.
    pub state: String,
    /// Digest of all rows of `dormant` up to it, of which the next close may need any.
    pub sleepers: String,
    /// Digest of its customers' revenue.
    pub charges: String,
    /// Its file of `customer_month`; empty for a month that is accepted and not closed yet.
    pub customer_month_file: String,
    /// Rows in it.
    pub customer_month_rows: u64,
    /// Bytes of it.
    pub customer_month_bytes: u64,
    /// Its file of `dormant`.
    pub dormant_file: String,
    /// Rows in it.
    pub dormant_rows: u64,
    /// Bytes of it.
    pub dormant_bytes: u64,
    /// Its file of `movement`.
    pub movement_file: String,
    /// Rows in it.
    pub movement_rows: u64,
    /// Bytes of it.
    pub movement_bytes: u64,
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
        !self.customer_month_file.is_empty()
    }

    /// The data file of one of the three tables of the core.
    pub fn file(&self, table: &str) -> Option<DataFile> {
        let (path, rows, size) = match table {
            layout::CUSTOMER_MONTH => {
                (&self.customer_month_file, self.customer_month_rows, self.customer_month_bytes)
            }
            layout::DORMANT => (&self.dormant_file, self.dormant_rows, self.dormant_bytes),
            _ => (&self.movement_file, self.movement_rows, self.movement_bytes),
        };
        let path = path.clone();
        self.is_closed().then_some(DataFile { path, month: self.month, rows, size, ids: None })
    }

    /// Takes note of the file that holds one of the three tables.
    pub fn set_file(&mut self, table: &str, file: &DataFile) {
        let slots = match table {
            layout::CUSTOMER_MONTH => (
                &mut self.customer_month_file,
                &mut self.customer_month_rows,
                &mut self.customer_month_bytes,
            ),
            layout::DORMANT => {
                (&mut self.dormant_file, &mut self.dormant_rows, &mut self.dormant_bytes)
            }
            _ => (&mut self.movement_file, &mut self.movement_rows, &mut self.movement_bytes),
        };
        slots.0.clone_from(&file.path);
        (*slots.1, *slots.2) = (file.rows, file.size);
    }
}

/// The closed months, in order.
#[derive(Clone, Debug, Default)]
pub struct Closes {
    records: std::collections::BTreeMap<Month, CloseRecord>,
    /// The version of the table that was read.
    pub version: u64,
}

impl Closes {
    /// Reads them; none where there is no warehouse yet.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn read(warehouse: &Warehouse) -> Result<Self, WarehouseError> {
        let Some(table) = SmallTable::open(warehouse, layout::CLOSES).await? else {
            return Ok(Self::default());
        };
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
