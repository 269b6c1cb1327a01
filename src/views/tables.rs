//! The tables that queries find at the desk besides the views: the landed ones as staged, the core, the
//! ledger, the closes, the user's reference tables. Each is registered when a query names it.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::functions::expr_fn::regexp_like;
use datafusion::prelude::{CsvReadOptions, ident, lit};

use super::{Desk, ViewError};
use crate::close::{Openness, Schedule, definitions, stage_inputs};
use crate::engine::{FilesTable, template};
use crate::extract::SourceKind;
use crate::land::Ledger;
use crate::month::Month;
use crate::warehouse::{DataFile, Place, layout, to_batch};

impl Desk {
    fn files(
        &self,
        name: &'static str,
        partitioned: bool,
        files: Vec<DataFile>,
    ) -> Arc<dyn TableProvider> {
        let place = Place {
            url: self.warehouse.url().clone(),
            store: self.warehouse.store(),
            prefix: self.warehouse.path(name),
        };
        let schema = layout::schema(name, self.warehouse.dimensions());
        Arc::new(FilesTable::new(place, schema, partitioned, files).with_text_views())
    }

    fn wants(&self, month: Month) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&month))
    }

    pub(super) fn provide_core(&self, name: &'static str) -> Result<(), ViewError> {
        let files = self.closes.files(name, |month| self.wants(month));
        self.context.register_table(name, self.files(name, true, files))?;
        Ok(())
    }

    /// A reference table of the user's.
    pub(super) async fn provide_own(&self, name: &str) -> Result<(), ViewError> {
        let path = self.config.table_path(name)?;
        let place = path.to_string_lossy();
        let registered = match path.extension().is_some_and(|ending| ending == "parquet") {
            true => self.context.register_parquet(name, place, Default::default()).await,
            false => self.provide_csv(name, &place).await,
        };
        registered.map_err(|error| ViewError::unreadable(name, &path, &error.strip_backtrace()))
    }

    /// A CSV file says nothing of types: they are guessed from all its rows. What is text in our tables is text
    /// here too, and so is any id, and what begins with a 0 that a number would lose.
    async fn provide_csv(&self, name: &str, path: &str) -> Result<(), DataFusionError> {
        let options = CsvReadOptions::new().schema_infer_max_records(usize::MAX);
        let guessed = self.context.read_csv(path, options.clone()).await?;
        let guessed = guessed.schema().as_arrow().clone();
        let mut fields = Vec::new();
        for field in guessed.fields() {
            let is_text = self.is_text(field.name())
                || (field.data_type().is_integer()
                    && self.is_padded(path, &guessed, field).await?);
            fields.push(if is_text { as_text(field) } else { field.as_ref().clone() });
        }
        self.context.register_csv(name, path, options.schema(&Schema::new(fields))).await
    }

    /// Whether a whole number of a CSV file begins with a 0 anywhere, before other digits.
    async fn is_padded(
        &self,
        path: &str,
        guessed: &Schema,
        field: &Field,
    ) -> Result<bool, DataFusionError> {
        let texts = guessed.fields().iter().map(|field| as_text(field)).collect::<Vec<_>>();
        let texts = Schema::new(texts);
        let rows = self.context.read_csv(path, CsvReadOptions::new().schema(&texts)).await?;
        let padded = regexp_like(ident(field.name()), lit(r"^\s*[+-]?0\d"), None);
        Ok(rows.filter(padded)?.limit(0, Some(1))?.count().await? > 0)
    }

    /// Whether a column of this name holds text, as ours do.
    fn is_text(&self, column: &str) -> bool {
        let is_ours = |table: &str| {
            let schema = layout::schema(table, self.warehouse.dimensions());
            schema.field_with_name(column).is_ok_and(|field| *field.data_type() == DataType::Utf8)
        };
        let landed = SourceKind::iter().map(layout::landed);
        column.ends_with("_id") || landed.chain([layout::CUSTOMER_MONTH]).any(is_ours)
    }

    pub(super) async fn provide_landed(
        &self,
        name: &str,
        path: &mut Vec<String>,
    ) -> Result<(), ViewError> {
        let inventory = self.inventory().await?;
        if !self.context.table_exist("landed.superseded")? {
            stage_inputs(&self.context, inventory)?;
        }
        if name == layout::REJECTED {
            let table = self.warehouse.open(layout::REJECTED).await?;
            let files = table.map_or_else(Vec::new, |table| table.files().to_vec());
            self.context
                .register_table("landed.rejected", self.files(layout::REJECTED, false, files))?;
        } else if let Some(kind) = SourceKind::iter().find(|kind| layout::landed(*kind) == name) {
            let files = inventory.source(kind).files_where(|month| self.wants(month));
            let table = self.files(layout::landed(kind), true, files);
            self.context.register_table(format!("landed.{name}"), table)?;
        }
        let sql = template::STAGING.iter().find(|(staged, _)| *staged == name).map(|(_, sql)| *sql);
        let sql = template::render(sql.unwrap_or_default(), &self.config)?;
        Ok(self.provide_query(name, &sql, path).await?)
    }

    /// The ledger, with a column that tells the landings whose rows are in the tables.
    pub(super) async fn provide_landings(&self) -> Result<(), ViewError> {
        let ledger = Ledger::open(&self.warehouse).await?;
        let landings = ledger.landings();
        let mut seen = HashSet::new();
        let latest: Vec<bool> = landings
            .iter()
            .rev()
            .map(|landing| seen.insert((landing.source, landing.delivery)) && !landing.retracted)
            .collect();
        let current: BooleanArray = latest.into_iter().rev().map(Some).collect();
        let schema = layout::schema(layout::LANDINGS, &[]);
        let batch = to_batch(&schema, landings).map_err(DataFusionError::from)?;
        let mut columns = vec![("current", Arc::new(current) as _)];
        let fields = schema.fields().iter().zip(batch.columns());
        columns.extend(fields.map(|(field, column)| (field.name().as_str(), Arc::clone(column))));
        let batch = RecordBatch::try_from_iter(columns).map_err(DataFusionError::from)?;
        self.provide_batch("landings", batch)
    }

    pub(super) fn provide_closes(&self) -> Result<(), ViewError> {
        let records: Vec<_> = self.closes.records().filter(|record| record.is_closed()).collect();
        let batch = to_batch(&layout::schema(layout::CLOSES, &[]), &records)
            .map_err(DataFusionError::from)?;
        self.provide_batch("closes", batch)
    }

    /// How each month of the history stands.
    pub(super) async fn provide_month_state(&self) -> Result<(), ViewError> {
        let inventory = self.inventory().await?;
        let definitions = definitions(&self.config);
        let schedule = Schedule::new(inventory, &self.closes, &self.config, &definitions);
        let months = schedule.iter().flat_map(Schedule::months);
        let (days, states): (Vec<i32>, Vec<&str>) = months
            .filter(|month| self.wants(*month))
            .filter_map(|month| {
                Some((month.days(), state_word(schedule.as_ref()?.openness(&self.closes, month))))
            })
            .unzip();
        let columns: [(&str, Arc<dyn arrow::array::Array>); 2] = [
            ("month", Arc::new(arrow::array::Date32Array::from(days))),
            ("state", Arc::new(arrow::array::StringArray::from(states))),
        ];
        let batch = RecordBatch::try_from_iter(columns).map_err(DataFusionError::from)?;
        self.provide_batch("month_state", batch)
    }

    fn provide_batch(&self, name: &str, batch: RecordBatch) -> Result<(), ViewError> {
        let table = MemTable::try_new(batch.schema(), vec![vec![batch]])?;
        self.context.register_table(name, Arc::new(table))?;
        Ok(())
    }
}

/// How a month stands, in a word for tables.
fn state_word(openness: Openness) -> &'static str {
    match openness {
        Openness::Closed => "closed",
        Openness::OtherDefinitions => "other definitions",
        Openness::Stale => "stale",
        Openness::Open => "open",
    }
}

fn as_text(field: &Field) -> Field {
    field.clone().with_data_type(DataType::Utf8)
}
