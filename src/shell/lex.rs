//! The words of a text of SQL with their places, as the engine's own tokenizer reads them: what is a string, a
//! comment or a quoted name for the parser is one for the shell. It refuses nothing: what can't be read to its
//! end, such as an open string, is the rest.

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Location, Token, Tokenizer, Whitespace};

/// A word, with the bytes that it takes.
#[derive(Debug)]
pub struct Lexeme {
    /// What it is.
    pub token: Token,
    /// Its first byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
}

impl Lexeme {
    /// Whether it is a space or a comment.
    pub fn is_blank(&self) -> bool {
        matches!(self.token, Token::Whitespace(_))
    }

    /// Whether it is a comment.
    pub fn is_comment(&self) -> bool {
        use Whitespace::{MultiLineComment, SingleLineComment};
        let Token::Whitespace(space) = &self.token else { return false };
        matches!(space, SingleLineComment { .. } | MultiLineComment(_))
    }

    /// The word, where it is one, as it is known to the catalogue: in small letters unless quoted.
    pub fn name(&self) -> Option<String> {
        match &self.token {
            Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_lowercase()),
            Token::Word(word) => Some(word.value.clone()),
            _ => None,
        }
    }

    /// Whether it is this keyword.
    pub fn is(&self, keyword: &str) -> bool {
        matches!(&self.token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(keyword))
    }
}

/// A text as words, and where what is not finished begins.
#[derive(Debug)]
pub struct Lexed {
    /// The words, without a gap between them.
    pub lexemes: Vec<Lexeme>,
    /// The first byte of an open string, comment or quoted name; the text's length where there is none.
    pub rest: usize,
}

/// Splits a text into its words.
pub fn lex(text: &str) -> Lexed {
    let mut tokens = Vec::new();
    let outcome =
        Tokenizer::new(&GenericDialect {}, text).tokenize_with_location_into_buf(&mut tokens);
    let mut cursor = Cursor::new(text);
    let mut end = 0;
    let lexemes = tokens.into_iter().map(|token| {
        let start = std::mem::replace(&mut end, cursor.byte_of(token.span.end));
        Lexeme { token: token.token, start, end }
    });
    let lexemes: Vec<Lexeme> = lexemes.collect();
    let read = lexemes.last().map_or(0, |last| last.end);
    Lexed { lexemes, rest: if outcome.is_ok() { text.len() } else { read } }
}

/// A way through a text from place to place, forward only.
struct Cursor<'a> {
    letters: std::str::CharIndices<'a>,
    length: usize,
    line: u64,
    column: u64,
}

impl<'a> Cursor<'a> {
    fn new(text: &'a str) -> Self {
        Self { letters: text.char_indices(), length: text.len(), line: 1, column: 1 }
    }

    fn byte_of(&mut self, place: Location) -> usize {
        while (self.line, self.column) < (place.line, place.column) {
            match self.letters.next() {
                Some((_, '\n')) => (self.line, self.column) = (self.line + 1, 1),
                Some(_) => self.column += 1,
                None => return self.length,
            }
        }
        self.letters.offset()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        lex(text).lexemes.iter().map(|lexeme| &text[lexeme.start..lexeme.end]).collect()
    }

    #[test]
    fn words_tile_the_text() {
        let text = "select '全球通', \"a;b\" -- no; end\nfrom t /* ; */ ;";
        assert_eq!(words(text).concat(), text);
        assert!(words(text).contains(&"'全球通'") && words(text).contains(&"/* ; */"));
    }

    #[test]
    fn what_is_open_is_the_rest() {
        for (text, open) in
            [("select 'a;", "'a;"), ("select 1 /* ;", "/* ;"), ("select \"a", "\"a")]
        {
            assert_eq!(&text[lex(text).rest..], open);
        }
        assert_eq!(lex("select 'it''s'").rest, 14);
    }
}
