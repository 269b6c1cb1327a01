//! A file's bytes, whatever wraps them: opens it, undoes gzip, zstd and bzip2 by the
//! bytes themselves, decodes text to UTF-8, and counts what was read. Formats begin
//! behind this; it refuses folders and empty files.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8};

use super::error::ExtractError;
use super::source::{Format, SourceConfig};

/// The size of a read; large, since files may lie on network drives.
pub const BUFFER: usize = 256 << 10;

/// A stream of a file's bytes.
pub type Bytes = Box<dyn Read + Send>;

/// A file that is open: its bytes out of any compression.
pub struct Input {
    /// The decompressed bytes.
    pub bytes: Bytes,
    /// Whether they came out of a compression.
    pub compressed: bool,
}

/// Opens a file and looks through its compression.
///
/// # Errors
/// It cannot be opened, is a folder, or has no bytes.
pub fn open(path: &Path, shown: &str, counter: &Arc<AtomicU64>) -> Result<Input, ExtractError> {
    let fail = |source| ExtractError::io(shown, source);
    let file = File::open(path).map_err(fail)?;
    if file.metadata().map_err(fail)?.is_dir() {
        return Err(fail(io::ErrorKind::IsADirectory.into()));
    }
    let counter = Arc::clone(counter);
    let mut raw = BufReader::with_capacity(BUFFER, Counted { file, counter });
    let head = raw.fill_buf().map_err(fail)?;
    if head.is_empty() {
        return Err(ExtractError::Empty { file: shown.into() });
    }
    let compression = Compression::of(head);
    let compressed = compression.is_some();
    let bytes = decompress(raw, compression).map_err(fail)?;
    Ok(Input { bytes, compressed })
}

