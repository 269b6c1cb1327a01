//! The desk: a session over one state of the warehouse, in which tables and views appear when a query
//! names them. What a query sees does not change while it runs.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use datafusion::catalog::{MemorySchemaProvider, TableProvider};
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SQLOptions;
use datafusion::prelude::{DataFrame, SessionContext};
use datafusion::sql::parser::{DFParserBuilder, Statement};
use tokio::sync::OnceCell;

use super::{Catalogue, ViewError};
use crate::close::{Closes, Inventory, Openness, Schedule, definitions, superseded_rows};
use crate::config::Config;
use crate::engine::{Engine, FilesTable, policy, template};
use crate::extract::SourceKind;
use crate::land::Ledger;
use crate::month::Month;
use crate::warehouse::{DataFile, Place, Warehouse, WarehouseError, layout, to_batch};

/// The tables that are there besides the views: those of the core, the landed ones, the ledger.
const TABLES: [&str; 10] = [
    "billing",
    "channel",
    "hotline",
    "rejected",
    "landings",
    "customer_month",
    "dormant",
    "movement",
    "closes",
    "month_state",
];

/// A session for questions.
pub struct Desk {
    context: SessionContext,
    warehouse: Warehouse,
    config: Config,
    catalogue: Catalogue,
    closes: Closes,
    inventory: OnceCell<Inventory>,
    /// Only these months, where a check looks at some.
    only: Option<BTreeSet<Month>>,
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
        Ok(Self {
            context,
            warehouse: warehouse.clone(),
            config: config.clone(),
            catalogue: Catalogue::load(config)?,
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
        Ok(self.inventory.get_or_try_init(|| Inventory::read(&self.warehouse)).await?)
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
        TABLES.contains(&name)
            || self.catalogue.get(name).is_some()
            || self.config.tables.contains_key(name)
    }

    /// The names of all tables and views.
    pub fn names(&self) -> Vec<String> {
        let views = self.catalogue.iter().map(|view| view.name.clone());
        let own = self.config.tables.keys().cloned();
        TABLES.iter().map(|name| (*name).to_owned()).chain(views).chain(own).collect()
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
            layout::CUSTOMER_MONTH => self.provide_core(layout::CUSTOMER_MONTH),
            layout::DORMANT => self.provide_core(layout::DORMANT),
            layout::MOVEMENT => self.provide_core(layout::MOVEMENT),
            _ => Err(ViewError::unknown(name, self.names().iter().map(String::as_str))),
        }
    }

