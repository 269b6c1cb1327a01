//! What a step reads of earlier closes where it does not have it in memory: the state at the end of the month before,
//! who went dormant, the revenue that falls out of the windows, who was in the base when a period began.

use arrow::array::RecordBatch;
use arrow::error::ArrowError;

use super::periods::Opening;
use super::ranges::IdRange;
use super::read::{self, Reading};
use super::{CloseError, Closes, Month, Step, layout, nobody, of_table, period, threads};

/// What earlier closes left, as it is read.
pub struct Behind {
    pub asleep: Reading,
    pub revenues: Reading,
    pub openings: Reading,
}

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
        let mut brought = Vec::new();
        for file in files {
            if range.is_all() {
                self.customers.reserve(file.rows as usize);
            }
            let mut rows =
                read::batches(self.warehouse, layout::CUSTOMER_MONTH, &file, None).await?;
            while let Some(batch) = rows.recv().await {
                let rows = self.load_rows(&batch?, before);
                brought.push(rows.map_err(of_table(layout::CUSTOMER_MONTH))?);
            }
        }
        self.customers.sort();
        let revenues = brought.iter().flat_map(|rows| read::revenues(rows, &mut self.customers));
        self.revenues.insert(before, revenues.collect());
        Ok(())
    }

    /// Takes rows of the month before; what is left of them tells what each customer brought.
    fn load_rows(&mut self, rows: &RecordBatch, before: Month) -> Result<RecordBatch, ArrowError> {
        let mut state = read::States { words: &mut self.words, groups: &mut self.groups };
        state.present(rows, &mut self.customers, before.number(), &self.dimensions)?;
        read::earned(rows)
    }

    /// Begins to read what earlier closes left and a month needs besides the state: who went dormant in the
    /// months before these were taken, the latest first; the revenue that falls out of the windows; and who
    /// was in the base when the periods that the month ends began.
    pub(super) fn behind(&self, closes: &Closes, month: Month) -> Behind {
        let (first, since) = (self.first, self.since);
        let read = |table, files, columns: Option<Vec<&str>>| {
            let columns = columns.map(|names| names.into_iter().map(str::to_owned).collect());
            Reading::begin(self.warehouse.clone(), table, files, columns, threads(self.config))
        };
        let dormant = closes.files(layout::DORMANT, |at| at >= first && at < since);
        let (value, tier) = self.windows(month);
        let falls_out = |at: Month| (at == value || at == tier) && at != month.previous();
        let past = |wanted: &dyn Fn(Month) -> bool| {
            closes.files(layout::CUSTOMER_MONTH, |at| at >= first && wanted(at))
        };
        let revenues = past(&|at| falls_out(at) && !self.revenues.contains_key(&at));
        let opened = |at: Month| period::ended_by(month).any(|(_, opened)| opened == at);
        let openings = past(&|at| opened(at) && !self.openings.contains_key(&at));
        Behind {
            asleep: read(layout::DORMANT, dormant.into_iter().rev().collect(), None),
            revenues: read(layout::CUSTOMER_MONTH, revenues, Some(read::REVENUE.to_vec())),
            openings: read(
                layout::CUSTOMER_MONTH,
                openings,
                Some(Opening::columns(&self.dimensions)),
            ),
        }
    }

    /// Takes the states of customers that went dormant and are met again: the latest row of each.
    pub(super) async fn awaken(&mut self, mut asleep: Reading) -> Result<(), CloseError> {
        while let Some((month, batches)) = asleep.next().await? {
            for batch in batches {
                let mut state = read::States { words: &mut self.words, groups: &mut self.groups };
                state
                    .asleep(&batch, &mut self.customers, month.number(), &self.dimensions)
                    .map_err(of_table(layout::DORMANT))?;
            }
        }
        Ok(())
    }

    pub(super) async fn read_revenues(&mut self, mut past: Reading) -> Result<(), CloseError> {
        while let Some((month, batches)) = past.next().await? {
            let read = batches.iter().flat_map(|rows| read::revenues(rows, &mut self.customers));
            self.revenues.entry(month).or_default().extend(read);
        }
        Ok(())
    }

    /// Takes who was in the base at the ends of months.
    pub(super) async fn read_openings(&mut self, mut past: Reading) -> Result<(), CloseError> {
        while let Some((month, batches)) = past.next().await? {
            let opening = self.openings.entry(month).or_default();
            for rows in batches {
                let (customers, words) = (&mut self.customers, &mut self.words);
                let added = opening.add(&rows, &self.dimensions, customers, words);
                added.map_err(of_table(layout::CUSTOMER_MONTH))?;
            }
        }
        Ok(())
    }
}
