//! Columns made by SQL: the caller compiles the expression, this room hands it the
//! source's columns as text. Where an expression fails on a chunk it is tried a row at
//! a time, so that one bad row costs one row.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;

use super::chunk::Chunk;
use super::convert::Failures;

/// A compiled SQL expression.
pub trait Expression: Send + Sync {
    /// Evaluates it over a batch of text columns named as the source's; the result is
    /// text, one value a row.
    ///
    /// # Errors
    /// What the engine says.
    fn evaluate(&self, batch: &RecordBatch) -> Result<ArrayRef, String>;
}

/// Compiles an expression over the source's columns, or says why it does not compile.
pub type Compile<'a> = &'a dyn Fn(&str, &Schema) -> Result<Box<dyn Expression>, String>;

/// The source's columns as expressions see them.
pub struct TextColumns {
    schema: SchemaRef,
    /// The place of each in the chunk.
    places: Vec<usize>,
    nulls: Vec<String>,
}

impl TextColumns {
    /// All columns that have a name; of several with one name, the first.
    pub fn new(columns: &[String], nulls: &[String]) -> Self {
        let first = |at: &usize| {
            let name = &columns[*at];
            !name.is_empty() && !columns[..*at].contains(name)
        };
        let places: Vec<usize> = (0..columns.len()).filter(first).collect();
        let field = |at: &usize| Field::new(&columns[*at], DataType::Utf8, true);
        Self {
            schema: Arc::new(Schema::new(places.iter().map(field).collect::<Vec<_>>())),
            places,
            nulls: nulls.to_vec(),
        }
    }

    /// The schema that expressions are compiled over.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The chunk as a batch: trimmed text, null where it is empty or a word for null.
    pub fn batch(&self, chunk: &Chunk) -> Result<RecordBatch, ArrowError> {
        let column = |place: &usize| {
            let texts = (0..chunk.rows()).map(|row| chunk.field(row, *place));
            let texts = texts.map(|text| self.known(text).then_some(text));
            Arc::new(texts.collect::<StringArray>()) as ArrayRef
        };
        let columns = self.places.iter().map(column).collect();
        RecordBatch::try_new(Arc::clone(&self.schema), columns)
    }

    fn known(&self, text: &str) -> bool {
        !text.is_empty() && !self.nulls.iter().any(|word| word == text)
    }
}

/// Evaluates an expression for a canonical column; rows that it fails on are noted, and
/// hold null.
pub fn evaluate(
    expression: &dyn Expression,
    batch: &RecordBatch,
    column: usize,
    failures: &mut Failures,
) -> StringArray {
    if let Ok(texts) = texts(expression, batch) {
        return texts;
    }
    let mut builder = StringBuilder::new();
    for row in 0..batch.num_rows() {
        match texts(expression, &batch.slice(row, 1)) {
            Ok(text) if text.is_valid(0) => builder.append_value(text.value(0)),
            Ok(_) => builder.append_null(),
            Err(problem) => {
                builder.append_null();
                failures.add(row, column, format!("the sql fails: {problem}"));
            }
        }
    }
    builder.finish()
}

fn texts(expression: &dyn Expression, batch: &RecordBatch) -> Result<StringArray, String> {
    let made = expression.evaluate(batch)?;
    if made.len() != batch.num_rows() {
        return Err(format!("{} values for {} rows", made.len(), batch.num_rows()));
    }
    let made = cast(&made, &DataType::Utf8).map_err(|problem| problem.to_string())?;
    Ok(made.as_string::<i32>().clone())
}

#[cfg(test)]
mod tests {
    use super::super::chunk::Raw;
    use super::*;

    /// Doubles the first column, and fails on batches that hold an `x`.
    struct Double;

    impl Expression for Double {
        fn evaluate(&self, batch: &RecordBatch) -> Result<ArrayRef, String> {
            let texts = batch.column(0).as_string::<i32>();
            if texts.iter().flatten().any(|text| text == "x") {
                return Err("no x".to_owned());
            }
            let doubled = texts.iter().map(|text| text.map(|text| text.repeat(2)));
            Ok(Arc::new(doubled.collect::<StringArray>()))
        }
    }

    #[test]
    fn a_failing_row_fails_alone() {
        let columns = ["a", "", "a"].map(str::to_owned);
        let source = TextColumns::new(&columns, &["NULL".to_owned()]);
        assert_eq!(source.schema().fields().len(), 1);
        let mut chunk = Chunk::new(3, Raw::Joined);
        for (line, text) in (2..).zip(["ab", "x", " NULL "]) {
            [text, "", "other"].iter().for_each(|field| chunk.push_field(field));
            chunk.end_row(line);
        }
        let mut failures = Failures::default();
        failures.reset(3);
        let texts = evaluate(&Double, &source.batch(&chunk).unwrap(), 4, &mut failures);
        assert_eq!(texts, StringArray::from(vec![Some("abab"), None, None]));
        assert_eq!(failures.list().len(), 1);
        assert_eq!(failures.list()[0].reason, "the sql fails: no x");
    }
}
