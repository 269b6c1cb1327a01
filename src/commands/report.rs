//! `report`: one view, filtered. On a terminal it is a page for a person, elsewhere plain data.

use super::{House, output};
use crate::cli::ReportArgs;
use crate::engine::rows;
use crate::error::{Error, Status};
use crate::report::format::Format;
use crate::report::{Filters, MonthArgument, ReportError, document, page, report, screen};
use crate::views::{Desk, ViewError};

/// Writes its rows.
pub async fn run(house: &House<'_>, args: &ReportArgs) -> Result<Status, Error> {
    let desk = house.desk().await?;
    if page::is_page(&desk, &args.view) {
        return written_page(house, &desk, args).await;
    }
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
    let size = house.printer.terminal_size().filter(|_| to.format.is_none() && to.output.is_none());
    if let Some((_, columns)) = size {
        let screen = screen(&desk, &args.view, &filters, today, columns).await?;
        house.printer.data(&screen).map_err(output::failed)?;
        return Ok(Status::Done);
    }
    let frame = report(&desk, &args.view, &filters, today).await?;
    let (schema, batches) = rows(frame).await.map_err(ViewError::from)?;
    let document = document(desk.catalogue().find(&args.view)?, schema);
    if batches.iter().all(|batch| batch.num_rows() == 0) {
        house.printer.say(&format!("{} has no rows that fit", args.view));
    }
    output::rows(house.printer, to, document, batches)?;
    Ok(Status::Done)
}

/// The manager's page, which is one month as HTML.
async fn written_page(house: &House<'_>, desk: &Desk, args: &ReportArgs) -> Result<Status, Error> {
    refuse_filters(args)?;
    if output::format(&args.to_format)?.is_some_and(|format| format != Format::Html) {
        return Err(Error::usage(
            "the page is written as html only",
            "--format html, or a file: -o page.html",
        ));
    }
    let asked = args.month.unwrap_or(MonthArgument::Latest);
    let month = asked.closed(desk.closes(), house.today(args.today.today))?;
    let page = page::page(desk, month, house.config.report.language).await;
    let page = page.map_err(ReportError::from)?;
    output::page(house.printer, &args.to_format, &page.html)?;
    Ok(Status::Done)
}

fn refuse_filters(args: &ReportArgs) -> Result<(), ReportError> {
    let given = [
        ("from", args.from.is_some()),
        ("to", args.to.is_some()),
        ("dimension", args.dimension.is_some()),
        ("segment", args.segment.is_some()),
        ("grain", args.grain.is_some()),
    ];
    match given.into_iter().find(|(_, is_given)| *is_given) {
        Some((filter, _)) => {
            let view = "the page".to_owned();
            Err(ReportError::Filter { view, filter, fitting: vec!["month"] })
        }
        None => Ok(()),
    }
}
