//! `describe`: a view's header, which is its documentation.

use super::{House, output};
use crate::cli::DescribeArgs;
use crate::error::{Error, Status};
use crate::views::Catalogue;

/// Where the words of all headers are explained.
const TERMS: &str = "Terms: README.md#how-a-number-is-defined";

/// Prints it.
pub fn run(house: &House<'_>, args: &DescribeArgs) -> Result<Status, Error> {
    let catalogue = Catalogue::load(&house.config)?;
    let view = catalogue.find(&args.view)?;
    let text = format!("{}\nFile: {}\n{TERMS}\n", view.header, view.place());
    house.printer.data(&text).map_err(output::failed)?;
    Ok(Status::Done)
}
