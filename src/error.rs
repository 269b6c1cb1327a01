//! The edge: every room's error with its exit status and its remedy. Nothing below it knows of either.

use std::error::Error as StdError;

use crate::close::CloseError;
use crate::config::ConfigError;
use crate::engine::EngineError;
use crate::export::ExportError;
use crate::generate::GenerateError;
use crate::land::LandError;
use crate::report::ReportError;
use crate::report::format::FormatError;
use crate::shell::ShellError;
use crate::views::ViewError;
use crate::warehouse::WarehouseError;

/// How a command that did its work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Done.
    Done,
    /// Done, but rows were rejected in this run.
    Rejected,
    /// What was asked for could not be done in full; it has been said.
    Failed,
}

impl Status {
    /// The exit status of the process.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Rejected => 3,
        }
    }
}

/// An error of any room.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Landing.
    #[error(transparent)]
    Land(#[from] LandError),
    /// Tables at rest.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Closing.
    #[error(transparent)]
    Close(#[from] CloseError),
    /// Views.
    #[error(transparent)]
    View(#[from] ViewError),
    /// Reports.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// Exports.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The shell.
    #[error(transparent)]
    Shell(#[from] ShellError),
    /// Formats.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// Synthetic extracts.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// Standard output or a file of the user's.
    #[error("can't write {path}: {source}")]
    Output {
        /// Where to.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Arguments that do not go together, or name nothing.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
}

impl Error {
    /// An error in the arguments.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: Some(hint.into()) }
    }

    /// What remedies it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Config(error) => error.hint(),
            Self::Land(error) => error.hint(),
            Self::Warehouse(error) => error.hint(),
            Self::Engine(error) => error.hint(),
            Self::Close(error) => error.hint(),
            Self::View(error) => error.hint(),
            Self::Report(error) => error.hint(),
            Self::Export(error) => error.hint(),
            Self::Shell(error) => error.hint(),
            Self::Generate(error) => error.hint().map(str::to_owned),
            Self::Usage { hint, .. } => hint.clone(),
            Self::Format(_) | Self::Output { .. } => None,
        }
    }

    /// The exit status: 2 for a fault of ours, 1 for the user's input, data or surroundings.
    pub fn code(&self) -> u8 {
        let broken_query = |cause: &(dyn StdError + 'static)| {
            matches!(cause.downcast_ref(), Some(EngineError::Internal { .. }))
        };
        let broken_page = matches!(self, Self::Report(ReportError::Page(page)) if page.is_ours());
        let wrong_list = matches!(self, Self::Report(ReportError::Differs { ours: true, .. }));
        if broken_page || wrong_list || chain(self).any(broken_query) { 2 } else { 1 }
    }

    /// Whether a reader hung up, which is no error.
    pub fn is_broken_pipe(&self) -> bool {
        let broken = |cause: &(dyn StdError + 'static)| {
            cause.downcast_ref().is_some_and(|error: &std::io::Error| {
                error.kind() == std::io::ErrorKind::BrokenPipe
            })
        };
        chain(self).any(broken)
    }

    /// The message with the causes that it does not name itself.
    pub fn message(&self) -> String {
        let mut text = self.to_string();
        for cause in chain(self).skip(1) {
            let cause = cause.to_string();
            if !text.contains(&cause) {
                text = format!("{text}: {cause}");
            }
        }
        text
    }
}

fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}
