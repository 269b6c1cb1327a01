//! What analysts ask: the catalogue of views, and the desk at which they are asked. A table or view is
//! opened when a query names it, and not before.

mod catalogue;
mod checks;
mod desk;
mod drill;
mod fault;
mod header;
mod reads;
mod tables;

pub use catalogue::{Catalogue, View};
pub use checks::{CHECKS, Failure, check};
pub use desk::Desk;
pub use drill::Drill;
pub use fault::{Spot, in_header};
pub use reads::Reads;

use std::path::{Path, PathBuf};

use datafusion::error::DataFusionError;

use crate::close::CloseError;
use crate::config::{ConfigError, nearest};
use crate::engine::EngineError;
use crate::land::LandError;
use crate::warehouse::WarehouseError;

/// What goes wrong with views and queries.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// The tables.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// What is configured.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The ledger.
    #[error(transparent)]
    Land(#[from] LandError),
    /// What is landed.
    #[error(transparent)]
    Close(#[from] CloseError),
    /// A query, or SQL of our own.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A view of the user's can't be read.
    #[error("can't read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A view of the user's is no query, or not over what exists.
    #[error("{origin}: {message}")]
    Invalid {
        /// The file, or the built-in view.
        origin: String,
        /// Why.
        message: String,
        /// What remedies it.
        hint: Option<String>,
    },
    /// A question that does not fit what is there, or is no SQL.
    #[error("{message}")]
    Question {
        /// Why.
        message: String,
        /// What remedies it.
        hint: Option<String>,
        /// Where in the text.
        spot: Option<Spot>,
        /// The word that is wrong, where it is known and its place is not.
        word: Option<String>,
    },
    /// A view of the user's has the name of a table.
    #[error("{}: a table of this name is there already", .0.display())]
    Hides(PathBuf),
    /// A reference table of the user's can't be read.
    #[error("tables.{name}: can't read {path}: {message}")]
    Table {
        /// Its name.
        name: String,
        /// The file.
        path: String,
        /// Why.
        message: String,
    },
    /// A reference table of the user's has the name of something that is there already.
    #[error("tables.{0}: a table or view of this name is there already")]
    Taken(String),
    /// Views that need each other.
    #[error("{origin}: views need each other in a circle: {circle}")]
    Circle {
        /// The file and line that closes it.
        origin: String,
        /// The views.
        circle: String,
    },
    /// No view or table has the name.
    #[error("no view or table of this name: {name}")]
    Unknown {
        /// The name as given.
        name: String,
        /// The nearest one.
        near: Option<String>,
    },
}

impl ViewError {
    /// What remedies it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Warehouse(error) => error.hint(),
            Self::Config(error) => error.hint(),
            Self::Land(error) => error.hint(),
            Self::Engine(error) => error.hint(),
            Self::Close(error) => error.hint(),
            Self::Unknown { near, .. } => {
                let near =
                    near.as_ref().map(|near| format!("did you mean {near}? ")).unwrap_or_default();
                Some(format!("{near}`churnhouse views` lists them"))
            }
            Self::Table { .. } => Some(
                "a .csv file with a header, or .parquet; paths start at churnhouse.toml".into(),
            ),
            Self::Invalid { hint, .. } | Self::Question { hint, .. } => hint.clone(),
            Self::Hides(_) => Some("give the view another name".into()),
            Self::Circle { .. } => Some(
                "no view can read itself, not even through others; a view of your own replaces the built-in one of its name".into(),
            ),
            Self::Taken(_) => Some("give it another name in churnhouse.toml".into()),
            _ => None,
        }
    }

    /// A reference table that can't be read.
    pub fn unreadable(name: &str, path: &Path, why: &dyn std::fmt::Display) -> Self {
        let path = path.display().to_string();
        Self::Table { name: name.to_owned(), path, message: why.to_string() }
    }

    fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Self {
        Self::Unknown { name: name.to_owned(), near: nearest(name, known).map(str::to_owned) }
    }
}

impl From<DataFusionError> for ViewError {
    fn from(error: DataFusionError) -> Self {
        Self::Engine(EngineError::Query(error))
    }
}
