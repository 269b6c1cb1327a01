//! The commands of the shell: one table of names, arguments and meanings, from which they are parsed, completed
//! and listed. `\` and `.` before a name mean the same, so that psql's and DuckDB's spellings both work.

use std::path::PathBuf;

use super::ShellError;
use crate::config::nearest;
use crate::report::format::Format;

/// What a command asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// List tables, views or both.
    List {
        /// Tables too.
        tables: bool,
        /// Views too.
        views: bool,
    },
    /// The columns of a table or view.
    Columns(String),
    /// What a view means.
    Describe(String),
    /// The SQL of a view.
    Source(String),
    /// How the engine would answer; the last statement where none is given.
    Explain(Option<String>),
    /// The format; without one, it is told.
    Mode(Option<Format>),
    /// A line per value; without a word, the other way than now.
    Expanded(Option<bool>),
    /// Whether times are told.
    Timing(Option<bool>),
    /// Whether long results go through the pager.
    Pager(Option<bool>),
    /// The rows that a box shows: 0 for all, none for what fits the screen.
    Rows(Option<usize>),
    /// Results into a file from now on; without one, to the terminal again.
    Output(Option<PathBuf>),
    /// The next result into a file.
    Once(PathBuf),
    /// Statements and commands from a file.
    Include(PathBuf),
    /// A parameter's value; without a name, all of them are listed.
    Set(Option<(String, String)>),
    /// No value any more.
    Unset(String),
    /// The last statement in the editor, and then run.
    Edit,
    /// The last statement once more, expanded or not.
    Again(bool),
    /// A line of text.
    Echo(String),
    /// The commands.
    Help,
    /// The end.
    Quit,
}

/// What an argument is, for completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// None, or free text.
    Free,
    /// A table or view.
    Relation,
    /// A format of text.
    Mode,
    /// A file.
    File,
    /// On or off.
    Switch,
    /// A statement.
    Sql,
}

/// How a command is spelt.
pub struct Spelling {
    /// Its names, the usual one first.
    pub names: &'static [&'static str],
    /// What its argument is.
    pub argument: Argument,
    usage: &'static str,
    meaning: &'static str,
    make: fn(&str) -> Option<Command>,
}

macro_rules! spellings {
    ($($names:expr, $argument:ident, $usage:literal, $meaning:literal, $make:expr;)*) => {
        &[$(Spelling { names: &$names, argument: Argument::$argument, usage: $usage, meaning: $meaning, make: $make }),*]
    };
}

/// All commands.
pub const SPELLINGS: &[Spelling] = spellings![
    ["d"], Relation, "[NAME]", "the columns of a table or view; without a name, all of these",
        |name| Some(named(name).map_or(Command::List { tables: true, views: true }, Command::Columns));
    ["dt", "tables"], Free, "", "the tables", |_| Some(Command::List { tables: true, views: false });
    ["views", "dv"], Free, "", "the views, with what each is for", |_| Some(Command::List { tables: false, views: true });
    ["describe"], Relation, "VIEW", "what a view means: grain, columns, formula, source", |name| named(name).map(Command::Describe);
    ["schema", "sf"], Relation, "VIEW", "the SQL of a view", |name| named(name).map(Command::Source);
    ["explain"], Sql, "[QUERY]", "the plan of a query; without one, of the last", |text| Some(Command::Explain(given(text)));
    ["mode", "format"], Mode, "[MODE]", "box, line, table, csv, tsv, json, ndjson, markdown or html", mode;
    ["x", "expanded"], Switch, "[on|off]", "a line per value", |word| switch(word).map(Command::Expanded);
    ["maxrows"], Free, "[N]", "rows that a box shows: 0 for all; without a number, what fits the screen", rows;
    ["pager"], Switch, "[on|off]", "long results through $PAGER", |word| switch(word).map(Command::Pager);
    ["timing", "timer"], Switch, "[on|off]", "tell how long each statement took", |word| switch(word).map(Command::Timing);
    ["o", "output", "out"], File, "[FILE]", "results into a file; without one, to the terminal again", |file| Some(Command::Output(path(file)));
    ["once"], File, "FILE", "the next result into a file, in the format of its ending", |file| path(file).map(Command::Once);
    ["i", "read", "include"], File, "FILE", "statements and commands from a file", |file| path(file).map(Command::Include);
    ["set", "parameter"], Free, "[NAME VALUE]", "a value for :name, :'name' (as a string) and :\"name\" (as a column)", set;
    ["unset"], Free, "NAME", "no value any more", |name| given(name).map(Command::Unset);
    ["g", "go"], Free, "", "end a statement and run it; alone, run the last one again", |_| Some(Command::Again(false));
    ["gx"], Free, "", "the same with a line per value", |_| Some(Command::Again(true));
    ["e", "edit"], Free, "", "edit the last statement in $EDITOR and run it", |_| Some(Command::Edit);
    ["echo", "print"], Free, "TEXT", "a line of text", |text| Some(Command::Echo(unquoted(text)));
    ["?", "h", "help"], Free, "", "this list", |_| Some(Command::Help);
    ["q", "quit", "exit"], Free, "", "leave; so does Ctrl-D", |_| Some(Command::Quit);
];

