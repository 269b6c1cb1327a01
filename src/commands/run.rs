//! `run`: the main job. Land what is new, close what is open, check, export what is due.

use std::collections::BTreeSet;
use std::time::Instant;

use super::{House, check, close, export, land, seconds_since};
use crate::cli::{LandArgs, RunArgs};
use crate::close::{Closes, Options};
use crate::error::{Error, Status};
use crate::event::Event;
use crate::month::Month;

/// Does it. A file that is refused, a month that is not fit or a check that fails stops what follows.
pub async fn run(house: &House<'_>, args: &RunArgs) -> Result<Status, Error> {
    let started = Instant::now();
    house.config.check_tables()?;
    let lock = house.warehouse.lock().await?;
    let result = all(house, args).await;
    lock.release().await;
    let status = result.as_ref().map_or_else(Error::code, |status| status.code());
    house.printer.tell(&Event::Ended { status, seconds: seconds_since(&started) });
    result
}

async fn all(house: &House<'_>, args: &RunArgs) -> Result<Status, Error> {
    let what = LandArgs {
        source: None,
        files: Vec::new(),
        dry_run: false,
        rehash: false,
        retract: None,
        today: args.today,
    };
    let landed = land::land(house, &what).await?;
    if landed.failed > 0 {
        house.printer.say("nothing was closed, since a file was refused");
        return Ok(Status::Failed);
    }
    let today = house.today(args.today.today);
    let through = match args.through {
        Some(argument) => argument.resolve(&Closes::read(&house.warehouse).await?, today),
        None => None,
    };
    let report = close::months(house, &Options { through, today, ..Options::default() }).await?;
    let closed: Vec<Month> = report.closed.iter().map(|(month, _)| *month).collect();
    let fit = report.stopped.is_none();
    let desk = house.desk().await?.over(to_check(&closed, house).await?);
    let failures = check::checked(house, &desk).await?;
    check::show(house, &failures)?;
    let withheld = failures.iter().flat_map(crate::views::Failure::months).collect();
    export::due(house, &withheld).await?;
    Ok(if fit && failures.is_empty() { landed.status() } else { Status::Failed })
}

/// The months that were closed and the one before them; where none was, the latest two.
async fn to_check(closed: &[Month], house: &House<'_>) -> Result<BTreeSet<Month>, Error> {
    let closes = Closes::read(&house.warehouse).await?;
    let first = closed.first().copied().or_else(|| closes.months().next_back());
    let first = first.map(Month::previous);
    Ok(closes.months().filter(|month| first.is_some_and(|first| *month >= first)).collect())
}
