//! A line in colours while it is typed: keywords, strings, numbers, comments, parameters, and what is not closed.

use datafusion::sql::sqlparser::tokenizer::Token;

use super::lex::{Lexeme, lex};

/// The words that are shown and completed as SQL's own. Others may be columns: `month`, `segment`, `value`.
pub const KEYWORDS: [&str; 90] = [
    "select",
    "from",
    "where",
    "group",
    "by",
    "order",
    "having",
    "limit",
    "offset",
    "with",
    "as",
    "on",
    "using",
    "join",
    "inner",
    "left",
    "right",
    "full",
    "outer",
    "cross",
    "lateral",
    "union",
    "all",
    "distinct",
    "except",
    "intersect",
    "case",
    "when",
    "then",
    "else",
    "end",
    "and",
    "or",
    "not",
    "in",
    "is",
    "null",
    "like",
    "ilike",
    "between",
    "exists",
    "asc",
    "desc",
    "nulls",
    "first",
    "last",
    "over",
    "partition",
    "rows",
    "range",
    "unbounded",
    "preceding",
    "following",
    "current",
    "row",
    "filter",
    "within",
    "qualify",
    "cast",
    "try_cast",
    "extract",
    "interval",
    "date",
    "timestamp",
    "true",
    "false",
    "values",
    "create",
    "replace",
    "view",
    "drop",
    "table",
    "explain",
    "analyze",
    "show",
    "tables",
    "columns",
    "describe",
    "set",
    "recursive",
    "escape",
    "similar",
    "to",
    "any",
    "some",
    "grouping",
    "sets",
    "rollup",
    "cube",
    "fetch",
];

/// How a part of a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// As it is.
    Plain,
    /// A word of SQL, or a command of the shell.
    Keyword,
    /// A string.
    Text,
    /// A number.
    Number,
    /// A comment.
    Comment,
    /// A parameter.
    Parameter,
    /// A string, name or comment that is not closed.
    Open,
}

/// The parts of a text with their looks, one after the other.
pub fn looks(text: &str) -> Vec<(Look, &str)> {
    if text.starts_with('\\')
        || (text.starts_with('.') && text[1..].starts_with(char::is_alphabetic))
    {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return vec![(Look::Keyword, &text[..end]), (Look::Plain, &text[end..])];
    }
    let lexed = lex(text);
    let mut parts = Vec::with_capacity(lexed.lexemes.len() + 1);
    let mut colon = false;
    for lexeme in &lexed.lexemes {
        parts.push((look(lexeme, colon), &text[lexeme.start..lexeme.end]));
        colon = lexeme.token == Token::Colon;
    }
    if lexed.rest < text.len() {
        parts.push((Look::Open, &text[lexed.rest..]));
    }
    parts
}

fn look(lexeme: &Lexeme, after_colon: bool) -> Look {
    match &lexeme.token {
        Token::Colon => Look::Parameter,
        Token::Word(_) | Token::SingleQuotedString(_) if after_colon => Look::Parameter,
        Token::Word(word) if word.quote_style.is_some() => Look::Plain,
        Token::Word(word) if is_keyword(&word.value) => Look::Keyword,
        Token::Number(..) => Look::Number,
        Token::SingleQuotedString(_) | Token::EscapedStringLiteral(_) => Look::Text,
        _ if lexeme.is_comment() => Look::Comment,
        _ => Look::Plain,
    }
}

/// Whether a word is one of SQL's own.
pub fn is_keyword(word: &str) -> bool {
    KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_its_look() {
        let text = "SELECT month, 1.5 from t where a = 'x' and b = :b -- why\n and 'open";
        let parts = looks(text);
        assert_eq!(parts.iter().map(|(_, part)| *part).collect::<String>(), text);
        for part in [
            (Look::Keyword, "SELECT"),
            (Look::Plain, "month"),
            (Look::Number, "1.5"),
            (Look::Text, "'x'"),
            (Look::Parameter, "b"),
            (Look::Comment, "-- why\n"),
            (Look::Open, "'open"),
        ] {
            assert!(parts.contains(&part), "{part:?} in {parts:?}");
        }
        assert_eq!(looks("\\mode csv")[0], (Look::Keyword, "\\mode"));
    }
}
