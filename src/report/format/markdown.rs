//! A GitHub table, to be pasted into an issue or a page: numbers to the right, nothing padded, no title.
//! Every character that Markdown would read as its own is escaped, a line break becomes `<br>`.

use std::io::Write;

use super::document::Document;
use super::error::FormatError;
use super::source::Source;

/// Writes the header, the alignments and a line per row.
pub(super) fn write(
    document: &Document,
    source: &mut Source,
    sink: &mut dyn Write,
) -> Result<(), FormatError> {
    let numeric = document.numeric();
    let alignments = numeric.iter().map(|&right| if right { "---:" } else { "---" }.to_owned());
    let mut line = String::new();
    sink.write_all(row(&mut line, &document.names()))?;
    sink.write_all(row(&mut line, &alignments.collect::<Vec<_>>()))?;
    source.each_row(|cells| Ok(sink.write_all(row(&mut line, cells))?))
}

fn row<'a>(line: &'a mut String, cells: &[String]) -> &'a [u8] {
    line.clear();
    line.push('|');
    for cell in cells {
        line.push(' ');
        escape(cell, line);
        line.push_str(if cell.is_empty() { "|" } else { " |" });
    }
    line.push('\n');
    line.as_bytes()
}

fn escape(text: &str, line: &mut String) {
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' if characters.peek() == Some(&'\n') => {}
            '\n' | '\r' => line.push_str("<br>"),
            '<' => line.push_str("&lt;"),
            '&' => line.push_str("&amp;"),
            '\\' | '|' | '*' | '`' => line.extend(['\\', character]),
            other => line.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Format, sample};
    use super::*;

    #[test]
    fn a_table_that_github_reads() {
        let (document, batch) = sample::churn();
        assert_eq!(
            sample::text(Format::Markdown, &document, vec![batch]),
            "| month | product | churned | revenue | churn_rate |\n\
             | --- | --- | ---: | ---: | ---: |\n\
             | 2024-01-01 | 神州行 | 12 | 1234567.50 | 0.05 |\n\
             | 2024-01-01 | a\\|b, \"c\"<br>&lt;d> | | -0.07 | |\n\
             | 2024-02-01 | | -3 | | 0.3333333333333333 |\n"
        );
    }

    #[test]
    fn no_rows_are_a_table_of_two_lines() {
        let (document, _) = sample::churn();
        assert_eq!(
            sample::text(Format::Markdown, &document, vec![]),
            "| month | product | churned | revenue | churn_rate |\n\
             | --- | --- | ---: | ---: | ---: |\n"
        );
    }

    #[test]
    fn what_markdown_would_read_is_escaped() {
        let cases = [
            ("a|b", "a\\|b"),
            ("a\\|b", "a\\\\\\|b"),
            ("one\r\ntwo\nthree\rfour", "one<br>two<br>three<br>four"),
            ("*bold* `code`", "\\*bold\\* \\`code\\`"),
            ("AT&T <b>", "AT&amp;T &lt;b>"),
            ("churn_rate", "churn_rate"),
        ];
        for (text, expected) in cases {
            let mut line = String::new();
            escape(text, &mut line);
            assert_eq!(line, expected, "{text}");
        }
    }
}
