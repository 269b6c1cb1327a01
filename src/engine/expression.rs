//! SQL expressions of column mappings: compiled here, evaluated by the extract, which knows no SQL.

use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema};
use datafusion::common::DFSchema;
use datafusion::physical_plan::PhysicalExpr;

use super::Engine;
use crate::extract::Expression;
use crate::land::Compiler;

struct Compiled {
    expression: Arc<dyn PhysicalExpr>,
}

impl Expression for Compiled {
    fn evaluate(&self, batch: &RecordBatch) -> Result<ArrayRef, String> {
        let value = self.expression.evaluate(batch).map_err(|error| error.strip_backtrace())?;
        let array = value.into_array(batch.num_rows()).map_err(|error| error.strip_backtrace())?;
        cast(&array, &DataType::Utf8).map_err(|error| error.to_string())
    }
}

/// What the extract compiles its `sql` mappings with: expressions over the source's columns, all text.
pub fn compiler(engine: &Engine) -> Compiler {
    // A session takes longer to build than a small file to land, and most sources need none.
    let engine = engine.clone();
    let context = LazyLock::new(move || engine.session());
    Arc::new(move |sql: &str, schema: &Schema| {
        let columns =
            DFSchema::try_from(schema.clone()).map_err(|error| error.strip_backtrace())?;
        let parsed =
            context.parse_sql_expr(sql, &columns).map_err(|error| error.strip_backtrace())?;
        let expression = context
            .create_physical_expr(parsed, &columns)
            .map_err(|error| error.strip_backtrace())?;
        Ok(Box::new(Compiled { expression }) as Box<dyn Expression>)
    })
}
