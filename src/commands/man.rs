//! `man`: the manual, made from the command line's own definition.

use clap::CommandFactory;
use clap_mangen::{Man, generate_to};

use super::output;
use crate::cli::{Cli, ManArgs};
use crate::error::{Error, Status};
use crate::printer::Printer;

/// Prints the main page, or writes it and one of each verb into a folder.
pub fn run(args: &ManArgs, printer: &Printer) -> Result<Status, Error> {
    let Some(folder) = &args.out else {
        let mut page = Vec::new();
        let command = Cli::command().disable_help_subcommand(true);
        Man::new(command).render(&mut page).map_err(output::failed)?;
        printer.data(&String::from_utf8_lossy(&page)).map_err(output::failed)?;
        return Ok(Status::Done);
    };
    let failed = |source| Error::Output { path: folder.display().to_string(), source };
    std::fs::create_dir_all(folder).map_err(failed)?;
    generate_to(Cli::command(), folder).map_err(failed)?;
    printer.say(&format!("wrote churnhouse.1 and a page for each verb: {}", folder.display()));
    Ok(Status::Done)
}
