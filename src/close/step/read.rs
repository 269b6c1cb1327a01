//! Data files read back: landed rows, and the states that earlier closes left.

use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Field, Int32Type, Schema};
use arrow::error::ArrowError;
use bytes::Bytes;
use futures::StreamExt;
use object_store::ObjectStoreExt;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
};
use tokio::sync::mpsc::{self, Receiver};

use super::customers::{
    COUNTS, Cents, Customers, FLAGS, GROUP_ID, MONEY, MONTHS, MonthNumber, NEVER, OWN, Slot, State,
    TEXTS, UNKNOWN,
};
use super::ids::Ids;
use super::words::{Word, Words};
use crate::close::fell;
use crate::month::Month;
use crate::warehouse::{DataFile, Warehouse, WarehouseError, layout};

/// Rows of a batch: large enough to forget the cost of a batch, small enough for the cache.
const BATCH: usize = 16 << 10;
/// Batches of a file that wait to be taken.
const DECODED: usize = 2;
/// Files that are read at a time.
const FILES: usize = 8;
/// Texts that hardly repeat; all others are read as dictionaries.
const IDS: [&str; 4] = ["customer_id", "line_id", "event_id", "call_id"];

/// The rows of a data file, of some of its columns or all. The file is fetched whole.
///
/// # Errors
/// The store can't be read, or the file is damaged.
pub async fn file(
    warehouse: &Warehouse,
    table: &str,
    file: &DataFile,
    columns: Option<&[&str]>,
) -> Result<Vec<RecordBatch>, WarehouseError> {
    Opened::new(warehouse, table, file).await?.rows(columns, None)?.collect()
}

/// Rows as they are decoded.
pub type Batches = Receiver<Result<RecordBatch, WarehouseError>>;

/// The rows of a data file as they are decoded, by a task of its own, while the caller takes those before.
///
/// # Errors
/// The store can't be read, or the file is damaged; a batch is an error where the damage lies in it.
pub async fn batches(
    warehouse: &Warehouse,
    table: &str,
    file: &DataFile,
    columns: Option<&[&str]>,
) -> Result<Batches, WarehouseError> {
    let reader = Opened::new(warehouse, table, file).await?.rows(columns, None)?;
    let (sender, receiver) = mpsc::channel(DECODED);
    tokio::spawn(async move {
        for batch in reader {
            // Nobody listens any more where an earlier batch did not fit.
            if sender.send(batch).await.is_err() {
                break;
            }
        }
    });
    Ok(receiver)
}

/// A data file that has been fetched.
pub struct Opened {
    bytes: Bytes,
    metadata: ArrowReaderMetadata,
    table: String,
    shown: String,
}

impl Opened {
    /// Fetches a file whole.
    ///
    /// # Errors
    /// The store can't be read, or the file is damaged.
    pub async fn new(
        warehouse: &Warehouse,
        table: &str,
        file: &DataFile,
    ) -> Result<Self, WarehouseError> {
        let path = warehouse.path(&format!("{table}/{}", file.path));
        let shown = path.to_string();
        let storage =
            |source| WarehouseError::Storage { action: "read", path: shown.clone(), source };
        let got = warehouse.store().get(&path).await.map_err(storage)?;
        let bytes = got.bytes().await.map_err(storage)?;
        let damaged = |source| WarehouseError::Parquet { file: shown.clone(), source };
        let plain =
            ArrowReaderMetadata::load(&bytes, ArrowReaderOptions::new()).map_err(damaged)?;
        let options =
            ArrowReaderOptions::new().with_schema(Arc::new(with_dictionaries(plain.schema())));
        let metadata =
            ArrowReaderMetadata::try_new(Arc::clone(plain.metadata()), options).map_err(damaged)?;
        Ok(Self { bytes, metadata, table: table.to_owned(), shown })
    }

    /// How many rows it has.
    pub fn len(&self) -> usize {
        self.metadata.metadata().file_metadata().num_rows() as usize
    }

