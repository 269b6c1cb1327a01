//! The desk: a session over one state of the warehouse, in which tables and views appear when a query
//! names them. What a query sees does not change while it runs.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::catalog::MemorySchemaProvider;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SQLOptions;
use datafusion::prelude::{DataFrame, SessionContext};
use datafusion::sql::parser::{DFParserBuilder, Statement};
use tokio::sync::OnceCell;

use super::{Catalogue, ViewError};
use crate::close::{Closes, Inventory};
use crate::config::Config;
use crate::engine::{Engine, policy, template};
use crate::month::Month;
use crate::warehouse::{Warehouse, WarehouseError, layout};

/// The tables that are there besides the views and those of the core: the landed ones, the ledger.
const TABLES: [&str; 7] =
    ["billing", "channel", "hotline", "rejected", "landings", "closes", "month_state"];

/// All tables that are there besides the views.
fn tables() -> impl Iterator<Item = &'static str> {
    TABLES.into_iter().chain(layout::core())
}

/// A session for questions.
pub struct Desk {
    pub(super) context: SessionContext,
    pub(super) warehouse: Warehouse,
    pub(super) config: Config,
    catalogue: Catalogue,
    pub(super) closes: Closes,
    inventory: OnceCell<Inventory>,
    /// Only these months, where a check looks at some.
    pub(super) only: Option<BTreeSet<Month>>,
}

impl Desk {
    /// Opens the desk over what is closed now.
    ///
    /// # Errors
    /// There is no warehouse, or it can't be read.
    pub async fn open(
        warehouse: &Warehouse,
        engine: &Engine,
        config: &Config,
    ) -> Result<Self, ViewError> {
        let closes = Closes::read(warehouse).await?;
        if closes.version == 0 && warehouse.open(layout::LANDINGS).await?.is_none() {
            return Err(WarehouseError::Absent(warehouse.url().to_string()).into());
        }
        let context = engine.session();
        engine.register_store(warehouse.url(), warehouse.store());
        policy::register(&context, &config.policy)?;
        if let Some(catalog) = context.catalog("datafusion") {
            catalog.register_schema("landed", Arc::new(MemorySchemaProvider::new()))?;
        }
        let catalogue = Catalogue::load(config)?;
        let taken = |name: &&String| {
            tables().any(|table| table == name.as_str()) || catalogue.get(name).is_some()
        };
        if let Some(name) = config.tables.keys().find(taken) {
            return Err(ViewError::Taken(name.clone()));
        }
        Ok(Self {
            context,
            warehouse: warehouse.clone(),
            config: config.clone(),
            catalogue,
            closes,
            inventory: OnceCell::new(),
            only: None,
        })
    }

    /// The same desk over some months only.
    #[must_use]
    pub fn over(mut self, months: BTreeSet<Month>) -> Self {
        self.only = Some(months);
        self
    }

    /// The views.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The closed months.
    pub fn closes(&self) -> &Closes {
        &self.closes
    }

