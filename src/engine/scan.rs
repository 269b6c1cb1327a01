//! A table over named Parquet files: Delta for the commit, plain Parquet for the scan. Files whose month
//! a query does not ask for are not opened.

use std::sync::Arc;

use arrow::array::{AsArray, Date32Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{DFSchema, ScalarValue, Statistics};
use datafusion::datasource::TableType;
use datafusion::datasource::file_format::parquet::transform_schema_to_view;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::object_store::ObjectStoreUrl;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::Result;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;

use crate::warehouse::{DataFile, GROUP_ROWS, Place};

/// Rows of named files of one table, its last column being the month partition where it has one.
#[derive(Debug)]
pub struct FilesTable {
    place: Place,
    schema: SchemaRef,
    partitioned: bool,
    files: Vec<DataFile>,
}

impl FilesTable {
    /// The files of a table at a place. `schema` is that of the table, with the partition column
    /// `month` at its end where `partitioned`.
    pub fn new(place: Place, schema: SchemaRef, partitioned: bool, files: Vec<DataFile>) -> Self {
        Self { place, schema, partitioned, files }
    }

    /// The same table, its texts as views (Arrow's `Utf8View`): what queries compare, group and sort by
    /// is then mostly inline, and nothing is copied to be kept.
    #[must_use]
    pub fn with_text_views(mut self) -> Self {
        self.schema = Arc::new(transform_schema_to_view(&self.schema));
        self
    }

    fn table_schema(&self) -> TableSchema {
        let columns = self.schema.fields();
        let kept = columns.len() - usize::from(self.partitioned);
        let file: SchemaRef = Arc::new(Schema::new(columns[..kept].to_vec()));
        TableSchema::builder(file).with_table_partition_cols(columns[kept..].to_vec()).build()
    }

    /// The files whose month satisfies the filters that ask for nothing but the month.
    fn pruned(&self, state: &dyn Session, filters: &[Expr]) -> Result<Vec<DataFile>> {
        let on_month = filters.iter().filter(|filter| is_on_month(filter)).cloned();
        let Some(predicate) = conjunction(on_month).filter(|_| self.partitioned) else {
            return Ok(self.files.clone());
        };
        let months: Date32Array =
            self.files.iter().map(|file| file.month.map(|month| month.days())).collect();
        let schema = Arc::new(Schema::new(vec![Field::new("month", DataType::Date32, true)]));
        let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(months)])?;
        let expression = state.create_physical_expr(predicate, &DFSchema::try_from(schema)?)?;
        let kept = expression.evaluate(&batch)?.into_array(self.files.len())?;
        let kept = kept.as_boolean();
        Ok(self
            .files
            .iter()
            .zip(kept.iter())
            .filter(|(_, kept)| *kept == Some(true))
            .map(|(file, _)| file.clone())
            .collect())
    }

    /// What is known of the files without opening them: their rows, by which joins take the smaller side
    /// into memory.
    fn statistics_of(&self, files: &[DataFile]) -> Statistics {
        let mut statistics = Statistics::new_unknown(&self.schema);
        statistics.num_rows = Precision::Exact(files.iter().map(|file| file.rows as usize).sum());
        statistics
    }

    /// A file in parts for threads to take, where there are more threads than files. A row group is read with the part
    /// in which it begins: cut into equal halves, two row groups and a little more would all begin in the first.
    fn parts(&self, file: &DataFile, threads: usize) -> Vec<PartitionedFile> {
        let cuts = cuts(file, 2 * threads as u64);
        let part =
            |ends: &[u64]| self.partitioned_file(file).with_range(ends[0] as i64, ends[1] as i64);
        cuts.windows(2).map(part).collect()
    }

    fn partitioned_file(&self, file: &DataFile) -> PartitionedFile {
        let path = self.place.below(&file.path);
        let month =
            self.partitioned.then(|| ScalarValue::Date32(file.month.map(|month| month.days())));
        PartitionedFile::new(path.to_string(), file.size)
            .with_partition_values(month.into_iter().collect())
    }

    fn store_url(&self) -> Result<ObjectStoreUrl> {
        let url = &self.place.url;
        ObjectStoreUrl::parse(&url[..url::Position::BeforePath])
    }
}

