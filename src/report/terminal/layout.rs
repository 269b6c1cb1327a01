//! Columns on a page of a certain width: titles broken at their underscores so that numbers stand close, numbers
//! on the right, what was said in the row above not said again. Columns that do not fit are named, not shortened.

use unicode_width::UnicodeWidthStr;

const GAP: &str = "  ";

/// A column of a page.
pub(super) struct Column {
    title: String,
    cells: Vec<String>,
    right: bool,
    kept: bool,
    width: usize,
}

impl Column {
    /// A column with its cells, one a row. `right` is where they stand; `kept` says that it stays where there
    /// is no room for all. It is as wide as its widest cell or the longest part of its title.
    pub fn new(title: &str, cells: Vec<String>, right: bool, kept: bool) -> Self {
        let parts = title.split('_').map(UnicodeWidthStr::width);
        let width = parts.chain(cells.iter().map(|cell| cell.width())).max().unwrap_or(0);
        Self { title: title.to_owned(), cells, right, kept, width }
    }

    /// The title in lines that are no wider than the column.
    fn title_lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for part in self.title.split('_') {
            match lines.last_mut().filter(|line| line.width() + 1 + part.width() <= self.width) {
                Some(line) => line.extend([" ", part]),
                None => lines.push(part.to_owned()),
            }
        }
        lines
    }

    fn padded(&self, text: &str) -> String {
        let space = " ".repeat(self.width - text.width());
        if self.right { space + text } else { text.to_owned() + &space }
    }
}

/// The page's lines: the titles, a rule, the rows, and the names of what there was no room for.
pub(super) fn lines(columns: Vec<Column>, width: usize) -> String {
    let rows = columns.first().map_or(0, |column| column.cells.len());
    let (columns, left_out) = fit(columns, width);
    let titles: Vec<Vec<String>> = columns.iter().map(Column::title_lines).collect();
    let height = titles.iter().map(Vec::len).max().unwrap_or(0);
    let mut page = String::new();
    for line in 0..height {
        let part = |title: &Vec<String>| {
            (line + title.len()).checked_sub(height).map_or(String::new(), |at| title[at].clone())
        };
        push(
            &mut page,
            columns.iter().zip(&titles).map(|(column, title)| column.padded(&part(title))),
        );
    }
    push(&mut page, columns.iter().map(|column| "─".repeat(column.width)));
    for row in 0..rows {
        let cell = |(place, column): (usize, &Column)| match place == 0 && is_repeated(column, row)
        {
            true => column.padded(""),
            false => column.padded(&column.cells[row]),
        };
        push(&mut page, columns.iter().enumerate().map(cell));
    }
    if !left_out.is_empty() {
        let names = left_out.join(", ");
        page.push_str(&format!(
            "\nnot shown for want of room: {names}; --format table shows all\n"
        ));
    }
    page
}

fn is_repeated(column: &Column, row: usize) -> bool {
    !column.right && row > 0 && column.cells[row] == column.cells[row - 1]
}

/// Takes columns away, the last first, until the rest fits; tells the names of those taken.
fn fit(mut columns: Vec<Column>, width: usize) -> (Vec<Column>, Vec<String>) {
    let mut left_out = Vec::new();
    let total = |columns: &[Column]| {
        columns.iter().map(|column| column.width + GAP.len()).sum::<usize>() - GAP.len()
    };
    while !columns.is_empty() && total(&columns) > width {
        let Some(place) = columns.iter().rposition(|column| !column.kept) else { break };
        left_out.push(columns.remove(place).title);
    }
    left_out.reverse();
    (columns, left_out)
}

fn push(page: &mut String, cells: impl Iterator<Item = String>) {
    let line = cells.collect::<Vec<_>>().join(GAP);
    page.push_str(line.trim_end());
    page.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Vec<Column> {
        let column = |title: &str, cells: [&str; 2], right: bool, kept: bool| {
            Column::new(title, cells.map(str::to_owned).into(), right, kept)
        };
        vec![
            column("dimension", ["region", "region"], false, true),
            column("segment", ["银川", "east"], false, true),
            column("opening", ["1,023", "7"], true, false),
            column("voluntary_churn_rate", ["1.96%", ""], true, true),
        ]
    }

    #[test]
    fn titles_are_broken_and_numbers_stand_on_the_right() {
        let expected = "
                             voluntary
                                 churn
dimension  segment  opening       rate
─────────  ───────  ───────  ─────────
region     银川       1,023      1.96%
           east           7
";
        assert_eq!(lines(columns(), 80), expected.trim_start_matches('\n'));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let page = lines(columns(), 30);
        assert!(!page.contains("1,023") && page.contains("1.96%"), "{page}");
        assert!(
            page.ends_with("\nnot shown for want of room: opening; --format table shows all\n")
        );
    }
}