    /// Its rows or those selected, of some of its columns or all.
    ///
    /// # Errors
    /// The file is damaged; a batch is an error where the damage lies in it.
    pub fn rows(
        &self,
        columns: Option<&[&str]>,
        selected: Option<RowSelection>,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, WarehouseError>> + use<>, WarehouseError>
    {
        let (bytes, metadata) = (self.bytes.clone(), self.metadata.clone());
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(bytes, metadata);
        if let Some(columns) = columns {
            let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
            builder = builder.with_projection(mask);
        }
        if let Some(selected) = selected {
            builder = builder.with_row_selection(selected);
        }
        let damaged = |source| WarehouseError::Parquet { file: self.shown.clone(), source };
        let reader = builder.with_batch_size(BATCH).build().map_err(damaged)?;
        let table = self.table.clone();
        let of_table = move |source| WarehouseError::Arrow { table: table.clone(), source };
        Ok(reader.map(move |batch| batch.map_err(&of_table)))
    }
}

fn with_dictionaries(schema: &Schema) -> Schema {
    let dictionary = DataType::Dictionary(Box::new(DataType::UInt32), Box::new(DataType::Utf8));
    let field = |field: &Arc<Field>| {
        let repeats = *field.data_type() == DataType::Utf8 && !IDS.contains(&field.name().as_str());
        match repeats {
            true => field.as_ref().clone().with_data_type(dictionary.clone()),
            false => field.as_ref().clone(),
        }
    };
    Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>())
}

/// Data files, each read by a task of its own, several at a time, in their order.
pub struct Reading<T>(Receiver<Result<(Month, T), WarehouseError>>);

impl<T: Send + 'static> Reading<T> {
    /// Begins to read files.
    pub fn begin<F>(files: Vec<DataFile>, read: impl Fn(DataFile) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<T, WarehouseError>> + Send + 'static,
    {
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(async move {
            let parts = files.into_iter().filter_map(|part| Some((part.month?, part)));
            let tasks = parts.map(move |(month, part)| {
                let task = tokio::spawn(read(part));
                async move { Ok((month, task.await.map_err(fell)??)) }
            });
            let mut read = futures::stream::iter(tasks).buffered(FILES);
            while let Some(rows) = read.next().await {
                // Nobody listens any more where nothing of this is needed.
                if sender.send(rows).await.is_err() {
                    break;
                }
            }
        });
        Self(receiver)
    }

    /// What the next file's month is and what came of reading it.
    ///
    /// # Errors
    /// The store can't be read, or the file is damaged.
    pub async fn next(&mut self) -> Result<Option<(Month, T)>, WarehouseError> {
        self.0.recv().await.transpose()
    }
}

/// Revenue of customers in a file of customer_month, where it is not 0.
///
/// # Errors
/// The store can't be read, or the file is damaged.
pub async fn revenues(
    warehouse: Warehouse,
    part: DataFile,
    ids: Arc<Ids>,
) -> Result<Vec<(Slot, Cents)>, WarehouseError> {
    let columns = ["customer_id", "revenue"];
    let rows = file(&warehouse, layout::CUSTOMER_MONTH, &part, Some(&columns)).await?;
    let mut finder = ids.finder();
    let mut found = Vec::new();
    for rows in rows {
        let ids = rows["customer_id"].as_string::<i32>();
        let revenue = rows["revenue"].as_primitive::<Decimal128Type>().values();
        let brought = ids.iter().zip(revenue).filter(|(_, revenue)| **revenue != 0);
        found.extend(
            brought.filter_map(|(id, revenue)| Some((finder.find(id?)?, *revenue as Cents))),
        );
    }
    Ok(found)
}

/// Rows of dormant, and whose each is: its place among those sought.
pub struct Asleep {
    pub sought: Vec<Slot>,
    pub rows: Vec<RecordBatch>,
}

/// Those of a file of dormant who are sought. Ids are read first: few of those who once went dormant come back.
///
/// # Errors
/// The store can't be read, or the file is damaged.
pub async fn asleep(
    warehouse: Warehouse,
    part: DataFile,
    ids: Arc<Ids>,
) -> Result<Asleep, WarehouseError> {
    let file = Opened::new(&warehouse, layout::DORMANT, &part).await?;
    let mut finder = ids.finder();
    let (mut sought, mut places) = (Vec::new(), Vec::new());
    let mut place = 0;
    for rows in file.rows(Some(&["customer_id"]), None)? {
        for id in rows?["customer_id"].as_string::<i32>() {
            if let Some(slot) = id.and_then(|id| finder.find(id)) {
                sought.push(slot);
                places.push(place);
            }
            place += 1;
        }
    }
    let selected = places.into_iter().map(|place| place..place + 1);
    let selected = RowSelection::from_consecutive_ranges(selected, file.len());
    let rows = if sought.is_empty() {
        Vec::new()
    } else {
        file.rows(None, Some(selected))?.collect::<Result<_, _>>()?
    };
    Ok(Asleep { sought, rows })
}

/// Which rows of customer_month are of customers in the base.
///
/// # Errors
/// The file is not of the layout.
pub fn in_base(rows: &RecordBatch, words: &mut Words) -> Result<Vec<bool>, ArrowError> {
    let status = words.of_column(&rows["status"])?;
    let based = ["new", "carried", "returned", "at_risk", "active"].map(|name| words.word(name));
    Ok(status.iter().map(|status| based.contains(status)).collect())
}

