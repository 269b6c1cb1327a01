//! `generate`: synthetic extracts.

use chrono::Datelike;

use crate::cli::GenerateArgs;
use crate::error::{Error, Status};
use crate::generate::{Options, canonical, garage_sample, telecom_sample};
use crate::printer::Printer;

/// Writes them.
pub fn run(args: &GenerateArgs, printer: &Printer) -> Result<Status, Error> {
    let summary = match args.sample.as_deref() {
        Some("telecom") => telecom_sample(&args.out)?,
        Some(_) => garage_sample(&args.out)?,
        None => generate(args, printer)?,
    };
    printer.say(&format!(
        "wrote {} files below {}: {} customers, {} bill lines, {} events, {} calls",
        summary.files,
        args.out.display(),
        summary.customers,
        summary.bill_lines,
        summary.events,
        summary.calls
    ));
    let config = args.out.join("churnhouse.toml");
    printer.say(&format!("next: churnhouse --config {} run", config.display()));
    Ok(Status::Done)
}

fn generate(args: &GenerateArgs, printer: &Printer) -> Result<crate::generate::Summary, Error> {
    let day = args.start.first_day();
    let options = Options {
        customers: args.customers,
        months: args.months,
        start: (day.year(), day.month()),
        seed: args.seed,
        out: args.out.clone(),
    };
    let bar = printer.steps_bar("generating", options.work());
    let summary = canonical(&options, &mut |done| bar.set_position(done))?;
    bar.finish_and_clear();
    Ok(summary)
}
