//! `order by … limit` without decoding all rows. Once as many rows have been read as are asked for, the scan needs
//! only those whose first key is not behind that of the last of them; of others it decodes no further column.
//! DataFusion's own filter compares all keys, so that each has to be decoded for each row, and is off (see
//! `Engine::session`).

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, RecordBatch, make_comparator};
use arrow::compute::{SortOptions, concat, sort_limit};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, ScalarValue};
use datafusion::datasource::physical_plan::FileScanConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{
    BinaryExpr, Column, DynamicFilterPhysicalExpr, is_null, lit,
};
use datafusion::physical_expr::{PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, SendableRecordBatchStream,
    replace_children_if_necessary,
};
use futures::StreamExt;

use super::rule::Replace;

/// Rows that a query may ask for: to keep the keys of more would take longer than it spares.
const MOST: usize = 8192;

/// A [`LeadersExec`] below each sort that keeps a few rows of a scan of files.
pub const TOP_BY_FIRST_KEY: Replace = Replace {
    name: "top_by_first_key",
    by: |node| {
        let Some(sort) = node.downcast_ref::<SortExec>() else { return Ok(None) };
        let Some(leaders) = LeadersExec::below(sort)? else { return Ok(None) };
        replace_children_if_necessary(Arc::clone(node), vec![Arc::new(leaders)]).map(Some)
    },
};

/// Passes rows on, and tells the scan that they come from which ones it need not read.
#[derive(Clone, Debug)]
struct LeadersExec {
    input: Arc<dyn ExecutionPlan>,
    leaders: Arc<Leaders>,
}

impl LeadersExec {
    /// The node for what a sort takes. None where the sort keeps all rows or many, where its rows do not come straight
    /// from files, and where its first key is no column of whole numbers, decimals or times: texts take as long
    /// to compare as to decode, and a file's statistics leave out NaN, which is the greatest of floats.
    fn below(sort: &SortExec) -> Result<Option<Self>> {
        let input = sort.input();
        let Some(rows) = sort.fetch().filter(|rows| (1..=MOST).contains(rows)) else {
            return Ok(None);
        };
        let first = sort.expr().first();
        let Some(column) = first.expr.downcast_ref::<Column>() else { return Ok(None) };
        let schema = input.schema();
        let kind = schema.field(column.index()).data_type();
        let ordered = kind.is_integer() || kind.is_decimal() || kind.is_temporal();
        if !ordered || schema.fields().len() == 1 {
            return Ok(None);
        }
        let files = input.downcast_ref::<DataSourceExec>();
        let Some(files) = files.filter(|files| may_skip(files, first)) else { return Ok(None) };
        let leaders = Leaders::new(rows, first);
        let told = Arc::clone(&leaders.filter) as Arc<dyn PhysicalExpr>;
        // Only where rows are skipped while decoding is anything spared.
        let mut skipping = ConfigOptions::default();
        skipping.execution.parquet.pushdown_filters = true;
        let source = files.data_source().try_pushdown_filters(vec![told], &skipping)?;
        let Some(source) = source.updated_node else { return Ok(None) };
        let input = Arc::new(files.clone().with_data_source(source));
        Ok(Some(Self { input, leaders: Arc::new(leaders) }))
    }
}

/// Whether a scan may leave out rows by a key. One of so many rows of any would read others in their place, and a key
/// that it computes as it reads may be another one the second time, if it is random.
fn may_skip(scan: &DataSourceExec, key: &PhysicalSortExpr) -> bool {
    let Some(config) = scan.data_source().downcast_ref::<FileScanConfig>() else { return false };
    let read = match config.file_source().projection() {
        Some(projection) => projection.unproject_expr(&key.expr),
        None => Ok(Arc::clone(&key.expr)),
    };
    scan.fetch().is_none() && read.is_ok_and(|read| read.is::<Column>())
}

impl DisplayAs for LeadersExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LeadersExec: {} by {}", self.leaders.rows, self.leaders.key)
    }
}

impl ExecutionPlan for LeadersExec {
    fn name(&self) -> &'static str {
        "LeadersExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
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
        f(&self.leaders.key.expr)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = children.try_into().map_err(|_| {
            DataFusionError::Internal("leaders are of the rows of one input".into())
        })?;
        Ok(Arc::new(Self { input, ..Self::clone(&self) }))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(partition, context)?;
        let leaders = Arc::clone(&self.leaders);
        let mut first = None;
        let watched = input.map(move |batch| {
            let batch = batch?;
            first = Some(leaders.see(first.take(), &batch)?);
            Ok(batch)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), watched)))
    }
}

/// How far behind a key may be. Each partition keeps the first keys of its own, as many as rows are asked for; what
/// is behind the last of them in any partition is behind as many rows.
#[derive(Debug)]
struct Leaders {
    rows: usize,
    key: PhysicalSortExpr,
    bound: Mutex<Option<ArrayRef>>,
    filter: Arc<DynamicFilterPhysicalExpr>,
}

impl Leaders {
    fn new(rows: usize, key: &PhysicalSortExpr) -> Self {
        let filter = DynamicFilterPhysicalExpr::new(vec![Arc::clone(&key.expr)], lit(true));
        Self { rows, key: key.clone(), bound: Mutex::new(None), filter: Arc::new(filter) }
    }

    /// The first keys of a partition with those of one more batch.
    fn see(&self, first: Option<ArrayRef>, batch: &RecordBatch) -> Result<ArrayRef> {
        let keys = self.key.expr.evaluate(batch)?.into_array(batch.num_rows())?;
        let seen = match first {
            Some(first) => concat(&[&first, &keys])?,
            None => keys,
        };
        let first = sort_limit(&seen, Some(self.key.options), Some(self.rows))?;
        if first.len() == self.rows {
            self.advance(first.slice(self.rows - 1, 1))?;
        }
        Ok(first)
    }

    /// Leaves out the rows behind a key (an array of one), where it is nearer than the one before.
    fn advance(&self, key: ArrayRef) -> Result<()> {
        let mut bound = self.bound.lock().unwrap_or_else(PoisonError::into_inner);
        let is_nearer = match bound.as_ref() {
            Some(bound) => make_comparator(&key, bound, self.key.options)?(0, 0).is_lt(),
            None => true,
        };
        if is_nearer {
            self.filter.update(self.not_behind(ScalarValue::try_from_array(&key, 0)?)?)?;
            *bound = Some(key);
        }
        Ok(())
    }

    fn not_behind(&self, bound: ScalarValue) -> Result<Arc<dyn PhysicalExpr>> {
        let key = || Arc::clone(&self.key.expr);
        let SortOptions { descending, nulls_first } = self.key.options;
        let until = if descending { Operator::GtEq } else { Operator::LtEq };
        Ok(match (bound.is_null(), nulls_first) {
            (true, true) => is_null(key())?,
            (true, false) => lit(true),
            (false, true) => {
                let compared = Arc::new(BinaryExpr::new(key(), until, lit(bound)));
                Arc::new(BinaryExpr::new(is_null(key())?, Operator::Or, compared))
            }
            (false, false) => Arc::new(BinaryExpr::new(key(), until, lit(bound))),
        })
    }
}

#[cfg(test)]
mod tests;
