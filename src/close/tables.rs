//! The tables that a close commits to: those of the core, and `closes` after them, whose rows are the moment from
//! which readers see a month. The commit of the rows notes the versions of the others, so that the next close need not
//! read their logs: what is live in them the rows tell.

use std::collections::BTreeMap;

use super::{CloseRecord, Closes, fell};
use crate::warehouse::{
    Change, DataFile, Opening, SmallTable, Table, Warehouse, WarehouseError, layout,
};

/// The versions of the core's tables, by name.
type Versions = BTreeMap<String, u64>;

/// The tables that a close commits to.
pub struct Tables {
    warehouse: Warehouse,
    /// In the order of [`layout::core`]; none before they are opened.
    core: Vec<Core>,
    /// Not there before the first close.
    closes: Option<SmallTable>,
}

/// A table of the core.
enum Core {
    /// As the last close left it.
    Told(Box<Table>),
    /// It is being opened.
    Opening(Opening),
    /// It has been committed to.
    Open(Box<Table>),
}

impl Tables {
    /// Reads the records, and with them what the last close left in the tables.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn read(warehouse: Warehouse) -> Result<(Closes, Self), WarehouseError> {
        let Some(table) = SmallTable::open(&warehouse, layout::CLOSES).await? else {
            let tables = Self { warehouse, core: Vec::new(), closes: None };
            return Ok((Closes::default(), tables));
        };
        let (records, note) = (Closes::of(&table).await?, table.note().await?);
        let versions: Versions =
            note.and_then(|note| serde_json::from_value(note).ok()).unwrap_or_default();
        let told = |name| {
            let version = versions.get(name)?;
            let table = warehouse.told(name, *version, records.files(name, |_| true));
            Some(Core::Told(Box::new(table)))
        };
        let core = layout::core().map(told).collect::<Option<_>>().unwrap_or_default();
        Ok((records, Self { warehouse, core, closes: Some(table) }))
    }

    /// Begins to open what is to be opened.
    pub fn begin(&mut self) {
        if self.core.is_empty() {
            let open = |name| Core::Opening(self.warehouse.begin_to_open(name));
            self.core = layout::core().map(open).collect();
        }
    }

    /// Makes the files live that the records name, and those alone; then puts the records in place of those before.
    ///
    /// # Errors
    /// The store refuses, or another writer was quicker.
    pub async fn commit(&mut self, closes: &Closes) -> Result<(), WarehouseError> {
        if let Some(closes) = &self.closes
            && closes.is_passed().await?
        {
            return Err(WarehouseError::Conflict(layout::CLOSES.to_owned()));
        }
        self.begin();
        let replaced = layout::core().zip(self.core.drain(..)).map(|(name, table)| {
            let wanted = closes.files(name, |_| true);
            tokio::spawn(replace(self.warehouse.clone(), name, table, wanted))
        });
        let (mut core, mut versions) = (Vec::new(), Versions::new());
        for replaced in replaced.collect::<Vec<_>>() {
            let table = replaced.await.map_err(fell)??;
            versions.insert(table.name().to_owned(), table.version());
            core.push(Core::Open(Box::new(table)));
        }
        self.core = core;
        let table = match self.closes.take() {
            Some(table) => table,
            None => SmallTable::open_or_create(&self.warehouse, layout::CLOSES).await?,
        };
        let records: Vec<&CloseRecord> = closes.records().collect();
        let note = serde_json::to_value(versions).ok();
        self.closes.insert(table).replace(&records, note).await
    }
}

/// Makes a table's live files those that are wanted. It is created where it is not there yet.
async fn replace(
    warehouse: Warehouse,
    name: &'static str,
    table: Core,
    wanted: Vec<DataFile>,
) -> Result<Table, WarehouseError> {
    let mut table = match table {
        Core::Open(table) => *table,
        Core::Opening(opening) => match opening.await.map_err(fell)?? {
            Some(table) => table,
            None => warehouse.open_or_create(name).await?,
        },
        Core::Told(table) if is_as_told(&table).await? => *table,
        Core::Told(_) => warehouse.open_or_create(name).await?,
    };
    let change = Change::between(table.files(), &wanted);
    if !change.is_none() {
        table.commit(change).await?;
    }
    Ok(table)
}

