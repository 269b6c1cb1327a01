//! CSV and TSV: a header and a line per row, quoted after RFC 4180 only where needed, lines ended by `\n`.
//! Written with the `csv` crate and not with arrow's own writer, which refuses lists and leaves out the header
//! of a result without rows. A null is an empty field, and so is the empty text.

use std::io::Write;

use super::error::FormatError;
use super::source::Source;

/// Writes the header and all rows with this delimiter.
pub(super) fn write(
    delimiter: u8,
    source: &mut Source,
    sink: &mut dyn Write,
) -> Result<(), FormatError> {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(sink);
    writer.write_record(source.schema().fields().iter().map(|field| field.name()))?;
    source.each_row(|row| Ok(writer.write_record(row)?))?;
    Ok(writer.flush()?)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, RecordBatch, StringArray};

    use super::super::sample;
    use super::super::{Document, Format};

    #[test]
    fn csv_quotes_what_needs_it() {
        let (document, batch) = sample::churn();
        assert_eq!(
            sample::text(Format::Csv, &document, vec![batch]),
            "month,product,churned,revenue,churn_rate\n\
             2024-01-01,神州行,12,1234567.50,0.05\n\
             2024-01-01,\"a|b, \"\"c\"\"\n<d>\",,-0.07,\n\
             2024-02-01,,-3,,0.3333333333333333\n"
        );
    }

    #[test]
    fn tsv_needs_no_quotes_for_a_comma() {
        let names = StringArray::from(vec![Some("a,b"), Some("a\tb"), Some("say \"x\""), None]);
        let batch = RecordBatch::try_from_iter([
            ("name", Arc::new(names.clone()) as ArrayRef),
            ("again", Arc::new(names)),
        ]);
        let batch = batch.unwrap();
        assert_eq!(
            sample::text(Format::Tsv, &Document::new("names", batch.schema()), vec![batch]),
            "name\tagain\n\
             a,b\ta,b\n\
             \"a\tb\"\t\"a\tb\"\n\
             \"say \"\"x\"\"\"\t\"say \"\"x\"\"\"\n\
             \t\n"
        );
    }

    /// An empty line would be skipped by readers, and the row lost.
    #[test]
    fn a_lone_null_is_no_empty_line() {
        let names: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None]));
        let batch = RecordBatch::try_from_iter([("name", names)]).unwrap();
        assert_eq!(
            sample::text(Format::Csv, &Document::new("names", batch.schema()), vec![batch]),
            "name\na\n\"\"\n"
        );
    }

    #[test]
    fn a_result_without_rows_keeps_its_header() {
        let (document, _) = sample::churn();
        assert_eq!(
            sample::text(Format::Csv, &document, vec![]),
            "month,product,churned,revenue,churn_rate\n"
        );
    }
}
