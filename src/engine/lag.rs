//! `lag` by whole columns. DataFusion computes a window function a value at a time, with a state for each
//! partition, which for a few rows a customer takes most of the query. A lag over rows in the order of their
//! partitions is a take instead: of the row so many before, where that is still in the partition.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt32Array};
use arrow::compute::{concat, partition, take};
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::DataFusionError;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Literal;
use datafusion::physical_expr::window::{StandardWindowExpr, WindowExpr};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::windows::{BoundedWindowAggExec, WindowUDFExpr};
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, InputOrderMode, PlanProperties,
    SendableRecordBatchStream,
};
use futures::StreamExt;

use super::rule::Replace;

/// Rows that a lag may look back, since they are carried from batch to batch; the library has those beyond.
const FARTHEST: usize = 1024;

/// A [`LagExec`] in place of the library's windows, where all that they compute are lags.
pub const LAG_BY_COLUMNS: Replace = Replace {
    name: "lag_by_columns",
    by: |node| {
        let lags = node.downcast_ref::<BoundedWindowAggExec>().and_then(LagExec::of);
        Ok(lags.map(|lags| Arc::new(lags) as Arc<dyn ExecutionPlan>))
    },
};

/// A value so many rows before, in the same partition; null where there is none.
#[derive(Clone, Debug)]
struct Lag {
    value: Arc<dyn PhysicalExpr>,
    rows: usize,
}

impl Lag {
    /// The lag that a window function is; none where it is another function, skips nulls, has a default or
    /// looks back too far.
    fn of(window: &Arc<dyn WindowExpr>) -> Option<Self> {
        let function =
            window.as_any().downcast_ref::<StandardWindowExpr>()?.get_standard_func_expr();
        let named = function.as_any().downcast_ref::<WindowUDFExpr>()?;
        let is_null = |default: &Arc<dyn PhysicalExpr>| {
            default.downcast_ref::<Literal>().is_some_and(|literal| literal.value().is_null())
        };
        // A reversed lead is a lag as well.
        let shifts = matches!(named.fun().name(), "lag" | "lead");
        if !shifts || !named.args().get(2).is_none_or(is_null) {
            return None;
        }
        // What rows it would look at tells how far back; one that skips nulls looks at all before.
        let evaluator = function.create_evaluator().ok()?;
        let here = 2 * FARTHEST;
        let looks_at = evaluator.get_range(here, here + 1).ok()?;
        let rows = here - looks_at.start.min(here);
        let back = evaluator.is_causal() && (1..=FARTHEST).contains(&rows);
        let [value] = window.expressions().try_into().ok()?;
        back.then_some(Self { value, rows })
    }
}

/// Adds columns of lags to rows that come in the order of their partitions, and in these in the window's.
#[derive(Clone, Debug)]
struct LagExec {
    input: Arc<dyn ExecutionPlan>,
    partition_by: Vec<Arc<dyn PhysicalExpr>>,
    lags: Vec<Lag>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl LagExec {
    fn of(window: &BoundedWindowAggExec) -> Option<Self> {
        let lags: Option<Vec<Lag>> = window.window_expr().iter().map(Lag::of).collect();
        let sorted = window.input_order_mode == InputOrderMode::Sorted;
        Some(Self {
            input: Arc::clone(window.input()),
            partition_by: window.window_expr().first()?.partition_by().to_vec(),
            lags: lags.filter(|_| sorted)?,
            properties: Arc::clone(window.properties()),
            metrics: ExecutionPlanMetricsSet::new(),
        })
    }
}

impl DisplayAs for LagExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |items: Vec<String>| items.join(", ");
        let lags = self.lags.iter().map(|lag| format!("{} {} before", lag.value, lag.rows));
        let keys = self.partition_by.iter().map(|key| key.to_string());
        write!(f, "LagExec: [{}], partition_by=[{}]", list(lags.collect()), list(keys.collect()))
    }
}

