//! The one place that builds a session: memory, spill, options, functions. It runs SQL over tables that
//! others register, and knows neither what they hold nor where a query comes from.

mod expression;
mod functions;
mod lag;
pub mod policy;
mod rule;
mod scan;
pub mod template;
mod top;

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::DataFusionError;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::{
    ExecutionPlan, SendableRecordBatchStream, collect, execute_stream,
};
use datafusion::prelude::{DataFrame, SessionConfig, SessionContext};
use object_store::ObjectStore;
use url::Url;

pub use expression::compiler;
pub use scan::FilesTable;

use crate::config::{Config, ConfigError};

/// Rows up to which the smaller side of a join is held once for all threads: some 100 MB.
const ROWS_HELD_FOR_ALL: usize = 1 << 20;

/// What goes wrong with a query or its resources.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A setting of `[engine]`.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A query of the user's.
    #[error("{}", query_message(.0))]
    Query(DataFusionError),
    /// SQL of our own.
    #[error("{relation}: {source}")]
    Internal {
        /// The relation under `sql/`.
        relation: String,
        /// Why.
        source: DataFusionError,
    },
}

fn query_message(error: &DataFusionError) -> String {
    error.find_root().strip_backtrace()
}

impl EngineError {
    /// What remedies it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Query(DataFusionError::ResourcesExhausted(_)) => {
                Some("raise [engine] memory, or ask for fewer rows".into())
            }
            _ => None,
        }
    }
}

/// Resources of the engine, resolved from the configuration.
#[derive(Clone, Debug)]
pub struct Engine {
    runtime: Arc<datafusion::execution::runtime_env::RuntimeEnv>,
    threads: usize,
}

impl Engine {
    /// Bounds memory and tells where to spill.
    ///
    /// # Errors
    /// A setting does not fit.
    pub fn new(config: &Config) -> Result<Self, EngineError> {
        let memory = memory(config)?;
        let mut spill = DiskManagerBuilder::default();
        if let Some(folder) = &config.engine.spill {
            spill = spill.with_mode(DiskManagerMode::Directories(vec![config.base.join(folder)]));
        }
        let few = std::num::NonZeroUsize::MIN;
        let pool = TrackConsumersPool::new(FairSpillPool::new(memory), few);
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(pool))
            .with_disk_manager_builder(spill)
            .build_arc()
            .map_err(EngineError::Query)?;
        Ok(Self { runtime, threads: threads(config) })
    }

    /// Makes a store known, so that files in it can be scanned.
    pub fn register_store(&self, url: &Url, store: Arc<dyn ObjectStore>) {
        self.runtime.register_object_store(url, store);
    }

    /// A session without tables, in which `select`s run as analysts expect them.
    pub fn session(&self) -> SessionContext {
        let mut settings =
            SessionConfig::new().with_target_partitions(self.threads).with_information_schema(true);
        let options = settings.options_mut();
        // Dynamic filters of joins are remapped by column name in DataFusion 55.2, which can drop rows
        // (apache/datafusion#25296, fixed by #25259 after it); tests/it/dynamic_filters.rs tells when this can go.
        // The switch for all of them acts only through `set`, so that each is named.
        options.optimizer.enable_join_dynamic_filter_pushdown = false;
        options.optimizer.enable_topk_dynamic_filter_pushdown = false;
        options.optimizer.enable_aggregate_dynamic_filter_pushdown = false;
        options.execution.parquet.reorder_filters = true;
        options.execution.collect_statistics = false;
        // The smaller side of a join is held once for all threads, rather than both sides dealt out among them by their
        // keys: the larger one is what it costs to move. A filter is counted as if it kept all rows, so that no more
        // are held than are meant to.
        options.optimizer.hash_join_single_partition_threshold_rows = ROWS_HELD_FOR_ALL;
        options.optimizer.default_filter_selectivity = 100;
        let state = SessionStateBuilder::new()
            .with_config(settings)
            .with_runtime_env(Arc::clone(&self.runtime))
            .with_default_features()
            .with_physical_optimizer_rule(Arc::new(lag::LAG_BY_COLUMNS))
            .with_physical_optimizer_rule(Arc::new(top::TOP_BY_FIRST_KEY))
            .build();
        let context = SessionContext::new_with_state(state);
        context.register_udf(functions::month_number());
        context.register_udf(functions::month_date());
        context
    }
}

/// Bytes that queries and closes may take; half of the machine's, where none are configured.
///
/// # Errors
/// `[engine] memory` is no size, or too small to work with.
pub fn memory(config: &Config) -> Result<usize, EngineError> {
    match &config.engine.memory {
        Some(text) => Ok(bytes_of(text)?),
        None => Ok(machine_memory() / 2),
    }
}

/// Threads for queries and landings.
pub fn threads(config: &Config) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    config.engine.threads.unwrap_or_else(cores).max(1)
}

/// Runs a query to its rows, with the types that they have: those that the planner chose.
///
/// # Errors
/// The query fails while it runs.
pub async fn rows(frame: DataFrame) -> Result<(SchemaRef, Vec<RecordBatch>), DataFusionError> {
    let context = Arc::new(frame.task_ctx());
    let plan = frame.create_physical_plan().await?;
    Ok((plan.schema(), collect(plan, context).await?))
}

/// Runs a query, its rows to be read as they come; who drops them stops it.
///
/// # Errors
/// The query can't begin.
pub async fn stream(frame: DataFrame) -> Result<SendableRecordBatchStream, DataFusionError> {
    let context = Arc::new(frame.task_ctx());
    let plan = frame.create_physical_plan().await?.transform_up(|node| Ok(yielding(node)))?.data;
    execute_stream(plan, context)
}

/// Lets a join give way now and then: it can make any number of rows of one that it has read, and only reading
/// gives way by itself, so that nobody could stop it.
fn yielding(node: Arc<dyn ExecutionPlan>) -> Transformed<Arc<dyn ExecutionPlan>> {
    match node.children().len() {
        0 | 1 => Transformed::no(node),
        _ => Transformed::yes(Arc::new(CooperativeExec::new(node))),
    }
}

/// A size like `8GiB`, `512 MB` or a plain number of bytes.
fn bytes_of(text: &str) -> Result<usize, ConfigError> {
    let refuse = || ConfigError::Value {
        key: "engine.memory".into(),
        why: format!("not a size like 8GiB or 512MiB: {text}"),
    };
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: usize = text[..digits].parse().map_err(|_| refuse())?;
    let unit: usize = match text[digits..].trim().to_lowercase().as_str() {
        "" | "b" => 1,
        "kib" | "k" => 1 << 10,
        "mib" | "m" => 1 << 20,
        "gib" | "g" => 1 << 30,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        _ => return Err(refuse()),
    };
    number.checked_mul(unit).filter(|bytes| *bytes >= 1 << 26).ok_or_else(refuse)
}

/// The machine's memory in bytes; 8 GiB where it can't be told.
fn machine_memory() -> usize {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.parse().ok());
    total.map_or(8 << 30, |kib: usize| kib << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_units() {
        assert_eq!(bytes_of("2GiB").unwrap(), 2 << 30);
        assert_eq!(bytes_of("512 MB").unwrap(), 512_000_000);
        for text in ["8GX", "-1", "", "1KiB"] {
            assert!(bytes_of(text).is_err(), "{text}");
        }
    }
}
