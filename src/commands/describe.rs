//! `describe`: a view's header, which is its documentation.

use super::House;
use crate::cli::DescribeArgs;
use crate::error::{Error, Status};
use crate::views::Catalogue;

/// Prints it.
pub fn run(house: &House<'_>, args: &DescribeArgs) -> Result<Status, Error> {
    let catalogue = Catalogue::load(&house.config)?;
    let view = catalogue.find(&args.view)?;
    let text = format!("{}\nFile: {}\n", view.header, view.place());
    house
        .printer
        .data(&text)
        .map_err(|source| Error::Output { path: "standard output".into(), source })?;
    Ok(Status::Done)
}