impl ExecutionPlan for LagExec {
    fn name(&self) -> &'static str {
        "LagExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        let values = self.lags.iter().map(|lag| &lag.value);
        let mut go_on = TreeNodeRecursion::Continue;
        for expression in self.partition_by.iter().chain(values) {
            go_on = go_on.visit_sibling(|| f(expression))?;
        }
        Ok(go_on)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = children
            .try_into()
            .map_err(|_| DataFusionError::Internal("lags are of the rows of one input".into()))?;
        Ok(Arc::new(Self { input, ..Self::clone(&self) }))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let mut input = self.input.execute(partition, context)?;
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let mut lagging = Lagging::new(self);
        let batches = futures::stream::poll_fn(move |context| {
            let batch = input.poll_next_unpin(context).map(|batch| {
                batch.map(|batch| {
                    let _timed = metrics.elapsed_compute().timer();
                    lagging.add_columns(&batch?)
                })
            });
            metrics.record_poll(batch)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

/// The lags of one stream of rows.
struct Lagging {
    schema: SchemaRef,
    /// The keys of the partition, then the value of each lag.
    expressions: Vec<Arc<dyn PhysicalExpr>>,
    keys: usize,
    rows: Vec<usize>,
    /// Keys and values of the last rows before the batch, as many as a lag looks back.
    before: Vec<ArrayRef>,
}

impl Lagging {
    fn new(plan: &LagExec) -> Self {
        let values = plan.lags.iter().map(|lag| Arc::clone(&lag.value));
        Self {
            schema: plan.schema(),
            expressions: plan.partition_by.iter().cloned().chain(values).collect(),
            keys: plan.partition_by.len(),
            rows: plan.lags.iter().map(|lag| lag.rows).collect(),
            before: Vec::new(),
        }
    }

    fn add_columns(&mut self, batch: &RecordBatch) -> Result<RecordBatch> {
        let rows = batch.num_rows();
        let now = self.expressions.iter().map(|value| value.evaluate(batch)?.into_array(rows));
        let now = now.collect::<Result<Vec<ArrayRef>>>()?;
        let before = std::mem::take(&mut self.before);
        let carried = before.first().map_or(0, |column| column.len());
        let joined: Vec<ArrayRef> = match carried {
            0 => now,
            _ => before
                .iter()
                .zip(&now)
                .map(|(before, now)| concat(&[before.as_ref(), now.as_ref()]))
                .collect::<std::result::Result<_, _>>()?,
        };
        let starts = starts(&joined[..self.keys], carried + rows)?;
        let mut columns = batch.columns().to_vec();
        for (values, rows) in joined[self.keys..].iter().zip(&self.rows) {
            let from: UInt32Array = (carried..starts.len())
                .map(|row| row.checked_sub(*rows).filter(|from| *from >= starts[row] as usize))
                .map(|from| from.map(|from| from as u32))
                .collect();
            columns.push(take(values, &from, None)?);
        }
        let farthest = self.rows.iter().copied().max().unwrap_or_default().min(starts.len());
        let last = |column: &ArrayRef| detached(&column.slice(column.len() - farthest, farthest));
        self.before = joined.iter().map(last).collect();
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }
}

/// For each row the first row of its partition.
fn starts(keys: &[ArrayRef], rows: usize) -> Result<Vec<u32>> {
    if keys.is_empty() {
        return Ok(vec![0; rows]);
    }
    let mut starts = Vec::with_capacity(rows);
    for range in partition(keys)?.ranges() {
        starts.resize(range.end, range.start as u32);
    }
    Ok(starts)
}

/// The same values without the texts of others: views would carry those of every batch along.
fn detached(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Utf8View => Arc::new(column.as_string_view().gc()),
        DataType::BinaryView => Arc::new(column.as_binary_view().gc()),
        _ => Arc::clone(column),
    }
}

#[cfg(test)]
mod tests;
