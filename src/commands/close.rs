//! `close`: months that are open, in order.

use super::House;
use crate::cli::CloseArgs;
use crate::close::{self, Closes, Options, Report};
use crate::error::{Error, Status};
use crate::month::Month;

/// Closes them.
pub async fn run(house: &House<'_>, args: &CloseArgs) -> Result<Status, Error> {
    let closes = Closes::read(&house.warehouse).await?;
    let today = house.today(args.today.today);
    let month = |argument: Option<crate::report::MonthArgument>| {
        argument.and_then(|argument| argument.resolve(&closes, today))
    };
    let options = Options {
        from: month(args.from),
        through: month(args.through),
        full: args.full,
        accept: args.accept.clone(),
        by_sql: args.by_sql,
        today,
    };
    let lock = house.warehouse.lock().await?;
    let report = months(house, &options).await;
    lock.release().await;
    Ok(if told(house, report?) { Status::Done } else { Status::Failed })
}

/// Closes months; the caller holds the lock.
pub async fn months(house: &House<'_>, options: &Options) -> Result<Report, Error> {
    let bar = house.printer.steps_bar("closing", 0);
    let mut watch = |month: Month, ranges: usize| {
        bar.set_message(format!("closing {month}"));
        bar.inc(1);
        if ranges > 1 {
            house.printer.detail(&format!("{month} is closed in {ranges} ranges of customers"));
        }
    };
    let report =
        close::close(&house.warehouse, &house.engine, &house.config, options, &mut watch).await;
    bar.finish_and_clear();
    Ok(report?)
}

/// Says what was closed; tells whether nothing was refused.
pub fn told(house: &House<'_>, report: Report) -> bool {
    let printer = house.printer;
    match (report.closed.first(), report.closed.last()) {
        (Some((first, _)), Some((last, _))) if first == last => {
            printer.say(&format!("closed {first}"))
        }
        (Some((first, _)), Some((last, _))) => {
            printer.say(&format!("closed {} months, {first} to {last}", report.closed.len()));
        }
        _ => printer.say("closed nothing: no month is open"),
    }
    match &report.stopped {
        Some(refusal) => {
            printer.error(&refusal.to_string(), refusal.hint().as_deref());
            false
        }
        None => true,
    }
}