/// Where a file is cut into a few parts that have as many row groups each: halfway through the last one before, since
/// just where one begins stands in the file only.
fn cuts(file: &DataFile, most: u64) -> Vec<u64> {
    let groups = file.rows.div_ceil(GROUP_ROWS as u64).max(1);
    let parts = groups.min(most);
    let cut = |part| match part * groups / parts {
        0 => 0,
        group if group == groups => file.size,
        group => file.size * (2 * group - 1) * GROUP_ROWS as u64 / (2 * file.rows),
    };
    (0..=parts).map(cut).collect()
}

fn is_on_month(filter: &Expr) -> bool {
    let columns = filter.column_refs();
    !columns.is_empty() && columns.iter().all(|column| column.name == "month")
}

/// Whether a filter keeps a few rows: those of some ids that it names.
fn names_few(filter: &Expr) -> bool {
    let is_id = |side: &Expr| matches!(side, Expr::Column(column) if column.name.ends_with("_id"));
    let is_literal = |side: &Expr| matches!(side, Expr::Literal(..));
    match filter {
        Expr::InList(list) => !list.negated && is_id(&list.expr),
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match op {
            Operator::Eq => [(left, right), (right, left)]
                .iter()
                .any(|(id, text)| is_id(id) && is_literal(text)),
            Operator::And => names_few(left) || names_few(right),
            Operator::Or => names_few(left) && names_few(right),
            _ => false,
        },
        _ => false,
    }
}

#[async_trait]
impl TableProvider for FilesTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        let support = |filter: &&Expr| match is_on_month(filter) && self.partitioned {
            true => TableProviderFilterPushDown::Exact,
            false => TableProviderFilterPushDown::Inexact,
        };
        Ok(filters.iter().map(support).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let files = self.pruned(state, filters)?;
        if files.is_empty() {
            let schema = match projection {
                Some(columns) => Arc::new(self.schema.project(columns)?),
                None => self.schema(),
            };
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        let table_schema = self.table_schema();
        let mut options = datafusion::common::config::TableParquetOptions {
            global: state.config_options().execution.parquet.clone(),
            ..Default::default()
        };
        // Rows are skipped while columns are decoded only where hardly any are left: else it costs more than to
        // decode them.
        options.global.pushdown_filters |= filters.iter().any(names_few);
        let source = ParquetSource::new(table_schema).with_table_parquet_options(options);
        let statistics = self.statistics_of(&files);
        let threads = state.config().target_partitions();
        let files = match files.len() < threads {
            true => files.iter().flat_map(|file| self.parts(file, threads)).collect(),
            false => files.iter().map(|file| self.partitioned_file(file)).collect(),
        };
        let groups = FileGroup::new(files).split_files(threads);
        let scan = FileScanConfigBuilder::new(self.store_url()?, Arc::new(source))
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(scan))
    }
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::{col, lit};

    use super::*;

    fn file(rows: u64) -> DataFile {
        DataFile { path: String::new(), month: None, rows, size: rows * 20, ids: None }
    }

    #[test]
    fn ids_that_are_named_are_few() {
        let id = || col("customer_id").eq(lit("a"));
        let other = || col("status").eq(lit("churned"));
        for few in [
            id(),
            lit("a").eq(col("event_id")),
            id().or(id()),
            id().and(other()),
            col("call_id").in_list(vec![lit("a")], false),
        ] {
            assert!(names_few(&few), "{few}");
        }
        for many in [
            other(),
            id().or(other()),
            col("customer_id").not_eq(lit("a")),
            col("customer_id").eq(col("referred_by")),
            col("customer_id").in_list(vec![lit("a")], true),
        ] {
            assert!(!names_few(&many), "{many}");
        }
    }

    #[test]
    fn each_part_of_a_file_has_the_beginning_of_as_many_row_groups() {
        let group = GROUP_ROWS as u64;
        assert_eq!(cuts(&file(0), 4), [0, 0]);
        assert_eq!(cuts(&file(100), 4), [0, 2_000]);
        assert_eq!(
            cuts(&file(2 * group + 100), 4),
            [0, 10 * group, 30 * group, 40 * group + 2_000]
        );
        assert_eq!(
            cuts(&file(8 * group), 4),
            [0, 30 * group, 70 * group, 110 * group, 160 * group]
        );
    }
}
