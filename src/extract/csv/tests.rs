//! Line numbers, rejected rows and encodings, each on a file of a few lines.

use std::io::Cursor;

use super::*;

fn open(bytes: &[u8], source: &SourceConfig) -> Result<CsvReader, ExtractError> {
    CsvReader::open(Box::new(Cursor::new(bytes.to_vec())), "a.csv", source)
}

fn read(bytes: &[u8], source: &SourceConfig) -> Chunk {
    let mut reader = open(bytes, source).unwrap();
    let mut chunk = Chunk::new(reader.columns().len(), Reader::raw(&reader));
    reader.next_chunk(&mut chunk).unwrap();
    chunk
}

fn plain() -> SourceConfig {
    SourceConfig::canonical("*.csv")
}

#[test]
fn lines_are_physical_lines() {
    let text = b"\xEF\xBB\xBFa,b\n\n1,x\n2,\"two\nlines\"\n\n\n3,y";
    let chunk = read(text, &plain());
    assert_eq!(chunk.lines, [3, 4, 8]);
    assert_eq!(chunk.field(1, 1), "two\nlines");
    assert_eq!(read(b"a,b\n1,\"x\ny\"", &plain()).lines, [2]);
    let text = b"a,b\r\n1,x\r\n\r\n2,\"y\"\r\n3,z\r\n";
    let chunk = read(text, &plain());
    assert_eq!(chunk.lines, [2, 4, 5]);
    assert_eq!(chunk.field(1, 1), "y");
    assert_eq!(open(text, &plain()).unwrap().columns(), ["a", "b"]);
}

#[test]
fn wrong_numbers_of_fields_are_rejected() {
    let chunk = read(b"a,b\n1\n2,x\n3,\"x,y\",z\n", &plain());
    assert_eq!(chunk.lines, [3]);
    let [short, long] = &chunk.rejects[..] else {
        panic!("{:?}", chunk.rejects);
    };
    assert_eq!((short.line, short.raw.as_str()), (2, "1"));
    assert_eq!((long.line, long.raw.as_str()), (4, "3,\"x,y\",z"));
    assert_eq!(long.reason, "has 3 fields where 2 are expected");
}

#[test]
fn a_stray_quote_loses_no_line_silently() {
    let lost = |text: &[u8]| {
        let rejects = read(text, &plain()).rejects;
        rejects.iter().map(|reject| reject.line).collect::<Vec<_>>()
    };
    assert_eq!(lost(b"a,b\n1,\"x\n2,y\n3,z\n"), [2, 3, 4]);
    assert_eq!(lost(b"a,b\n1,\"x\n2,y\n3,z"), [2, 3, 4]);
    assert_eq!(lost(b"a,b\n1,\"x\n2,y"), [2, 3]);
    assert_eq!(lost(b"a,b\n\"1,x\n2,y\n3,z\n"), [2, 3, 4]);
    assert_eq!(lost(b"a,b,c\n1,2,\"x\n2,3,y\n4,5,\"z\n6,7,8\n"), [2, 3, 4]);
    assert!(lost(b"a,b,c\n1,2,\"dear\nsir, madam\"\n6,7,\"8\n9\"").is_empty());
    let chunk = read(b"a,b\n\"1,x\n2,y\n3,z\n", &plain());
    assert_eq!(chunk.rejects[1].raw, "2,y");
    let mut source = plain();
    source.quote = String::new();
    assert_eq!(read(b"a,b\n1,\"x\n2,y\n", &source).field(0, 1), "\"x");
}

#[test]
fn bytes_of_another_encoding_are_rejected() {
    let chunk = read(b"a,b\n1,\xE7\x94\xA8\n2,\xFF\n\xE7,\x94\xA8\n4,x\n", &plain());
    assert_eq!(chunk.lines, [2, 5]);
    assert_eq!(chunk.field(0, 1), "用");
    assert_eq!(chunk.field(1, 1), "x");
    assert_eq!(chunk.rejects.len(), 2);
    assert_eq!(chunk.rejects[0].reason, "bytes that are not of the encoding utf-8");
    assert_eq!(chunk.rejects[0].raw, "2,\u{FFFD}");
}

#[test]
fn a_cut_sequence_is_not_text() {
    let chunk = read(b"a,b\n\xE7,\x94\xA8\n", &plain());
    assert_eq!((chunk.rows(), chunk.rejects.len()), (0, 1));
}

#[test]
fn gbk_is_decoded_and_checked() {
    let mut source = plain();
    source.encoding = "gbk".into();
    source.delimiter = Some("|".into());
    let (mut text, ..) = encoding_rs::GBK.encode("用户号码|品牌\n1|神州行\n2|");
    text.to_mut().extend_from_slice(b"\xFF\n");
    let chunk = read(&text, &source);
    assert_eq!(chunk.field(0, 1), "神州行");
    assert_eq!(chunk.rejects[0].line, 3);
    let error = open(&text, &plain()).err().unwrap();
    assert!(matches!(error, ExtractError::HeaderEncoding { .. }));
}

#[test]
fn without_a_header_columns_are_numbers() {
    let mut source = plain();
    source.header = false;
    source.delimiter = Some(r"\t".into());
    let chunk = read(b"1\tx\n2\ty\n", &source);
    assert_eq!(chunk.lines, [1, 2]);
    assert_eq!(open(b"1\tx\n", &source).unwrap().columns(), ["1", "2"]);
}

#[test]
fn bad_settings_and_empty_files() {
    let mut source = plain();
    assert!(matches!(open(b"\n \n", &source), Err(ExtractError::Empty { .. })));
    source.delimiter = Some("||".into());
    let error = open(b"a\n", &source).err().unwrap();
    assert_eq!(error.to_string(), "delimiter must be one ASCII character: ||");
}
