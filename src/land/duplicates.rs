//! Rows that share an id, across files, months and customers: of those the one in the last place counts.
//! Each landing is compared once with all that is landed; what it finds is kept in `duplicates` under the
//! names of the landings, and holds as long as these are current. No row is deleted for it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Cursor;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use futures::{FutureExt, StreamExt, TryStreamExt};
use object_store::buffered::BufReader;
use object_store::{ObjectMeta, ObjectStoreExt};
use parquet::arrow::async_reader::{AsyncFileReader, ParquetRecordBatchStream};
use parquet::arrow::{ParquetRecordBatchStreamBuilder, ProjectionMask};
use serde::{Deserialize, Serialize};

use super::ids::IdSet;
use crate::extract::SourceKind;
use crate::month::{Month, day};
use crate::warehouse::{DataFile, Place, Table, WarehouseError, read_file};

/// Files whose ids are read at a time.
const AT_A_TIME: usize = 8;
/// The bytes of a file that is fetched whole: another request costs more than the bytes that are not wanted.
const SMALL: u64 = 1 << 20;

/// A row that has an id which another row has as well.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Occurrence {
    /// Its source.
    pub source: SourceKind,
    /// The id.
    pub id: String,
    /// The month that it lies in.
    #[serde(with = "day")]
    pub month: Option<Month>,
    /// Its delivery: the greater place counts.
    pub delivery: i32,
    /// Its line in the delivery: the greater counts.
    pub line: i64,
    /// The landing that it came with.
    pub landing: String,
}

/// The delivery of a data file of landed rows, from its name.
pub fn delivery_of(path: &str) -> Option<i32> {
    path.rsplit('/').next()?.get(1..7)?.parse().ok()
}

/// The landing of a data file of landed rows, from its name.
fn landing_of(path: &str) -> Option<&str> {
    path.rsplit('/').next()?.get(8..24)
}

/// The landings whose rows are in the tables.
pub fn live_landings(files: &[DataFile]) -> HashSet<String> {
    files.iter().filter_map(|file| landing_of(&file.path)).map(str::to_owned).collect()
}

/// Whether a file's ids may overlap with those of others: their ranges do.
fn overlaps(file: &DataFile, others: &[&DataFile]) -> bool {
    let Some((least, greatest)) = &file.ids else { return false };
    let near = |(from, to): &(String, String)| from <= greatest && least <= to;
    others.iter().filter_map(|other| other.ids.as_ref()).any(near)
}

/// The ids of one table that a run has met so far.
#[derive(Default)]
pub struct Known {
    ids: IdSet,
    files: HashSet<String>,
}

impl Known {
    /// All rows that share an id with a row of the new files, among these and the other live files of the table at a
    /// place.
    pub async fn repeats(
        &mut self,
        place: &Place,
        kind: SourceKind,
        new: &[DataFile],
        others: &[DataFile],
    ) -> Result<Vec<Occurrence>, WarehouseError> {
        let new: Vec<&DataFile> = new.iter().collect();
        let near: Vec<&DataFile> = others.iter().filter(|file| overlaps(file, &new)).collect();
        let mut suspects = HashSet::new();
        if self.files.is_empty() {
            // The first delivery of a run is often its only one, and small: older ids are looked for
            // among its own. The next one asks for all.
            suspects.extend(self.meet_all(place, kind, &new).await?);
            suspects.extend(self.glance(place, kind, &near).await?);
        } else {
            self.meet_all(place, kind, &near).await?;
            suspects.extend(self.meet_all(place, kind, &new).await?);
        }
        if suspects.is_empty() {
            return Ok(Vec::new());
        }
        let mut found: HashMap<String, Vec<Occurrence>> = HashMap::new();
        for &file in new.iter().chain(&near) {
            let mut batches = ids_of(place, kind, file, true).await?;
            while let Some(batch) =
                batches.try_next().await.map_err(|source| failed(file, source))?
            {
                gather(&mut found, &suspects, &batch, kind, file);
            }
        }
        let delivery = new.first().and_then(|file| delivery_of(&file.path));
        let ours = |rows: &Vec<Occurrence>| {
            rows.len() > 1 && rows.iter().any(|row| Some(row.delivery) == delivery)
        };
        let mut repeated: Vec<Occurrence> = found.into_values().filter(ours).flatten().collect();
        repeated.sort_unstable_by(|left, right| {
            (&left.id, left.delivery, left.line).cmp(&(&right.id, right.delivery, right.line))
        });
        Ok(repeated)
    }

    /// Adds the ids of files that have not been added; those that may have been there are suspects.
    async fn meet_all(
        &mut self,
        place: &Place,
        kind: SourceKind,
        files: &[&DataFile],
    ) -> Result<HashSet<String>, WarehouseError> {
        let mut suspects = HashSet::new();
        for file in files {
            if file.ids.is_some() && self.files.insert(file.path.clone()) {
                suspects.extend(picked(place, kind, file, |id| self.ids.insert(id)).await?);
            }
        }
        Ok(suspects)
    }

    /// The ids of files that may be among those met, without adding them.
    async fn glance(
        &self,
        place: &Place,
        kind: SourceKind,
        files: &[&DataFile],
    ) -> Result<HashSet<String>, WarehouseError> {
        let picks = files.iter().map(|file| picked(place, kind, file, |id| self.ids.holds(id)));
        let picks = futures::stream::iter(picks).buffer_unordered(AT_A_TIME);
        // Boxed, since the compiler can't see through it that all of this may go to another thread.
        let found: Vec<_> = picks.try_collect().boxed().await?;
        Ok(found.into_iter().flatten().collect())
    }
}

