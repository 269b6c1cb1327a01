//! `sql`: ad-hoc questions, from the argument, a file or standard input. The first error ends it.

use std::io::{IsTerminal, Read};

use super::{House, output};
use crate::cli::SqlArgs;
use crate::engine::rows;
use crate::error::{Error, Status};
use crate::report::format::Document;
use crate::views::ViewError;

/// Runs the statements in order and writes the rows of each.
pub async fn run(house: &House<'_>, args: &SqlArgs) -> Result<Status, Error> {
    let text = text(args)?;
    let desk = house.desk().await?;
    let statements = desk.statements(&text)?;
    if statements.is_empty() {
        return Err(Error::usage(
            "there is no statement",
            "churnhouse sql \"select * from churn_rate\"",
        ));
    }
    for statement in statements {
        let frame = desk.ask(statement).await?;
        let (schema, batches) = rows(frame).await.map_err(ViewError::from)?;
        if !schema.fields().is_empty() {
            let document = Document::new("query", schema);
            output::rows(house.printer, &args.to_format, document, batches)?;
        }
    }
    Ok(Status::Done)
}

fn text(args: &SqlArgs) -> Result<String, Error> {
    if let Some(query) = &args.query {
        return Ok(query.clone());
    }
    if let Some(path) = &args.file {
        return std::fs::read_to_string(path).map_err(|error| {
            Error::usage(format!("can't read {}: {error}", path.display()), "name a file of SQL")
        });
    }
    if std::io::stdin().is_terminal() {
        return Err(Error::usage(
            "there is no query",
            "churnhouse sql \"select * from churn_rate\", or -f FILE",
        ));
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| {
        Error::usage(format!("can't read standard input: {error}"), "give a query as argument")
    })?;
    Ok(text)
}
