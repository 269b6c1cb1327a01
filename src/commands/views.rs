//! `views`: the catalogue, and which of it is the user's.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};

use super::{House, output};
use crate::cli::FormatArgs;
use crate::error::{Error, Status};
use crate::report::format::Document;
use crate::views::{Catalogue, ViewError};

/// Lists the views with what each is for.
pub fn run(house: &House<'_>, args: &FormatArgs) -> Result<Status, Error> {
    let catalogue = Catalogue::load(&house.config)?;
    let names: StringArray = catalogue.iter().map(|view| Some(view.name.as_str())).collect();
    let summaries: StringArray = catalogue.iter().map(|view| Some(view.summary())).collect();
    let origins: StringArray = catalogue.iter().map(|view| Some(view.origin_word())).collect();
    let columns: [(&str, ArrayRef); 3] = [
        ("view", Arc::new(names)),
        ("origin", Arc::new(origins)),
        ("meaning", Arc::new(summaries)),
    ];
    let batch = RecordBatch::try_from_iter(columns)
        .map_err(|error| ViewError::from(datafusion::error::DataFusionError::from(error)))?;
    let document = Document::new("views", batch.schema());
    output::rows(house.printer, args, document, vec![batch])?;
    Ok(Status::Done)
}
