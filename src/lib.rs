//! churnhouse: a churn analytics warehouse in one program.
//!
//! The way of the data is the order of the rooms: `extract` reads and types, `land` commits, `close`
//! makes months, `views` asks them, `report`, `shell` and `export` hand the answers out. `warehouse` holds the
//! tables, `engine` runs the SQL, `commands` say what to do. A room imports only rooms before it in
//! `extract`, `warehouse`, `land`, `engine`, `close`, `views`, `report`, `shell`, `export`, `commands`.

pub mod cli;
pub mod close;
pub mod commands;
pub mod config;
pub mod engine;
pub mod error;
pub mod event;
pub mod export;
pub mod extract;
pub mod generate;
pub mod land;
pub mod month;
pub mod printer;
pub mod report;
pub mod shell;
mod short;
pub mod views;
pub mod warehouse;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use cli::Cli;
use printer::{Printer, Verbosity};

/// Reads the command line, does what it says, and tells the exit status.
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(refusal) => {
            // Help and version are printed by clap to standard output, refusals to standard error.
            let _ = refusal.print();
            return ExitCode::from(u8::from(refusal.use_stderr()));
        }
    };
    let verbosity = match (cli.quiet, cli.verbose) {
        (true, _) => Verbosity::Quiet,
        (_, true) => Verbosity::Verbose,
        _ => Verbosity::Normal,
    };
    log_if_asked();
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let printer = Printer::new(verbosity, cli.log_format, cli.color, no_color);
    ExitCode::from(commands::run(cli, &printer))
}

/// Shows what the libraries below log, where `CHURNHOUSE_LOG` asks for it (`debug`, `object_store=trace`).
fn log_if_asked() {
    let Ok(filter) = std::env::var("CHURNHOUSE_LOG") else { return };
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(tracing_subscriber::EnvFilter::new(filter))
        .init();
}
