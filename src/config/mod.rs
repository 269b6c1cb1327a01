//! The configuration: `churnhouse.toml` < environment < flags, resolved once into typed structs.
//! Every key has a default and a sentence here. Refuses unknown keys and bad values with the key,
//! the file and the line.

mod file;
mod policy;
mod schema;
mod tables;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use crate::extract::nearest;
pub use file::load;
pub use policy::{Exact, Policy, Tier};
pub use schema::schema;
pub use tables::TableConfig;

use crate::extract::{SourceConfig, SourceKind};
use crate::month::Month;

/// What is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file named by `--config` is not there.
    #[error("no configuration file: {}", .0.display())]
    Missing(PathBuf),
    /// The file can't be read.
    #[error("can't read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file has an unknown key, or a value of another type, or is not TOML.
    #[error("{}{line}: {message}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// `:LINE`, where it is known.
        line: String,
        /// What is wrong, the key included.
        message: String,
        /// The nearest right spelling, or what may stand there.
        hint: Option<String>,
    },
    /// An environment variable does not fit.
    #[error("environment variable {name}: {message}")]
    Environment {
        /// The variable.
        name: String,
        /// What is wrong.
        message: String,
    },
    /// The file of a reference table is not there.
    #[error("{place}tables.{name}.path: no such file: {path}")]
    NoTable {
        /// The file and line that name it, with a colon.
        place: String,
        /// The table's name.
        name: String,
        /// The path as given.
        path: String,
        /// The nearest name in its folder.
        near: Option<String>,
    },
    /// A value is of the right type and makes no sense.
    #[error("{key}: {why}")]
    Value {
        /// The key, with its tables.
        key: String,
        /// Why.
        why: String,
    },
}

impl ConfigError {
    /// What remedies it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Missing(_) => Some("`churnhouse init` writes one; --config names another".into()),
            Self::Invalid { hint, .. } => hint.clone(),
            Self::NoTable { near, .. } => {
                let near = near.as_ref().map(|near| format!("; near it lies: {near}"));
                let near = near.unwrap_or_default();
                Some(format!("paths start at the folder of churnhouse.toml{near}"))
            }
            _ => None,
        }
    }
}

/// Where the warehouse is.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WarehouseConfig {
    /// A folder beside the configuration file, or `s3://`, `gs://`, `az://` and a prefix.
    pub url: String,
    /// The time zone in which a month is over, by its IANA name.
    pub timezone: String,
    /// Settings of the object store, by the names that its environment variables have
    /// (`aws_endpoint`, `aws_region`, …).
    pub options: BTreeMap<String, String>,
}

impl Default for WarehouseConfig {
    fn default() -> Self {
        Self { url: "warehouse".into(), timezone: "UTC".into(), options: BTreeMap::new() }
    }
}

/// The source systems.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Extracts {
    /// Bill lines.
    pub billing: Option<SourceConfig>,
    /// Events of the sales and service channels.
    pub channel: Option<SourceConfig>,
    /// Calls.
    pub hotline: Option<SourceConfig>,
}

impl Extracts {
    /// The description of a source, where there is one.
    pub fn get(&self, kind: SourceKind) -> Option<&SourceConfig> {
        match kind {
            SourceKind::Billing => self.billing.as_ref(),
            SourceKind::Channel => self.channel.as_ref(),
            SourceKind::Hotline => self.hotline.as_ref(),
        }
    }
}

/// When a month may close.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CloseConfig {
    /// Where the history begins; by default found from the landed billing lines.
    pub first_month: Option<Month>,
    /// Days after a month's end before it closes.
    pub settle_days: u32,
    /// Billing lines of a month, relative to the previous month's, below which it is taken for partial.
    pub min_volume: f64,
    /// Billing lines of a month, relative to the previous month's, above which it is taken for re-sent.
    pub max_volume: f64,
}

impl Default for CloseConfig {
    fn default() -> Self {
        Self { first_month: None, settle_days: 0, min_volume: 0.5, max_volume: 2.0 }
    }
}

/// One configured export.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportConfig {
    /// Its name, and the name of its folder.
    pub name: String,
    /// The views that it holds.
    pub views: Vec<String>,
    /// The formats of each view.
    #[serde(default = "default_formats")]
    pub formats: Vec<String>,
    /// The folder or URL that receives `NAME/YYYY-MM/`.
    #[serde(default = "default_to")]
    pub to: String,
}