/// Reads states into slots.
pub struct States<'a> {
    pub words: &'a mut Words,
    pub groups: &'a mut Words,
}

impl States<'_> {
    /// Rows of customer_month: those in the base at the end of its month, with their dimensions, and room for
    /// those who were not and had revenue, which ends with them. Nobody of them has been met. Hands out what each
    /// brought, where it is not 0.
    ///
    /// # Errors
    /// The file is not of the layout.
    pub fn present(
        &mut self,
        rows: &RecordBatch,
        customers: &mut Customers,
        as_of: MonthNumber,
        dimensions: &[String],
    ) -> Result<Vec<(Slot, Cents)>, ArrowError> {
        let in_base = in_base(rows, self.words)?;
        let states = self.states(rows, as_of, true);
        let texts = self.texts(rows, dimensions)?;
        let mut shown = Vec::new();
        for name in dimensions {
            shown.push(self.words.of_column(&rows[name.as_str()])?);
        }
        let ids = rows["customer_id"].as_string::<i32>();
        let revenue = rows["revenue"].as_primitive::<Decimal128Type>().values();
        let mut brought = Vec::with_capacity(rows.num_rows());
        for row in (0..rows.num_rows()).filter(|row| in_base[*row] || revenue[*row] != 0) {
            let Some(slot) = customers.meet(ids.value(row)) else { continue };
            if revenue[row] != 0 {
                brought.push((slot, revenue[row] as Cents));
            }
            if !in_base[row] {
                continue;
            }
            customers.states[slot as usize] = states[row];
            fill(customers.texts_mut(slot), &texts, row);
            let dimensions = customers.dimensions_mut(slot);
            dimensions.iter_mut().zip(&shown).for_each(|(word, column)| *word = column[row]);
        }
        Ok(brought)
    }

    /// Rows of dormant, by the slot of each: those of customers whose state is not known yet.
    ///
    /// # Errors
    /// The file is not of the layout.
    pub fn asleep(
        &mut self,
        rows: &RecordBatch,
        slots: impl Iterator<Item = Slot>,
        customers: &mut Customers,
        as_of: MonthNumber,
        dimensions: &[String],
    ) -> Result<(), ArrowError> {
        let states = self.states(rows, as_of, false);
        let texts = self.texts(rows, dimensions)?;
        for (row, slot) in slots.take(rows.num_rows()).enumerate() {
            if customers.states[slot as usize].as_of == NEVER {
                customers.states[slot as usize] = states[row];
                fill(customers.texts_mut(slot), &texts, row);
            }
        }
        Ok(())
    }

    fn texts(
        &mut self,
        rows: &RecordBatch,
        dimensions: &[String],
    ) -> Result<Vec<(usize, Vec<Word>)>, ArrowError> {
        let own = dimensions.iter().skip(super::FIXED_DIMENSIONS).enumerate();
        let own = own.map(|(place, name)| (OWN + place, name.as_str()));
        let mut texts = Vec::new();
        for (place, name) in TEXTS.into_iter().enumerate().chain(own) {
            let words = if place == GROUP_ID { &mut *self.groups } else { &mut *self.words };
            texts.push((place, words.of_column(&rows[name])?));
        }
        Ok(texts)
    }

    fn states(&self, rows: &RecordBatch, as_of: MonthNumber, in_base: bool) -> Vec<State> {
        let mut states = vec![State { as_of, in_base, ..UNKNOWN }; rows.num_rows()];
        for (name, of) in MONTHS {
            let mut last = (i32::MIN, 0);
            let days = rows[name].as_primitive::<Date32Type>().iter();
            for (state, day) in states.iter_mut().zip(days) {
                let Some(day) = day else { continue };
                if last.0 != day {
                    last = (day, Month::of_days(day).number());
                }
                *of(state) = last.1;
            }
        }
        for (name, of) in MONEY {
            let cents = rows[name].as_primitive::<Decimal128Type>().values();
            states.iter_mut().zip(cents).for_each(|(state, cents)| *of(state) = *cents as Cents);
        }
        for (name, of) in FLAGS {
            let flags = rows[name].as_boolean().values();
            states.iter_mut().zip(flags).for_each(|(state, flag)| *of(state) = flag);
        }
        for (name, of) in COUNTS {
            let counts = rows[name].as_primitive::<Int32Type>().values();
            states.iter_mut().zip(counts).for_each(|(state, count)| *of(state) = *count);
        }
        states
    }
}

fn fill(texts: &mut [Word], columns: &[(usize, Vec<Word>)], row: usize) {
    columns.iter().for_each(|(place, words)| texts[*place] = words[row]);
}
