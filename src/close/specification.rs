//! What one month's close is, by `sql/core`: SQL over the month's landed rows and the state of the month
//! before. `close --by-sql` computes by it; otherwise the step written by hand does, with the same result.
//! Each relation is computed once and held in memory; the last ones are what is kept.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, Date32Array, Int32Array, RecordBatch, StringArray};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use datafusion::catalog::TableProvider;
use datafusion::common::ToDFSchema;
use datafusion::datasource::{MemTable, ViewTable};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{EmptyRelation, LogicalPlan};
use datafusion::physical_plan::collect_partitioned;
use datafusion::prelude::SessionContext;

use super::{CloseError, Closes, Inventory, Part};
use crate::config::{Config, Policy};
use crate::engine::{Engine, EngineError, FilesTable, policy, template};
use crate::extract::SourceKind;
use crate::land::Occurrence;
use crate::month::Month;
use crate::warehouse::{DataFile, Place, Warehouse, WarehouseError, layout};

/// The core, in the order in which it is computed.
const CORE: [(&str, &str); 14] = [
    ("customer_charge", include_str!("../../sql/core/customer_charge.sql")),
    ("customer_event", include_str!("../../sql/core/customer_event.sql")),
    ("known", include_str!("../../sql/core/known.sql")),
    ("customer_step", include_str!("../../sql/core/customer_step.sql")),
    ("customer_month", include_str!("../../sql/core/customer_month.sql")),
    ("dormant_now", include_str!("../../sql/core/dormant.sql")),
    ("customer_change", include_str!("../../sql/core/customer_change.sql")),
    ("movement", include_str!("../../sql/core/movement.sql")),
    ("spell", include_str!("../../sql/core/spell.sql")),
    ("value_movement", include_str!("../../sql/core/value_movement.sql")),
    ("period_movement", include_str!("../../sql/core/period_movement.sql")),
    ("cohort", include_str!("../../sql/core/cohort.sql")),
    ("won_back", include_str!("../../sql/core/won_back.sql")),
    ("concentration", include_str!("../../sql/core/concentration.sql")),
];

/// A digest of all that decides what a close computes besides its rows: the policy as far as it reads it, the
/// dimensions, and the core's SQL.
pub fn definitions(config: &Config) -> String {
    let policy = serde_json::to_string(&of_close(&config.policy)).unwrap_or_default();
    let dimensions = config.dimension_names().join(",");
    let mut parts = vec![policy.as_bytes(), dimensions.as_bytes()];
    parts.extend(CORE.iter().map(|(_, sql)| sql.as_bytes()));
    parts.extend(template::STAGING.iter().map(|(_, sql)| sql.as_bytes()));
    layout::digest(&parts)
}

/// A policy without what only views read, which changes their numbers for all months at once: nothing need close
/// again for it.
fn of_close(policy: &Policy) -> Policy {
    let any = Policy::default();
    Policy {
        retention_cost: any.retention_cost,
        acquisition_multiple: any.acquisition_multiple,
        influence: any.influence,
        complaining_share: any.complaining_share,
        reasons: any.reasons,
        decline: any.decline,
        group_min: any.group_min,
        group_share: any.group_share,
        ..policy.clone()
    }
}

