//! The shell: statements and commands one after the other, typed at a prompt, from a file or a pipe. It
//! stands above `views` and `report`: what it is asked it hands to the desk, what comes back to the printer.
//! It refuses to go on after an error in a file; at the prompt it tells it and waits for the next line.

mod command;
mod complete;
mod describe;
mod editor;
mod highlight;
mod lex;
mod names;
mod pager;
mod parameters;
mod query;
mod show;
mod split;
mod trouble;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use arrow::array::RecordBatch;

pub use editor::{Line, LineEditor};
pub use parameters::Parameters;
pub use show::Display;
pub use split::is_empty;
pub use trouble::ShellError;

use command::Command;
use query::{Interrupt, Rows};
use split::Piece;
use trouble::Place;

use crate::engine;
use crate::report::format::Format;
use crate::views::{Desk, ViewError};

/// Files that may read each other.
const DEPTH: usize = 16;

/// Whether there is more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// There may be.
    On,
    /// The user leaves.
    Quit,
}

/// A session: the desk, the settings, and what was asked last.
pub struct Shell<'a> {
    desk: Arc<Desk>,
    display: Display<'a>,
    parameters: Parameters,
    editor: Option<String>,
    timing: bool,
    /// Whether a person sits at it: row counts are told, and Ctrl-C stops the query only.
    attended: bool,
    last: Option<String>,
    depth: usize,
}

impl<'a> Shell<'a> {
    /// A shell for statements from a file or a pipe.
    pub fn new(desk: Arc<Desk>, display: Display<'a>, parameters: Parameters) -> Self {
        let (editor, last) = (None, None);
        Self { desk, display, parameters, editor, timing: false, attended: false, last, depth: 0 }
    }

    /// The same for a person, with the command line of an editor.
    #[must_use]
    pub fn attended(mut self, editor: Option<String>) -> Self {
        self.attended = true;
        self.editor = editor;
        self
    }

    /// Reads lines and does what they say, until the user leaves.
    ///
    /// # Errors
    /// The terminal can't be read.
    pub async fn converse(&mut self, lines: &mut LineEditor) -> Result<(), ShellError> {
        loop {
            let text = match tokio::task::block_in_place(|| lines.read())? {
                Line::Text(text) => text,
                Line::Dropped => continue,
                Line::End => return Ok(()),
            };
            match self.run(&text, None).await {
                Ok(Flow::On) => {}
                Ok(Flow::Quit) => return Ok(()),
                Err(error) => self.tell(&error),
            }
        }
    }

    /// Does what a text says, in order; the first error ends it.
    ///
    /// # Errors
    /// A statement or command fails; the error says where, with the file's name where there is one.
    pub async fn run(&mut self, text: &str, file: Option<&str>) -> Result<Flow, ShellError> {
        for piece in split::pieces(text) {
            match piece {
                Piece::Sql { text, line, expanded, .. } => {
                    self.last = Some(text.to_owned());
                    self.statement(text, expanded, Place { file, line }).await?;
                }
                Piece::Command { text, line } => {
                    let done = Box::pin(self.command(text)).await;
                    if done.map_err(|error| error.at(Place { file, line }, text))? == Flow::Quit {
                        return Ok(Flow::Quit);
                    }
                }
            }
        }
        Ok(Flow::On)
    }

    /// Says an error. A reader that hangs up, as a pager does, is none.
    fn tell(&self, error: &ShellError) {
        let chain =
            std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
        let hung_up = chain.filter_map(|error| error.downcast_ref::<std::io::Error>());
        if hung_up.map(std::io::Error::kind).any(|kind| kind == std::io::ErrorKind::BrokenPipe) {
            return;
        }
        if matches!(error, ShellError::Interrupted) {
            // The terminal has echoed ^C on the line.
            return self.display.printer.say("\nstopped");
        }
        let hint = error.hint();
        self.display.printer.error(&error.to_string(), hint.as_deref());
    }

    async fn statement(
        &mut self,
        text: &str,
        expanded: bool,
        place: Place<'_>,
    ) -> Result<(), ShellError> {
        let begin = Instant::now();
        let sql = parameters::substitute(text, &self.parameters);
        let sql = sql.map_err(|error| error.at(place, text))?;
        let before = self.display.expanded;
        self.display.expanded |= expanded;
        let answered = self.answer(&sql).await;
        self.display.expanded = before;
        let rows = answered.map_err(|error| error.at(place, &sql))?;
        if let Some(rows) = rows.filter(|_| self.attended) {
            self.display.printer.say(&format!("{rows} {}", if rows == 1 { "row" } else { "rows" }));
        }
        if self.timing {
            let taken = begin.elapsed().as_secs_f64() * 1000.0;
            self.display.printer.say(&format!("time: {taken:.1} ms"));
        }
        Ok(())
    }

    /// Asks the statements of a text and shows the rows; tells how many, where a person sees them.
    async fn answer(&mut self, sql: &str) -> Result<Option<u64>, ShellError> {
        let mut interrupt = Interrupt::listen(self.attended);
        let mut told = None;
        for statement in self.desk.statements(sql)? {
            let stream = interrupt.unless(async {
                let frame = self.desk.ask(statement).await?;
                engine::stream(frame).await.map_err(ViewError::from)
            });
            let stream = stream.await?;
            let schema = stream.schema();
            if schema.fields().is_empty() {
                continue;
            }
            let mut rows = Rows::new(stream, &mut interrupt);
            let shown = self.display.result(schema, &mut rows);
            told = rows.failure().map_or(shown, Err)?;
        }
        Ok(told)
    }

