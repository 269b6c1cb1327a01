//! `check`: the checks over all closed months.

use super::{House, output};
use crate::cli::FormatArgs;
use crate::error::{Error, Status};
use crate::report::format::Document;
use crate::views::{Desk, Failure, check};

/// Runs them and shows the rows of each that fails.
pub async fn run(house: &House<'_>) -> Result<Status, Error> {
    let desk = house.desk().await?;
    let failures = checked(house, &desk).await?;
    show(house, &failures)?;
    Ok(if failures.is_empty() { Status::Done } else { Status::Failed })
}

/// Runs the checks at a desk and says how they ended.
pub async fn checked(house: &House<'_>, desk: &Desk) -> Result<Vec<Failure>, Error> {
    let mut total = 0;
    let failures = check(desk, |name, passed| {
        total += 1;
        house
            .printer
            .detail(&format!("check {name}: {}", if passed { "passed" } else { "failed" }));
    })
    .await?;
    house.printer.say(&format!("checks: {} of {total} passed", total - failures.len()));
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
