//! A temporary folder with a configuration and extracts, in which the real program runs.
//! The configuration is written anew before each command: a warehouse and the canonical sources are
//! preset, unless the test's own text has the table, and a source only while its folder holds files
//! (a path that matches nothing is an error). Nothing of the caller's environment reaches the program.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use regex::Regex;
use tempfile::TempDir;

/// A day on which every month with data is over.
pub const TODAY: &str = "2100-01-01";

/// What of the caller's environment the program still needs.
const KEPT: [&str; 4] = ["PATH", "TMPDIR", "LD_LIBRARY_PATH", "LLVM_PROFILE_FILE"];

/// Everything that closing months makes, in an order that does not depend on how it was made.
const CLOSED: [&str; 8] = [
    "select * from customer_month order by month, customer_id",
    "select * from movement order by month, dimension, segment",
    "select * from spell order by month, dimension, segment, spell, months",
    "select * from value_movement order by month, dimension, segment",
    "select * from period_movement order by month, grain, dimension, segment",
    "select * from cohort order by month, cohort",
    "select * from won_back order by month, lost_month, churn_kind",
    "select * from concentration order by month, measure, percent",
];

/// What closing leaves of each month, by digests and files' names: equal names are equal bytes.
pub const DIGESTS: &str = "select month, state, charges, movement_file, spell_file, value_movement_file, \
    period_movement_file, cohort_file, won_back_file, \
    concentration_file from closes order by month";

/// The views, likewise.
const VIEWS: [&str; 6] = [
    "select * from churn_rate order by month, dimension, segment",
    "select * from retention_rate order by month, dimension, segment",
    "select * from arpu_by_segment order by month, dimension, segment",
    "select * from profit_loss_from_churn order by month, dimension, segment",
    "select * from churn_reasons order by month, churn_kind, reason",
    "select * from cohort_retention order by 1, 2, 3",
];

/// What a command left behind.
#[derive(Debug)]
pub struct Output {
    /// The exit status; -1 where a signal ended it.
    pub status: i32,
    /// Data.
    pub stdout: String,
    /// Talk.
    pub stderr: String,
}

impl Output {
    /// Asserts the exit status and that the talk has all of these words.
    #[track_caller]
    pub fn says(self, status: i32, words: &[&str]) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        for word in words {
            assert!(
                self.stderr.contains(word),
                "{word:?} is not in what it says:\n{}",
                self.stderr
            );
        }
        self
    }
}

/// A folder, a configuration, and the program.
pub struct TestContext {
    folder: TempDir,
    config: Option<String>,
}

