//! `close`: months that are open, in order.

use std::collections::HashMap;
use std::time::Instant;

use super::{House, seconds_since};
use crate::cli::CloseArgs;
use crate::close::{self, Closes, Options, Progress, Report};
use crate::error::{Error, Status};
use crate::event::{Event, Span};
use crate::month::Month;

/// Closes them.
pub async fn run(house: &House<'_>, args: &CloseArgs) -> Result<Status, Error> {
    // What `latest` means, where a month is named.
    let closes = match args.from.or(args.through) {
        Some(_) => Closes::read(&house.warehouse).await?,
        None => Closes::default(),
    };
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
    Ok(if report?.stopped.is_none() { Status::Done } else { Status::Failed })
}

/// Closes months and says so; the caller holds the lock.
pub async fn months(house: &House<'_>, options: &Options) -> Result<Report, Error> {
    let printer = house.printer;
    let (bar, started) = (printer.counter("closing"), Instant::now());
    let mut begun = HashMap::new();
    let mut watch = |progress: Progress| match progress {
        Progress::Begins { month, ranges } => {
            begun.insert(month, Instant::now());
            bar.set_message(format!("closing {month}"));
            bar.inc(1);
            if ranges > 1 {
                printer.detail(&format!("{month} is closed in {ranges} ranges of customers"));
            }
        }
        Progress::Ends { month, customers } => {
            let seconds = begun.get(&month).map_or(0.0, seconds_since);
            printer.tell(&Event::MonthClosed { month, customers, seconds });
        }
    };
    let report =
        close::close(&house.warehouse, &house.engine, &house.config, options, &mut watch).await;
    bar.finish_and_clear();
    let report = report?;
    let closed: Vec<Month> = report.closed.iter().map(|(month, _)| *month).collect();
    let seconds = seconds_since(&started);
    printer.tell(&Event::Closed { span: Span::of(&closed), seconds });
    if let Some(refusal) = &report.stopped {
        printer.error(&refusal.to_string(), refusal.hint().as_deref());
    }
    Ok(report)
}
