//! An aligned table for people: numbers to the right, nulls empty, wide characters counted as two.
//! Arrow's own printer aligns everything to the left and hands out no table to change, hence this one.
//! All rows are held until their widths are known: callers limit them. With a width limit (a terminal's) words are
//! shortened with `…`, numbers and dates never: a shortened number is a wrong one.

use std::fmt::Write as _;
use std::io::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::document::{Document, Unit};
use super::error::FormatError;
use super::source::Source;

// What is left of a column, at least, when the table has to fit.
const LEAST_WIDTH: usize = 8;

/// Writes the header between rules, the rows and a last rule.
pub(super) fn write(
    document: &Document,
    source: &mut Source,
    sink: &mut dyn Write,
) -> Result<(), FormatError> {
    let header: Vec<_> = document.names().iter().map(|name| printable(name)).collect();
    let mut rows: Vec<Vec<String>> = Vec::new();
    source.each_row(|cells| {
        rows.push(cells.iter().map(|cell| printable(cell)).collect());
        Ok(())
    })?;
    let columns = layout(document, &header, &rows);
    let rule = rule(&columns);
    write!(sink, "{rule}{}{rule}", line(&columns, &header))?;
    for row in &rows {
        sink.write_all(line(&columns, row).as_bytes())?;
    }
    Ok(sink.write_all(rule.as_bytes())?)
}

struct Column {
    width: usize,
    numeric: bool,
}

fn layout(document: &Document, header: &[String], rows: &[Vec<String>]) -> Vec<Column> {
    let numeric = document.numeric();
    let data = |index: usize| rows.iter().map(|row| row[index].width()).max().unwrap_or(0);
    let data: Vec<_> = (0..header.len()).map(data).collect();
    let natural: Vec<_> =
        header.iter().zip(&data).map(|(name, &data)| data.max(name.width())).collect();
    let least =
        |(index, &data): (usize, &usize)| if document.unit(index) == Unit::Text { 0 } else { data };
    let least: Vec<_> = data.iter().enumerate().map(least).collect();
    let widths =
        document.width.map_or_else(|| natural.clone(), |limit| fit(&natural, &least, limit));
    widths.into_iter().zip(numeric).map(|(width, numeric)| Column { width, numeric }).collect()
}

/// The widths under the most generous cap that keeps the table within the limit, no column below its least width.
fn fit(natural: &[usize], least: &[usize], limit: usize) -> Vec<usize> {
    let capped = |cap: usize| -> Vec<usize> {
        natural.iter().zip(least).map(|(&natural, &least)| natural.min(cap.max(least))).collect()
    };
    let frame = 3 * natural.len() + 1;
    let fits = |widths: &Vec<usize>| frame + widths.iter().sum::<usize>() <= limit;
    let caps = (LEAST_WIDTH..=limit).rev();
    caps.map(capped).find(fits).unwrap_or_else(|| capped(LEAST_WIDTH))
}

fn rule(columns: &[Column]) -> String {
    let mut rule = String::from("+");
    for column in columns {
        rule.push_str(&"-".repeat(column.width + 2));
        rule.push('+');
    }
    rule.push('\n');
    rule
}

fn line(columns: &[Column], cells: &[String]) -> String {
    let mut line = String::from("|");
    for (column, cell) in columns.iter().zip(cells) {
        let cell = shorten(cell, column.width);
        let padding = " ".repeat(column.width - cell.width());
        let (left, right) =
            if column.numeric { (padding.as_str(), "") } else { ("", padding.as_str()) };
        line.extend([" ", left, &cell, right, " |"]);
    }
    line.push('\n');
    line
}

fn shorten(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut used = 1;
    for character in text.chars() {
        used += character.width().unwrap_or(0);
        if used > width {
            break;
        }
        short.push(character);
    }
    short + "…"
}

/// The text on one line and without control characters, which could break the table or drive the terminal.
pub(in crate::report) fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            // Writing to a String cannot fail.
            let _ = write!(printable, "{}", character.escape_default());
        } else {
            printable.push(character);
        }
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::super::{Format, sample};
    use super::*;

    #[test]
    fn numbers_stand_on_the_right_and_wide_characters_in_line() {
        let (document, batch) = sample::churn();
        let expected = r#"
+------------+---------------+---------+------------+--------------------+
| month      | product       | churned |    revenue |         churn_rate |
+------------+---------------+---------+------------+--------------------+
| 2024-01-01 | 神州行        |      12 | 1234567.50 |               0.05 |
| 2024-01-01 | a|b, "c"\n<d> |         |      -0.07 |                    |
| 2024-02-01 |               |      -3 |            | 0.3333333333333333 |
+------------+---------------+---------+------------+--------------------+
"#;
        assert_eq!(sample::text(Format::Table, &document, vec![batch]), expected.trim_start());
    }

    #[test]
    fn a_limit_shortens_words_but_no_number_and_no_date() {
        let (mut document, batch) = sample::churn();
        document.width = Some(70);
        let expected = r#"
+------------+-----------+---------+------------+--------------------+
| month      | product   | churned |    revenue |         churn_rate |
+------------+-----------+---------+------------+--------------------+
| 2024-01-01 | 神州行    |      12 | 1234567.50 |               0.05 |
| 2024-01-01 | a|b, "c"… |         |      -0.07 |                    |
| 2024-02-01 |           |      -3 |            | 0.3333333333333333 |
+------------+-----------+---------+------------+--------------------+
"#;
        assert_eq!(sample::text(Format::Table, &document, vec![batch]), expected.trim_start());
    }

    #[test]
    fn no_rows_are_a_header() {
        let (document, _) = sample::churn();
        let expected = "
+-------+---------+---------+---------+------------+
| month | product | churned | revenue | churn_rate |
+-------+---------+---------+---------+------------+
+-------+---------+---------+---------+------------+
";
        assert_eq!(sample::text(Format::Table, &document, vec![]), expected.trim_start());
    }

    #[test]
    fn the_cap_takes_from_the_widest() {
        assert_eq!(fit(&[10, 40, 9], &[0, 0, 9], 200), [10, 40, 9]);
        assert_eq!(fit(&[10, 40, 9], &[0, 0, 9], 50), [10, 21, 9]);
        assert_eq!(fit(&[10, 40, 30], &[0, 0, 25], 54), [9, 9, 25]);
        assert_eq!(fit(&[10, 40, 30], &[0, 0, 25], 20), [8, 8, 25]);
        assert_eq!(fit(&[3, 40], &[0, 0], 2), [3, 8]);
    }

    #[test]
    fn wide_characters_are_cut_whole() {
        assert_eq!(shorten("神州行", 6), "神州行");
        assert_eq!(shorten("神州行", 5), "神州…");
        assert_eq!(shorten("神州行", 4), "神…");
        assert_eq!(printable("a\x1b[31m\tb"), "a\\u{1b}[31m\\tb");
    }
}
