//! A text as the statements and commands that it holds. A statement ends with `;` outside of strings, comments
//! and quoted names, or with `\g` and `\gx`; a command begins with `\` or `.` where no statement is open, and
//! takes the line.

use datafusion::sql::sqlparser::tokenizer::Token;

use super::lex::{Lexed, Lexeme, lex};

/// What stands alone without a backslash, as in psql.
const WORDS: [&str; 3] = ["quit", "exit", "help"];

/// One thing to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A statement without what ends it.
    Sql {
        /// The text.
        text: &'a str,
        /// Its first line, counted from 1.
        line: usize,
        /// Whether `\gx` ended it.
        expanded: bool,
        /// Whether anything ended it.
        ended: bool,
    },
    /// A command of the shell without its `\` or `.`.
    Command {
        /// The text.
        text: &'a str,
        /// Its line, counted from 1.
        line: usize,
    },
}

/// The pieces of a text, in order.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut reader = Reader { text, at: 0, pieces: Vec::new() };
    while reader.at < text.len() {
        match begins_command(&text[reader.at..]) {
            true => reader.command(),
            false => reader.statements(),
        }
    }
    reader.pieces
}

/// Whether all that a text begins is ended, so that it can be run.
pub fn is_complete(text: &str) -> bool {
    !matches!(pieces(text).last(), Some(Piece::Sql { ended: false, .. }))
}

/// Whether a text holds nothing to do.
pub fn is_empty(text: &str) -> bool {
    pieces(text).is_empty()
}

/// Whether a text begins with a command: `\d`, `.tables`, and not `.5`.
fn begins_command(text: &str) -> bool {
    let mut letters = text.trim_start().chars();
    match letters.next() {
        Some('\\') => true,
        Some('.') => letters.next().is_some_and(char::is_alphabetic),
        _ => false,
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    pieces: Vec<Piece<'a>>,
}

impl<'a> Reader<'a> {
    /// Takes a line that is a command.
    fn command(&mut self) {
        let begin = self.text.len() - self.text[self.at..].trim_start().len();
        let end = self.end_of_line(begin);
        let text = self.text[begin + 1..end].trim();
        self.pieces.push(Piece::Command { text, line: self.line(begin) });
        self.at = end;
    }

    /// Takes statements up to the next command.
    fn statements(&mut self) {
        let from = self.at;
        let Lexed { lexemes, rest } = lex(&self.text[from..]);
        let (mut begin, mut code) = (from, false);
        for Lexeme { token, start, end } in &lexemes {
            let (start, end) = (from + start, from + end);
            let stops = *token == Token::Backslash || (!code && *token == Token::Period);
            if *token == Token::SemiColon {
                self.sql(begin, start, code, false, true);
                (begin, code) = (end, false);
            } else if stops && begins_command(&self.text[start..]) {
                return self.stopped(begin, start, code);
            } else {
                code |= !matches!(token, Token::Whitespace(_));
            }
        }
        let open = from + rest < self.text.len() && !self.text[from + rest..].trim().is_empty();
        self.sql(begin, self.text.len(), code || open, false, false);
        self.at = self.text.len();
    }

    /// Ends what is open where a command begins; `\g` and `\gx` are its end.
    fn stopped(&mut self, begin: usize, at: usize, code: bool) {
        let end = self.end_of_line(at);
        let command = self.text[at + 1..end].trim().trim_end_matches(';');
        let goes = code && (command == "g" || command == "gx");
        self.sql(begin, at, code, goes && command == "gx", true);
        self.at = if goes { end } else { at };
    }

    fn sql(&mut self, begin: usize, end: usize, code: bool, expanded: bool, ended: bool) {
        if !code {
            return;
        }
        let text = self.text[begin..end].trim();
        let line = self.line(end - self.text[begin..end].trim_start().len());
        let alone = WORDS.iter().find(|word| word.eq_ignore_ascii_case(text));
        self.pieces.push(match alone {
            Some(text) => Piece::Command { text, line },
            None => Piece::Sql { text, line, expanded, ended },
        });
    }

    fn end_of_line(&self, from: usize) -> usize {
        self.text[from..].find('\n').map_or(self.text.len(), |length| from + length)
    }

    fn line(&self, at: usize) -> usize {
        self.text[..at].matches('\n').count() + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sql(text: &str, line: usize) -> Piece<'_> {
        Piece::Sql { text, line, expanded: false, ended: true }
    }

    #[test]
    fn statements_end_at_semicolons_outside_of_quotes() {
        let text = "select ';' as \"a;b\"; -- done;\n\nselect 2 /* ; */\n, 3;";
        let second = "-- done;\n\nselect 2 /* ; */\n, 3";
        assert_eq!(pieces(text), [sql("select ';' as \"a;b\"", 1), sql(second, 1)]);
        assert!(pieces(" ;; -- nothing\n").is_empty());
    }

    #[test]
    fn commands_take_their_line() {
        let text = "\\set name 'it''s\nselect 1;\n.mode csv\nselect .5; \\d churn_rate\n";
        let command = |text, line| Piece::Command { text, line };
        let expected = [
            command("set name 'it''s", 1),
            sql("select 1", 2),
            command("mode csv", 3),
            sql("select .5", 4),
            command("d churn_rate", 4),
        ];
        assert_eq!(pieces(text), expected);
        assert_eq!(pieces("QUIT"), [command("quit", 1)]);
    }

    #[test]
    fn g_ends_a_statement_and_gx_expands_it() {
        let text = "select 1\n\\gx\nselect 2 \\g";
        let expanded = Piece::Sql { text: "select 1", line: 1, expanded: true, ended: true };
        assert_eq!(pieces(text), [expanded, sql("select 2", 3)]);
        assert_eq!(pieces("select 3 \\g;"), [sql("select 3", 1)]);
    }

    #[test]
    fn what_is_open_is_not_complete() {
        for open in ["select 1", "select 1; select 2", "select 'a;", "/* ;", "select \"a;\n"] {
            assert!(!is_complete(open), "{open}");
        }
        for done in ["", "select 1;", "\\d", ".tables", "exit", "select 1 \\g", "-- only a comment"]
        {
            assert!(is_complete(done), "{done}");
        }
    }
}