/// Whether nobody has committed since: neither somebody else nor a close that did not come to put its records; and the
/// table is not gone.
async fn is_as_told(table: &Table) -> Result<bool, WarehouseError> {
    Ok(table.has(table.version()).await? && !table.has(table.version() + 1).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::month::Month;

    fn warehouse(folder: &tempfile::TempDir) -> Warehouse {
        Warehouse::new(&Config { base: folder.path().to_owned(), ..Config::default() }).unwrap()
    }

    fn file(month: Month, name: &str) -> DataFile {
        let path = format!("{}/{name}.parquet", layout::partition(month));
        DataFile { path, month: Some(month), rows: 1, size: 10, ids: None }
    }

    /// So many closed months.
    fn closes(months: i32) -> Closes {
        let mut closes = Closes::default();
        for month in (0..months).map(|ago| Month::new(2020, 1).plus(ago)) {
            let mut record = CloseRecord { month: Some(month), ..CloseRecord::default() };
            layout::core().for_each(|name| record.set_file(name, &file(month, name)));
            closes.put(record);
        }
        closes
    }

    /// All tables have the files that the records name, and no others.
    async fn assert_live(warehouse: &Warehouse, closes: &Closes) {
        for name in layout::core() {
            let table = warehouse.open(name).await.unwrap().unwrap();
            assert_eq!(table.files(), closes.files(name, |_| true), "{name}");
        }
    }

    fn told(tables: &Tables) -> bool {
        let all = tables.core.len() == layout::core().count();
        all && tables.core.iter().all(|table| matches!(table, Core::Told(_)))
    }

    #[tokio::test]
    async fn the_next_close_goes_on_from_what_the_last_one_left() {
        let folder = tempfile::tempdir().unwrap();
        let warehouse = warehouse(&folder);
        for months in (1..43).step_by(2) {
            let (_, mut tables) = Tables::read(warehouse.clone()).await.unwrap();
            assert_eq!(told(&tables), months > 1);
            tables.commit(&closes(months)).await.unwrap();
            tables.commit(&closes(months + 1)).await.unwrap();
        }
        assert_live(&warehouse, &closes(42)).await;
    }

    #[tokio::test]
    async fn tables_that_are_otherwise_than_told_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let warehouse = warehouse(&folder);
        let (_, mut tables) = Tables::read(warehouse.clone()).await.unwrap();
        tables.commit(&closes(1)).await.unwrap();
        let add = |name: &'static str, file: DataFile| {
            let opened = warehouse.open(name);
            async move {
                let change = Change { add: vec![file], ..Change::default() };
                opened.await.unwrap().unwrap().commit(change).await.unwrap();
            }
        };
        // Somebody else's commit, that of a close which did not come to put its records, and a table that is gone.
        add(layout::MOVEMENT, file(Month::new(2019, 1), "stray")).await;
        add(layout::DORMANT, file(Month::new(2020, 2), layout::DORMANT)).await;
        let spell = warehouse.url().to_file_path().unwrap().join(layout::SPELL);
        std::fs::remove_dir_all(spell).unwrap();
        for months in [1, 2] {
            let (read, mut tables) = Tables::read(warehouse.clone()).await.unwrap();
            assert!(told(&tables) && read.months().eq(closes(1).months()));
            tables.commit(&closes(months)).await.unwrap();
            assert_live(&warehouse, &closes(months)).await;
        }
    }

    #[tokio::test]
    async fn who_comes_after_another_close_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let warehouse = warehouse(&folder);
        let (_, mut tables) = Tables::read(warehouse.clone()).await.unwrap();
        tables.commit(&closes(1)).await.unwrap();
        let (_, mut late) = Tables::read(warehouse.clone()).await.unwrap();
        tables.commit(&closes(2)).await.unwrap();
        let refused = late.commit(&closes(3)).await;
        assert!(matches!(refused, Err(WarehouseError::Conflict(name)) if name == layout::CLOSES));
        assert_live(&warehouse, &closes(2)).await;
    }
}
