//! What the word before the cursor may become: told from the words around it, without asking anybody. The names
//! themselves come from `names`.

use datafusion::sql::sqlparser::tokenizer::Token;

use super::command::{self, Argument};
use super::highlight::is_keyword;
use super::lex::{Lexeme, lex};
use super::split::{Piece, pieces};

/// What is wanted at the cursor.
#[derive(Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The name of a command.
    Command,
    /// The argument of a command.
    Argument(Argument),
    /// A table or view, or one of these names of the statement's own.
    Relation(Vec<String>),
    /// A column of one of these, by the part before the dot.
    Column(Vec<String>),
    /// A column of one of these, a function, a keyword, or one of these names of the statement's own.
    Word {
        /// The tables and views that the statement reads.
        relations: Vec<String>,
        /// Its aliases and common table expressions.
        own: Vec<String>,
    },
    /// A value of a column of one of these; of a segment, of this dimension.
    Value {
        /// The column.
        column: String,
        /// The tables and views that the statement reads.
        relations: Vec<String>,
        /// The dimension that the statement asks for.
        dimension: Option<String>,
    },
}

/// What may stand at the end of `text[..position]`, and where the word that it replaces begins.
pub fn wanted(text: &str, position: usize) -> (usize, Wanted) {
    let before = &text[..position];
    let begin = statement_begin(before);
    if let Some(found) = of_command(before, begin) {
        return found;
    }
    let statement = Statement::new(&text[begin..]);
    let typed = lex(&before[begin..]);
    if typed.rest < before.len() - begin && before[begin + typed.rest..].starts_with('\'') {
        let column = compared(&typed.lexemes);
        let dimension = statement.dimension();
        let value = |column| Wanted::Value { column, relations: statement.relations, dimension };
        let none = Wanted::Argument(Argument::Free);
        return (begin + typed.rest + 1, column.map_or(none, value));
    }
    let word = typed.lexemes.last().filter(|last| matches!(last.token, Token::Word(_)));
    let at = word.map_or(before.len() - begin, |word| word.start);
    let previous: Vec<&Lexeme> =
        typed.lexemes.iter().filter(|lexeme| lexeme.end <= at && !lexeme.is_blank()).collect();
    (begin + at, statement.at(&previous))
}

/// Where the last statement or command of a text begins.
fn statement_begin(before: &str) -> usize {
    let last = match pieces(before).pop() {
        Some(Piece::Sql { text, ended: false, .. } | Piece::Command { text, .. }) => text,
        _ => return before.len(),
    };
    last.as_ptr() as usize - before.as_ptr() as usize
}

fn of_command(before: &str, begin: usize) -> Option<(usize, Wanted)> {
    let Some(Piece::Command { text, .. }) = pieces(before).pop() else { return None };
    let line = &before[begin.min(before.len())..];
    match line.split_once(char::is_whitespace) {
        None => Some((before.len() - text.len(), Wanted::Command)),
        Some((name, _)) => {
            let argument = command::find(name)?.argument;
            let word = line.rfind(char::is_whitespace).map_or(0, |space| space + 1);
            (argument != Argument::Sql).then_some((begin + word, Wanted::Argument(argument)))
        }
    }
}

/// The column that an open string is compared with: `segment = '`, `segment in ('a', '`.
fn compared(lexemes: &[Lexeme]) -> Option<String> {
    let words = lexemes.iter().rev().filter(|lexeme| !lexeme.is_blank());
    let between = |lexeme: &&Lexeme| {
        let operators = ["in", "like", "ilike", "not", "is", "distinct", "from", "between", "and"];
        matches!(
            lexeme.token,
            Token::Eq
                | Token::Neq
                | Token::Lt
                | Token::LtEq
                | Token::Gt
                | Token::GtEq
                | Token::LParen
                | Token::Comma
                | Token::SingleQuotedString(_)
        ) || operators.iter().any(|operator| lexeme.is(operator))
    };
    let mut words = words.peekable();
    words.peek().filter(|lexeme| between(lexeme))?;
    words.find(|lexeme| !between(lexeme))?.name()
}

/// A statement's own names.
#[derive(Default)]
struct Statement {
    relations: Vec<String>,
    own: Vec<String>,
    aliases: Vec<(String, String)>,
    words: Vec<(String, Option<String>)>,
}

impl Statement {
    fn new(text: &str) -> Self {
        let lexed = lex(text);
        let words: Vec<&Lexeme> =
            lexed.lexemes.iter().filter(|lexeme| !lexeme.is_blank()).collect();
        let mut statement = Self::default();
        for (place, lexeme) in words.iter().enumerate() {
            let name = |offset: usize| words.get(place + offset).and_then(|lexeme| lexeme.name());
            if begins_relation(&words, place) && !lexeme.is("select") {
                statement.relation(lexeme.name(), name(1), name(2));
            }
            let text = match words.get(place + 2).map(|lexeme| &lexeme.token) {
                Some(Token::SingleQuotedString(text)) => Some(text.clone()),
                _ => None,
            };
            let opens = words.get(place + 2).is_some_and(|lexeme| lexeme.token == Token::LParen);
            if name(1).as_deref() == Some("as") && opens {
                statement.own.extend(lexeme.name());
            }
            statement.words.extend(lexeme.name().map(|name| (name, text)));
        }
        statement
    }

