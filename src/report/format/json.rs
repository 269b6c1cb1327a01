//! JSON, one array of objects, and NDJSON, an object per line, by arrow's own writer: it writes decimals as numbers
//! with their digits as they are, dates as text, lists and structs as what they are.
//! Every key stands in every object. JSON has no word for NaN and the infinities: they become null.

use std::io::Write;

use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use arrow::json::WriterBuilder;
use arrow::json::writer::{JsonFormat, LineDelimited};

use super::Format;
use super::document::value_type;
use super::error::FormatError;
use super::source::Source;

/// Writes one array with an object per line.
pub(super) fn write_array(source: &mut Source, sink: &mut dyn Write) -> Result<(), FormatError> {
    write::<RowPerLine>(Format::Json, source, sink)
}

/// Writes an object per line, and nothing else.
pub(super) fn write_lines(source: &mut Source, sink: &mut dyn Write) -> Result<(), FormatError> {
    write::<LineDelimited>(Format::Ndjson, source, sink)
}

fn write<F: JsonFormat>(
    format: Format,
    source: &mut Source,
    sink: &mut dyn Write,
) -> Result<(), FormatError> {
    let failed = |error| FormatError::arrow(format, error);
    source.recast(undictionaried);
    let mut writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, F>(sink);
    for batch in source {
        writer.write(&batch?).map_err(failed)?;
    }
    writer.finish().map_err(failed)
}

// arrow-json 59 writes a null that stands among a dictionary's values as the empty text; the test
// `a_null_in_a_dictionary_is_null` tells when this can go.
fn undictionaried(data_type: &DataType) -> Option<DataType> {
    let plain = value_type(data_type);
    (plain != data_type).then(|| plain.clone())
}

/// An array laid out so that a line-wise tool, or a diff, can follow it.
#[derive(Debug, Default)]
struct RowPerLine;

impl JsonFormat for RowPerLine {
    fn start_stream<W: Write>(&self, writer: &mut W) -> Result<(), ArrowError> {
        Ok(writer.write_all(b"[")?)
    }

    fn start_row<W: Write>(&self, writer: &mut W, is_first_row: bool) -> Result<(), ArrowError> {
        let separator: &[u8] = if is_first_row { b"\n" } else { b",\n" };
        Ok(writer.write_all(separator)?)
    }

    fn end_stream<W: Write>(&self, writer: &mut W) -> Result<(), ArrowError> {
        Ok(writer.write_all(b"\n]\n")?)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        ArrayRef, Decimal128Array, DictionaryArray, Float64Array, Int32Array, RecordBatch,
        StringArray,
    };

    use super::super::{Document, sample};
    use super::*;

    #[test]
    fn json_is_one_array_with_every_key() {
        let (document, batch) = sample::churn();
        assert_eq!(
            sample::text(Format::Json, &document, vec![batch]),
            r#"[
{"month":"2024-01-01","product":"神州行","churned":12,"revenue":1234567.50,"churn_rate":0.05},
{"month":"2024-01-01","product":"a|b, \"c\"\n<d>","churned":null,"revenue":-0.07,"churn_rate":null},
{"month":"2024-02-01","product":null,"churned":-3,"revenue":null,"churn_rate":0.3333333333333333}
]
"#
        );
        assert_eq!(sample::text(Format::Json, &document, vec![]), "[\n]\n");
    }

    #[test]
    fn ndjson_is_an_object_per_line() {
        let (document, batch) = sample::churn();
        assert_eq!(
            sample::text(Format::Ndjson, &document, vec![batch.slice(0, 1), batch.slice(2, 1)]),
            r#"{"month":"2024-01-01","product":"神州行","churned":12,"revenue":1234567.50,"churn_rate":0.05}
{"month":"2024-02-01","product":null,"churned":-3,"revenue":null,"churn_rate":0.3333333333333333}
"#
        );
    }

    #[test]
    fn decimals_keep_digits_that_no_float_has() {
        let wide = Decimal128Array::from(vec![12_345_678_901_234_567_890_123_456_789, -5])
            .with_precision_and_scale(38, 4);
        let round = Decimal128Array::from(vec![12, -3]).with_precision_and_scale(5, -2);
        let odd = Float64Array::from(vec![f64::NAN, f64::INFINITY]);
        let columns: [(&str, ArrayRef); 3] = [
            ("wide", Arc::new(wide.unwrap())),
            ("round", Arc::new(round.unwrap())),
            ("odd", Arc::new(odd)),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        assert_eq!(
            sample::text(Format::Ndjson, &Document::new("wide", batch.schema()), vec![batch]),
            "{\"wide\":1234567890123456789012345.6789,\"round\":1200,\"odd\":null}\n\
             {\"wide\":-0.0005,\"round\":-300,\"odd\":null}\n"
        );
    }

    #[test]
    fn a_null_in_a_dictionary_is_null() {
        let keys = Int32Array::from(vec![0, 1]);
        let values = Arc::new(StringArray::from(vec![Some("own_store"), None]));
        let channel: ArrayRef = Arc::new(DictionaryArray::try_new(keys, values).unwrap());
        let batch = RecordBatch::try_from_iter([("channel", channel)]).unwrap();
        assert_eq!(
            sample::text(
                Format::Ndjson,
                &Document::new("channels", batch.schema()),
                vec![batch.clone()]
            ),
            "{\"channel\":\"own_store\"}\n{\"channel\":null}\n"
        );
        let mut direct = Vec::new();
        let mut writer =
            WriterBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(&mut direct);
        writer.write(&batch).unwrap();
        assert_eq!(
            String::from_utf8(direct).unwrap(),
            "{\"channel\":\"own_store\"}\n{\"channel\":\"\"}\n"
        );
    }
}
