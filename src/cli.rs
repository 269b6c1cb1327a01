//! The command line as clap reads it. No logic: `commands` does what it says.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use crate::extract::SourceKind;
use crate::month::Month;
use crate::printer::{Color, LogFormat};
use crate::report::MonthArgument;
use crate::report::format::Format;

/// A churn analytics warehouse in one program: extracts in, closed months and SQL views out.
#[derive(Debug, Parser)]
#[command(name = "churnhouse", version, propagate_version = true)]
#[command(after_help = "Example: churnhouse --config sample_data/telecom/churnhouse.toml run")]
pub struct Cli {
    /// The configuration file
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        default_value = "churnhouse.toml",
        env = "CHURNHOUSE_CONFIG"
    )]
    pub config: PathBuf,
    /// The warehouse, instead of the configured one: a folder or a URL
    #[arg(long, global = true, value_name = "URL")]
    pub warehouse: Option<String>,
    /// Say nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say every step
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// When to use colour; NO_COLOR is honoured
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// How to say what is done: for people, or a JSON object a line
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        default_value = "human",
        env = "CHURNHOUSE_LOG_FORMAT"
    )]
    pub log_format: LogFormat,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a commented churnhouse.toml and empty folders
    #[command(after_help = "Example: churnhouse init my-warehouse")]
    Init(InitArgs),
    /// Write synthetic extracts of any size, repeatable from a seed
    #[command(after_help = "Example: churnhouse generate --customers 10000 --months 24 --out demo")]
    Generate(GenerateArgs),
    /// Land what is new, close what is open, check, and export what is due
    #[command(after_help = "Example: churnhouse run --through 2024-12")]
    Run(RunArgs),
    /// Bring extracts into the warehouse
    #[command(
        after_help = "Examples:\n  churnhouse land\n  churnhouse land billing billing/bill_202405.csv\n  churnhouse land billing --retract bill_202405.csv"
    )]
    Land(LandArgs),
    /// Close months
    #[command(after_help = "Examples:\n  churnhouse close\n  churnhouse close --accept 2024-05")]
    Close(CloseArgs),
    /// Run the checks over all closed months; each failure is shown with its rows
    #[command(after_help = "Example: churnhouse check")]
    Check,
    /// List the views
    #[command(after_help = "Example: churnhouse views")]
    Views(FormatArgs),
    /// What a view means: grain, columns, formula, source
    #[command(after_help = "Example: churnhouse describe churn_rate")]
    Describe(DescribeArgs),
    /// One view, filtered; or the page, a month for managers
    #[command(
        after_help = "Examples:\n  churnhouse report churn_rate\n  churnhouse report arpu_by_segment --from 2024-01 --to latest --dimension tier -o arpu.xlsx\n  churnhouse report page -o page.html"
    )]
    Report(ReportArgs),
    /// The customers behind a count of a view: as many rows as it counts
    #[command(
        after_help = "Examples:\n  churnhouse customers churn_rate --measure churned --month 2024-05 --dimension region --segment yinchuan\n  churnhouse customers churn_reasons --where reason=price -o price.xlsx\n  churnhouse customers cohort_retention --measure in_base --where cohort=2024-01 --where age=3\n\nWithout --dimension it is total; without --month the latest; without --segment, or a value of another column, all of them. `churnhouse describe VIEW` tells whom each count counts."
    )]
    Customers(CustomersArgs),
    /// Ad-hoc SQL: a query, a file, standard input, or a shell
    #[command(
        after_help = "Examples:\n  churnhouse sql\n  churnhouse sql \"select status, count(*) from customer_month where month = '2024-12-01' group by 1\"\n  churnhouse sql -f report.sql --set month=2024-12-01 --format json\n\nWithout a query on a terminal it is a shell, with history and completion: \\? lists its commands, which files of statements may hold as well."
    )]
    Sql(SqlArgs),
    /// Write the configured exports
    #[command(
        after_help = "Examples:\n  churnhouse export\n  churnhouse export monthly --month 2024-12"
    )]
    Export(ExportArgs),
    /// Tables, closed and open months, freshness, rejects
    #[command(after_help = "Example: churnhouse status")]
    Status(TodayArgs),
    /// A completion script for the shell
    #[command(
        after_help = "Example: churnhouse completions bash > /etc/bash_completion.d/churnhouse"
    )]
    Completions(CompletionsArgs),
    /// The manual: a page, or with --out churnhouse.1 and one of each verb
    #[command(
        after_help = "Examples:\n  churnhouse man | man -l -\n  churnhouse man --out /usr/local/share/man/man1"
    )]
    Man(ManArgs),
    /// The JSON schema of churnhouse.toml, by which editors complete and check it
    #[command(after_help = "Example: churnhouse schema > churnhouse.schema.json")]
    Schema,
}