fn default_formats() -> Vec<String> {
    vec!["csv".into()]
}

fn default_to() -> String {
    "exports".into()
}

/// How reports are written.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReportConfig {
    /// The language of the manager's page: `en` or `zh`.
    pub language: Language,
}

/// A language that the manager's page is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Chinese.
    Zh,
}

/// Resources of the engine.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EngineConfig {
    /// Memory of queries, like `"8GiB"`; by default half of the machine's.
    pub memory: Option<String>,
    /// The folder for what exceeds it; by default the system's temporary folder.
    pub spill: Option<PathBuf>,
    /// Threads; by default one for each core.
    pub threads: Option<usize>,
}

/// The whole configuration: every key has a default.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `[warehouse]`: where the tables lie.
    pub warehouse: WarehouseConfig,
    /// `[extracts.*]`: the source systems.
    pub extracts: Extracts,
    /// `[policy]`: what a loss is, and what it costs.
    pub policy: Policy,
    /// `[close]`: when a month may close.
    pub close: CloseConfig,
    /// `[[exports]]`: what goes out each month.
    pub exports: Vec<ExportConfig>,
    /// `[report]`
    pub report: ReportConfig,
    /// `[dimensions]`: name of the dimension to the channel extract's column.
    pub dimensions: BTreeMap<String, String>,
    /// `[tables.*]`: reference tables of the user's, by the name that SQL knows them by.
    pub tables: BTreeMap<String, TableConfig>,
    /// `[engine]`: the memory and threads of queries.
    pub engine: EngineConfig,
    /// The folder of the configuration file: what relative paths start from.
    #[serde(skip)]
    pub base: PathBuf,
}

/// The dimensions that every warehouse has, in the order of the views.
pub const DIMENSIONS: [&str; 6] =
    ["region", "product", "segment", "channel", "tier", "tenure_band"];

impl Config {
    /// All dimensions by name: the built-in ones, then the configured.
    pub fn dimension_names(&self) -> Vec<String> {
        let own = self.dimensions.keys().cloned();
        DIMENSIONS.iter().map(|&name| name.to_owned()).chain(own).collect()
    }

    /// A path of the configuration, relative to its file; a URL stays as it is.
    pub fn resolve(&self, path: &str) -> String {
        if path.contains("://") || Path::new(path).is_absolute() {
            return path.to_owned();
        }
        self.base.join(path).to_string_lossy().into_owned()
    }

    /// Today's date in the warehouse's time zone.
    pub fn today(&self) -> NaiveDate {
        let zone: chrono_tz::Tz = self.warehouse.timezone.parse().unwrap_or(chrono_tz::UTC);
        chrono::Utc::now().with_timezone(&zone).date_naive()
    }

    /// Refuses what parses and makes no sense.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.policy.check()?;
        if self.warehouse.timezone.parse::<chrono_tz::Tz>().is_err() {
            let why =
                format!("not an IANA time zone like Asia/Shanghai: {}", self.warehouse.timezone);
            return Err(ConfigError::Value { key: "warehouse.timezone".into(), why });
        }
        self.check_dimensions()?;
        self.check_exports()
    }

    fn check_dimensions(&self) -> Result<(), ConfigError> {
        let plain = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_lowercase())
                && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        };
        for name in self.dimensions.keys() {
            let taken = crate::warehouse::layout::is_core_column(name) || name == "total";
            let why = match (plain(name), taken) {
                (false, _) => "use lower-case letters, digits and _",
                (true, true) => "the name is taken by a column of the warehouse",
                (true, false) => continue,
            };
            return Err(ConfigError::Value { key: format!("dimensions.{name}"), why: why.into() });
        }
        Ok(())
    }

    fn check_exports(&self) -> Result<(), ConfigError> {
        for (place, export) in self.exports.iter().enumerate() {
            let key = format!("exports[{place}].name");
            let safe = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
            if export.name.is_empty() || !export.name.chars().all(safe) {
                let why = format!(
                    "use letters, digits, _ and -, since it names a folder: {}",
                    export.name
                );
                return Err(ConfigError::Value { key, why });
            }
            if self.exports[..place].iter().any(|other| other.name == export.name) {
                return Err(ConfigError::Value {
                    key,
                    why: format!("two exports have this name: {}", export.name),
                });
            }
        }
        Ok(())
    }
}
