//! `sql`: ad-hoc questions, from the argument, a file, standard input, or a person at a terminal. The first
//! error ends all but the last.

use std::ffi::OsString;
use std::io::{IsTerminal, Read};
use std::path::PathBuf;
use std::sync::Arc;

use super::{House, output};
use crate::cli::SqlArgs;
use crate::error::{Error, Status};
use crate::report::format::Format;
use crate::shell::{Display, LineEditor, MODE, Parameters, Shell, is_empty};

/// Runs the statements in order and writes the rows of each.
pub async fn run(house: &House<'_>, args: &SqlArgs) -> Result<Status, Error> {
    let parameters: Parameters = args.set.iter().cloned().collect();
    let Some((text, origin)) = text(args)? else {
        return converse(house, args, parameters).await;
    };
    if is_empty(&text) {
        return Err(Error::usage(
            "there is no statement",
            "churnhouse sql \"select * from churn_rate\"",
        ));
    }
    let format = args.to_format.format.unwrap_or(Format::Table);
    let file = output::file(&args.to_format)?;
    let display = Display::new(house.printer, format).into_file(file);
    let mut shell = Shell::new(Arc::new(house.desk().await?), display, parameters);
    shell.run(&text, origin.as_deref()).await?;
    Ok(Status::Done)
}

/// A shell at the terminal.
async fn converse(
    house: &House<'_>,
    args: &SqlArgs,
    parameters: Parameters,
) -> Result<Status, Error> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let text = |value: OsString| value.to_string_lossy().into_owned();
    let file = output::file(&args.to_format)?;
    let mut display = Display::new(house.printer, args.to_format.format.unwrap_or(MODE));
    display.pager = variable("PAGER").map(text);
    let desk = Arc::new(house.desk().await?);
    let mut lines = LineEditor::new(Arc::clone(&desk), house.printer.color());
    if let Some(path) = history(variable) {
        lines = match lines.remembering(&path) {
            Ok(lines) => lines,
            Err(error) => {
                house.printer.warn(&error.to_string());
                LineEditor::new(Arc::clone(&desk), house.printer.color())
            }
        };
    }
    let editor = variable("VISUAL").or_else(|| variable("EDITOR")).map(text);
    let mut shell = Shell::new(desk, display.into_file(file), parameters).attended(editor);
    house.printer.say("\\? lists the commands, \\views the views; a statement ends with ;");
    shell.converse(&mut lines).await?;
    Ok(Status::Done)
}

/// Where the history is kept: in the user's folder of states.
fn history(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let home = || variable("HOME").map(|home| PathBuf::from(home).join(".local").join("state"));
    let states = variable("XDG_STATE_HOME").map(PathBuf::from).or_else(home)?;
    Some(states.join("churnhouse").join("history"))
}

/// The text, and the name of the file that it is from; none where a person is to type it.
fn text(args: &SqlArgs) -> Result<Option<(String, Option<String>)>, Error> {
    if let Some(query) = &args.query {
        return Ok(Some((query.clone(), None)));
    }
    if let Some(path) = &args.file {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| {
            Error::usage(format!("can't read {name}: {error}"), "name a file of SQL")
        })?;
        return Ok(Some((text, Some(name))));
    }
    // The prompt is drawn on standard error, and the terminal answers on the other two.
    let terminals = [
        std::io::stdin().is_terminal(),
        std::io::stdout().is_terminal(),
        std::io::stderr().is_terminal(),
    ];
    if terminals == [true; 3] {
        return Ok(None);
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| {
        Error::usage(format!("can't read standard input: {error}"), "give a query as argument")
    })?;
    Ok(Some((text, None)))
}
