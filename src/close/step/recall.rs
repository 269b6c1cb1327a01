//! What a step reads of earlier closes where it does not have it in memory: the state at the end of the month before,
//! who went dormant, the revenue that falls out of the windows, who was in the base when a period began.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::error::ArrowError;
use parquet::arrow::arrow_reader::RowSelection;
use tokio::task::JoinHandle;

use super::customers::Slot;
use super::ids::Ids;
use super::past::{self, Past};
use super::ranges::IdRange;
use super::read::{self, Opened, Reading};
use super::states::{self, States};
use super::{CloseError, Closes, Month, Step, fell, layout, nobody, of_table, period};
use crate::warehouse::{DataFile, Warehouse, WarehouseError};

/// To so many customers who are known there is room for one who is met first, without moving all.
const NEWCOMERS: usize = 8;

impl Step<'_> {
    /// Nobody is known any more: the state is to be read as it was before a month.
    pub(super) fn forget(&mut self, month: Month, range: &IdRange) {
        self.customers = nobody(self.config, range);
        self.revenues.clear();
        self.openings.clear();
        self.since = month;
        self.as_of = None;
    }

    /// Reads the state at the end of the month before, and what everybody brought in it.
    pub(super) async fn load(
        &mut self,
        closes: &Closes,
        month: Month,
        range: &IdRange,
    ) -> Result<(), CloseError> {
        let before = month.previous();
        let files = closes.files(layout::CUSTOMER_MONTH, |at| at == before && at >= self.first);
        for file in files {
            if range.is_all() {
                let known = file.rows as usize;
                self.customers.reserve(known + known / NEWCOMERS);
            }
            let table = layout::CUSTOMER_MONTH;
            let told = move |rows| (states::told(&rows, before.number(), true), rows);
            let columns = states::columns(&self.dimensions);
            let mut rows =
                read::batches(self.warehouse, table, &file, Some(&columns), told).await?;
            while let Some((told, batch)) = rows.next().await? {
                let mut state = States { words: &mut self.words, groups: &mut self.groups };
                let (customers, dimensions) = (&mut self.customers, &self.dimensions);
                let brought = state.present(&batch, &told, customers, dimensions);
                let brought = brought.map_err(of_table(table))?;
                self.add_revenue(before, brought);
            }
        }
        self.settle();
        Ok(())
    }

    /// Begins to fetch what a month needs of older ones and is not kept from when they were closed.
    pub(super) fn fetch_past(&self, closes: &Closes, month: Month) -> PastFiles {
        let (value, tier) = self.windows(month);
        let mut revenue_of = vec![value, tier];
        revenue_of.retain(|at| !self.revenues.contains_key(at));
        let mut opening_of: Vec<Month> = period::ended_by(month).map(|(_, at)| at).collect();
        opening_of.retain(|at| !self.openings.contains_key(at));
        let wanted = |at| revenue_of.contains(&at) || opening_of.contains(&at);
        let files = closes.files(layout::CUSTOMER_MONTH, |at| at >= self.first && wanted(at));
        let files = files.into_iter().filter_map(|file| {
            let (month, warehouse) = (file.month?, self.warehouse.clone());
            let opened =
                async move { Opened::new(&warehouse, layout::CUSTOMER_MONTH, &file).await };
            Some((month, tokio::spawn(opened)))
        });
        PastFiles { files: files.collect(), revenue_of, opening_of }
    }

    /// Begins to read what earlier closes left and a month needs besides the state, of the customers met, who are
    /// settled: the states of those who went dormant before these months and are met again, the revenue that falls out
    /// of the windows, and who was in the base when the periods that the month ends began.
    pub(super) fn recall(&self, closes: &Closes, past: PastFiles) -> Recalled {
        // The large files first: what is left of time beside them is enough for the small ones.
        let past = self.read_past(past);
        let (asleep, sought) = self.asleep(closes);
        Recalled { past, asleep, sought }
    }

    /// Takes it when it has been read.
    pub(super) async fn take_recalled(&mut self, recalled: Recalled) -> Result<(), CloseError> {
        let Recalled { past, mut asleep, sought } = recalled;
        let mut found = HashSet::new();
        let mut awaking = Vec::new();
        while let Some((month, mut asleep)) = asleep.next().await? {
            asleep.found.retain(|(place, _)| found.insert(*place));
            if !asleep.found.is_empty() {
                awaking.push((month, tokio::spawn(async move { asleep.awaking() })));
            }
        }
        for (month, awaking) in awaking {
            let (places, rows) = awaking.await.map_err(fell)??;
            let slots = places.into_iter().map(|place| sought[place as usize]);
            self.awaken(month, slots, &rows).map_err(of_table(layout::DORMANT))?;
        }
        for past in past {
            let (month, past) = past.await.map_err(fell)??;
            self.revenues.extend(past.revenue.map(|revenue| (month, revenue)));
            if let Some((mut opening, words)) = past.opening {
                opening.reword(&self.words.words_of(&words));
                self.openings.insert(month, opening);
            }
        }
        Ok(())
    }

    /// Begins to look for customers of whom nothing is known, who are told too, among those who went dormant, the
    /// latest first.
    fn asleep(&self, closes: &Closes) -> (Reading<Asleep>, Vec<Slot>) {
        let files = closes.files(layout::DORMANT, |at| at >= self.first && at < self.since);
        let sought = if files.is_empty() { Vec::new() } else { self.customers.unknown() };
        let mut ids = Ids::default();
        for slot in &sought {
            ids.meet(self.customers.id(*slot));
        }
        let (warehouse, ids) = (self.warehouse.clone(), Arc::new(ids));
        let read = move |part| Asleep::find(warehouse.clone(), part, Arc::clone(&ids));
        (Reading::begin(files.into_iter().rev().collect(), read), sought)
    }

    /// Takes the states of customers who went dormant in a month, and not again later.
    fn awaken(
        &mut self,
        month: Month,
        mut slots: impl Iterator<Item = Slot>,
        rows: &[RecordBatch],
    ) -> Result<(), ArrowError> {
        for rows in rows {
            let mut state = States { words: &mut self.words, groups: &mut self.groups };
            let customers = &mut self.customers;
            state.asleep(rows, &mut slots, customers, month.number(), &self.dimensions)?;
        }
        Ok(())
    }

    /// Begins to read what is wanted of older months, of the customers met.
    fn read_past(&self, past: PastFiles) -> Vec<JoinHandle<Result<(Month, Past), WarehouseError>>> {
        let reader = past::Reader {
            revenue_of: past.revenue_of,
            opening_of: past.opening_of,
            dimensions: self.dimensions.clone(),
            who: self.customers.who().clone(),
            ids: Arc::clone(self.customers.ids()),
        };
        let read = |(month, file): (Month, Fetching)| {
            let reader = reader.clone();
            tokio::spawn(
                async move { Ok((month, reader.read(month, &file.await.map_err(fell)??)?)) },
            )
        };
        past.files.into_iter().map(read).collect()
    }
}

