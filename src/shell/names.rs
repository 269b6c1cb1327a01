//! The names that completion offers, asked for when they are wanted and kept: columns by planning the view,
//! values by asking for them, for no longer than a person waits.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use tokio::runtime::Handle;

use super::command::{Argument, SPELLINGS, Spelling};
use super::complete::{Wanted, wanted};
use super::highlight::KEYWORDS;
use crate::report::{self, format::Format};
use crate::views::{Desk, View, ViewError};

/// How long values are waited for, and how many are offered.
const PATIENCE: Duration = Duration::from_millis(700);
const OFFERED: usize = 200;

/// Names of the warehouse, kept once they are known.
pub struct Names {
    desk: Arc<Desk>,
    columns: HashMap<String, Vec<String>>,
    values: HashMap<String, Vec<String>>,
}

impl Names {
    /// The names that a desk knows; nothing is asked yet.
    pub fn new(desk: Arc<Desk>) -> Self {
        Self { desk, columns: HashMap::new(), values: HashMap::new() }
    }

    /// What the word before the cursor may become, and where it begins.
    pub fn complete(&mut self, text: &str, position: usize) -> (usize, Vec<String>) {
        let (begin, wanted) = wanted(text, position);
        let typed = &text[begin..position];
        let names = match wanted {
            Wanted::Command => commands(),
            Wanted::Argument(argument) => self.arguments(argument, typed),
            Wanted::Relation(own) => [own, self.relations()].concat(),
            Wanted::Column(relations) => self.columns_of(&relations),
            Wanted::Word { relations, own } => self.words(&relations, own, typed),
            Wanted::Value { column, relations, dimension } => {
                closed(self.values_of(&column, &relations, dimension), &text[position..])
            }
        };
        let start = typed.to_lowercase();
        let mut fitting: Vec<String> = Vec::new();
        for name in names {
            if name.to_lowercase().starts_with(&start) && !fitting.contains(&name) {
                fitting.push(name);
            }
        }
        (begin, fitting)
    }

    fn arguments(&self, argument: Argument, typed: &str) -> Vec<String> {
        match argument {
            Argument::Relation => self.relations(),
            Argument::Mode => {
                let formats = Format::value_variants().iter().filter(|format| !format.is_binary());
                formats.map(|format| format.name().to_owned()).collect()
            }
            Argument::File => files(typed),
            Argument::Switch => vec!["on".into(), "off".into()],
            Argument::Free | Argument::Sql => Vec::new(),
        }
    }

    fn relations(&self) -> Vec<String> {
        let mut names = self.desk.names();
        names.extend(self.desk.others());
        names.sort_unstable();
        names
    }

    /// Columns first, then the statement's own names, keywords in the case that is typed, functions. Where no
    /// table or view is named yet, the columns of all views.
    fn words(&mut self, relations: &[String], own: Vec<String>, typed: &str) -> Vec<String> {
        let mut names = self.columns_of(relations);
        if relations.is_empty() && !typed.is_empty() {
            names.extend(self.desk.catalogue().iter().flat_map(View::columns));
        }
        names.extend(own);
        let capital = typed.starts_with(|letter: char| letter.is_ascii_uppercase());
        let keyword = |word: &&str| if capital { word.to_uppercase() } else { (*word).to_owned() };
        names.extend(KEYWORDS.iter().map(keyword));
        if !typed.is_empty() {
            names.extend(self.desk.functions());
        }
        names
    }

    fn columns_of(&mut self, relations: &[String]) -> Vec<String> {
        let mut all = Vec::new();
        for relation in relations {
            if !self.columns.contains_key(relation) {
                let Some(columns) = patiently(columns(&self.desk, relation)) else { continue };
                self.columns.insert(relation.clone(), columns);
            }
            all.extend(self.columns[relation].iter().cloned());
        }
        all
    }

    /// The values of a column: of `segment` and the dimensions from the sums, which are small.
    fn values_of(
        &mut self,
        column: &str,
        relations: &[String],
        dimension: Option<String>,
    ) -> Vec<String> {
        let dimensions = self.desk.dimensions();
        if column == "dimension" {
            return dimensions.into_iter().chain(["total".to_owned()]).collect();
        }
        let by = if column == "segment" { dimension } else { Some(column.to_owned()) };
        if let Some(by) = by.filter(|by| dimensions.contains(by)) {
            return self
                .asked(format!("select distinct segment from movement where dimension = '{by}'"));
        }
        let owner = |relation: &&String| {
            self.columns_of(std::slice::from_ref(*relation)).iter().any(|name| name == column)
        };
        let relation = relations.iter().find(owner).cloned();
        let column = column.replace('"', "\"\"");
        relation.map_or_else(Vec::new, |relation| {
            self.asked(format!("select distinct \"{column}\" from \"{relation}\" limit {OFFERED}"))
        })
    }

    fn asked(&mut self, sql: String) -> Vec<String> {
        if !self.values.contains_key(&sql) {
            let desk = Arc::clone(&self.desk);
            let question = async { report::texts(desk.ask_text(&sql).await?).await };
            let Some(mut values) = patiently(question) else { return Vec::new() };
            values.sort_unstable();
            self.values.insert(sql.clone(), values);
        }
        self.values[&sql].clone()
    }
}

/// Values with the quote that ends them, unless that stands behind the cursor already.
fn closed(values: Vec<String>, behind: &str) -> Vec<String> {
    match behind.starts_with('\'') {
        true => values,
        false => values.into_iter().map(|value| value + "'").collect(),
    }
}

async fn columns(desk: &Desk, relation: &str) -> Result<Vec<String>, ViewError> {
    let frame = desk.frame(relation).await?;
    Ok(frame.schema().fields().iter().map(|field| field.name().clone()).collect())
}

/// Waits for an answer as long as a person does. An error is for the statement itself to tell.
fn patiently<T>(question: impl Future<Output = Result<T, ViewError>>) -> Option<T> {
    let answer = async { tokio::time::timeout(PATIENCE, question).await };
    tokio::task::block_in_place(|| Handle::current().block_on(answer)).ok()?.ok()
}

/// The names of all commands, with a space where an argument may follow.
fn commands() -> Vec<String> {
    let spelt = |spelling: &'static Spelling| {
        let end = if spelling.argument == Argument::Free { "" } else { " " };
        spelling.names.iter().map(move |name| format!("{name}{end}"))
    };
    SPELLINGS.iter().flat_map(spelt).collect()
}

/// The files that a typed path may become.
fn files(typed: &str) -> Vec<String> {
    let folder = typed.rfind('/').map_or("", |slash| &typed[..=slash]);
    let entries =
        std::fs::read_dir(if folder.is_empty() { Path::new(".") } else { Path::new(folder) });
    let entries = entries.into_iter().flatten().flatten();
    let name = |entry: std::fs::DirEntry| {
        let end = if entry.path().is_dir() { "/" } else { "" };
        format!("{folder}{}{end}", entry.file_name().to_string_lossy())
    };
    let mut names: Vec<String> = entries.map(name).collect();
    names.sort_unstable();
    names
}