    async fn command(&mut self, text: &str) -> Result<Flow, ShellError> {
        match Command::parse(text)? {
            Command::Quit => return Ok(Flow::Quit),
            Command::Include(path) => return self.include(&path).await,
            Command::Edit => return self.edit().await,
            Command::Again(expanded) => return self.again(expanded).await,
            Command::Explain(query) => self.explain(query).await?,
            Command::List { tables, views } => {
                self.table(describe::relations(&self.desk, tables, views)?)?;
            }
            Command::Columns(name) => {
                let columns = describe::columns(&self.desk, &name).await?;
                self.table(columns)?;
            }
            Command::Describe(name) => {
                let view = self.desk.catalogue().find(&name)?;
                self.display.text(&format!("{}\nFile: {}\n", view.header, view.place()))?;
            }
            Command::Source(name) => {
                let view = self.desk.catalogue().find(&name)?;
                self.display.text(view.sql.trim_end())?;
                self.display.text("\n")?;
            }
            Command::Output(path) => self.display.output(path)?,
            Command::Once(path) => self.display.once(path),
            Command::Help => self.display.text(&command::help())?,
            Command::Echo(text) => self.display.text(&format!("{text}\n"))?,
            Command::Set(parameter) => self.set(parameter)?,
            Command::Unset(name) => drop(self.parameters.remove(&name)),
            setting => self.switch(setting),
        }
        Ok(Flow::On)
    }

    /// Changes a parameter, or lists all of them.
    fn set(&mut self, parameter: Option<(String, String)>) -> Result<(), ShellError> {
        if let Some((name, value)) = parameter {
            self.parameters.insert(name, value);
            return Ok(());
        }
        let lines = self.parameters.iter().map(|(name, value)| format!("{name} = '{value}'\n"));
        self.display.text(&lines.collect::<String>())
    }

    /// Changes a setting and tells a person how it is now.
    fn switch(&mut self, setting: Command) {
        let display = &mut self.display;
        let turn = |now: &mut bool, on: Option<bool>| {
            *now = on.unwrap_or(!*now);
            if *now { "on" } else { "off" }
        };
        let said = match setting {
            Command::Expanded(on) => format!("expanded: {}", turn(&mut display.expanded, on)),
            Command::Timing(on) => format!("timing: {}", turn(&mut self.timing, on)),
            Command::Pager(on) => format!("pager: {}", turn(&mut display.paging, on)),
            Command::Mode(format) => {
                display.mode = format.unwrap_or(display.mode);
                format!("mode: {}", display.mode)
            }
            Command::Rows(rows) => {
                display.rows = rows;
                let most = rows.filter(|rows| *rows > 0).map(|rows| rows.to_string());
                let word = if rows.is_some() { "all" } else { "what fits the screen" };
                format!("maxrows: {}", most.as_deref().unwrap_or(word))
            }
            _ => return,
        };
        if self.attended {
            display.printer.say(&said);
        }
    }

    fn table(&mut self, batch: RecordBatch) -> Result<(), ShellError> {
        let schema = batch.schema();
        let rows = self.display.rows.replace(0);
        let shown = self.display.result(schema, &mut std::iter::once(Ok(batch)));
        self.display.rows = rows;
        shown.map(drop)
    }

    async fn explain(&mut self, query: Option<String>) -> Result<(), ShellError> {
        let query = query.or_else(|| self.last.clone()).ok_or_else(nothing_asked)?;
        let query = format!("explain {}", query.trim_end().trim_end_matches(';'));
        self.statement(&query, false, Place::NO_FILE).await
    }

    async fn again(&mut self, expanded: bool) -> Result<Flow, ShellError> {
        let last = self.last.clone().ok_or_else(nothing_asked)?;
        self.statement(&last, expanded, Place::NO_FILE).await.map(|()| Flow::On)
    }

    async fn include(&mut self, path: &Path) -> Result<Flow, ShellError> {
        if self.depth == DEPTH {
            return Err(ShellError::Depth(path.to_owned()));
        }
        let failed = |source| ShellError::File { what: "read", path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(failed)?;
        self.depth += 1;
        let done = self.run(&text, Some(&path.display().to_string())).await;
        self.depth -= 1;
        done
    }

    /// The last statement in the user's editor; what is saved is run.
    async fn edit(&mut self) -> Result<Flow, ShellError> {
        let Some(editor) = self.editor.clone() else {
            return Err(ShellError::Command {
                message: "there is no editor here".into(),
                hint: "set $EDITOR and start the shell on a terminal".into(),
            });
        };
        let failed =
            |source| ShellError::File { what: "edit", path: PathBuf::from("a statement"), source };
        let file = tempfile::Builder::new().suffix(".sql").tempfile().map_err(failed)?;
        let last = self.last.as_deref().map(|last| format!("{last};\n")).unwrap_or_default();
        std::fs::write(file.path(), &last).map_err(failed)?;
        let command = format!("{editor} \"$1\"");
        let mut program = std::process::Command::new("sh");
        program.args(["-c", &command, "sh"]).arg(file.path()).status().map_err(failed)?;
        let text = std::fs::read_to_string(file.path()).map_err(failed)?;
        if text == last {
            return Ok(Flow::On);
        }
        self.display.text(&text)?;
        Box::pin(self.run(&text, None)).await
    }
}

fn nothing_asked() -> ShellError {
    ShellError::Command {
        message: "nothing was asked yet".into(),
        hint: "a statement first, such as: select * from churn_rate;".into(),
    }
}

/// The format in which a person is answered.
pub const MODE: Format = Format::Box;
