//! An aligned table for people: numbers to the right, nulls empty, wide characters counted as two.
//! Arrow's own printer aligns everything to the left and hands out no table to change, hence this one.
//! All rows that are shown are held until their widths are known: callers limit them. With a width limit (a
//! terminal's) words are shortened with `…`, numbers and dates never: a shortened number is a wrong one. A box that
//! still does not fit leaves out columns in the middle, and rows in the middle where their number is limited.

use std::fmt::Write as _;
use std::io::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::document::{Document, Unit};
use super::ends::Ends;
use super::error::FormatError;
use super::source::Source;

// What is left of a column, at least, when the table has to fit.
const LEAST_WIDTH: usize = 8;

/// The lines around the cells: left, between and right of a rule, and what it is drawn with.
pub(super) struct Frame {
    top: [&'static str; 3],
    middle: [&'static str; 3],
    bottom: [&'static str; 3],
    across: &'static str,
    down: &'static str,
    leaves_out: bool,
}

/// Of ASCII, which every mail and ticket keeps in line.
pub(super) const PLAIN: Frame = Frame {
    top: ["+", "+", "+"],
    middle: ["+", "+", "+"],
    bottom: ["+", "+", "+"],
    across: "-",
    down: "|",
    leaves_out: false,
};

/// Of box-drawing characters, for terminals; as wide and long as the document says.
pub(super) const BOX: Frame = Frame {
    top: ["┌", "┬", "┐"],
    middle: ["├", "┼", "┤"],
    bottom: ["└", "┴", "┘"],
    across: "─",
    down: "│",
    leaves_out: true,
};

/// Writes the header between rules, the rows and a last rule.
pub(super) fn write(
    frame: &Frame,
    document: &Document,
    source: &mut Source,
    sink: &mut dyn Write,
) -> Result<(), FormatError> {
    let header: Vec<_> = document.names().iter().map(|name| printable(name)).collect();
    let limit = document.rows.filter(|_| frame.leaves_out);
    let Ends { first, last, between } = Ends::of(source, limit)?;
    let mut columns = layout(frame, document, &header, [&first, &last]);
    let gap = (between > 0).then(|| gap(frame, &mut columns, between));
    sink.write_all(rule(frame, frame.top, &columns).as_bytes())?;
    sink.write_all(line(frame, &columns, &header).as_bytes())?;
    sink.write_all(rule(frame, frame.middle, &columns).as_bytes())?;
    for row in &first {
        sink.write_all(line(frame, &columns, row).as_bytes())?;
    }
    sink.write_all(gap.unwrap_or_default().as_bytes())?;
    for row in &last {
        sink.write_all(line(frame, &columns, row).as_bytes())?;
    }
    Ok(sink.write_all(rule(frame, frame.bottom, &columns).as_bytes())?)
}

/// A column of the table: which of the result's it shows, `None` for those left out.
struct Column {
    index: Option<usize>,
    width: usize,
    numeric: bool,
}

fn layout(
    frame: &Frame,
    document: &Document,
    header: &[String],
    rows: [&[Vec<String>]; 2],
) -> Vec<Column> {
    let numeric = document.numeric();
    let cells = |index: usize| rows.into_iter().flatten().map(move |row| row[index].width());
    let data: Vec<_> = (0..header.len()).map(|index| cells(index).max().unwrap_or(0)).collect();
    let natural: Vec<_> =
        header.iter().zip(&data).map(|(name, &data)| data.max(name.width())).collect();
    let least =
        |(index, &data): (usize, &usize)| if document.unit(index) == Unit::Text { 0 } else { data };
    let least: Vec<_> = data.iter().enumerate().map(least).collect();
    let widths =
        document.width.map_or_else(|| natural.clone(), |limit| fit(&natural, &least, limit));
    let columns = widths.into_iter().zip(numeric).enumerate();
    let columns =
        columns.map(|(index, (width, numeric))| Column { index: Some(index), width, numeric });
    match document.width.filter(|_| frame.leaves_out) {
        Some(limit) => without_middle(columns.collect(), limit),
        None => columns.collect(),
    }
}

/// The columns without those in the middle that do not fit, told by one narrow column of `…`.
fn without_middle(mut columns: Vec<Column>, limit: usize) -> Vec<Column> {
    let width =
        |columns: &[Column]| columns.iter().map(|column| column.width + 3).sum::<usize>() + 1;
    if width(&columns) <= limit {
        return columns;
    }
    let mut middle = columns.len() / 2;
    columns.insert(middle, Column { index: None, width: 1, numeric: false });
    while width(&columns) > limit && columns.len() > 3 {
        match middle + 1 < columns.len() - middle {
            true => columns.remove(middle + 1),
            false => {
                middle -= 1;
                columns.remove(middle)
            }
        };
    }
    columns
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

fn rule(frame: &Frame, [left, between, right]: [&str; 3], columns: &[Column]) -> String {
    let parts: Vec<_> =
        columns.iter().map(|column| frame.across.repeat(column.width + 2)).collect();
    format!("{left}{}{right}\n", parts.join(between))
}

fn line(frame: &Frame, columns: &[Column], cells: &[String]) -> String {
    let mut line = String::from(frame.down);
    for column in columns {
        let cell = column.index.map_or("…", |index| cells[index].as_str());
        let cell = shorten(cell, column.width);
        let padding = " ".repeat(column.width - cell.width());
        let (left, right) =
            if column.numeric { (padding.as_str(), "") } else { ("", padding.as_str()) };
        line.extend([" ", left, &cell, right, " ", frame.down]);
    }
    line.push('\n');
    line
}

/// The line that stands for the rows between the first and the last; the last column makes room for it.
fn gap(frame: &Frame, columns: &mut [Column], rows: u64) -> String {
    let words = format!("… ({rows} more rows)");
    let width = columns.iter().map(|column| column.width + 3).sum::<usize>().saturating_sub(3);
    let missing = words.width().saturating_sub(width);
    if let Some(last) = columns.last_mut() {
        last.width += missing;
    }
    let padding = " ".repeat((width + missing).saturating_sub(words.width()));
    format!("{} {words}{padding} {}\n", frame.down, frame.down)
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
    fn a_box_leaves_out_the_middle() {
        let (mut document, batch) = sample::churn();
        (document.width, document.rows) = (Some(48), Some(2));
        let expected = "
┌────────────┬───┬────────────────────┐
│ month      │ … │         churn_rate │
├────────────┼───┼────────────────────┤
│ 2024-01-01 │ … │               0.05 │
│ … (4 more rows)                     │
│ 2024-02-01 │ … │ 0.3333333333333333 │
└────────────┴───┴────────────────────┘
";
        let twice = vec![batch.clone(), batch.clone()];
        assert_eq!(sample::text(Format::Box, &document, twice), expected.trim_start());
        document.rows = Some(6);
        let whole = sample::text(Format::Box, &document, vec![batch.clone(), batch.clone()]);
        assert!(!whole.contains("more rows") && whole.lines().count() == 10, "{whole}");
        let narrow = batch.project(&[2]).unwrap();
        let mut document = Document::new("narrow", narrow.schema());
        document.rows = Some(2);
        let text = sample::text(Format::Box, &document, vec![narrow.clone(), narrow]);
        assert!(text.contains("│ … (4 more rows) │\n│              -3 │"), "{text}");
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
