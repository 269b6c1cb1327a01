//! A view's rows as a document: what the header says of the view and of each column goes with them.

use arrow::datatypes::SchemaRef;

use super::format::{ColumnNote, Definition, Document, Unit};
use crate::views::View;

/// The document of a view's rows, named as the view.
pub fn document(view: &View, schema: SchemaRef) -> Document {
    let mut document = Document::new(&view.name, schema);
    let fields = document.schema.fields().iter();
    document.columns = fields.map(|field| note(view, field.name())).collect();
    document.definition = Some(Definition {
        summary: view.summary().to_owned(),
        formula: view.section("Formula"),
        note: view.section("Note"),
        source: view.section("Source"),
    });
    document
}

fn note(view: &View, column: &str) -> ColumnNote {
    ColumnNote {
        name: column.to_owned(),
        unit: view.unit(column).and_then(Unit::named),
        meaning: view.meaning(column),
        formula: view.formula(column),
    }
}
