//! What goes wrong in the shell, and where: a statement's error is shown with its line and a mark under the
//! place.

use std::path::PathBuf;

use unicode_width::UnicodeWidthStr;

use super::lex::{Lexeme, lex};
use crate::report::format::FormatError;
use crate::views::{Spot, ViewError};

/// Characters of a long line that are shown before its mark, and in all.
const BEFORE: usize = 60;
const SHOWN: usize = 100;

/// Where a text is from.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The file, where it is one.
    pub file: Option<&'a str>,
    /// Its line there, counted from 1.
    pub line: usize,
}

impl Place<'_> {
    /// Typed, or made from what was typed.
    pub const NO_FILE: Self = Self { file: None, line: 1 };
}

/// What goes wrong in the shell.
#[derive(Debug, thiserror::Error)]
pub enum ShellError {
    /// A question.
    #[error(transparent)]
    View(#[from] ViewError),
    /// The answer can't be written.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// A parameter without a value.
    #[error("no value for the parameter: {name}")]
    Parameter {
        /// Its name.
        name: String,
        /// The nearest one that has a value.
        near: Option<String>,
        /// Where in the statement.
        spot: Spot,
    },
    /// A command that is none, or with arguments that are none.
    #[error("{message}")]
    Command {
        /// What is wrong.
        message: String,
        /// What remedies it.
        hint: String,
    },
    /// A file of the user's, the terminal, or a program such as the editor.
    #[error("can't {what} {}: {source}", path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Files that read each other.
    #[error("files read each other too deep: {}", .0.display())]
    Depth(PathBuf),
    /// Ctrl-C.
    #[error("stopped")]
    Interrupted,
    /// An error with its place.
    #[error("{origin}{source}{excerpt}")]
    At {
        /// The file and line with a colon; empty where there is no file.
        origin: String,
        /// The line, marked; empty where the place is not known.
        excerpt: String,
        /// What is wrong.
        source: Box<ShellError>,
    },
}

impl ShellError {
    /// What remedies it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Parameter { name, near, .. } => {
                let near = near.as_ref().map(|near| format!("did you mean {near}? "));
                let near = near.unwrap_or_default();
                Some(format!("{near}\\set {name} VALUE, or --set {name}=VALUE"))
            }
            Self::At { source, .. } => source.hint(),
            Self::View(error) => error.hint(),
            Self::Command { hint, .. } => Some(hint.clone()),
            _ => None,
        }
    }

    /// The error as one of a text.
    pub fn at(self, place: Place<'_>, text: &str) -> Self {
        if matches!(self, Self::At { .. } | Self::Interrupted | Self::Format(_)) {
            return self;
        }
        let spot = self.spot(text);
        let line = place.line + spot.map_or(0, |spot| spot.line - 1);
        let numbered = place.file.is_some() || text.contains('\n');
        let excerpt = spot.map(|spot| excerpt(text, spot, numbered.then_some(line)));
        Self::At {
            origin: place.file.map(|file| format!("{file}:{line}: ")).unwrap_or_default(),
            excerpt: excerpt.unwrap_or_default(),
            source: Box::new(self),
        }
    }

    /// Where in the statement it is: told, or where the wrong word stands, or the end where that came too soon.
    fn spot(&self, text: &str) -> Option<Spot> {
        match self {
            Self::Parameter { spot, .. } => Some(*spot),
            Self::View(ViewError::Question { spot, word, message, .. }) => {
                let named = || word.as_ref().and_then(|word| spot_of(text, word));
                let ended = || message.ends_with("found: EOF").then(|| spot_at(text, text.len()));
                spot.or_else(named).or_else(ended)
            }
            _ => None,
        }
    }
}

/// The place of a byte.
pub fn spot_at(text: &str, byte: usize) -> Spot {
    let before = &text[..byte];
    let line = before.matches('\n').count() + 1;
    Spot { line, column: before.rsplit('\n').next().unwrap_or_default().chars().count() + 1 }
}

/// The place of a name.
fn spot_of(text: &str, name: &str) -> Option<Spot> {
    let is_it =
        |lexeme: &&Lexeme| lexeme.name().is_some_and(|word| word.eq_ignore_ascii_case(name));
    lex(text).lexemes.iter().find(is_it).map(|lexeme| spot_at(text, lexeme.start))
}

/// The line of a place, and below it a mark.
fn excerpt(text: &str, spot: Spot, number: Option<usize>) -> String {
    let line = text.lines().nth(spot.line - 1).unwrap_or_default().replace('\t', " ");
    let begin = (spot.column - 1).saturating_sub(BEFORE);
    let shown: String = line.chars().skip(begin).take(SHOWN).collect();
    let before: String = shown.chars().take(spot.column - 1 - begin).collect();
    let marked = &shown[before.len()..];
    let length = marked.find(|letter: char| !letter.is_alphanumeric() && !"_.".contains(letter));
    let marks = "^".repeat(marked[..length.unwrap_or(marked.len())].width().max(1));
    let number = number.map_or_else(|| " ".to_owned(), |number| number.to_string());
    let margin = " ".repeat(number.len());
    format!("\n{number} | {shown}\n{margin} | {}{marks}", " ".repeat(before.width()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(spot: Option<Spot>, word: Option<&str>) -> ShellError {
        let message = "no column of this name: regoin".to_owned();
        ShellError::View(ViewError::Question {
            message,
            hint: None,
            spot,
            word: word.map(str::to_owned),
        })
    }

    #[test]
    fn the_place_is_marked() {
        let text = "select month,\n  '全球通' as a, regoin\nfrom churn_rate";
        let place = Place { file: Some("a.sql"), line: 4 };
        let told = question(Some(Spot { line: 2, column: 15 }), None).at(place, text);
        let expected = "a.sql:5: no column of this name: regoin\n\
                        5 |   '全球通' as a, regoin\n  |                  ^^^^^^";
        assert_eq!(told.to_string(), expected);
        assert_eq!(question(None, Some("regoin")).at(place, text).to_string(), expected);
    }

    #[test]
    fn long_lines_are_cut_around_the_mark() {
        let text = format!("select {}regoin", "1, ".repeat(100));
        let told = question(None, Some("regoin")).at(Place::NO_FILE, &text).to_string();
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines[1].find("regoin"), lines[2].find('^'));
        assert!(lines[1].len() < 110, "{told}");
    }
}
