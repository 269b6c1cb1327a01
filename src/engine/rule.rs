//! A rule of the physical planner: it replaces nodes of a plan by nodes of our own with the same rows.

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::Result;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;

/// What stands in place of a node; none where the node stays.
type Replacement = fn(&Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>>;

/// Replaces nodes, those below others first.
#[derive(Debug)]
pub struct Replace {
    /// The rule's name, as `explain verbose` shows it.
    pub name: &'static str,
    /// What stands in place of each.
    pub by: Replacement,
}

impl PhysicalOptimizerRule for Replace {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let replaced = plan.transform_up(|node| {
            Ok(match (self.by)(&node)? {
                Some(other) => Transformed::yes(other),
                None => Transformed::no(node),
            })
        })?;
        Ok(replaced.data)
    }

    fn name(&self) -> &'static str {
        self.name
    }

    fn schema_check(&self) -> bool {
        true
    }
}