impl Command {
    /// Reads a command without its `\` or `.`.
    ///
    /// # Errors
    /// There is none of the name, or the argument does not fit it.
    pub fn parse(text: &str) -> Result<Self, ShellError> {
        let (name, argument) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        // A semicolon comes out of habit.
        let name = name.trim_end_matches(';');
        let spelling = find(name).ok_or_else(|| unknown(name))?;
        let argument = match spelling.argument {
            Argument::Sql => argument.trim(),
            _ => argument.trim().trim_end_matches(';').trim_end(),
        };
        (spelling.make)(argument).ok_or_else(|| ShellError::Command {
            message: match argument {
                "" => format!("\\{name} lacks its argument: {}", spelling.usage),
                _ => format!("\\{name} does not take this: {argument}"),
            },
            hint: format!("\\{name} {}: {}", spelling.usage, spelling.meaning),
        })
    }
}

/// The command of a name; psql's `+` and `S` at the end change nothing.
pub fn find(name: &str) -> Option<&'static Spelling> {
    let is = |spelling: &&Spelling, name: &str| spelling.names.contains(&name);
    let plain = name.trim_end_matches(['+', 'S']);
    let found = SPELLINGS.iter().find(|spelling| is(spelling, name));
    found.or_else(|| SPELLINGS.iter().find(|spelling| is(spelling, plain)))
}

/// All commands with what they do, a line each.
pub fn help() -> String {
    let heads = SPELLINGS.iter().map(|spelling| {
        let names = spelling.names.iter();
        let names: Vec<String> = names.map(|name| format!("\\{name}")).collect();
        format!("{} {}", names.join(" "), spelling.usage)
    });
    let heads: Vec<String> = heads.collect();
    let width = heads.iter().map(String::len).max().unwrap_or(0);
    let lines = heads.iter().zip(SPELLINGS);
    let lines = lines.map(|(head, spelling)| format!("{head:width$}  {}\n", spelling.meaning));
    let keys = "A statement ends with ; at the end of a line. Tab completes, Ctrl-R searches the history, \
                Ctrl-C drops\nthe line or stops the query. A command may begin with . as well: .tables\n";
    lines.collect::<String>() + keys
}

fn unknown(name: &str) -> ShellError {
    let names = SPELLINGS.iter().flat_map(|spelling| spelling.names.iter().copied());
    let near = nearest(name, names).map(|near| format!("did you mean \\{near}? "));
    ShellError::Command {
        message: format!("no command of this name: \\{name}"),
        hint: near.unwrap_or_default() + "\\? lists them",
    }
}

fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn named(text: &str) -> Option<String> {
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    quoted.map(str::to_owned).or_else(|| given(&text.to_lowercase()))
}

fn path(text: &str) -> Option<PathBuf> {
    given(&unquoted(text)).map(PathBuf::from)
}

/// A value as psql reads it: in single quotes, or as it is.
fn unquoted(text: &str) -> String {
    let inner = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
    inner.map_or_else(|| text.to_owned(), |inner| inner.replace("''", "'"))
}

fn switch(word: &str) -> Option<Option<bool>> {
    match word.to_lowercase().as_str() {
        "" => Some(None),
        "on" | "true" | "1" => Some(Some(true)),
        "off" | "false" | "0" => Some(Some(false)),
        _ => None,
    }
}

fn mode(word: &str) -> Option<Command> {
    let name = match word {
        "" => return Some(Command::Mode(None)),
        "duckbox" | "aligned" => "box",
        "expanded" => "line",
        "jsonlines" => "ndjson",
        "tabs" => "tsv",
        "ascii" => "table",
        "md" => "markdown",
        other => other,
    };
    let format = name.parse().ok().filter(|format: &Format| !format.is_binary());
    format.map(|format| Command::Mode(Some(format)))
}

fn rows(number: &str) -> Option<Command> {
    match number {
        "" => Some(Command::Rows(None)),
        _ => number.parse().ok().map(|number| Command::Rows(Some(number))),
    }
}

fn set(text: &str) -> Option<Command> {
    let Some(text) = given(text) else { return Some(Command::Set(None)) };
    let (name, value) = text.split_once(char::is_whitespace).unwrap_or((&text, ""));
    let plain = name.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    plain.then(|| Command::Set(Some((name.to_owned(), unquoted(value.trim())))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Command {
        Command::parse(text).unwrap()
    }

    #[test]
    fn psql_and_duckdb_spellings_are_one_command() {
        assert_eq!(parsed("dt"), parsed("tables"));
        assert_eq!(parsed("timing on"), parsed("timer on"));
        assert_eq!(parsed("i a.sql"), Command::Include("a.sql".into()));
        assert_eq!(parsed("read 'a b.sql'"), Command::Include("a b.sql".into()));
        assert_eq!(parsed("d+ Churn_Rate;"), Command::Columns("churn_rate".into()));
        assert_eq!(parsed("mode duckbox"), Command::Mode(Some(Format::Box)));
        assert_eq!(parsed("o"), Command::Output(None));
        assert_eq!(parsed("gx"), Command::Again(true));
    }

    #[test]
    fn values_of_parameters_may_be_quoted() {
        let value = |text| match parsed(text) {
            Command::Set(Some((name, value))) => (name, value),
            other => panic!("{other:?}"),
        };
        assert_eq!(value("set who 'O''Hara & Sons'"), ("who".into(), "O'Hara & Sons".into()));
        assert_eq!(value("set month 2024-12-01"), ("month".into(), "2024-12-01".into()));
        assert_eq!(parsed("set"), Command::Set(None));
    }

    #[test]
    fn what_is_no_command_is_told() {
        let refused = |text: &str| {
            let error = Command::parse(text).unwrap_err();
            (error.to_string(), error.hint().unwrap())
        };
        let (message, hint) = refused("moed csv");
        assert_eq!(message, "no command of this name: \\moed");
        assert_eq!(hint, "did you mean \\mode? \\? lists them");
        assert_eq!(refused("mode xlsx").0, "\\mode does not take this: xlsx");
        assert_eq!(refused("describe").0, "\\describe lacks its argument: VIEW");
        assert!(refused("x maybe").1.starts_with("\\x [on|off]: "));
    }

    #[test]
    fn every_name_is_one_command_s() {
        let mut names: Vec<_> = SPELLINGS.iter().flat_map(|spelling| spelling.names).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        assert!(help().lines().all(|line| line.len() <= 120), "{}", help());
    }
}
