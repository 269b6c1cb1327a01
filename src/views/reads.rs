//! What is read when something is asked, found from the SQL itself: the views, those below them, and the tables
//! below these. A number that leaves the house is made from all of it.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::sql::parser::Statement;

use super::fault::Fault;
use super::{Desk, View, ViewError};
use crate::engine::template;

/// What questions read.
#[derive(Debug, Default)]
pub struct Reads {
    /// The views by name, with their SQL as it is planned, the header included.
    pub views: BTreeMap<String, String>,
    /// The tables, reference tables of the user's among them.
    pub tables: BTreeSet<String>,
}

impl Desk {
    /// Adds a view and all that it reads.
    ///
    /// # Errors
    /// There is none of this name, or it is no query.
    pub fn add_view(&self, reads: &mut Reads, name: &str) -> Result<(), ViewError> {
        let view = self.catalogue().find(name)?;
        if reads.views.contains_key(name) {
            return Ok(());
        }
        let sql = template::render(&view.sql, &self.config);
        let sql = sql.map_err(|error| Fault::from(error).of(view, &view.sql))?;
        let statement = self.only_query(&sql).map_err(|fault| fault.of(view, &sql))?;
        reads.views.insert(name.to_owned(), sql);
        self.add_named(reads, &statement)
    }

    /// Adds all that a query reads.
    ///
    /// # Errors
    /// It is no query.
    pub fn add_query(&self, reads: &mut Reads, sql: &str) -> Result<(), ViewError> {
        let sql = template::render(sql, &self.config)?;
        let statement = self.only_query(&sql).map_err(Fault::of_question)?;
        self.add_named(reads, &statement)
    }

    fn add_named(&self, reads: &mut Reads, statement: &Statement) -> Result<(), ViewError> {
        for named in self.context.state().resolve_table_references(statement)? {
            let name = named.table();
            if self.catalogue().get(name).is_some() {
                self.add_view(reads, name)?;
            } else if self.knows(name) && named.schema().is_none() {
                reads.tables.insert(name.to_owned());
            }
        }
        Ok(())
    }

    /// Whether a view among these tells of a month by what came after it.
    pub fn looks_ahead(&self, reads: &Reads) -> bool {
        let found = reads.views.keys().filter_map(|name| self.catalogue().get(name));
        found.into_iter().any(View::reads_later_months)
    }
}
