//! The rows of one file by month: a Parquet file for each month that they touch, written as they come.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, PrimitiveArray, RecordBatch};
use arrow::compute::{filter_record_batch, max, min};
use arrow::datatypes::{DataType, Date32Type, SchemaRef, TimestampMicrosecondType};

use super::{LandError, Landing, Store};
use crate::extract::SourceKind;
use crate::month::{Month, date_of};
use crate::warehouse::{DataFile, Encoder, Warehouse, WarehouseError, layout};

/// Encoded bytes of one file that may wait in memory before a row group is written out.
const BUFFERED: usize = 64 << 20;
/// A Parquet file for each month that the rows touch.
pub struct MonthWriters {
    warehouse: Warehouse,
    kind: SourceKind,
    name: String,
    schema: SchemaRef,
    open: BTreeMap<Month, Encoder>,
    ids: BTreeMap<Month, (String, String)>,
}

impl MonthWriters {
    /// Writers for a landing's rows; no file is there yet.
    pub fn new(warehouse: &Warehouse, landing: &Landing) -> Self {
        let kind = landing.source;
        let letter = &layout::landed(kind)[..1];
        Self {
            warehouse: warehouse.clone(),
            kind,
            name: format!("{letter}{:06}-{}.parquet", landing.delivery, landing.landing),
            schema: layout::file_schema(layout::landed(kind), warehouse.dimensions()),
            open: BTreeMap::new(),
            ids: BTreeMap::new(),
        }
    }

    fn path(&self, month: Month) -> String {
        format!("{}/{}", layout::partition(month), self.name)
    }

    /// Writes rows, whatever months they lie in.
    pub async fn write(&mut self, batch: RecordBatch) -> Result<(), LandError> {
        for (month, rows) in by_month(&batch, self.kind)? {
            self.note_ids(month, &rows);
            let path = format!("{}/{}", layout::landed(self.kind), self.path(month));
            let encoder = match self.open.entry(month) {
                std::collections::btree_map::Entry::Occupied(open) => open.into_mut(),
                std::collections::btree_map::Entry::Vacant(slot) => {
                    let store: Store = self.warehouse.store();
                    slot.insert(Encoder::new(
                        store,
                        self.warehouse.path(&path),
                        Arc::clone(&self.schema),
                    ))
                }
            };
            encoder.write(&rows).await?;
        }
        let buffered: usize = self.open.values().map(Encoder::buffered).sum();
        if buffered > BUFFERED {
            for encoder in self.open.values_mut() {
                encoder.flush().await?;
            }
        }
        Ok(())
    }

    fn note_ids(&mut self, month: Month, rows: &RecordBatch) {
        let Some(ids) = rows.column_by_name(self.kind.id_column()) else { return };
        let ids = ids.as_string::<i32>();
        if ids.null_count() == ids.len() {
            return;
        }
        let (Some(least), Some(greatest)) =
            (arrow::compute::min_string(ids), arrow::compute::max_string(ids))
        else {
            return;
        };
        let bounds =
            self.ids.entry(month).or_insert_with(|| (least.to_owned(), greatest.to_owned()));
        if least < bounds.0.as_str() {
            least.clone_into(&mut bounds.0);
        }
        if greatest > bounds.1.as_str() {
            greatest.clone_into(&mut bounds.1);
        }
    }

    /// Ends the files.
    pub async fn finish(&mut self) -> Result<Vec<DataFile>, LandError> {
        let mut files = Vec::new();
        for (month, encoder) in std::mem::take(&mut self.open) {
            let (rows, size) = encoder.finish().await?;
            let ids = self.ids.remove(&month);
            files.push(DataFile { path: self.path(month), month: Some(month), rows, size, ids });
        }
        Ok(files)
    }
}

/// The rows of a batch by their month; mostly it is one, and nothing is copied.
fn by_month(batch: &RecordBatch, kind: SourceKind) -> Result<Vec<(Month, RecordBatch)>, LandError> {
    let Some(days) = days_of(batch, kind) else { return Ok(Vec::new()) };
    if let Some(month) = only_month(&days) {
        return Ok(vec![(month, batch.clone())]);
    }
    let months = months_of(&days);
    let distinct: BTreeSet<Month> = months.iter().copied().collect();
    let rows = |month: Month| {
        let mask: BooleanArray = months.iter().map(|row| Some(*row == month)).collect();
        let table = || layout::landed(kind).to_owned();
        filter_record_batch(batch, &mask)
            .map(|rows| (month, rows))
            .map_err(|source| WarehouseError::Arrow { table: table(), source }.into())
    };
    distinct.into_iter().map(rows).collect()
}

/// The month that all rows lie in; none where they lie in several.
fn only_month(days: &PrimitiveArray<Date32Type>) -> Option<Month> {
    let of = |days: i32| Month::of(date_of(days));
    let (first, last) = (of(min(days)?), of(max(days)?));
    (first == last).then_some(first)
}

fn months_of(days: &PrimitiveArray<Date32Type>) -> Vec<Month> {
    let mut memo = (i32::MIN, Month::new(1970, 1));
    let month = |days: &i32| {
        if memo.0 != *days {
            memo = (*days, Month::of(date_of(*days)));
        }
        memo.1
    };
    days.values().iter().map(month).collect()
}

/// The days of the rows.
fn days_of(batch: &RecordBatch, kind: SourceKind) -> Option<PrimitiveArray<Date32Type>> {
    let column = batch.column_by_name(kind.month_column())?;
    let whole_day = |micros: i64| micros.div_euclid(86_400_000_000) as i32;
    Some(match column.data_type() {
        DataType::Date32 => column.as_primitive().clone(),
        _ => column.as_primitive::<TimestampMicrosecondType>().unary(whole_day),
    })
}
