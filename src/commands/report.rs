//! `report`: one view, filtered. On a terminal it is a page for a person, elsewhere plain data.

use super::{House, output};
use crate::cli::ReportArgs;
use crate::engine::rows;
use crate::error::{Error, Status};
use crate::report::{Filters, document, page, report};
use crate::views::ViewError;

/// Writes its rows.
pub async fn run(house: &House<'_>, args: &ReportArgs) -> Result<Status, Error> {
    let desk = house.desk().await?;
    let today = house.today(args.today.today);
    let filters = Filters {
        month: args.month,
        from: args.from,
        to: args.to,
        dimension: args.dimension.clone(),
        segment: args.segment.clone(),
        grain: args.grain.clone(),
    };
    let to = &args.to_format;
    if to.format.is_none() && to.output.is_none() && house.printer.stdout_is_terminal() {
        let page = page(&desk, &args.view, &filters, today, output::terminal_width()).await?;
        house.printer.data(&page).map_err(output::failed)?;
        return Ok(Status::Done);
    }
    let frame = report(&desk, &args.view, &filters, today).await?;
    let (schema, batches) = rows(frame).await.map_err(ViewError::from)?;
    let document = document(desk.catalogue().find(&args.view)?, schema);
    output::rows(house.printer, to, document, batches)?;
    Ok(Status::Done)
}