    /// A query under a name, after the tables and views that it names.
    async fn provide_query(
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

    fn files(
        &self,
        name: &'static str,
        partitioned: bool,
        files: Vec<DataFile>,
    ) -> Arc<dyn TableProvider> {
        let place = Place {
            url: self.warehouse.url().clone(),
            store: self.warehouse.store(),
            prefix: self.warehouse.path(name),
        };
        let schema = layout::schema(name, self.warehouse.dimensions());
        Arc::new(FilesTable::new(place, schema, partitioned, files))
    }

    fn wants(&self, month: Month) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&month))
    }

    fn provide_core(&self, name: &'static str) -> Result<(), ViewError> {
        let files = self.closes.files(name, |month| self.wants(month));
        self.context.register_table(name, self.files(name, true, files))?;
        Ok(())
    }

    /// A reference table of the user's.
    async fn provide_own(&self, name: &str) -> Result<(), ViewError> {
        let path = self.config.resolve(&self.config.tables[name].path);
        let unreadable = |message: String| ViewError::Table {
            name: name.to_owned(),
            path: path.clone(),
            message,
        };
        if !Path::new(&path).exists() {
            return Err(unreadable("there is no such file".to_owned()));
        }
        let registered =
            match Path::new(&path).extension().is_some_and(|ending| ending == "parquet") {
                true => self.context.register_parquet(name, &path, Default::default()).await,
                false => self.context.register_csv(name, &path, Default::default()).await,
            };
        registered.map_err(|error| unreadable(error.strip_backtrace()))
    }

    async fn provide_landed(&self, name: &str, path: &mut Vec<String>) -> Result<(), ViewError> {
        let inventory = self.inventory().await?;
        if !self.context.table_exist("landed.superseded")? {
            self.context
                .register_table("landed.superseded", superseded_rows(&inventory.superseded)?)?;
        }
        if name == layout::REJECTED {
            let table = self.warehouse.open(layout::REJECTED).await?;
            let files = table.map(|table| table.files()).transpose()?.unwrap_or_default();
            self.context
                .register_table("landed.rejected", self.files(layout::REJECTED, false, files))?;
        } else if let Some(kind) = SourceKind::iter().find(|kind| layout::landed(*kind) == name) {
            let files = inventory.source(kind).files_where(|month| self.wants(month));
            let table = self.files(layout::landed(kind), true, files);
            self.context.register_table(format!("landed.{name}"), table)?;
        }
        let sql = template::STAGING.iter().find(|(staged, _)| *staged == name).map(|(_, sql)| *sql);
        let sql = template::render(sql.unwrap_or_default(), &self.config)?;
        self.provide_query(name, &sql, path).await
    }

    /// The ledger, with a column that tells the landings whose rows are in the tables.
    async fn provide_landings(&self) -> Result<(), ViewError> {
        let ledger = Ledger::open(&self.warehouse).await?;
        let landings = ledger.landings();
        let mut seen = HashSet::new();
        let latest: Vec<bool> = landings
            .iter()
            .rev()
            .map(|landing| seen.insert(landing.delivery) && !landing.retracted)
            .collect();
        let current: BooleanArray = latest.into_iter().rev().map(Some).collect();
        let schema = layout::schema(layout::LANDINGS, &[]);
        let batch = to_batch(&schema, landings).map_err(DataFusionError::from)?;
        let mut columns = vec![("current", Arc::new(current) as _)];
        let fields = schema.fields().iter().zip(batch.columns());
        columns.extend(fields.map(|(field, column)| (field.name().as_str(), Arc::clone(column))));
        let batch = RecordBatch::try_from_iter(columns).map_err(DataFusionError::from)?;
        self.provide_batch("landings", batch)
    }

    fn provide_closes(&self) -> Result<(), ViewError> {
        let records: Vec<_> = self.closes.records().filter(|record| record.is_closed()).collect();
        let batch = to_batch(&layout::schema(layout::CLOSES, &[]), &records)
            .map_err(DataFusionError::from)?;
        self.provide_batch("closes", batch)
    }

    /// How each month of the history stands.
    async fn provide_month_state(&self) -> Result<(), ViewError> {
        let inventory = self.inventory().await?;
        let definitions = definitions(&self.config);
        let schedule = Schedule::new(inventory, &self.closes, &self.config, &definitions);
        let months = schedule.iter().flat_map(Schedule::months);
        let (days, states): (Vec<i32>, Vec<&str>) = months
            .filter(|month| self.wants(*month))
            .filter_map(|month| {
                Some((month.days(), state_word(schedule.as_ref()?.openness(&self.closes, month))))
            })
            .unzip();
        let columns: [(&str, Arc<dyn arrow::array::Array>); 2] = [
            ("month", Arc::new(arrow::array::Date32Array::from(days))),
            ("state", Arc::new(arrow::array::StringArray::from(states))),
        ];
        let batch = RecordBatch::try_from_iter(columns).map_err(DataFusionError::from)?;
        self.provide_batch("month_state", batch)
    }

    fn provide_batch(&self, name: &str, batch: RecordBatch) -> Result<(), ViewError> {
        let table = MemTable::try_new(batch.schema(), vec![vec![batch]])?;
        self.context.register_table(name, Arc::new(table))?;
        Ok(())
    }
}

/// How a month stands, in a word for tables.
fn state_word(openness: Openness) -> &'static str {
    match openness {
        Openness::Closed => "closed",
        Openness::OtherDefinitions => "other definitions",
        Openness::Stale => "stale",
        Openness::Open => "open",
    }
}

fn is_query(statement: &Statement) -> bool {
    use datafusion::sql::sqlparser::ast;
    matches!(statement, Statement::Statement(inner) if matches!(inner.as_ref(), ast::Statement::Query(_)))
}