struct Counted {
    file: File,
    counter: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.counter.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compression {
    Gzip,
    Zstd,
    Bzip2,
}

impl Compression {
    /// Told by the first bytes: endings lie, where a download has already unpacked a file.
    fn of(head: &[u8]) -> Option<Self> {
        // "BZh" could begin a text; the block or end mark behind it could not.
        let bzip2_block =
            |head: &[u8]| matches!(head.get(4..10), Some(b"1AY&SY" | b"\x17\x72\x45\x38\x50\x90"));
        match head {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            [b'B', b'Z', b'h', ..] if bzip2_block(head) => Some(Self::Bzip2),
            _ => None,
        }
    }
}

fn decompress(raw: BufReader<Counted>, compression: Option<Compression>) -> io::Result<Bytes> {
    Ok(match compression {
        None => Box::new(raw),
        Some(Compression::Gzip) => Box::new(flate2::bufread::MultiGzDecoder::new(raw)),
        Some(Compression::Zstd) => Box::new(zstd::Decoder::with_buffer(raw)?),
        Some(Compression::Bzip2) => Box::new(bzip2::bufread::MultiBzDecoder::new(raw)),
    })
}

/// The ending below any compression, in lower case: `csv` of `Bills.CSV.gz`.
pub fn ending(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    let below = [".gz", ".zst", ".bz2"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(&name);
    let ending = below.rsplit_once('.').map_or("", |(_, ending)| ending);
    ending.to_owned()
}

/// The format that the description says, or else the file's ending.
///
/// # Errors
/// Neither tells it.
pub fn format(shown: &str, source: &SourceConfig) -> Result<Format, ExtractError> {
    let told = match ending(shown).as_str() {
        "csv" | "txt" | "tsv" | "dat" => Some(Format::Csv),
        "ndjson" | "jsonl" | "json" => Some(Format::Ndjson),
        "parquet" => Some(Format::Parquet),
        "xlsx" | "xlsm" | "xls" | "xlsb" | "ods" => Some(Format::Excel),
        _ => None,
    };
    source.format.or(told).ok_or_else(|| ExtractError::UnknownFormat { file: shown.into() })
}

/// The encoding that the description names.
///
/// # Errors
/// The label is unknown.
pub fn encoding(source: &SourceConfig) -> Result<&'static Encoding, ExtractError> {
    let label = source.encoding.as_str();
    Encoding::for_label_no_replacement(label.as_bytes())
        .ok_or_else(|| ExtractError::UnknownEncoding { label: label.to_owned() })
}

/// Text as UTF-8: unchanged if it should be that already, else decoded, with U+FFFD
/// where the bytes are not of the encoding.
pub fn decode(bytes: Bytes, encoding: &'static Encoding) -> Bytes {
    if encoding == UTF_8 {
        return bytes;
    }
    Box::new(Decoded {
        bytes,
        decoder: encoding.new_decoder_with_bom_removal(),
        input: vec![0; BUFFER],
        output: String::with_capacity(BUFFER * 3 + 16),
        at: 0,
        ended: false,
    })
}

struct Decoded {
    bytes: Bytes,
    decoder: Decoder,
    input: Vec<u8>,
    output: String,
    at: usize,
    ended: bool,
}

impl Decoded {
    /// Decodes one read; the output's capacity holds whatever it decodes to.
    fn refill(&mut self) -> io::Result<()> {
        self.output.clear();
        self.at = 0;
        let read = self.bytes.read(&mut self.input)?;
        self.ended = read == 0;
        let most = self.decoder.max_utf8_buffer_length(read);
        self.output.reserve(most.unwrap_or(BUFFER * 4));
        let (result, ..) =
            self.decoder.decode_to_string(&self.input[..read], &mut self.output, self.ended);
        match result {
            CoderResult::InputEmpty => Ok(()),
            CoderResult::OutputFull => Err(io::Error::other("decoded text exceeds its bound")),
        }
    }
}

impl Read for Decoded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.output.len() && !self.ended {
            self.refill()?;
        }
        let mut rest = &self.output.as_bytes()[self.at..];
        let read = rest.read(buffer)?;
        self.at += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn through(bytes: &[u8]) -> Result<String, ExtractError> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let counter = Arc::default();
        let mut text = String::new();
        open(file.path(), "x", &counter)?
            .bytes
            .read_to_string(&mut text)
            .map_err(|source| ExtractError::io("x", source))?;
        assert_eq!(counter.load(Ordering::Relaxed), bytes.len() as u64);
        Ok(text)
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        to.write_all(text).unwrap();
        to.finish().unwrap()
    }

    #[test]
    fn compressions_are_told_by_their_bytes() {
        assert_eq!(through(b"BZh,plain").unwrap(), "BZh,plain");
        assert_eq!(through(&zstd::encode_all(&b"a\n"[..], 1).unwrap()).unwrap(), "a\n");
        let mut to = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        to.write_all(b"a\n").unwrap();
        assert_eq!(through(&to.finish().unwrap().repeat(2)).unwrap(), "a\na\n");
        assert_eq!(through(&[gzip(b"a\n"), gzip(b"b\n")].concat()).unwrap(), "a\nb\n");
    }

    #[test]
    fn a_cut_or_empty_file_is_an_error() {
        let whole = gzip(b"a long enough line\n");
        let error = through(&whole[..whole.len() - 6]).unwrap_err();
        assert!(matches!(error, ExtractError::Read { .. }), "{error}");
        assert!(matches!(through(b""), Err(ExtractError::Empty { .. })));
    }

    #[test]
    fn other_encodings_are_decoded_across_reads() {
        let gbk = encoding_rs::GBK.encode("用户号码|账期\n").0.repeat(40_000);
        let mut text = String::new();
        let bytes: Bytes = Box::new(io::Cursor::new(gbk));
        decode(bytes, encoding_rs::GBK).read_to_string(&mut text).unwrap();
        assert_eq!(text, "用户号码|账期\n".repeat(40_000));
    }

    #[test]
    fn formats_are_told_below_the_compression() {
        let mut source = SourceConfig::canonical("x");
        assert_eq!(format("a/B.TSV.gz", &source).unwrap(), Format::Csv);
        assert_eq!(format("b.jsonl.zst", &source).unwrap(), Format::Ndjson);
        assert!(format("b.gz", &source).is_err());
        source.format = Some(Format::Csv);
        assert_eq!(format("b.gz", &source).unwrap(), Format::Csv);
        source.encoding = "gkb".into();
        assert!(encoding(&source).is_err());
    }
}
