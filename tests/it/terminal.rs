//! A terminal with the program in it, and a person's keys: tmux holds the screen, the tests type and read.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::context::TestContext;

/// Runs a program, shows how it ended, and keeps the terminal open.
const ENDED: &str = r#""$@"; echo "ended with status $?"; exec sleep 600"#;
/// How long a screen may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A terminal in which the program runs; both end with the value.
pub struct Terminal {
    folder: TempDir,
    server: Child,
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended by itself, and the program with it.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Terminal {
    /// Starts the program in a terminal of 100 columns and 40 lines.
    pub fn start(context: &TestContext, arguments: &[&str]) -> Self {
        Self::of_lines(40, context, arguments)
    }

    /// Starts the program in a terminal of 100 columns and so many lines.
    pub fn of_lines(lines: usize, context: &TestContext, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = folder.path().join("tmux.conf");
        std::fs::write(&settings, "set -g escape-time 0\n").unwrap();
        let mut server = Self::tmux(&folder);
        server.args(["-D", "-f"]).arg(settings).env("LC_ALL", "C.UTF-8");
        let server = server.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let terminal = Self { folder, server: server.expect("tmux is installed") };
        terminal.run(lines, context, arguments);
        terminal
    }

    fn run(&self, lines: usize, context: &TestContext, arguments: &[&str]) {
        let program = context.command(arguments);
        let begun = Instant::now();
        while !self.folder.path().join("socket").exists() && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(10));
        }
        let mut command = Self::tmux(&self.folder);
        command.args(["new-session", "-d", "-x", "100", "-y", &lines.to_string()]);
        command.arg("-c").arg(context.path(""));
        // tmux itself tells how a program ended now and then only, so the terminal's first program does.
        command.args(["--", "sh", "-c", ENDED, "sh"]);
        command.args(["env", "-i", "TERM=screen-256color", "LC_ALL=C.UTF-8"]);
        for (name, value) in program.get_envs() {
            let value = value.unwrap_or_default().to_string_lossy();
            command.arg(format!("{}={value}", name.to_string_lossy()));
        }
        command.arg(program.get_program()).args(program.get_args());
        assert!(command.status().unwrap().success(), "tmux starts no session");
    }

    fn tmux(folder: &TempDir) -> Command {
        let mut command = Command::new("tmux");
        command.arg("-S").arg(folder.path().join("socket"));
        command
    }

    /// Presses keys: names such as `Enter`, `Tab`, `Up`, `C-c`.
    pub fn press(&self, keys: &[&str]) {
        let status = Self::tmux(&self.folder).arg("send-keys").args(keys).status();
        assert!(status.unwrap().success());
    }

    /// Types a text.
    pub fn types(&self, text: &str) {
        // A semicolon at the end would be tmux's own.
        let text = text.strip_suffix(';').map_or(text.to_owned(), |text| format!("{text}\\;"));
        self.press(&["-l", &text]);
    }

    /// Types a line, and ends it once it is seen: what comes faster than fingers is taken for pasted.
    #[track_caller]
    pub fn enters(&self, text: &str) {
        self.types(text);
        self.until(text, |screen| screen.replace('\n', "").ends_with(text.trim_end()));
        std::thread::sleep(Duration::from_millis(30));
        self.press(&["Enter"]);
    }

    /// What is to be seen.
    pub fn screen(&self) -> String {
        self.captured(&[])
    }

    /// What is to be seen, and what has left the screen at its top.
    pub fn whole(&self) -> String {
        self.captured(&["-S", "-"])
    }

    fn captured(&self, from: &[&str]) -> String {
        let mut capture = Self::tmux(&self.folder);
        let shown = capture.args(["capture-pane", "-p"]).args(from).output().unwrap();
        String::from_utf8(shown.stdout).unwrap().trim_end().to_owned()
    }

    /// Waits until a text is seen, and returns the screen.
    #[track_caller]
    pub fn shows(&self, text: &str) -> String {
        self.until(text, |screen| screen.contains(text))
    }

    /// Waits for an empty prompt, that of a further line too, below all that was shown.
    #[track_caller]
    pub fn prompts(&self) -> String {
        let prompts = ["churnhouse>", "...>"];
        self.until("a prompt", |screen| prompts.iter().any(|prompt| screen.ends_with(prompt)))
    }

    #[track_caller]
    fn until(&self, what: &str, holds: impl Fn(&str) -> bool) -> String {
        let begun = Instant::now();
        loop {
            let screen = self.screen();
            if holds(&screen) {
                return screen;
            }
            assert!(begun.elapsed() < PATIENCE, "{what:?} is not on the screen:\n{screen}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