    fn relation(&mut self, name: Option<String>, next: Option<String>, then: Option<String>) {
        let Some(name) = name else { return };
        let alias = if next.as_deref() == Some("as") { then } else { next };
        if let Some(alias) = alias.filter(|alias| !is_keyword(alias)) {
            self.aliases.push((alias.clone(), name.clone()));
            self.own.push(alias);
        }
        self.relations.push(name);
    }

    /// The dimension that it asks for: `dimension = 'region'`.
    fn dimension(&self) -> Option<String> {
        self.words.iter().find(|(name, _)| name == "dimension").and_then(|(_, text)| text.clone())
    }

    /// What may come after these words.
    fn at(self, previous: &[&Lexeme]) -> Wanted {
        if previous.last().is_some_and(|lexeme| lexeme.token == Token::Period) {
            let owner = previous.iter().rev().nth(1).and_then(|lexeme| lexeme.name());
            let named = |owner: &String| {
                let alias = self.aliases.iter().find(|(alias, _)| alias == owner);
                alias.map_or_else(|| owner.clone(), |(_, relation)| relation.clone())
            };
            return Wanted::Column(owner.iter().map(named).collect());
        }
        match begins_relation(previous, previous.len()) {
            true => Wanted::Relation(self.own),
            false => Wanted::Word { relations: self.relations, own: self.own },
        }
    }
}

/// Whether a table or view stands at a place: after `from` or `join`, or after a comma in a list of them.
fn begins_relation(words: &[&Lexeme], place: usize) -> bool {
    let before = &words[..place];
    let Some(last) = before.last() else { return false };
    if ["from", "join", "describe", "table"].iter().any(|word| last.is(word)) {
        return true;
    }
    let clause = before.iter().rev().find(|lexeme| {
        let clauses = [
            "select", "from", "where", "group", "order", "on", "by", "with", "having", "using",
            "limit",
        ];
        clauses.iter().any(|clause| lexeme.is(clause))
            || matches!(lexeme.token, Token::LParen | Token::RParen)
    });
    last.token == Token::Comma && clause.is_some_and(|clause| clause.is("from"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wanted where `|` stands, with what is typed of it.
    fn at(text: &str) -> (String, Wanted) {
        let position = text.find('|').unwrap();
        let text = text.replace('|', "");
        let (begin, wanted) = wanted(&text, position);
        (text[begin..position].to_owned(), wanted)
    }

    fn word(relations: &[&str], own: &[&str]) -> Wanted {
        let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Wanted::Word { relations: texts(relations), own: texts(own) }
    }

    #[test]
    fn columns_are_those_of_the_relations_wherever_they_are_named() {
        assert_eq!(at("select mo| from churn_rate"), ("mo".into(), word(&["churn_rate"], &[])));
        let two = "select 1; select | from churn_rate r, movement as m";
        assert_eq!(at(two), (String::new(), word(&["churn_rate", "movement"], &["r", "m"])));
        let dotted = at("select r.op| from churn_rate r join movement m on r.month = m.month");
        assert_eq!(dotted, ("op".into(), Wanted::Column(vec!["churn_rate".into()])));
    }

    #[test]
    fn relations_stand_after_from_and_join() {
        assert_eq!(at("select * from ch|"), ("ch".into(), Wanted::Relation(vec![])));
        let listed = at("with x as (select 1) select * from movement m, |");
        assert_eq!(listed, (String::new(), Wanted::Relation(vec!["x".into(), "m".into()])));
        assert_eq!(at("sel|").1, word(&[], &[]));
    }

    #[test]
    fn values_are_those_of_the_column_before() {
        let value = |column: &str, dimension: Option<&str>| Wanted::Value {
            column: column.into(),
            relations: vec!["churn_rate".into()],
            dimension: dimension.map(str::to_owned),
        };
        let text = "select * from churn_rate where dimension = 'region' and segment in ('a', 'yin|";
        assert_eq!(at(text), ("yin".into(), value("segment", Some("region"))));
        assert_eq!(at("select * from churn_rate where dimension='|").1, value("dimension", None));
    }

    #[test]
    fn commands_and_their_arguments() {
        assert_eq!(at("\\mo|"), ("mo".into(), Wanted::Command));
        assert_eq!(at(".ta|"), ("ta".into(), Wanted::Command));
        assert_eq!(at("\\mode js|"), ("js".into(), Wanted::Argument(Argument::Mode)));
        assert_eq!(at("\\d chu|"), ("chu".into(), Wanted::Argument(Argument::Relation)));
        assert_eq!(at("\\i a/b|"), ("a/b".into(), Wanted::Argument(Argument::File)));
    }
}