impl TestContext {
    /// A folder with the preset configuration.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), config: Some(String::new()) }
    }

    /// A folder with this text after the preset configuration.
    pub fn with(config: &str) -> Self {
        Self { config: Some(config.to_owned()), ..Self::new() }
    }

    /// A folder whose configuration is the test's own business.
    pub fn bare() -> Self {
        Self { config: None, ..Self::new() }
    }

    /// Replaces the text after the preset configuration.
    pub fn config(&mut self, text: &str) {
        self.config = Some(text.to_owned());
    }

    /// Something in the folder.
    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// Writes a text file, and the folders that it lies in.
    pub fn file(&self, below: &str, text: &str) {
        self.bytes(below, text.as_bytes());
    }

    /// Writes a file, and the folders that it lies in.
    pub fn bytes(&self, below: &str, bytes: &[u8]) {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// Writes a billing extract: `customer,day,amount` a line.
    pub fn bills(&self, below: &str, lines: impl IntoIterator<Item = String>) {
        let lines: String = lines.into_iter().map(|line| line + "\n").collect();
        self.file(below, &format!("customer_id,billed_on,amount\n{lines}"));
    }

    /// The program with these arguments, not started yet.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.write_config();
        let mut command = Command::new(env!("CARGO_BIN_EXE_churnhouse"));
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        for name in KEPT {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command.env("HOME", self.folder.path()).env("NO_COLOR", "1");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        let ended = self.command(arguments).output().unwrap();
        output(&ended)
    }

    /// Runs the program, which must end with status 0.
    #[track_caller]
    pub fn ok(&self, arguments: &[&str]) -> Output {
        self.run(arguments).says(0, &[])
    }

    /// The main job, on a day when all months are over; it must end with status 0.
    #[track_caller]
    pub fn run_all(&self) -> Output {
        self.ok(&["run", "--today", TODAY])
    }

    /// A query's rows as CSV, with its header.
    #[track_caller]
    pub fn csv(&self, query: &str) -> String {
        self.ok(&["sql", "--format", "csv", query]).stdout
    }

    /// A query's rows, without the header; a null is an empty text.
    #[track_caller]
    pub fn rows(&self, query: &str) -> Vec<Vec<String>> {
        records(&self.csv(query)).split_off(1)
    }

    /// The one value of a query of one row and one column.
    #[track_caller]
    pub fn value(&self, query: &str) -> String {
        self.rows(query).remove(0).remove(0)
    }

    /// All that was closed: the core's rows.
    #[track_caller]
    pub fn months(&self) -> String {
        CLOSED.iter().map(|query| self.csv(query)).collect()
    }

    /// All that analysts see: the core's rows and the views.
    #[track_caller]
    pub fn everything(&self) -> String {
        self.months() + &VIEWS.iter().map(|query| self.csv(query)).collect::<String>()
    }

    /// A command with its status and all it says, as one text that is the same in every run.
    pub fn snapshot(&self, arguments: &[&str]) -> String {
        let Output { status, stdout, stderr } = self.run(arguments);
        let part = |name: &str, text: String| {
            if text.is_empty() { text } else { format!("--- {name}\n{text}") }
        };
        let whole = [part("stdout", stdout), part("stderr", stderr)].concat();
        self.steady(&format!("$ churnhouse {}\nstatus {status}\n{whole}", arguments.join(" ")))
    }

    /// A text without what differs from run to run: the folder, times, digests, process numbers.
    fn steady(&self, text: &str) -> String {
        static CHANGING: LazyLock<[(Regex, &str); 4]> = LazyLock::new(|| {
            [
                (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( UTC|Z)?", "[TIME]"),
                (r"\b[0-9a-f]{16,64}\b", "[DIGEST]"),
                (r"process \d+ on [^ \n]+", "[PROCESS]"),
                (r"\b\d+(\.\d+)? ?(µs|ms|s|seconds?|minutes?)\b", "[DURATION]"),
            ]
            .map(|(pattern, word)| (Regex::new(pattern).unwrap(), word))
        });
        let folder = self.folder.path().to_string_lossy().into_owned();
        let text = text.replace(&folder, "[FOLDER]");
        CHANGING
            .iter()
            .fold(text, |text, (pattern, word)| pattern.replace_all(&text, *word).into_owned())
    }

    /// Writes what differs only: a program started before, which reads it at this moment, finds it whole.
    fn write_config(&self) {
        let Some(own) = &self.config else { return };
        let warehouse = ("warehouse".to_owned(), "url = \"warehouse\"".to_owned());
        let sources =
            ["billing", "channel", "hotline"].into_iter().filter(|source| self.holds_files(source));
        let sources = sources
            .map(|source| (format!("extracts.{source}"), format!("path = \"{source}/*.csv\"")));
        let preset: String = std::iter::once(warehouse)
            .chain(sources)
            .filter(|(table, _)| !own.contains(&format!("[{table}]")))
            .map(|(table, line)| format!("[{table}]\n{line}\n"))
            .collect();
        let (path, text) = (self.path("churnhouse.toml"), preset + own);
        if std::fs::read_to_string(&path).ok().as_ref() != Some(&text) {
            std::fs::write(path, text).unwrap();
        }
    }

    fn holds_files(&self, folder: &str) -> bool {
        std::fs::read_dir(self.path(folder)).is_ok_and(|mut entries| entries.next().is_some())
    }
}

/// An ended process as text.
pub fn output(ended: &std::process::Output) -> Output {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Output {
        status: ended.status.code().unwrap_or(-1),
        stdout: text(&ended.stdout),
        stderr: text(&ended.stderr),
    }
}

/// The records of a CSV text, the header among them.
pub fn records(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// Tells whoever runs the tests something; shown when a test fails, or with `--nocapture`.
pub fn note(text: &str) {
    use std::io::Write;
    writeln!(std::io::stderr(), "{text}").unwrap();
}

/// The folder of the sources under test: asked when the tests run, for a target directory that two
/// checkouts share may hold tests which the other one built.
pub fn checkout() -> PathBuf {
    PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the tests"))
}

/// All files below a folder, as paths from it, in order.
pub fn files_below(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(inner) = open.pop() {
        for entry in std::fs::read_dir(&inner).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => open.push(path),
                false => {
                    found.push(path.strip_prefix(folder).unwrap().to_string_lossy().into_owned())
                }
            }
        }
    }
    found.sort_unstable();
    found
}

/// Copies a folder with all that it holds.
pub fn copy_folder(from: &Path, to: &Path) {
    for below in files_below(from) {
        let target = to.join(&below);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(from.join(&below), target).unwrap();
    }
}

/// The first lines in which two texts differ, since the whole is long.
pub fn difference(found: &str, expected: &str) -> String {
    let (mut left, mut right) = (found.lines(), expected.lines());
    let pairs = std::iter::from_fn(|| match (left.next(), right.next()) {
        (None, None) => None,
        (left, right) => Some((left.unwrap_or_default(), right.unwrap_or_default())),
    });
    let different = pairs.filter(|(left, right)| left != right);
    different.take(6).map(|(left, right)| format!("found    {left}\nexpected {right}\n")).collect()
}
