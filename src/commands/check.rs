//! `check`: the checks over all closed months.

use std::time::Instant;

use super::{House, output, seconds_since};
use crate::cli::FormatArgs;
use crate::error::{Error, Status};
use crate::event::Event;
use crate::report::format::Document;
use crate::views::{CHECKS, Desk, Failure, check};

/// Runs them and shows the rows of each that fails.
pub async fn run(house: &House<'_>) -> Result<Status, Error> {
    house.config.check_tables()?;
    let desk = house.desk().await?;
    let failures = checked(house, &desk).await?;
    show(house, &failures)?;
    Ok(if failures.is_empty() { Status::Done } else { Status::Failed })
}

/// Runs the checks at a desk and says how they ended.
pub async fn checked(house: &House<'_>, desk: &Desk) -> Result<Vec<Failure>, Error> {
    let (bar, started) = (house.printer.steps_bar("checking", CHECKS as u64), Instant::now());
    let failures = check(desk, |name, passed| {
        bar.inc(1);
        house.printer.tell(&Event::Check { check: name.to_owned(), passed });
    })
    .await;
    bar.finish_and_clear();
    let failures = failures?;
    let (passed, seconds) = (CHECKS - failures.len(), seconds_since(&started));
    house.printer.tell(&Event::Checked { passed, checks: CHECKS, seconds });
    Ok(failures)
}

/// Shows the rows of failed checks.
pub fn show(house: &House<'_>, failures: &[Failure]) -> Result<(), Error> {
    for failure in failures {
        house.printer.error(&format!("check {} failed: {}", failure.check, failure.meaning), None);
        if let Some(first) = failure.rows.first() {
            output::rows(
                house.printer,
                &FormatArgs::default(),
                Document::new(failure.check, first.schema()),
                failure.rows.clone(),
            )?;
        }
    }
    Ok(())
}