/// What earlier closes left, on its way.
pub struct Recalled {
    past: Vec<JoinHandle<Result<(Month, Past), WarehouseError>>>,
    asleep: Reading<Asleep>,
    /// Those who are looked for among the dormant.
    sought: Vec<Slot>,
}

/// A data file on its way.
type Fetching = JoinHandle<Result<Opened, WarehouseError>>;

/// Older months of which something is wanted, on their way.
pub struct PastFiles {
    files: Vec<(Month, Fetching)>,
    revenue_of: Vec<Month>,
    opening_of: Vec<Month>,
}

/// A file of dormant, and who of those sought is in it.
struct Asleep {
    file: Opened,
    /// Places among those sought, and the rows that are theirs, in order.
    found: Vec<(Slot, usize)>,
}

impl Asleep {
    /// Looks for those sought among the ids of a file.
    ///
    /// # Errors
    /// The store can't be read, or the file is damaged.
    async fn find(
        warehouse: Warehouse,
        part: DataFile,
        ids: Arc<Ids>,
    ) -> Result<Self, WarehouseError> {
        let file = Opened::new(&warehouse, layout::DORMANT, &part).await?;
        let (mut finder, mut found, mut row) = (ids.finder(), Vec::new(), 0);
        for rows in file.rows(Some(&["customer_id"]), None)? {
            for id in rows?["customer_id"].as_string::<i32>() {
                found.extend(id.and_then(|id| finder.find(id)).map(|place| (place, row)));
                row += 1;
            }
        }
        Ok(Self { file, found })
    }

    /// The places among those sought, and their rows: of many files few, since most who come back have not been away
    /// for long.
    fn awaking(self) -> Result<(Vec<Slot>, Vec<RecordBatch>), WarehouseError> {
        let selected = self.found.iter().map(|(_, row)| *row..row + 1);
        let selected = RowSelection::from_consecutive_ranges(selected, self.file.len());
        let rows = self.file.rows(None, Some(selected))?.collect::<Result<_, _>>()?;
        Ok((self.found.into_iter().map(|(place, _)| place).collect(), rows))
    }
}
