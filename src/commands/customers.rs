//! `customers`: whom a count of a view counts.

use super::{House, output};
use crate::cli::CustomersArgs;
use crate::engine::rows;
use crate::error::{Error, Status};
use crate::report::format::Document;
use crate::report::{Asked, Filters, customers};
use crate::views::ViewError;

/// Writes the list, and says how long it is.
pub async fn run(house: &House<'_>, args: &CustomersArgs) -> Result<Status, Error> {
    let desk = house.desk().await?;
    let filters = Filters {
        month: args.month,
        dimension: args.dimension.clone(),
        segment: args.segment.clone(),
        grain: args.grain.clone(),
        ..Filters::default()
    };
    let asked = Asked { measure: args.measure.clone(), filters, values: args.values.clone() };
    let list = customers(&desk, &args.view, &asked, house.today(args.today.today)).await?;
    let (schema, batches) = rows(list.frame).await.map_err(ViewError::from)?;
    let title = format!("{}.{}", args.view, list.measure);
    output::rows(house.printer, &args.to_format, Document::new(&title, schema), batches)?;
    house.printer.say(&format!("{title}: {} customers", list.count));
    Ok(Status::Done)
}
