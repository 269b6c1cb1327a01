//! One HTML page that stands alone: title, table, a little style for light and dark, no script and nothing to load.
//! Rows are written as they come, so that a page of any length needs no memory. All text is escaped.

use std::io::Write;

use super::document::Document;
use super::error::FormatError;
use super::source::Source;

const STYLE: &str = "\
:root { color-scheme: light dark }
body { font: 15px/1.4 system-ui, sans-serif; margin: 2rem }
h1 { font-size: 1.3rem }
table { border-collapse: collapse }
th, td { padding: .25rem .75rem; border-bottom: 1px solid #8884; text-align: left; vertical-align: top; white-space: pre-wrap }
th { position: sticky; top: 0; background: Canvas }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
tbody tr:hover { background: #8882 }";

/// Writes the whole page.
pub(super) fn write(
    document: &Document,
    source: &mut Source,
    sink: &mut dyn Write,
) -> Result<(), FormatError> {
    let numeric = document.numeric();
    let mut line = String::new();
    head(&escaped(&document.title), sink)?;
    fill(&mut line, ["<th scope=\"col\"", "</th>"], &numeric, &document.names());
    write!(sink, "<table>\n<thead>\n{line}</thead>\n<tbody>\n")?;
    source.each_row(|cells| {
        fill(&mut line, ["<td", "</td>"], &numeric, cells);
        Ok(sink.write_all(line.as_bytes())?)
    })?;
    Ok(sink.write_all(b"</tbody>\n</table>\n</body>\n</html>\n")?)
}

fn head(title: &str, sink: &mut dyn Write) -> std::io::Result<()> {
    writeln!(sink, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
    writeln!(sink, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")?;
    writeln!(
        sink,
        "<title>{title}</title>\n<style>\n{STYLE}\n</style>\n</head>\n<body>\n<h1>{title}</h1>"
    )
}

fn fill(line: &mut String, [open, close]: [&str; 2], numeric: &[bool], cells: &[String]) {
    line.clear();
    line.push_str("<tr>");
    for (cell, &number) in cells.iter().zip(numeric) {
        line.push_str(open);
        line.push_str(if number { " class=\"n\">" } else { ">" });
        escape(cell, line);
        line.push_str(close);
    }
    line.push_str("</tr>\n");
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    escape(text, &mut escaped);
    escaped
}

fn escape(text: &str, line: &mut String) {
    for character in text.chars() {
        match character {
            '&' => line.push_str("&amp;"),
            '<' => line.push_str("&lt;"),
            '>' => line.push_str("&gt;"),
            '"' => line.push_str("&quot;"),
            '\'' => line.push_str("&#39;"),
            other => line.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Format, sample};
    use super::*;

    #[test]
    fn a_page_with_everything_escaped() {
        let (mut document, batch) = sample::churn();
        document.title = "Churn <2024> & 'all'".into();
        assert_eq!(
            sample::text(Format::Html, &document, vec![batch]),
            format!(
                r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Churn &lt;2024&gt; &amp; &#39;all&#39;</title>
<style>
{STYLE}
</style>
</head>
<body>
<h1>Churn &lt;2024&gt; &amp; &#39;all&#39;</h1>
<table>
<thead>
<tr><th scope="col">month</th><th scope="col">product</th><th scope="col" class="n">churned</th><th scope="col" class="n">revenue</th><th scope="col" class="n">churn_rate</th></tr>
</thead>
<tbody>
<tr><td>2024-01-01</td><td>神州行</td><td class="n">12</td><td class="n">1234567.50</td><td class="n">0.05</td></tr>
<tr><td>2024-01-01</td><td>a|b, &quot;c&quot;
&lt;d&gt;</td><td class="n"></td><td class="n">-0.07</td><td class="n"></td></tr>
<tr><td>2024-02-01</td><td></td><td class="n">-3</td><td class="n"></td><td class="n">0.3333333333333333</td></tr>
</tbody>
</table>
</body>
</html>
"#
            )
        );
    }

    #[test]
    fn nothing_is_loaded_and_nothing_runs() {
        let (document, batch) = sample::churn();
        let page = sample::text(Format::Html, &document, vec![batch]);
        for outside in ["http:", "https:", "src=", "href=", "<script", "@import", "url("] {
            assert!(!page.contains(outside), "{outside}");
        }
    }
}
