//! One month's close: the core SQL over the month's landed rows and the state of the month before.
//! Each relation of `sql/core` is computed once and held in memory; the last ones are what is kept.

use std::sync::Arc;

use arrow::array::{Array, AsArray, Date32Array, Int32Array, RecordBatch, StringArray};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Decimal128Type, Field, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::physical_plan::collect_partitioned;
use datafusion::prelude::SessionContext;
use sha2::{Digest, Sha256};

use super::{CloseError, Closes, Inventory};
use crate::config::Config;
use crate::engine::{Engine, EngineError, FilesTable, policy, template};
use crate::extract::SourceKind;
use crate::land::Occurrence;
use crate::month::Month;
use crate::warehouse::{DataFile, Place, Warehouse, WarehouseError, layout};

/// The core, in the order in which it is computed.
const CORE: [(&str, &str); 8] = [
    ("customer_charge", include_str!("../../sql/core/customer_charge.sql")),
    ("customer_event", include_str!("../../sql/core/customer_event.sql")),
    ("known", include_str!("../../sql/core/known.sql")),
    ("customer_step", include_str!("../../sql/core/customer_step.sql")),
    ("customer_month", include_str!("../../sql/core/customer_month.sql")),
    ("dormant_now", include_str!("../../sql/core/dormant.sql")),
    ("customer_change", include_str!("../../sql/core/customer_change.sql")),
    ("movement", include_str!("../../sql/core/movement.sql")),
];

/// A digest of all that decides what a close computes besides its rows: the policy, the dimensions, and
/// the core's SQL.
pub fn definitions(config: &Config) -> String {
    let policy = serde_json::to_string(&config.policy).unwrap_or_default();
    let dimensions = config.dimension_names().join(",");
    let mut parts = vec![policy.as_bytes(), dimensions.as_bytes()];
    parts.extend(CORE.iter().map(|(_, sql)| sql.as_bytes()));
    parts.extend(template::STAGING.iter().map(|(_, sql)| sql.as_bytes()));
    layout::digest(&parts)
}

/// What a month's close makes.
#[derive(Debug)]
pub struct Made {
    /// The month.
    pub month: Month,
    /// Its rows of `customer_month`.
    pub customer_month: RecordBatch,
    /// Its rows of `dormant`.
    pub dormant: RecordBatch,
    /// Its rows of `movement`.
    pub movement: RecordBatch,
    /// A digest of each customer's revenue in it.
    pub charges: String,
}

/// A month that is being closed.
pub struct Closing<'a> {
    /// Where the tables are.
    pub warehouse: &'a Warehouse,
    /// What runs the SQL.
    pub engine: &'a Engine,
    /// The policy and the dimensions.
    pub config: &'a Config,
    /// What is landed.
    pub inventory: &'a Inventory,
    /// The months closed before.
    pub closes: &'a Closes,
    /// The month.
    pub month: Month,
}

