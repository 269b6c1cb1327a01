//! What is landed, month by month: counts, and a digest of everything that a month's close reads of it.
//! A digest names files and the rows in them that do not count, so that equal digests mean equal inputs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Aliases, CloseError, fell};
use crate::config::Config;
use crate::extract::SourceKind;
use crate::land::{Occurrence, live_landings, superseded};
use crate::month::Month;
use crate::warehouse::{DataFile, Table, Warehouse, layout};

/// What one source has landed.
#[derive(Debug, Default)]
pub struct Landed {
    /// Its table, where it exists.
    pub table: Option<Table>,
    rows: BTreeMap<Month, u64>,
}

impl Landed {
    /// Rows that count in a month.
    pub fn rows(&self, month: Month) -> u64 {
        self.rows.get(&month).copied().unwrap_or_default()
    }

    /// The data files of months that satisfy a condition.
    pub fn files_where(&self, wanted: impl Fn(Month) -> bool) -> Vec<DataFile> {
        self.files().iter().filter(|file| file.month.is_some_and(&wanted)).cloned().collect()
    }

    /// The live data files.
    fn files(&self) -> &[DataFile] {
        self.table.as_ref().map_or(&[], Table::files)
    }

    fn version(&self) -> u64 {
        self.table.as_ref().map_or(0, Table::version)
    }
}

/// All that is landed.
#[derive(Debug)]
pub struct Inventory {
    sources: BTreeMap<SourceKind, Landed>,
    /// Rows that do not count, since another row of their id stands in a later place.
    pub superseded: Vec<Occurrence>,
    /// Who is meant by an id on a day.
    pub aliases: Arc<Aliases>,
}

impl Inventory {
    /// Reads the lists of files, and the aliases; no data.
    ///
    /// # Errors
    /// The store, or the table of aliases, can't be read.
    pub async fn read(warehouse: &Warehouse, config: &Config) -> Result<Self, CloseError> {
        let mut sources = BTreeMap::new();
        let mut live = std::collections::HashSet::new();
        let kinds = SourceKind::iter();
        let opening = kinds.map(|kind| (kind, warehouse.begin_to_open(layout::landed(kind))));
        for (kind, table) in opening.collect::<Vec<_>>() {
            let table = table.await.map_err(fell)??;
            let landed = Landed { table, rows: BTreeMap::new() };
            live.extend(live_landings(landed.files()));
            sources.insert(kind, landed);
        }
        // Opened after the rows, since they land before them.
        let superseded = match warehouse.open(layout::DUPLICATES).await? {
            Some(table) => superseded(&table, &live).await?,
            None => Vec::new(),
        };
        let aliases = Arc::new(Aliases::read(config)?);
        let mut inventory = Self { sources, superseded, aliases };
        inventory.count();
        Ok(inventory)
    }

    fn count(&mut self) {
        for landed in self.sources.values_mut() {
            let mut rows = BTreeMap::new();
            for file in landed.files() {
                if let Some(month) = file.month {
                    *rows.entry(month).or_default() += file.rows;
                }
            }
            landed.rows = rows;
        }
        for row in &self.superseded {
            let rows = self.sources.get_mut(&row.source).map(|landed| &mut landed.rows);
            if let (Some(rows), Some(month)) = (rows, row.month) {
                rows.entry(month).and_modify(|rows| *rows = rows.saturating_sub(1));
            }
        }
        for landed in self.sources.values_mut() {
            landed.rows.retain(|_, rows| *rows > 0);
        }
    }

    /// What a source has landed.
    pub fn source(&self, kind: SourceKind) -> &Landed {
        &self.sources[&kind]
    }

    /// The version of a source's table.
    pub fn version(&self, kind: SourceKind) -> u64 {
        self.source(kind).version()
    }

    /// The months that have billing lines, in order.
    pub fn billing_months(&self) -> BTreeSet<Month> {
        self.source(SourceKind::Billing).rows.keys().copied().collect()
    }

    /// Where the history begins when it is not configured: with the first month of the unbroken run of
    /// billing months that ends at the newest, leading months with less than a tenth of the next one's
    /// lines left out.
    pub fn default_first_month(&self) -> Option<Month> {
        let months = self.billing_months();
        let mut first = *months.last()?;
        while months.contains(&first.previous()) {
            first = first.previous();
        }
        let lines = |month: Month| self.source(SourceKind::Billing).rows(month);
        while months.contains(&first.next()) && lines(first) * 10 < lines(first.next()) {
            first = first.next();
        }
        Some(first)
    }

    /// A digest of what the close of a month reads of the landed tables; that of the history's first
    /// month covers the events before it too.
    pub fn digest(&self, month: Month, first: bool) -> String {
        let mut text = String::new();
        for kind in [SourceKind::Billing, SourceKind::Channel] {
            let earlier = first && kind == SourceKind::Channel;
            text += &self.names(kind, |at| at == month || (earlier && at < month));
        }
        text.push_str(&self.aliases.digest(month));
        layout::digest(&[text.as_bytes()])
    }

    /// The months that a source has rows of, each with a digest of them and of who is meant by their ids.
    pub fn digests(&self, kind: SourceKind) -> BTreeMap<Month, String> {
        let months = self.source(kind).rows.keys();
        let digest = |month: &Month| {
            let text = self.names(kind, |at| at == *month) + &self.aliases.digest(*month);
            (*month, layout::digest(&[text.as_bytes()]))
        };
        months.map(digest).collect()
    }

    /// The files of some months of a source and the rows in them that do not count, a line each.
    fn names(&self, kind: SourceKind, wanted: impl Fn(Month) -> bool) -> String {
        let files = self.source(kind).files_where(&wanted).into_iter();
        let files = files.map(|file| file.path + "\n");
        let out = self.superseded.iter().filter(|row| row.source == kind);
        let out = out.filter(|row| row.month.is_some_and(&wanted));
        files.chain(out.map(|row| format!("-{} {}\n", row.delivery, row.line))).collect()
    }
}
