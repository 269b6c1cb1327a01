//! `schema`: the JSON schema of churnhouse.toml, for editors.

use super::output;
use crate::config;
use crate::error::{Error, Status};
use crate::printer::Printer;

/// Prints it.
pub fn run(printer: &Printer) -> Result<Status, Error> {
    printer.data(&config::schema()).map_err(output::failed)?;
    Ok(Status::Done)
}
