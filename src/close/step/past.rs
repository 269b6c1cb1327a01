//! What an older month's customer_month tells of the customers met: what they brought, which falls out of a window
//! now, and who was in the base, where a period that ends now began with that month's end.

use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Decimal64Type;
use arrow::error::ArrowError;

use super::customers::{Cents, Slot};
use super::ids::{Ids, Who};
use super::of_table;
use super::periods::Opening;
use super::read::Opened;
use super::words::Words;
use crate::month::Month;
use crate::warehouse::{WarehouseError, layout};

/// What is wanted of a month.
#[derive(Debug)]
pub struct Past {
    /// What customers brought, by slot.
    pub revenue: Option<Vec<Cents>>,
    /// Who was in the base, with the words of their dimensions.
    pub opening: Option<(Opening, Words)>,
}

/// Reads older months.
#[derive(Clone)]
pub struct Reader {
    /// The months whose revenue is wanted.
    pub revenue_of: Vec<Month>,
    /// The months whose base is wanted.
    pub opening_of: Vec<Month>,
    /// All dimensions.
    pub dimensions: Vec<String>,
    /// Those who are taken.
    pub who: Who,
    /// The ids met.
    pub ids: Arc<Ids>,
}

impl Reader {
    /// Reads what is wanted of a month from its file of customer_month.
    ///
    /// # Errors
    /// The file is damaged.
    pub fn read(&self, month: Month, file: &Opened) -> Result<Past, WarehouseError> {
        let dimensions = self.dimensions.len();
        let mut past = Past {
            revenue: self.revenue_of.contains(&month).then(|| vec![0; self.ids.len()]),
            opening: self
                .opening_of
                .contains(&month)
                .then(|| (Opening::new(dimensions), Words::default())),
        };
        if let Some((opening, _)) = &mut past.opening {
            opening.reserve(file.len());
        }
        let mut finder = self.ids.finder();
        for rows in file.rows(Some(&self.columns(&past)), None)? {
            let rows = rows?;
            let ids = rows["customer_id"].as_string::<i32>().iter();
            let slots: Vec<_> = ids.map(|id| id.and_then(|id| finder.find(id))).collect();
            self.add(&rows, &slots, &mut past).map_err(of_table(layout::CUSTOMER_MONTH))?;
        }
        Ok(past)
    }

    fn columns(&self, wanted: &Past) -> Vec<&str> {
        let mut columns = vec!["customer_id"];
        columns.extend(wanted.revenue.is_some().then_some("revenue"));
        if wanted.opening.is_some() {
            columns.push("status");
            columns.extend(self.dimensions.iter().map(String::as_str));
        }
        columns
    }

    /// Adds rows, of each of which the slot is told, if its customer has been met.
    fn add(
        &self,
        rows: &RecordBatch,
        slots: &[Option<Slot>],
        past: &mut Past,
    ) -> Result<(), ArrowError> {
        if let Some(revenue) = &mut past.revenue {
            let brought = rows["revenue"].as_primitive::<Decimal64Type>().values();
            for (slot, cents) in slots.iter().zip(brought) {
                slot.iter().for_each(|slot| revenue[*slot as usize] = *cents);
            }
        }
        if let Some((opening, words)) = &mut past.opening {
            opening.add(rows, slots, &self.dimensions, &self.who, words)?;
        }
        Ok(())
    }
}
