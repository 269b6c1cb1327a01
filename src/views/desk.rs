//! The desk: a session over one state of the warehouse, in which tables and views appear when a query
//! names them. What a query sees does not change while it runs.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::catalog::MemorySchemaProvider;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{DataFrame, SessionContext};
use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast;
use tokio::sync::OnceCell;

use super::fault::{self, Fault};
use super::{Catalogue, Reads, View, ViewError};
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
        let is_table = |name: &str| tables().any(|table| table == name);
        let hides = catalogue.iter().find(|view| is_table(&view.name));
        if let Some(path) = hides.and_then(|view| view.origin.clone()) {
            return Err(ViewError::Hides(path));
        }
        let taken = |name: &&String| is_table(name) || catalogue.get(name).is_some();
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

    /// The warehouse.
    pub fn warehouse(&self) -> &Warehouse {
        &self.warehouse
    }

    /// The names of the dimensions.
    pub fn dimensions(&self) -> Vec<String> {
        self.config.dimension_names()
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
    /// The text is no SQL; the error says where.
    pub fn statements(&self, sql: &str) -> Result<Vec<Statement>, ViewError> {
        let parsed = DFParserBuilder::new(sql).with_recursion_limit(200).build();
        let parsed = parsed.and_then(|mut parser| parser.parse_statements());
        Ok(parsed.map_err(|error| Fault::from(error).of_question())?.into())
    }

    /// A statement as a frame. It reads and may define views of the session; it writes nothing.
    ///
    /// # Errors
    /// It does not fit the tables, or would write; the error says where.
    pub async fn ask(&self, statement: Statement) -> Result<DataFrame, ViewError> {
        self.answer(statement).await.map_err(Fault::of_question)
    }

    async fn answer(&self, statement: Statement) -> Result<DataFrame, Fault> {
        let state = self.context.state();
        let named = state.resolve_table_references(&statement)?;
        let catalog = named.iter().any(|name| name.schema() == Some("information_schema"));
        let may_list = named.is_empty() && !is_query(&statement) && !is_setting(&statement);
        let names = match catalog || may_list {
            true => self.names(),
            false => named.iter().map(|name| name.table().to_owned()).collect(),
        };
        for name in names.iter().filter(|name| self.knows(name)) {
            self.provide(name, &mut Vec::new()).await?;
        }
        let plan = match state.statement_to_plan(statement.clone()).await {
            Ok(plan) => plan,
            Err(_) => self.plan_with_places(statement).await?,
        };
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

    pub(super) fn knows(&self, name: &str) -> bool {
        tables().any(|table| table == name)
            || self.catalogue.get(name).is_some()
            || self.config.tables.contains_key(name)
    }

    /// The names of all tables and views.
    pub fn names(&self) -> Vec<String> {
        let views = self.catalogue.iter().map(|view| view.name.clone());
        self.tables().chain(views).collect()
    }

    /// The names of all tables, the user's among them.
    pub fn tables(&self) -> impl Iterator<Item = String> {
        tables().map(str::to_owned).chain(self.config.tables.keys().cloned())
    }

    /// The names of what the session holds besides: the policy's small tables, views that it defined itself.
    pub fn others(&self) -> Vec<String> {
        let catalog = self.context.catalog("datafusion");
        let schema = catalog.and_then(|catalog| catalog.schema("public"));
        let names = schema.map(|schema| schema.table_names()).unwrap_or_default();
        names.into_iter().filter(|name| !self.knows(name)).collect()
    }

    /// The names of all functions.
    pub fn functions(&self) -> Vec<String> {
        let state = self.context.state();
        let scalar = state.scalar_functions().keys().chain(state.aggregate_functions().keys());
        let all: BTreeSet<&String> = scalar.chain(state.window_functions().keys()).collect();
        all.into_iter().cloned().collect()
    }

    /// Registers a table or view, and before it what it needs. `path` holds who needs it.
    async fn provide(&self, name: &str, path: &mut Vec<String>) -> Result<(), ViewError> {
        if self.context.table_exist(name)? {
            return Ok(());
        }
        if let Some(place) = path.iter().position(|other| other == name) {
            return Err(self.circle(&path[place..], name));
        }
        if let Some(view) = self.catalogue.get(name) {
            path.push(name.to_owned());
            let result = Box::pin(self.provide_view(view, path)).await;
            path.pop();
            return result;
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
                None => Err(self.unknown(name)),
            },
        }
    }

    async fn provide_view(&self, view: &View, path: &mut Vec<String>) -> Result<(), ViewError> {
        let sql = template::render(&view.sql, &self.config);
        let sql = sql.map_err(|error| Fault::from(error).of(view, &view.sql))?;
        let provided = self.provide_query(&view.name, &sql, path).await;
        let provided = match provided.is_ok() && view.origin.is_some() {
            true => self.check_types(&view.name).await,
            false => provided,
        };
        provided.map_err(|fault| self.blame(view, fault.of(view, &sql)))
    }

    /// What fails in a built-in view may lie in a view of the user's that it reads.
    fn blame(&self, view: &View, error: ViewError) -> ViewError {
        let mut reads = Reads::default();
        let is_ours = view.origin.is_none() && self.add_view(&mut reads, &view.name).is_ok();
        let below = reads.views.keys().filter_map(|name| self.catalogue.get(name));
        let own: Vec<String> =
            below.filter(|view| view.origin.is_some()).map(View::place).collect();
        match error {
            ViewError::Invalid { origin, message, .. } if is_ours && !own.is_empty() => {
                let hint =
                    format!("it reads a view of your own, which may lack it: {}", own.join(", "));
                ViewError::Invalid { origin, message, hint: Some(hint) }
            }
            other => other,
        }
    }

    /// Types that do not go together show when a plan is optimised, where nothing tells whose query it was.
    async fn check_types(&self, name: &str) -> Result<(), Fault> {
        self.context.table(name).await?.into_optimized_plan()?;
        Ok(())
    }

    /// A query under a name, after the tables and views that it names.
    pub(super) async fn provide_query(
        &self,
        name: &str,
        sql: &str,
        path: &mut Vec<String>,
    ) -> Result<(), Fault> {
        let state = self.context.state();
        let statement = self.only_query(sql)?;
        for needed in state.resolve_table_references(&statement)? {
            if self.knows(needed.table()) && needed.schema().is_none() {
                self.provide(needed.table(), path).await?;
            }
        }
        let plan = match state.statement_to_plan(statement.clone()).await {
            Ok(plan) => plan,
            Err(_) => self.plan_with_places(statement).await?,
        };
        let view = self.context.execute_logical_plan(plan).await?.into_view();
        self.context.register_table(name, view)?;
        Ok(())
    }

    /// The one query of a text: a view reads and does nothing else.
    pub(super) fn only_query(&self, sql: &str) -> Result<Statement, Fault> {
        let parsed = DFParserBuilder::new(sql).with_recursion_limit(200).build();
        let mut parsed = parsed.and_then(|mut parser| parser.parse_statements())?;
        let refused = |why: &str| Err(DataFusionError::Plan(why.into()).into());
        match (parsed.pop_front(), parsed.is_empty()) {
            (None, _) => refused("there is no query"),
            (Some(_), false) => refused("there is more than one statement"),
            (Some(statement), _) if is_query(&statement) => Ok(statement),
            _ => refused("a view is a query: select …, or with … select …"),
        }
    }

    /// Plans what could not be planned once more, so that the error has its place.
    async fn plan_with_places(&self, statement: Statement) -> Result<LogicalPlan, Fault> {
        let mut state = self.context.state();
        state.config_mut().options_mut().sql_parser.collect_spans = true;
        let planned = state.statement_to_plan(statement).await;
        planned.map_err(|error| match missing_table(&error) {
            Some(name) => Fault::beside(&error, self.unknown(&name)),
            None => error.into(),
        })
    }

    /// The message of views that need each other, with the line of the user's file among them that does.
    fn circle(&self, path: &[String], again: &str) -> ViewError {
        let next = path.iter().skip(1).map(String::as_str).chain([again]);
        let steps = path.iter().filter_map(|name| self.catalogue.get(name)).zip(next.clone());
        let last = steps.filter(|(view, _)| view.origin.is_some()).last();
        let origin = last.map_or_else(
            || format!("sql/views/{again}.sql"),
            |(view, needed)| fault::place(view, fault::line_naming(view, needed)),
        );
        let circle = path.iter().map(String::as_str).take(1).chain(next);
        ViewError::Circle { origin, circle: circle.collect::<Vec<_>>().join(" -> ") }
    }

    fn unknown(&self, name: &str) -> ViewError {
        ViewError::unknown(name, self.names().iter().map(String::as_str))
    }
}

/// The table that an error says is not there.
fn missing_table(error: &DataFusionError) -> Option<String> {
    let message = error.strip_backtrace();
    let (_, rest) = message.split_once("table 'datafusion.public.")?;
    rest.split('\'').next().map(str::to_owned)
}

fn is_query(statement: &Statement) -> bool {
    matches!(statement, Statement::Statement(inner) if matches!(inner.as_ref(), ast::Statement::Query(_)))
}

fn is_setting(statement: &Statement) -> bool {
    matches!(statement, Statement::Statement(inner) if matches!(inner.as_ref(), ast::Statement::Set(_)))
        || matches!(statement, Statement::Reset(_))
}
