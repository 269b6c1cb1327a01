//! A line per value, `name = value`, the names to the right and an empty line between rows: for rows too wide for
//! any table. Control characters are shown escaped, as in a table; nothing is shortened.

use std::io::Write;

use unicode_width::UnicodeWidthStr;

use super::document::Document;
use super::error::FormatError;
use super::source::Source;
use super::table::printable;

/// Writes the rows; of no rows, that there are none.
pub(super) fn write(
    document: &Document,
    source: &mut Source,
    sink: &mut dyn Write,
) -> Result<(), FormatError> {
    let names: Vec<_> = document.names().iter().map(|name| printable(name)).collect();
    let width = names.iter().map(|name| name.width()).max().unwrap_or(0);
    let mut any = false;
    source.each_row(|cells| {
        if std::mem::replace(&mut any, true) {
            sink.write_all(b"\n")?;
        }
        for (name, cell) in names.iter().zip(cells) {
            let padding = " ".repeat(width - name.width());
            writeln!(sink, "{padding}{name} = {}", printable(cell))?;
        }
        Ok(())
    })?;
    if !any {
        sink.write_all(b"(no rows)\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Format, sample};

    #[test]
    fn names_stand_on_the_right_and_rows_apart() {
        let (document, batch) = sample::churn();
        let expected = r#"
     month = 2024-01-01
   product = 神州行
   churned = 12
   revenue = 1234567.50
churn_rate = 0.05

     month = 2024-01-01
   product = a|b, "c"\n<d>
   churned = 
   revenue = -0.07
churn_rate = 
"#;
        let text = sample::text(Format::Line, &document, vec![batch.slice(0, 2)]);
        assert_eq!(text, expected.trim_start_matches('\n'));
        assert_eq!(sample::text(Format::Line, &document, vec![]), "(no rows)\n");
    }
}