/// The ids of a file that are picked.
async fn picked(
    place: &Place,
    kind: SourceKind,
    file: &DataFile,
    mut pick: impl FnMut(&str) -> bool,
) -> Result<HashSet<String>, WarehouseError> {
    let mut found = HashSet::new();
    let mut batches = ids_of(place, kind, file, false).await?;
    while let Some(batch) = batches.try_next().await.map_err(|source| failed(file, source))? {
        let ids = batch.column(0).as_string::<i32>().iter().flatten();
        found.extend(ids.filter(|id| pick(id)).map(str::to_owned));
    }
    Ok(found)
}

type Batches = ParquetRecordBatchStream<Box<dyn AsyncFileReader>>;

/// The id column of a data file, and the line where asked for.
async fn ids_of(
    place: &Place,
    kind: SourceKind,
    file: &DataFile,
    lines: bool,
) -> Result<Batches, WarehouseError> {
    let reader = reader_of(place, file).await?;
    let builder = ParquetRecordBatchStreamBuilder::new(reader)
        .await
        .map_err(|source| failed(file, source))?;
    let columns = [kind.id_column(), "line"];
    let wanted = columns.into_iter().take(1 + usize::from(lines));
    let mask = ProjectionMask::columns(builder.parquet_schema(), wanted);
    builder.with_projection(mask).build().map_err(|source| failed(file, source))
}

/// Reads a small file at once, another one where it is asked.
async fn reader_of(
    place: &Place,
    file: &DataFile,
) -> Result<Box<dyn AsyncFileReader>, WarehouseError> {
    let (location, size) = (place.below(&file.path), file.size);
    if size > SMALL {
        let last_modified = chrono::DateTime::UNIX_EPOCH;
        let meta = ObjectMeta { location, last_modified, size, e_tag: None, version: None };
        return Ok(Box::new(BufReader::new(place.store.clone(), &meta)));
    }
    let got = async { place.store.get(&location).await?.bytes().await };
    let storage =
        |source| WarehouseError::Storage { action: "read", path: location.to_string(), source };
    Ok(Box::new(Cursor::new(got.await.map_err(storage)?)))
}

fn failed(file: &DataFile, source: parquet::errors::ParquetError) -> WarehouseError {
    WarehouseError::Parquet { file: file.path.clone(), source }
}

fn gather(
    found: &mut HashMap<String, Vec<Occurrence>>,
    suspects: &HashSet<String>,
    batch: &RecordBatch,
    kind: SourceKind,
    file: &DataFile,
) {
    let (Some(ids), Some(lines)) =
        (batch.column_by_name(kind.id_column()), batch.column_by_name("line"))
    else {
        return;
    };
    let lines = lines.as_primitive::<Int64Type>();
    for (row, id) in ids.as_string::<i32>().iter().enumerate() {
        let Some(id) = id.filter(|id| suspects.contains(*id)) else { continue };
        found.entry(id.to_owned()).or_default().push(Occurrence {
            source: kind,
            id: id.to_owned(),
            month: file.month,
            delivery: delivery_of(&file.path).unwrap_or_default(),
            line: lines.value(row),
            landing: landing_of(&file.path).unwrap_or_default().to_owned(),
        });
    }
}

/// How many rows of a delivery are not the only ones of their id.
pub fn repeats_of(repeated: &[Occurrence], delivery: i32) -> i64 {
    repeated.iter().filter(|row| row.delivery == delivery).count() as i64
}

/// The rows that do not count because another row of their id stands in a later place, given the table
/// of duplicates and the landings that are current. Ordered, each once.
///
/// # Errors
/// The store can't be read.
pub async fn superseded(
    table: &Table,
    live: &HashSet<String>,
) -> Result<Vec<Occurrence>, WarehouseError> {
    let mut by_id: BTreeMap<(SourceKind, String), Vec<Occurrence>> = BTreeMap::new();
    for file in table.files() {
        for row in occurrences(table, file).await? {
            if live.contains(&row.landing) {
                by_id.entry((row.source, row.id.clone())).or_default().push(row);
            }
        }
    }
    Ok(by_id.into_values().flat_map(losers).collect())
}

fn losers(mut rows: Vec<Occurrence>) -> Vec<Occurrence> {
    rows.sort_unstable_by_key(|row| (row.delivery, row.line));
    rows.dedup();
    rows.pop();
    rows
}

async fn occurrences(table: &Table, file: &DataFile) -> Result<Vec<Occurrence>, WarehouseError> {
    let mut rows = Vec::new();
    for batch in read_file(table, file).await? {
        let read = crate::warehouse::from_batch(&batch);
        rows.extend(
            read.map_err(|source| WarehouseError::Arrow {
                table: table.name().to_owned(),
                source,
            })?,
        );
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(delivery: i32, line: i64) -> Occurrence {
        let month = Some(Month::new(2024, 1));
        Occurrence {
            source: SourceKind::Channel,
            id: "e1".into(),
            month,
            delivery,
            line,
            landing: "l".into(),
        }
    }

    #[test]
    fn the_last_place_counts_and_a_row_found_twice_is_one() {
        let rows = vec![row(2, 5), row(1, 9), row(2, 3), row(2, 5)];
        assert_eq!(losers(rows), vec![row(1, 9), row(2, 3)]);
    }

    #[test]
    fn names_tell_delivery_and_landing() {
        let path = "month=2024-01-01/b000012-0123456789abcdef.parquet";
        assert_eq!(delivery_of(path), Some(12));
        assert_eq!(landing_of(path), Some("0123456789abcdef"));
    }
}
