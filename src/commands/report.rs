//! `report`: one view, filtered.

use super::{House, output};
use crate::cli::ReportArgs;
use crate::engine::rows;
use crate::error::{Error, Status};
use crate::report::{Filters, document, report};
use crate::views::ViewError;

/// Writes its rows.
pub async fn run(house: &House<'_>, args: &ReportArgs) -> Result<Status, Error> {
    let desk = house.desk().await?;
    let filters = Filters {
        month: args.month,
        from: args.from,
        to: args.to,
        dimension: args.dimension.clone(),
        segment: args.segment.clone(),
        grain: args.grain.clone(),
    };
    let frame = report(&desk, &args.view, &filters, house.today(args.today.today)).await?;
    let (schema, batches) = rows(frame).await.map_err(ViewError::from)?;
    let document = document(desk.catalogue().find(&args.view)?, schema);
    output::rows(house.printer, &args.to_format, document, batches)?;
    Ok(Status::Done)
}