impl Closing<'_> {
    /// Closes the month; `first` is the first one of the history.
    ///
    /// # Errors
    /// The tables can't be read, or our SQL fails.
    pub async fn run(&self, first: Month) -> Result<Made, CloseError> {
        let context = self.engine.session();
        self.register(&context, first).map_err(internal("the close's inputs"))?;
        policy::register(&context, &self.config.policy).map_err(internal("policy"))?;
        for (name, sql) in template::STAGING.iter().take(2) {
            self.stage(&context, name, sql).await.map_err(internal(name))?;
        }
        for (name, sql) in CORE {
            self.materialise(&context, name, sql).await.map_err(internal(name))?;
        }
        let customer_month =
            self.result(&context, "customer_month", layout::CUSTOMER_MONTH).await?;
        let dormant = self.result(&context, "dormant_now", layout::DORMANT).await?;
        let movement = self.result(&context, "movement", layout::MOVEMENT).await?;
        let charges = charges_digest(&customer_month);
        Ok(Made { month: self.month, customer_month, dormant, movement, charges })
    }

    fn register(&self, context: &SessionContext, first: Month) -> Result<(), DataFusionError> {
        context.register_batch("closing", closing_row(self.month, first)?)?;
        let landed = context
            .catalog("datafusion")
            .ok_or_else(|| DataFusionError::Internal("no catalog".into()))?;
        landed.register_schema(
            "landed",
            Arc::new(datafusion::catalog::MemorySchemaProvider::new()),
        )?;
        for kind in [SourceKind::Billing, SourceKind::Channel] {
            let earlier = kind == SourceKind::Channel && self.month == first;
            let wanted = |month: Month| month == self.month || (earlier && month < self.month);
            let files = self.inventory.source(kind).files_where(wanted);
            let name = layout::landed(kind);
            context.register_table(format!("landed.{name}"), self.files(name, files))?;
        }
        let superseded = superseded_rows(&self.inventory.superseded)?;
        context.register_table("landed.superseded", superseded)?;
        let core = |name: &'static str, wanted: &dyn Fn(Month) -> bool| {
            let in_history = |month: Month| month >= first && wanted(month);
            self.files(name, self.closes.files(name, in_history))
        };
        let policy = &self.config.policy;
        let ago = |months: u32| self.month.plus(-(months as i32));
        let (value, tier) = (ago(policy.value_window), ago(policy.tier_window));
        context.register_table(
            "prior",
            core(layout::CUSTOMER_MONTH, &|month| month == self.month.previous()),
        )?;
        context.register_table("dormant", core(layout::DORMANT, &|month| month < self.month))?;
        context.register_table(
            "out_of_value_window",
            core(layout::CUSTOMER_MONTH, &|month| month == value),
        )?;
        context.register_table(
            "out_of_tier_window",
            core(layout::CUSTOMER_MONTH, &|month| month == tier),
        )?;
        Ok(())
    }

    fn files(&self, name: &'static str, files: Vec<DataFile>) -> Arc<dyn TableProvider> {
        let place = Place {
            url: self.warehouse.url().clone(),
            store: self.warehouse.store(),
            prefix: self.warehouse.path(name),
        };
        Arc::new(FilesTable::new(
            place,
            layout::schema(name, self.warehouse.dimensions()),
            true,
            files,
        ))
    }

    async fn stage(
        &self,
        context: &SessionContext,
        name: &str,
        sql: &str,
    ) -> Result<(), DataFusionError> {
        let view = context.sql(&template::render(sql, self.config)?).await?.into_view();
        context.register_table(name, view)?;
        Ok(())
    }

    async fn materialise(
        &self,
        context: &SessionContext,
        name: &str,
        sql: &str,
    ) -> Result<(), DataFusionError> {
        let begun = std::time::Instant::now();
        let frame = context.sql(&template::render(sql, self.config)?).await?;
        // The plan that runs knows better than the query which columns hold no null.
        let plan = frame.create_physical_plan().await?;
        let schema: SchemaRef = plan.schema();
        let planned = begun.elapsed();
        let partitions = collect_partitioned(plan, context.task_ctx()).await?;
        tracing::debug!(month = %self.month, relation = name, ?planned, whole = ?begun.elapsed(), "closed");
        context.register_table(name, Arc::new(MemTable::try_new(schema, partitions)?))?;
        Ok(())
    }

    /// A relation as one batch in the layout of its table.
    async fn result(
        &self,
        context: &SessionContext,
        name: &str,
        table: &str,
    ) -> Result<RecordBatch, CloseError> {
        let frame = context.table(name).await.map_err(internal(name))?;
        let schema = Arc::clone(frame.schema().inner());
        let batches = frame.collect().await.map_err(internal(name))?;
        let layout = layout::file_schema(table, self.warehouse.dimensions());
        let arrow = |source| WarehouseError::Arrow { table: table.to_owned(), source };
        let whole = concat_batches(&schema, &batches).map_err(arrow)?;
        let columns = layout
            .fields()
            .iter()
            .map(|field| cast(&whole[field.name().as_str()], field.data_type()));
        let columns = columns.collect::<Result<Vec<_>, _>>().map_err(arrow)?;
        Ok(RecordBatch::try_new(layout, columns).map_err(arrow)?)
    }
}

fn internal(relation: &str) -> impl Fn(DataFusionError) -> CloseError {
    let relation = format!("sql/core {relation}");
    move |source| EngineError::Internal { relation: relation.clone(), source }.into()
}

fn closing_row(month: Month, first: Month) -> Result<RecordBatch, arrow::error::ArrowError> {
    let number = |month: Month| month.since(Month::new(0, 1));
    RecordBatch::try_from_iter([
        ("month", Arc::new(Date32Array::from(vec![month.days()])) as Arc<dyn Array>),
        ("number", Arc::new(Int32Array::from(vec![number(month)]))),
        ("first_number", Arc::new(Int32Array::from(vec![number(first)]))),
    ])
}

/// The rows that do not count as a table, for the staging views.
///
/// # Errors
/// None that is not a fault of ours.
pub fn superseded_rows(rows: &[Occurrence]) -> Result<Arc<dyn TableProvider>, DataFusionError> {
    let schema = Arc::new(Schema::new(vec![
        Field::new("source", DataType::Utf8, false),
        Field::new("delivery", DataType::Int32, false),
        Field::new("line", DataType::Int64, false),
    ]));
    let source: StringArray = rows.iter().map(|row| Some(row.source.as_str())).collect();
    let delivery: Int32Array = rows.iter().map(|row| Some(row.delivery)).collect();
    let line: arrow::array::Int64Array = rows.iter().map(|row| Some(row.line)).collect();
    let batch = RecordBatch::try_new(
        Arc::clone(&schema),
        vec![Arc::new(source), Arc::new(delivery), Arc::new(line)],
    )?;
    Ok(Arc::new(MemTable::try_new(schema, vec![vec![batch]])?))
}

fn charges_digest(customer_month: &RecordBatch) -> String {
    let mut hash = Sha256::new();
    let ids = customer_month["customer_id"].as_string::<i32>();
    let revenue = customer_month["revenue"].as_primitive::<Decimal128Type>();
    for (id, cents) in ids.iter().zip(revenue.values()) {
        hash.update(id.unwrap_or_default());
        hash.update(cents.to_le_bytes());
    }
    format!("{:x}", hash.finalize())[..16].to_owned()
}
