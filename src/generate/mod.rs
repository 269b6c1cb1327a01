//! Synthetic extracts: a made-up population whose customers join, pay, complain, leave and return,
//! repeatable from a seed. One model, three writers: `canonical` of any size, and the two committed
//! samples in formats of their own. The room stands beside the flow: it writes what `extract`
//! reads, and imports no other room. It overwrites nothing.

mod calls;
mod canonical;
mod dice;
mod error;
mod garage;
mod life;
mod moves;
mod output;
mod population;
mod rows;
mod stay;
mod telecom;
mod telecom_faults;
mod text;
mod trade;
mod words;

use std::path::PathBuf;

pub use canonical::canonical;
pub use error::GenerateError;
pub use garage::garage_sample;
pub use telecom::telecom_sample;

use trade::Trade;

/// Most customers: with those who join over the years, ids keep eleven digits.
const MOST_CUSTOMERS: u64 = 100_000_000;

/// Most months: fifty years.
const MOST_MONTHS: u32 = 600;

/// First years: three years of activations lie before, and `land` takes no date before 1990.
const YEARS: (i32, i32) = (1993, 2199);

/// What to make up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Customers at any one time: the base at the start, kept about steady by joiners (2% of it
    /// a month), so that every month has about as many lines as the others.
    pub customers: u64,
    /// Months, a file of each source for each.
    pub months: u32,
    /// The first month: its year, and 1 to 12.
    pub start: (i32, u32),
    /// The same seed makes the same bytes, on every machine.
    pub seed: u64,
    /// The folder to write to; made where it is not there.
    pub out: PathBuf,
}

impl Options {
    /// What `progress` counts up to: the customers told, once for every pass over them.
    pub fn work(&self) -> u64 {
        Trade::telecom(self.customers, self.months).everyone() * canonical::passes(self.months)
    }

    fn check(&self) -> Result<(), GenerateError> {
        let (year, month) = self.start;
        if !(1..=MOST_CUSTOMERS).contains(&self.customers) {
            return Err(GenerateError::Customers { asked: self.customers, most: MOST_CUSTOMERS });
        }
        if !(1..=MOST_MONTHS).contains(&self.months) {
            return Err(GenerateError::Months { asked: self.months, most: MOST_MONTHS });
        }
        if !(YEARS.0..=YEARS.1).contains(&year) || !(1..=12).contains(&month) {
            let (first, last) = YEARS;
            return Err(GenerateError::Start { year, month, first, last });
        }
        Ok(())
    }
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Customers in all, the base and all who joined.
    pub customers: u64,
    pub bill_lines: u64,
    pub events: u64,
    pub calls: u64,
    /// Files, the description among them.
    pub files: u64,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::Path;

    use super::*;

    type Files = BTreeMap<String, Vec<u8>>;

    fn options(name: &str, seed: u64) -> Options {
        let folder = format!("churnhouse-generate-{name}-{}", std::process::id());
        let out = std::env::temp_dir().join(folder);
        let _ = fs::remove_dir_all(&out);
        Options { customers: 400, months: 14, start: (2019, 11), seed, out }
    }

    fn files(out: &Path) -> Files {
        let mut found = Files::new();
        for folder in ["billing", "channel", "hotline"] {
            for entry in fs::read_dir(out.join(folder)).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
        found
    }

    fn made(name: &str, seed: u64) -> (Files, Summary) {
        let options = options(name, seed);
        let summary = canonical(&options, &mut |_| ()).unwrap();
        let found = files(&options.out);
        fs::remove_dir_all(&options.out).unwrap();
        (found, summary)
    }

    fn lines(bytes: &[u8]) -> usize {
        bytes.iter().filter(|byte| **byte == b'\n').count() - 1
    }

    #[test]
    fn the_seed_decides_the_bytes() {
        let (one, summary) = made("one", 1);
        assert_eq!((one.clone(), summary), made("again", 1));
        assert_ne!(one, made("other", 2).0);
        assert_eq!(summary.files as usize, one.len() + 1);
    }

    #[test]
    fn a_file_a_month_whose_lines_keep_their_number() {
        let (found, summary) = made("lines", 1);
        let billing: Vec<usize> = (found.iter().filter(|(name, _)| name.starts_with("billing")))
            .map(|(_, bytes)| lines(bytes))
            .collect();
        assert_eq!(billing.len(), 14);
        assert!(
            found.contains_key("billing_201911.csv") && found.contains_key("hotline_202012.csv")
        );
        assert_eq!(billing.iter().sum::<usize>() as u64, summary.bill_lines);
        for pair in billing.windows(2) {
            assert!(pair[0].abs_diff(pair[1]) * 10 < pair[0] * 3, "{billing:?}");
        }
    }

    #[test]
    fn lines_stand_in_the_order_of_the_customers() {
        let (found, _) = made("order", 1);
        let text = String::from_utf8(found["billing_202001.csv"].clone()).unwrap();
        let ids: Vec<&str> = text.lines().skip(1).map(|line| &line[..11]).collect();
        assert!(ids.is_sorted());
        assert!(text.lines().skip(1).all(|line| line[12..].starts_with("2020-01-")));
    }

    #[test]
    fn more_months_than_a_pass_holds_are_told_again() {
        let options = Options { customers: 20, months: 70, ..options("passes", 1) };
        let mut last = 0;
        let summary = canonical(&options, &mut |done| last = done).unwrap();
        assert_eq!(summary.files, 70 * 3 + 1);
        assert_eq!(last, options.work());
        let found = files(&options.out);
        let told: usize = found.values().map(|bytes| lines(bytes)).sum();
        assert_eq!(told as u64, summary.bill_lines + summary.events + summary.calls);
        fs::remove_dir_all(&options.out).unwrap();
    }

    #[test]
    fn nothing_is_overwritten() {
        let options = options("twice", 1);
        canonical(&options, &mut |_| ()).unwrap();
        let before = files(&options.out);
        let error = canonical(&options, &mut |_| ()).unwrap_err();
        assert!(matches!(error, GenerateError::Occupied { .. }));
        assert_eq!(files(&options.out), before);
        fs::remove_dir_all(&options.out).unwrap();
    }

    #[test]
    fn senseless_sizes_are_refused() {
        let good = options("sizes", 1);
        let bad = [
            Options { customers: 0, ..good.clone() },
            Options { customers: u64::MAX, ..good.clone() },
            Options { months: 0, ..good.clone() },
            Options { start: (2020, 13), ..good.clone() },
            Options { start: (1991, 1), ..good.clone() },
        ];
        for options in bad {
            assert!(canonical(&options, &mut |_| ()).unwrap_err().hint().is_some());
            assert!(!options.out.exists());
        }
        assert!(good.work() > 0);
    }
}
