//! Parameters as psql knows them: `:name` is replaced by the value as it is, `:'name'` by it as a string,
//! `:"name"` as a quoted name. Nothing is replaced in strings, comments or casts (`::`).

use std::collections::BTreeMap;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::ShellError;
use super::lex::{Lexeme, lex};
use crate::config::nearest;

/// Values by name.
pub type Parameters = BTreeMap<String, String>;

/// A statement with the values in the place of their names.
///
/// # Errors
/// A name has no value.
pub fn substitute(text: &str, parameters: &Parameters) -> Result<String, ShellError> {
    let lexed = lex(text);
    let mut result = String::with_capacity(text.len());
    let mut copied = 0;
    for place in 1..lexed.lexemes.len() {
        let (colon, named) = (&lexed.lexemes[place - 1], &lexed.lexemes[place]);
        let Some((name, quote)) = parameter(colon, named) else { continue };
        let Some(value) = parameters.get(name) else {
            // `a[1:n]` and `a:b` are SQL of their own.
            let before = place.checked_sub(2).and_then(|before| lexed.lexemes.get(before));
            if before.is_some_and(is_operand) {
                continue;
            }
            return Err(ShellError::Parameter {
                name: name.to_owned(),
                near: nearest(name, parameters.keys().map(String::as_str)).map(str::to_owned),
                spot: super::trouble::spot_at(text, colon.start),
            });
        };
        result.push_str(&text[copied..colon.start]);
        result.push_str(&written(value, quote));
        copied = named.end;
    }
    Ok(result + &text[copied..])
}

/// The name of a parameter and how it is quoted.
fn parameter<'a>(colon: &Lexeme, named: &'a Lexeme) -> Option<(&'a str, Option<char>)> {
    if colon.token != Token::Colon {
        return None;
    }
    match &named.token {
        Token::Word(word) => Some((word.value.as_str(), word.quote_style)),
        Token::SingleQuotedString(name) => Some((name.as_str(), Some('\''))),
        _ => None,
    }
}

fn is_operand(lexeme: &Lexeme) -> bool {
    matches!(lexeme.token, Token::Word(_) | Token::Number(..) | Token::RBracket | Token::RParen)
}

fn written(value: &str, quote: Option<char>) -> String {
    match quote {
        None => value.to_owned(),
        Some(quote) => {
            let doubled = value.replace(quote, &format!("{quote}{quote}"));
            format!("{quote}{doubled}{quote}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_values(text: &str) -> Result<String, ShellError> {
        let pairs = [("n", "5"), ("month", "2024-12-01"), ("who", "O'Hara"), ("col", "a\"b")];
        let values = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        substitute(text, &Parameters::from(values))
    }

    #[test]
    fn names_become_values() {
        let text = "select :n, :'who', :\"col\" from t where month = :'month'";
        let expected = "select 5, 'O''Hara', \"a\"\"b\" from t where month = '2024-12-01'";
        assert_eq!(with_values(text).unwrap(), expected);
    }

    #[test]
    fn strings_comments_casts_and_slices_stay() {
        for text in ["select ':n' -- :n", "select /* :n */ 'a'::n", "select x[1:y]", "select a:b"] {
            assert_eq!(with_values(text).unwrap(), text);
        }
    }

    #[test]
    fn a_name_without_a_value_is_refused() {
        let error = with_values("select 1,\n  :nobody").unwrap_err();
        assert_eq!(error.to_string(), "no value for the parameter: nobody");
        assert!(error.hint().unwrap().contains("\\set nobody VALUE"));
    }
}