    /// What is landed, read when it is first asked for.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn inventory(&self) -> Result<&Inventory, ViewError> {
        Ok(self
            .inventory
            .get_or_try_init(|| Inventory::read(&self.warehouse, &self.config))
            .await?)
    }

    /// A view or table as a frame, to be filtered.
    ///
    /// # Errors
    /// There is none of this name, or its SQL does not fit.
    pub async fn frame(&self, name: &str) -> Result<DataFrame, ViewError> {
        self.provide(name, &mut Vec::new()).await?;
        Ok(self.context.table(name).await?)
    }

    /// The statements of a text, in order.
    ///
    /// # Errors
    /// The text is no SQL; the message says where.
    pub fn statements(&self, sql: &str) -> Result<Vec<Statement>, ViewError> {
        let parsed =
            DFParserBuilder::new(sql).with_recursion_limit(200).build()?.parse_statements()?;
        Ok(parsed.into())
    }

    /// A statement as a frame. It reads and may define views of the session; it writes nothing.
    ///
    /// # Errors
    /// It does not fit the tables, or would write.
    pub async fn ask(&self, statement: Statement) -> Result<DataFrame, ViewError> {
        let state = self.context.state();
        let named = state.resolve_table_references(&statement)?;
        let catalog = named.iter().any(|name| name.schema() == Some("information_schema"));
        let names = match catalog || (named.is_empty() && !is_query(&statement)) {
            true => self.names(),
            false => named.iter().map(|name| name.table().to_owned()).collect(),
        };
        for name in names.iter().filter(|name| self.knows(name)) {
            self.provide(name, &mut Vec::new()).await?;
        }
        let plan =
            state.statement_to_plan(statement).await.map_err(|error| self.explained(error))?;
        SQLOptions::new().with_allow_dml(false).verify_plan(&plan)?;
        Ok(self.context.execute_logical_plan(plan).await?)
    }

    /// A query of our own, such as a check.
    ///
    /// # Errors
    /// It does not fit the tables.
    pub async fn ask_text(&self, sql: &str) -> Result<DataFrame, ViewError> {
        let sql = template::render(sql, &self.config)?;
        let statement = self.statements(&sql)?.into_iter().next();
        let statement =
            statement.ok_or_else(|| DataFusionError::Plan("there is no statement".into()))?;
        self.ask(statement).await
    }

    /// Names the nearest table where one is not found.
    fn explained(&self, error: DataFusionError) -> ViewError {
        let message = error.strip_backtrace();
        let missing = message
            .split_once("table 'datafusion.public.")
            .and_then(|(_, rest)| rest.split('\'').next());
        match missing {
            Some(name) => ViewError::unknown(name, self.names().iter().map(String::as_str)),
            None => error.into(),
        }
    }

    fn knows(&self, name: &str) -> bool {
        tables().any(|table| table == name)
            || self.catalogue.get(name).is_some()
            || self.config.tables.contains_key(name)
    }

    /// The names of all tables and views.
    pub fn names(&self) -> Vec<String> {
        let views = self.catalogue.iter().map(|view| view.name.clone());
        let own = self.config.tables.keys().cloned();
        tables().map(str::to_owned).chain(views).chain(own).collect()
    }

    /// Registers a table or view, and before it what it needs. `path` holds who needs it.
    async fn provide(&self, name: &str, path: &mut Vec<String>) -> Result<(), ViewError> {
        if self.context.table_exist(name)? {
            return Ok(());
        }
        if path.iter().any(|other| other == name) {
            path.push(name.to_owned());
            return Err(ViewError::Circle(path.join(" -> ")));
        }
        if let Some(view) = self.catalogue.get(name) {
            path.push(name.to_owned());
            let place = view.place();
            let sql = template::render(&view.sql, &self.config)?;
            let result = Box::pin(self.provide_query(name, &sql, path)).await;
            path.pop();
            return result.map_err(|error| match error {
                ViewError::Engine(inner) => {
                    ViewError::Invalid { origin: place, message: inner.to_string() }
                }
                other => other,
            });
        }
        match name {
            "billing" | "channel" | "hotline" | "rejected" => {
                Box::pin(self.provide_landed(name, path)).await
            }
            "landings" => self.provide_landings().await,
            "month_state" => self.provide_month_state().await,
            "closes" => self.provide_closes(),
            _ if self.config.tables.contains_key(name) => self.provide_own(name).await,
            _ => match layout::core().find(|table| *table == name) {
                Some(table) => self.provide_core(table),
                None => Err(ViewError::unknown(name, self.names().iter().map(String::as_str))),
            },
        }
    }

    /// A query under a name, after the tables and views that it names.
    pub(super) async fn provide_query(
        &self,
        name: &str,
        sql: &str,
        path: &mut Vec<String>,
    ) -> Result<(), ViewError> {
        let state = self.context.state();
        let statement = self.statements(sql)?.into_iter().next();
        let statement =
            statement.ok_or_else(|| DataFusionError::Plan("there is no query".into()))?;
        for needed in state.resolve_table_references(&statement)? {
            if self.knows(needed.table()) && needed.schema().is_none() {
                self.provide(needed.table(), path).await?;
            }
        }
        let plan =
            state.statement_to_plan(statement).await.map_err(|error| self.explained(error))?;
        let view = self.context.execute_logical_plan(plan).await?.into_view();
        self.context.register_table(name, view)?;
        Ok(())
    }
}

fn is_query(statement: &Statement) -> bool {
    use datafusion::sql::sqlparser::ast;
    matches!(statement, Statement::Statement(inner) if matches!(inner.as_ref(), ast::Statement::Query(_)))
}