/// A month that is being closed.
pub(super) struct Closing<'a> {
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
    pub async fn run(&self, first: Month) -> Result<[Part; 2], CloseError> {
        let context = self.engine.session();
        self.register(&context, first).map_err(internal("the close's inputs"))?;
        policy::register(&context, &self.config.policy).map_err(internal("policy"))?;
        for (name, sql) in template::STAGING.iter().take(2) {
            self.stage(&context, name, sql).await.map_err(internal(name))?;
        }
        let mut relations = HashMap::new();
        for (name, sql) in CORE {
            let rows = self.materialise(&context, name, sql).await.map_err(internal(name))?;
            relations.insert(name, rows);
        }
        let whole = |name, table| self.result(&relations[name], table);
        let customers = vec![
            whole("customer_month", layout::CUSTOMER_MONTH)?,
            whole("dormant_now", layout::DORMANT)?,
        ];
        let sums = layout::SUMS.into_iter().map(|table| whole(table, table));
        let sums = sums.collect::<Result<Vec<_>, _>>()?;
        Ok([Part::Customers(Box::new(|| Ok(customers))), Part::Sums(Box::new(|| Ok(sums)))])
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
        stage_inputs(context, self.inventory)?;
        let core = |name: &'static str, wanted: &dyn Fn(Month) -> bool| {
            let in_history = |month: Month| month >= first && wanted(month);
            self.files(name, self.closes.files(name, in_history))
        };
        let policy = &self.config.policy;
        let ago = |months: u32| self.month.plus(-(months as i32));
        let (value, tier) = (ago(policy.value_window), ago(policy.tier_window));
        let one = |month: Month| core(layout::CUSTOMER_MONTH, &|at| at == month);
        context.register_table("prior", one(self.month.previous()))?;
        context.register_table("quarter_ago", one(ago(3)))?;
        context.register_table("year_ago", one(ago(12)))?;
        context.register_table("dormant", core(layout::DORMANT, &|month| month < self.month))?;
        context.register_table("out_of_value_window", one(value))?;
        context.register_table("out_of_tier_window", one(tier))?;
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
    ) -> Result<Vec<RecordBatch>, DataFusionError> {
        let begun = std::time::Instant::now();
        let frame = context.sql(&template::render(sql, self.config)?).await?;
        // The plan that runs knows better than the query which columns hold no null.
        let plan = frame.create_physical_plan().await?;
        let schema: SchemaRef = plan.schema();
        let planned = begun.elapsed();
        let partitions = collect_partitioned(plan, context.task_ctx()).await?;
        tracing::debug!(month = %self.month, relation = name, ?planned, whole = ?begun.elapsed(), "closed");
        let rows = partitions.iter().flatten().cloned().collect();
        context.register_table(name, Arc::new(MemTable::try_new(schema, partitions)?))?;
        Ok(rows)
    }

    /// A relation's rows, in their order, as one batch in the layout of its table.
    fn result(&self, rows: &[RecordBatch], table: &str) -> Result<RecordBatch, CloseError> {
        let layout = layout::file_schema(table, self.warehouse.dimensions());
        let arrow = |source| WarehouseError::Arrow { table: table.to_owned(), source };
        let Some(first) = rows.first() else { return Ok(RecordBatch::new_empty(layout)) };
        let whole = concat_batches(&first.schema(), rows).map_err(arrow)?;
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
    RecordBatch::try_from_iter([
        ("month", Arc::new(Date32Array::from(vec![month.days()])) as Arc<dyn Array>),
        ("number", Arc::new(Int32Array::from(vec![month.number()]))),
        ("first_number", Arc::new(Int32Array::from(vec![first.number()]))),
    ])
}

/// Registers what the staging views join besides the landed tables: the rows that do not count, and who is
/// meant by an id on a day.
///
/// # Errors
/// None that is not a fault of ours.
pub fn stage_inputs(
    context: &SessionContext,
    inventory: &Inventory,
) -> Result<(), DataFusionError> {
    context
        .register_table("landed.superseded", few_rows(superseded_rows(&inventory.superseded)?)?)?;
    context.register_table("landed.alias", few_rows(inventory.aliases.rows()?)?)?;
    Ok(())
}

/// A small table. The planner sees where it is empty, and leaves out the join with it.
fn few_rows(batch: RecordBatch) -> Result<Arc<dyn TableProvider>, DataFusionError> {
    let schema = batch.schema();
    if batch.num_rows() > 0 {
        return Ok(Arc::new(MemTable::try_new(schema, vec![vec![batch]])?));
    }
    let nothing = EmptyRelation { produce_one_row: false, schema: schema.to_dfschema_ref()? };
    Ok(Arc::new(ViewTable::new(LogicalPlan::EmptyRelation(nothing), None)))
}

fn superseded_rows(rows: &[Occurrence]) -> Result<RecordBatch, ArrowError> {
    let schema = Arc::new(Schema::new(vec![
        Field::new("source", DataType::Utf8, false),
        Field::new("delivery", DataType::Int32, false),
        Field::new("line", DataType::Int64, false),
    ]));
    let source: StringArray = rows.iter().map(|row| Some(row.source.as_str())).collect();
    let delivery: Int32Array = rows.iter().map(|row| Some(row.delivery)).collect();
    let line: arrow::array::Int64Array = rows.iter().map(|row| Some(row.line)).collect();
    RecordBatch::try_new(schema, vec![Arc::new(source), Arc::new(delivery), Arc::new(line)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn under(policy: &str) -> String {
        definitions(&toml::from_str(&format!("[policy]\n{policy}")).unwrap())
    }

    #[test]
    fn what_only_views_read_asks_for_no_close() {
        let other = "retention_cost = 1\nacquisition_multiple = 2\ninfluence = 3\ncomplaining_share = 0.4\n\
                     decline = 0.6\ngroup_min = 7\ngroup_share = 0.8\nreasons = { price = \"other\" }\n";
        assert_eq!(under(other), under(""));
        assert_ne!(under("churned_after = 4"), under(""));
        let keys = other.lines().filter_map(|line| line.split(' ').next());
        for name in keys.map(|name| if name == "reasons" { "reason_class" } else { name }) {
            let mut core = CORE.iter().chain(&template::STAGING);
            assert!(core.all(|(_, sql)| !sql.contains(name)), "{name}");
        }
    }
}
