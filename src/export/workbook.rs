//! The workbook of an export: the headline numbers with their charts, a sheet per view, the definitions.

use arrow::error::ArrowError;

use super::{ExportError, view_rows};
use crate::engine::rows;
use crate::month::Month;
use crate::report::format::{FormatError, Workbook};
use crate::report::{Filters, MonthArgument, ReportError, document, report};
use crate::views::{Desk, ViewError};

/// The view behind the first sheet.
pub(super) const HEADLINE: &str = "headline";
/// Months that its charts show.
const MONTHS: i32 = 24;

/// The months that the first sheet of a month's workbook shows.
fn months(desk: &Desk, month: Month) -> impl Iterator<Item = Month> {
    desk.closes().months().filter(move |other| (0..MONTHS).contains(&month.since(*other)))
}

/// The workbook's bytes, of some views of a month, and how many rows its views have.
pub(super) async fn workbook(
    desk: &Desk,
    title: &str,
    views: &[&str],
    month: Month,
    file: &str,
) -> Result<(Vec<u8>, u64), ExportError> {
    let failed = |source: FormatError| ExportError::Format { file: file.to_owned(), source };
    let mut book = Workbook::new(title, Some(month.last_day())).map_err(failed)?;
    headline(desk, &mut book, title, month, file).await?;
    let mut total = 0;
    for view in views {
        let (document, batches) = view_rows(desk, view, month).await?;
        let mut batches = batches.into_iter().map(Ok::<_, ArrowError>);
        total += book.sheet(&document, &mut batches).map_err(failed)?;
    }
    Ok((book.finish().map_err(failed)?, total))
}

async fn headline(
    desk: &Desk,
    book: &mut Workbook,
    title: &str,
    month: Month,
    file: &str,
) -> Result<(), ExportError> {
    let filters = Filters {
        from: months(desk, month).next().map(MonthArgument::Exactly),
        to: Some(MonthArgument::Exactly(month)),
        ..Filters::default()
    };
    let frame = report(desk, HEADLINE, &filters, month.last_day()).await?;
    let (schema, batches) =
        rows(frame).await.map_err(ViewError::from).map_err(ReportError::from)?;
    let view = desk.catalogue().find(HEADLINE).map_err(ReportError::from)?;
    let mut batches = batches.into_iter().map(Ok::<_, ArrowError>);
    book.headline(title, &document(view, schema), &mut batches)
        .map_err(|source| ExportError::Format { file: file.to_owned(), source })
}
