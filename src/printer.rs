//! The only way out to a person: data goes to standard output, talk to standard error, as lines for people or,
//! for a log, as a JSON object each. A reader that hangs up (a broken pipe) is no error.

use std::io::{self, IsTerminal, Write};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::event::{Event, Level};

/// Lines and columns of a terminal that does not tell them.
const UNKNOWN_SIZE: (u16, u16) = (24, 120);

/// How much is said on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors only.
    Quiet,
    /// What was done, and warnings.
    Normal,
    /// Every step.
    Verbose,
}

/// When colour is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How events are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

/// Where the program talks.
#[derive(Clone)]
pub struct Printer {
    verbosity: Verbosity,
    format: LogFormat,
    terminal: bool,
    color: bool,
    bars: MultiProgress,
}

impl Printer {
    /// A printer; colour is resolved here once. `no_color` tells whether `NO_COLOR` is set.
    pub fn new(verbosity: Verbosity, format: LogFormat, color: Color, no_color: bool) -> Self {
        let terminal = io::stderr().is_terminal() && format == LogFormat::Human;
        let color = match color {
            Color::Auto => terminal && !no_color,
            Color::Always => true,
            Color::Never => false,
        };
        let shown = terminal && verbosity > Verbosity::Quiet;
        let target =
            if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bars = MultiProgress::with_draw_target(target);
        Self { verbosity, format, terminal, color, bars }
    }

    /// Standard output, for data.
    pub fn stdout(&self) -> Box<dyn Write + Send> {
        Box::new(io::BufWriter::new(io::stdout()))
    }

    /// Data as lines on standard output.
    pub fn data(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// Whether standard output is a terminal.
    pub fn stdout_is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// Lines and columns of the terminal that standard output is; none where it is a pipe or a file.
    pub fn terminal_size(&self) -> Option<(usize, usize)> {
        let size = || console::Term::stdout().size_checked().unwrap_or(UNKNOWN_SIZE);
        self.stdout_is_terminal().then(size).map(|(lines, columns)| (lines.into(), columns.into()))
    }

    /// Whether colour is used.
    pub fn color(&self) -> bool {
        self.color
    }

    /// Says what happened, to whom it concerns.
    pub fn tell(&self, event: &Event) {
        if !self.concerns(event) {
            return;
        }
        if self.format == LogFormat::Json {
            return self.line(&record(event));
        }
        let text = if self.terminal { format!("{event:#}") } else { event.to_string() };
        match event.level() {
            Level::Error => self.line(&format!("{} {text}", self.paint("1;31", "error:"))),
            Level::Warning => self.line(&format!("{} {text}", self.paint("33", "warning:"))),
            Level::Info | Level::Debug => self.line(&text),
        }
        if let Some(hint) = event.hint() {
            self.line(&format!("{} {hint}", self.paint("36", "hint:")));
        }
    }

    fn concerns(&self, event: &Event) -> bool {
        match self.verbosity {
            Verbosity::Quiet => event.level() == Level::Error,
            Verbosity::Verbose => true,
            Verbosity::Normal if self.format == LogFormat::Json => event.level() < Level::Debug,
            Verbosity::Normal if self.terminal => event.is_for_terminal(),
            Verbosity::Normal => event.level() < Level::Debug && !event.is_step(),
        }
    }

    /// Says what was done.
    pub fn say(&self, text: &str) {
        self.tell(&Event::Note { message: text.to_owned() });
    }

    /// Says a detail, with `-v` only.
    pub fn detail(&self, text: &str) {
        self.tell(&Event::Detail { message: text.to_owned() });
    }

    /// Says what a person should look at.
    pub fn warn(&self, text: &str) {
        self.tell(&Event::Warning { message: text.to_owned() });
    }

    /// Says an error and what remedies it.
    pub fn error(&self, text: &str, hint: Option<&str>) {
        let (message, hint) = (text.to_owned(), hint.map(str::to_owned));
        self.tell(&Event::Error { message, hint });
    }

    /// A bar over `length` bytes, seen on a terminal only.
    pub fn bytes_bar(&self, name: &str, length: u64) -> ProgressBar {
        self.bar(name, length, "{msg:30!} {bar:24} {bytes}/{total_bytes} {bytes_per_sec} {eta}")
    }

    /// Steps as they are done, of which nobody knows how many there are; seen on a terminal only.
    pub fn counter(&self, name: &str) -> ProgressBar {
        self.bar(name, 0, "{msg:30!} {pos} in {elapsed}")
    }

    /// A bar over `length` steps, seen on a terminal only.
    pub fn steps_bar(&self, name: &str, length: u64) -> ProgressBar {
        self.bar(name, length, "{msg:30!} {bar:24} {pos}/{len} {eta}")
    }

    fn bar(&self, name: &str, length: u64, template: &str) -> ProgressBar {
        let style =
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = self.bars.add(ProgressBar::new(length).with_style(style));
        bar.set_message(name.to_owned());
        bar
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn line(&self, text: &str) {
        self.bars.suspend(|| {
            // Nobody is left to be told when standard error is gone.
            let _ = writeln!(io::stderr(), "{text}");
        });
    }
}

/// An event as a line of a JSON log.
fn record(event: &Event) -> String {
    #[derive(Serialize)]
    struct Record<'a> {
        time: String,
        level: Level,
        #[serde(flatten)]
        event: &'a Event,
    }
    let time = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    serde_json::to_string(&Record { time, level: event.level(), event }).unwrap_or_default()
}