/// Today, for those who want to pretend.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct TodayArgs {
    /// Pretend that today is this date
    #[arg(long, value_name = "DATE")]
    pub today: Option<NaiveDate>,
}

/// Arguments of `init`.
#[derive(Args, Debug)]
pub struct InitArgs {
    /// The folder
    #[arg(default_value = ".")]
    pub dir: PathBuf,
}

/// Arguments of `generate`.
#[derive(Args, Debug)]
pub struct GenerateArgs {
    /// Customers at any one time; about 2% of them change every month
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub customers: u64,
    /// Months
    #[arg(long, value_name = "M", default_value_t = 24)]
    pub months: u32,
    /// The first month
    #[arg(long, value_name = "YYYY-MM", default_value = "2020-01")]
    pub start: Month,
    /// The same seed gives the same extracts
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Write the committed sample data instead: an operator's own formats, or a garage's visits
    #[arg(long, value_name = "NAME", value_parser = ["telecom", "garage"], conflicts_with_all = ["customers", "months", "start", "seed"])]
    pub sample: Option<String>,
    /// The folder
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// Arguments of `run`.
#[derive(Args, Debug)]
pub struct RunArgs {
    /// Close no further than this month
    #[arg(long, value_name = "YYYY-MM")]
    pub through: Option<MonthArgument>,
    /// Pretend that today is this date
    #[command(flatten)]
    pub today: TodayArgs,
}

/// Arguments of `land`.
#[derive(Args, Debug)]
pub struct LandArgs {
    /// Only this source
    #[arg(value_name = "SOURCE", value_parser = source_kind)]
    pub source: Option<SourceKind>,
    /// Only these files of it
    #[arg(value_name = "FILE", requires = "source")]
    pub files: Vec<PathBuf>,
    /// Read and check, and land nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Read files again whose size and time have not changed
    #[arg(long)]
    pub rehash: bool,
    /// Withdraw the file of this delivery key
    #[arg(long, value_name = "KEY", conflicts_with_all = ["files", "dry_run", "rehash"])]
    pub retract: Option<String>,
    /// Pretend that today is this date
    #[command(flatten)]
    pub today: TodayArgs,
}

/// Arguments of `close`.
#[derive(Args, Debug)]
pub struct CloseArgs {
    /// Close again from this month on
    #[arg(long, value_name = "YYYY-MM")]
    pub from: Option<MonthArgument>,
    /// Close no further than this month
    #[arg(long, value_name = "YYYY-MM")]
    pub through: Option<MonthArgument>,
    /// Close again from the first month on
    #[arg(long, conflicts_with = "from")]
    pub full: bool,
    /// Accept the volume of a month that was refused; it is recorded and holds in every later close
    #[arg(long, value_name = "YYYY-MM")]
    pub accept: Vec<Month>,
    /// Compute by the definition in sql/core: the same rows, several times slower
    #[arg(long)]
    pub by_sql: bool,
    /// Pretend that today is this date
    #[command(flatten)]
    pub today: TodayArgs,
}

/// Where rows go and how they are written.
#[derive(Args, Clone, Debug, Default)]
pub struct FormatArgs {
    /// The format; told by the file's ending where there is one
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// The file; standard output where there is none
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Arguments of `describe`.
#[derive(Args, Debug)]
pub struct DescribeArgs {
    /// The view
    pub view: String,
}

/// Arguments of `report`.
#[derive(Args, Debug)]
pub struct ReportArgs {
    /// The view, or `page`: the month on one HTML page for managers
    pub view: String,
    /// One month: YYYY-MM, last (the last complete one) or latest (the latest closed one)
    #[arg(long, value_name = "M", conflicts_with_all = ["from", "to"])]
    pub month: Option<MonthArgument>,
    /// From this month on
    #[arg(long, value_name = "M")]
    pub from: Option<MonthArgument>,
    /// Up to this month
    #[arg(long, value_name = "M")]
    pub to: Option<MonthArgument>,
    /// One dimension: total, region, product, segment, channel, tier, tenure_band, or a configured one
    #[arg(long, value_name = "D")]
    pub dimension: Option<String>,
    /// One segment of it
    #[arg(long, value_name = "S")]
    pub segment: Option<String>,
    /// Quarters or years, in views of periods
    #[arg(long, value_name = "GRAIN", value_parser = ["quarter", "year"])]
    pub grain: Option<String>,
    /// Where to and how
    #[command(flatten)]
    pub to_format: FormatArgs,
    /// Pretend that today is this date
    #[command(flatten)]
    pub today: TodayArgs,
}

/// Arguments of `customers`.
#[derive(Args, Debug)]
pub struct CustomersArgs {
    /// The view
    pub view: String,
    /// The column that counts them; not needed where the view has one such column only
    #[arg(long, value_name = "COLUMN")]
    pub measure: Option<String>,
    /// The month: YYYY-MM, last (the last complete one) or latest (the latest closed one)
    #[arg(long, value_name = "M")]
    pub month: Option<MonthArgument>,
    /// The dimension: total where none is told
    #[arg(long, value_name = "D")]
    pub dimension: Option<String>,
    /// The segment of it: all of them where none is told
    #[arg(long, value_name = "S")]
    pub segment: Option<String>,
    /// Quarters or years, in views of periods
    #[arg(long, value_name = "GRAIN", value_parser = ["quarter", "year"])]
    pub grain: Option<String>,
    /// The value of another column that names the view's rows, such as reason=price
    #[arg(long = "where", value_name = "COLUMN=VALUE", value_parser = assignment)]
    pub values: Vec<(String, String)>,
    /// Where to and how
    #[command(flatten)]
    pub to_format: FormatArgs,
    /// Pretend that today is this date
    #[command(flatten)]
    pub today: TodayArgs,
}

/// Arguments of `sql`.
#[derive(Args, Debug)]
pub struct SqlArgs {
    /// The query; without one standard input, or on a terminal a shell
    pub query: Option<String>,
    /// A file of statements; the first error ends it
    #[arg(short, long, value_name = "FILE", conflicts_with = "query")]
    pub file: Option<PathBuf>,
    /// A value for :NAME in the statements; :'NAME' is the same as a string
    #[arg(long, value_name = "NAME=VALUE", value_parser = assignment)]
    pub set: Vec<(String, String)>,
    /// Where to and how
    #[command(flatten)]
    pub to_format: FormatArgs,
}

/// Arguments of `export`.
#[derive(Args, Debug)]
pub struct ExportArgs {
    /// Only this export
    pub name: Option<String>,
    /// Only this month
    #[arg(long, value_name = "M")]
    pub month: Option<MonthArgument>,
    /// Export even what is exported already, and a month that fails a check or is stale
    #[arg(long)]
    pub force: bool,
    /// Pretend that today is this date
    #[command(flatten)]
    pub today: TodayArgs,
}

/// Arguments of `completions`.
#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: Shell,
}

/// Arguments of `man`.
#[derive(Args, Debug)]
pub struct ManArgs {
    /// The folder; without it the main page goes to standard output
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (column, value) = text.split_once('=').ok_or("it is like name=value")?;
    Ok((column.trim().to_owned(), value.trim().to_owned()))
}

fn source_kind(text: &str) -> Result<SourceKind, String> {
    let known = || SourceKind::iter().map(SourceKind::as_str).collect::<Vec<_>>().join(", ");
    SourceKind::iter()
        .find(|kind| kind.as_str() == text)
        .ok_or_else(|| format!("the sources are: {}", known()))
}
