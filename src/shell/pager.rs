//! Text that may be longer than the screen: kept until it is, then handed to the user's pager.

use std::io::{self, Write};
use std::process::{Child, Command, Stdio};

use crate::printer::Printer;

/// A way to the terminal that takes the pager once the screen is full.
pub struct Paged<'a> {
    printer: &'a Printer,
    program: String,
    lines_left: usize,
    kept: Vec<u8>,
    pager: Option<Child>,
}

impl<'a> Paged<'a> {
    /// A way to a terminal of so many lines.
    pub fn new(printer: &'a Printer, program: &str, lines: usize) -> Self {
        let program = program.to_owned();
        Self { printer, program, lines_left: lines, kept: Vec::new(), pager: None }
    }

    /// Shows what is left, and waits until the user has left the pager.
    pub fn finish(mut self) -> io::Result<()> {
        let Some(mut pager) = self.pager.take() else {
            let mut out = self.printer.stdout();
            out.write_all(&self.kept)?;
            return out.flush();
        };
        drop(pager.stdin.take());
        pager.wait().map(drop)
    }

    /// Starts the pager, with the manners that git gives to `less`: colours, and no paging of what fits.
    fn start(&mut self) -> io::Result<()> {
        let mut command = Command::new("sh");
        command.args(["-c", &self.program]).stdin(Stdio::piped());
        if std::env::var_os("LESS").is_none() {
            command.env("LESS", "FRSX");
        }
        let mut pager = command.spawn()?;
        if let Some(input) = &mut pager.stdin {
            input.write_all(&self.kept)?;
        }
        self.pager = Some(pager);
        Ok(())
    }
}

impl Write for Paged<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(input) = self.pager.as_mut().and_then(|pager| pager.stdin.as_mut()) {
            return input.write(bytes);
        }
        self.kept.extend_from_slice(bytes);
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
        match self.lines_left.checked_sub(lines) {
            Some(left) => self.lines_left = left,
            None => self.start()?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
