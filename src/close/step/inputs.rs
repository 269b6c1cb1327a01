//! What landed for a month: its events, and its bills, which are summed while the close does other things.

use std::convert::identity;

use arrow::array::RecordBatch;
use tokio::task::JoinHandle;

use super::charges::{Bills, Counting};
use super::customers::{MonthNumber, NEVER};
use super::events::Events;
use super::{of_table, read};
use crate::month::Month;
use crate::warehouse::{DataFile, Warehouse, WarehouseError};

/// What landed for a month.
pub struct Inputs {
    /// Its channel events, with their month: in the history's first one, all before it as well.
    pub events: Vec<(MonthNumber, RecordBatch)>,
    /// Its bills, when their lines are read.
    pub bills: JoinHandle<Result<Bills, WarehouseError>>,
}

impl Inputs {
    /// Reads files of `channel` and `billing`; `own` are the configured dimensions.
    ///
    /// # Errors
    /// The store can't be read, or a file is damaged.
    pub async fn read(
        warehouse: Warehouse,
        channel: Vec<DataFile>,
        billing: Vec<DataFile>,
        own: Vec<String>,
        counting: Counting,
    ) -> Result<Self, WarehouseError> {
        let mut events = Vec::new();
        for part in channel {
            let month = part.month.map_or(NEVER, Month::number);
            let columns = Events::columns(&own);
            let rows = read::file(&warehouse, "channel", &part, Some(&columns)).await?;
            events.extend(rows.into_iter().map(|rows| (month, rows)));
        }
        let bills = tokio::spawn(bills(warehouse, billing, Bills::new(counting)));
        Ok(Self { events, bills })
    }
}

/// Sums the lines of files as they are decoded.
async fn bills(
    warehouse: Warehouse,
    billing: Vec<DataFile>,
    mut bills: Bills,
) -> Result<Bills, WarehouseError> {
    for part in billing {
        bills.reserve(part.rows as usize);
        let mut rows =
            read::batches(&warehouse, "billing", &part, Some(&bills.columns()), identity).await?;
        while let Some(lines) = rows.next().await? {
            bills.add(&lines).map_err(of_table("billing"))?;
        }
    }
    Ok(bills)
}
