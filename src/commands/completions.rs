//! `completions`: a script for the shell.

use clap::CommandFactory;

use super::output;
use crate::cli::{Cli, CompletionsArgs};
use crate::error::{Error, Status};
use crate::printer::Printer;

/// Prints it.
pub fn run(args: &CompletionsArgs, printer: &Printer) -> Result<Status, Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "churnhouse", &mut script);
    printer.data(&String::from_utf8_lossy(&script)).map_err(output::failed)?;
    Ok(Status::Done)
}
