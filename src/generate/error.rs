//! What can go wrong while extracts are made up: senseless sizes, a folder that is taken, a disk
//! that refuses. Each variant says what was asked for or where it happened; `hint` says what to do.

use std::io;
use std::path::{Path, PathBuf};

use rust_xlsxwriter::XlsxError;

/// A failure of `generate`.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// Nobody to write about, or more than eleven-digit numbers reach.
    #[error("the number of customers must lie between 1 and {most}: {asked}")]
    Customers { asked: u64, most: u64 },
    /// No month, or more than the generator keeps apart.
    #[error("the number of months must lie between 1 and {most}: {asked}")]
    Months { asked: u32, most: u32 },
    /// Not a calendar month, or one whose history would reach before what `land` accepts.
    #[error(
        "the first month must lie between {first:04}-01 and {last:04}-12: {year:04}-{month:02}"
    )]
    Start { year: i32, month: u32, first: i32, last: i32 },
    /// The folder holds extracts or a description already.
    #[error("there are extracts already, and nothing is overwritten: {}", path.display())]
    Occupied { path: PathBuf },
    /// The file system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    /// A workbook could not be made.
    #[error("cannot make the workbook {}: {source}", path.display())]
    Workbook { path: PathBuf, source: XlsxError },
}

impl GenerateError {
    /// What the user can do about it, where something can be done.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Customers { .. } => Some(
                "customers is the size of the base at any one time; 250000 over 24 months make 10 million lines",
            ),
            Self::Months { .. } => Some("give --months 24 for two years"),
            Self::Start { .. } => Some("give the first month as --start 2020-01"),
            Self::Occupied { .. } => Some("give another folder as --out, or move that one away"),
            Self::Io { .. } => {
                Some("see that the folder can be written to and that the disk is not full")
            }
            Self::Workbook { .. } => None,
        }
    }

    /// Wraps an I/O failure with what was being done and where.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, path, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_ends_with_the_value_and_has_a_hint() {
        let error = GenerateError::Start { year: 2024, month: 13, first: 1993, last: 2199 };
        assert_eq!(
            error.to_string(),
            "the first month must lie between 1993-01 and 2199-12: 2024-13"
        );
        assert!(error.hint().is_some());
    }

    #[test]
    fn an_occupied_folder_is_named() {
        let error = GenerateError::Occupied { path: PathBuf::from("out/churnhouse.toml") };
        assert!(error.to_string().ends_with(": out/churnhouse.toml"));
    }
}
