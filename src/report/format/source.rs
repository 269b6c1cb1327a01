//! The rows on their way in: batches checked against the announced schema, counted, and where a format asks for it
//! recast to plainer types or turned into cells of text. Every writer of this room reads through it.
//! It refuses batches whose types or nulls contradict the schema.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::buffer::NullBuffer;
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::error::FormatError;

/// Batches as they come.
pub(in crate::report) type Batches<'a> = dyn Iterator<Item = Result<RecordBatch, ArrowError>> + 'a;

/// Batches of one schema, each checked as it passes.
pub(in crate::report) struct Source<'a> {
    announced: SchemaRef,
    schema: SchemaRef,
    batches: &'a mut Batches<'a>,
    rows: u64,
}

impl<'a> Source<'a> {
    /// The batches as they come, which must be of the schema.
    pub fn new(schema: SchemaRef, batches: &'a mut Batches<'a>) -> Self {
        Self { announced: schema.clone(), schema, batches, rows: 0 }
    }

    /// Changes the types for which `plainer` knows another one; the values stay.
    pub fn recast(&mut self, plainer: fn(&DataType) -> Option<DataType>) {
        let fields = self.announced.fields().iter();
        let fields: Vec<_> = fields.map(|field| recast_field(field, plainer)).collect();
        self.schema =
            Arc::new(Schema::new_with_metadata(fields, self.announced.metadata().clone()));
    }

    /// The schema of the batches that come out.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// How many rows have come out so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Hands every row to `visit` as text, a null as the empty text.
    pub fn each_row(
        &mut self,
        mut visit: impl FnMut(&[String]) -> Result<(), FormatError>,
    ) -> Result<(), FormatError> {
        let mut row = vec![String::new(); self.schema.fields().len()];
        for batch in self {
            let batch = batch?;
            let columns =
                batch.columns().iter().map(TextColumn::new).collect::<Result<Vec<_>, _>>()?;
            for index in 0..batch.num_rows() {
                for (cell, column) in row.iter_mut().zip(&columns) {
                    column.read(index, cell)?;
                }
                visit(&row)?;
            }
        }
        Ok(())
    }

    fn conform(&self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let size = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let batch = RecordBatch::try_new_with_options(
            self.announced.clone(),
            batch.columns().to_vec(),
            &size,
        )?;
        let columns = batch.columns().iter().zip(self.schema.fields());
        let columns = columns.map(|(column, field)| recast(column, field.data_type()));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        RecordBatch::try_new_with_options(self.schema.clone(), columns, &size)
    }
}

impl Iterator for Source<'_> {
    type Item = Result<RecordBatch, FormatError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.batches.next()?.and_then(|batch| self.conform(&batch));
        if let Ok(batch) = &batch {
            self.rows += batch.num_rows() as u64;
        }
        Some(batch.map_err(FormatError::Source))
    }
}

fn recast_field(field: &FieldRef, plainer: fn(&DataType) -> Option<DataType>) -> FieldRef {
    let Some(data_type) = plainer(field.data_type()) else {
        return field.clone();
    };
    // A dictionary's own values may be null where its field is declared never to be.
    let nullable = field.is_nullable() || matches!(field.data_type(), DataType::Dictionary(..));
    let field = Field::clone(field).with_data_type(data_type);
    Arc::new(field.with_nullable(nullable))
}

fn recast(column: &ArrayRef, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
    if column.data_type() == data_type {
        return Ok(column.clone());
    }
    // A value that cannot be cast must fail: arrow's default makes it null.
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(column, data_type, &strict)
}

/// A column of a batch as text: ISO dates, decimals with their scale, the shortest float that reads back equal.
struct TextColumn<'a> {
    values: ArrayFormatter<'a>,
    nulls: Option<NullBuffer>,
}

impl<'a> TextColumn<'a> {
    fn new(column: &'a ArrayRef) -> Result<Self, FormatError> {
        // The word shows only within lists and structs, where an empty text could not be seen.
        const OPTIONS: FormatOptions<'static> =
            FormatOptions::new().with_display_error(false).with_null("null");
        let values = ArrayFormatter::try_new(column, &OPTIONS).map_err(FormatError::Source)?;
        Ok(Self { values, nulls: column.logical_nulls() })
    }

    fn read(&self, index: usize, cell: &mut String) -> Result<(), FormatError> {
        cell.clear();
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(index)) {
            return Ok(());
        }
        self.values.value(index).write(cell).map_err(FormatError::Source)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn texts(batch: RecordBatch) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        let schema = batch.schema();
        let mut batches = [Ok(batch)].into_iter();
        let mut source = Source::new(schema, &mut batches);
        let keep = |row: &[String]| {
            rows.push(row.to_vec());
            Ok(())
        };
        source.each_row(keep).unwrap();
        rows
    }

    #[test]
    fn every_type_has_its_text() {
        assert_eq!(texts(sample::every_type()), sample::every_text());
    }

    #[test]
    fn a_batch_of_another_schema_is_refused() {
        let (document, _) = sample::churn();
        let mut batches = [Ok(sample::every_type())].into_iter();
        let mut source = Source::new(document.schema, &mut batches);
        assert!(matches!(source.next(), Some(Err(FormatError::Source(_)))));
        assert_eq!(source.rows(), 0);
    }

    #[test]
    fn recasting_keeps_names_nulls_and_values() {
        let batch = sample::every_type();
        let mut batches = [Ok(batch.clone())].into_iter();
        let mut source = Source::new(batch.schema(), &mut batches);
        source.recast(|data_type| {
            matches!(data_type, DataType::Dictionary(..)).then_some(DataType::Utf8)
        });
        let plain = source.next().unwrap().unwrap();
        assert_eq!(plain.schema(), *source.schema());
        assert_eq!(texts(plain), sample::every_text());
    }
}
