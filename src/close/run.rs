//! A close under way: the months in turn, each computed while the files of the one before are written.

use super::save::Saver;
use super::specification::Closing;
use super::step::{IdRange, Step};
use super::{CloseError, Closes, Inventory, Openness, Options, Progress, Report, Schedule, Watch};
use crate::config::Config;
use crate::engine::Engine;
use crate::month::Month;
use crate::warehouse::{Warehouse, layout};

/// What a close needs, and how far it is.
pub struct Run<'a, 'w> {
    /// Where the tables are.
    pub warehouse: &'a Warehouse,
    /// What runs the SQL.
    pub engine: &'a Engine,
    /// The policy and the dimensions.
    pub config: &'a Config,
    /// What is asked for.
    pub options: &'a Options,
    /// What is landed.
    pub inventory: &'a Inventory,
    /// Which months there are, and what each is made from.
    pub schedule: &'a Schedule<'a>,
    /// The months that are closed.
    pub closes: Closes,
    /// What writes a month's files.
    pub saver: Saver<'a>,
    /// What computes a month.
    pub step: Step<'a>,
    /// What has been done.
    pub report: Report,
    /// Who watches.
    pub watch: &'a mut Watch<'w>,
}

impl Run<'_, '_> {
    /// Closes the months that are asked for, until one is not due or not fit, and waits for their files.
    ///
    /// # Errors
    /// The warehouse can't be read or written, or our SQL fails.
    pub async fn months(&mut self) -> Result<(), CloseError> {
        for month in self.schedule.months().take_while(|month| self.options.reaches(*month)) {
            if self.stays(month).await? {
                continue;
            }
            match self.schedule.fit(&self.closes, month, self.options.today) {
                Ok(true) => self.month(month).await?,
                Ok(false) => break,
                Err(reason) => {
                    self.report.stopped = Some(CloseError::Refused { month, reason });
                    break;
                }
            }
        }
        self.settle(0).await
    }

    /// Whether a month is closed already, from what is there now: which the files of the months before it tell.
    async fn stays(&mut self, month: Month) -> Result<bool, CloseError> {
        let depends = !self.options.forces(month) && self.closes.closed(month).is_some();
        if depends || self.options.by_sql {
            self.settle(0).await?;
        }
        Ok(depends && self.schedule.openness(&self.closes, month) == Openness::Closed)
    }

    async fn month(&mut self, month: Month) -> Result<(), CloseError> {
        let ranges = match self.options.by_sql {
            true => vec![IdRange::default()],
            false => self.step.ranges(&self.closes, month).await?,
        };
        (self.watch)(Progress::Begins { month, ranges: ranges.len() });
        if ranges.len() > 1 {
            self.settle(0).await?;
        }
        self.saver.begin(month);
        for range in ranges {
            self.customers(month, &range).await?;
        }
        self.settle(1).await?;
        Ok(self.saver.save_if_due(&self.closes).await?)
    }

    async fn customers(&mut self, month: Month, range: &IdRange) -> Result<(), CloseError> {
        if self.options.by_sql {
            let Self { warehouse, engine, config, inventory, ref closes, .. } = *self;
            let closing = Closing { warehouse, engine, config, inventory, closes, month };
            let parts = closing.run(self.schedule.first).await?;
            parts.into_iter().for_each(|part| self.saver.push(part));
            return Ok(());
        }
        let mut out = |part| self.saver.push(part);
        self.step.close(&self.closes, month, range, &mut out).await
    }

    /// Waits for the files of the months that were begun, but for the last so many, and tells of each.
    async fn settle(&mut self, but: usize) -> Result<(), CloseError> {
        while let Some((month, changed)) =
            self.saver.settle(but, self.schedule, &mut self.closes).await?
        {
            let record = self.closes.closed(month);
            let file = record.and_then(|record| record.file(layout::CUSTOMER_MONTH));
            (self.watch)(Progress::Ends { month, customers: file.map_or(0, |file| file.rows) });
            self.report.closed.push((month, changed));
        }
        Ok(())
    }
}
