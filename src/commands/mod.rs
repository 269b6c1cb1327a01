//! A file per verb. A command reads like a recipe: it orchestrates the rooms, and it alone prints.

mod check;
mod close;
mod completions;
mod customers;
mod describe;
mod export;
mod generate;
mod init;
mod land;
mod man;
mod output;
mod report;
mod run;
mod schema;
mod sql;
mod status;
mod views;

use std::time::Instant;

use chrono::NaiveDate;

use crate::cli::{Cli, Command};
use crate::close::{definitions, spans};
use crate::config::{self, Config};
use crate::engine::Engine;
use crate::error::{Error, Status};
use crate::printer::Printer;
use crate::views::Desk;
use crate::warehouse::Warehouse;

/// How long a thread that reads files waits for the next one: one that ends leaves its memory to the others, which is a
/// fifth of what a landing takes.
const IDLE: std::time::Duration = std::time::Duration::from_millis(5);

/// Seconds since an instant, to the millisecond.
fn seconds_since(started: &Instant) -> f64 {
    (started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0
}

/// What every command over a warehouse needs.
struct House<'a> {
    config: Config,
    warehouse: Warehouse,
    engine: Engine,
    printer: &'a Printer,
}

impl<'a> House<'a> {
    fn open(cli: &Cli, printer: &'a Printer) -> Result<Self, Error> {
        let mut config = config::load(&cli.config, std::env::vars())?;
        if let Some(url) = &cli.warehouse {
            // A flag's path starts where the user stands, not where the file lies.
            let here = std::path::absolute(url).unwrap_or_else(|_| url.into());
            config.warehouse.url =
                if url.contains("://") { url.clone() } else { here.to_string_lossy().into_owned() };
        }
        let warehouse = Warehouse::new(&config)?;
        let engine = Engine::new(&config)?;
        engine.register_store(warehouse.url(), warehouse.store());
        Ok(Self { config, warehouse, engine, printer })
    }

    /// A desk over what is closed; says where that was closed under other definitions.
    async fn desk(&self) -> Result<Desk, Error> {
        let desk = Desk::open(&self.warehouse, &self.engine, &self.config).await?;
        let others = desk.closes().under_others(&definitions(&self.config));
        if !others.is_empty() {
            self.printer.warn(&format!(
                "{} closed under other definitions than those in force; `churnhouse close --full` closes all months again",
                spans(&others)
            ));
        }
        Ok(desk)
    }

    fn today(&self, pretended: Option<NaiveDate>) -> NaiveDate {
        pretended.unwrap_or_else(|| self.config.today())
    }
}

/// Does what the command line says; tells the exit status.
pub fn run(cli: Cli, printer: &Printer) -> u8 {
    let result = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_keep_alive(IDLE)
        .build()
        .map_err(|source| Error::Output { path: "a thread".into(), source })
        .and_then(|runtime| runtime.block_on(dispatch(cli, printer)));
    match result {
        Ok(status) => status.code(),
        Err(error) if error.is_broken_pipe() => Status::Done.code(),
        Err(error) => {
            printer.error(&error.message(), error.hint().as_deref());
            error.code()
        }
    }
}

async fn dispatch(cli: Cli, printer: &Printer) -> Result<Status, Error> {
    let open = || House::open(&cli, printer);
    match &cli.command {
        Command::Init(args) => init::run(args, printer),
        Command::Generate(args) => generate::run(args, printer),
        Command::Completions(args) => completions::run(args, printer),
        Command::Man(args) => man::run(args, printer),
        Command::Schema => schema::run(printer),
        Command::Run(args) => run::run(&open()?, args).await,
        Command::Land(args) => land::run(&open()?, args).await,
        Command::Close(args) => close::run(&open()?, args).await,
        Command::Check => check::run(&open()?).await,
        Command::Views(args) => views::run(&open()?, args),
        Command::Describe(args) => describe::run(&open()?, args),
        Command::Report(args) => report::run(&open()?, args).await,
        Command::Customers(args) => customers::run(&open()?, args).await,
        Command::Sql(args) => sql::run(&open()?, args).await,
        Command::Export(args) => export::run(&open()?, args).await,
        Command::Status(args) => status::run(&open()?, *args).await,
    }
}
