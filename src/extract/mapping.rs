//! Which source column feeds which canonical one, and how it is read: settles the
//! description against a file's columns, once, before any row is typed. Refuses a
//! description that does not fit the kind or the file.

mod settings;

use arrow::array::{ArrayRef, RecordBatch, new_null_array};
use arrow::datatypes::DataType;
use chrono::NaiveDate;

use super::canonical::{Column, ColumnType, Dimensions, SourceKind};
use super::chunk::{Chunk, ROWS, Reader};
use super::convert::{Converter, Failures};
use super::error::{ExtractError, nearest};
use super::expression::{Compile, Expression, TextColumns, evaluate};
use super::source::{ColumnConfig, ColumnTable, Selector, SourceConfig};

/// The delimiters that a header is searched for when its columns cannot be found.
const USUAL: [char; 4] = [',', ';', '\t', '|'];

/// A canonical column or a dimension, and the source column that feeds it undescribed.
pub struct Target<'a> {
    name: &'a str,
    from: &'a str,
    kind: ColumnType,
    required: bool,
    default: Option<bool>,
}

/// The columns to be filled, in the order of the table.
///
/// # Errors
/// The description names another column, or a dimension repeats one.
pub fn targets<'a>(
    kind: SourceKind,
    dimensions: &'a Dimensions,
    source: &SourceConfig,
) -> Result<Vec<Target<'a>>, ExtractError> {
    let canonical = |column: &Column| Target {
        name: column.name,
        from: column.name,
        kind: column.kind,
        required: column.required,
        default: column.default,
    };
    let dimension = |(name, from)| Target {
        name,
        from,
        kind: ColumnType::Text,
        required: false,
        default: None,
    };
    let fixed = || kind.columns().iter();
    for (name, _) in kind.dimensions(dimensions) {
        if fixed().any(|column| column.name == name) || matches!(name, "delivery" | "line") {
            let problem = "repeats a column that every channel extract has";
            return Err(ExtractError::setting("dimensions", problem, name));
        }
    }
    let further = kind.dimensions(dimensions).map(dimension);
    let targets: Vec<Target<'a>> = fixed().map(canonical).chain(further).collect();
    let known = |name: &String| targets.iter().any(|target| target.name == name);
    match source.columns.keys().find(|name| !known(name)) {
        None => Ok(targets),
        Some(column) => Err(ExtractError::ColumnNotCanonical {
            kind: kind.as_str(),
            column: column.clone(),
            nearest: nearest(column, targets.iter().map(|t| t.name)).map(str::to_owned),
        }),
    }
}

/// The names of the source columns that may be read, for formats whose rows leave
/// fields out.
pub fn wanted<'a>(targets: &[Target<'a>], source: &'a SourceConfig) -> Vec<&'a str> {
    let name = |target: &Target<'a>| match source.columns.get(target.name) {
        None => Some(target.from),
        Some(ColumnConfig::From(Selector::Name(name))) => Some(name.as_str()),
        Some(ColumnConfig::From(Selector::Number(_))) => None,
        Some(ColumnConfig::Table(table)) => match &table.from {
            Some(Selector::Name(name)) => Some(name.as_str()),
            Some(Selector::Number(_)) => None,
            None if table.sql.is_none() && table.value.is_none() => Some(target.name),
            None => None,
        },
    };
    let mut names: Vec<&str> = targets.iter().filter_map(name).collect();
    names.sort_unstable();
    names.dedup();
    names
}

enum Origin {
    /// Nowhere: the nulls of a whole chunk.
    Absent(ArrayRef),
    Field(usize),
    Constant(String),
    Expression(Box<dyn Expression>),
}

struct Mapped {
    origin: Origin,
    converter: Converter,
    kind: DataType,
}

/// A file's columns, settled.
pub struct Mapping {
    columns: Vec<Mapped>,
    texts: Option<TextColumns>,
}

impl Mapping {
    /// Types a chunk: an array for each canonical column. Rows that fail are noted, and
    /// are still in the arrays.
    ///
    /// # Errors
    /// Arrow refuses the batch for the expressions.
    pub fn convert(
        &mut self,
        chunk: &Chunk,
        failures: &mut Failures,
    ) -> Result<Vec<ArrayRef>, arrow::error::ArrowError> {
        failures.reset(chunk.rows());
        let batch = self.texts.as_ref().map(|texts| texts.batch(chunk));
        let batch = batch.transpose()?;
        let columns = self.columns.iter_mut();
        Ok(columns.map(|column| column.convert(chunk, batch.as_ref(), failures)).collect())
    }
}

impl Mapped {
    fn convert(
        &mut self,
        chunk: &Chunk,
        batch: Option<&RecordBatch>,
        failures: &mut Failures,
    ) -> ArrayRef {
        let converter = &mut self.converter;
        match (&self.origin, batch) {
            (Origin::Field(place), _) => converter.convert(chunk, *place, failures),
            (Origin::Constant(text), _) => {
                let texts = Chunk::of(std::iter::repeat_n(text.as_str(), chunk.rows()));
                converter.convert(&texts, 0, failures)
            }
            (Origin::Expression(expression), Some(batch)) => {
                let texts = evaluate(expression.as_ref(), batch, converter.column, failures);
                let texts = Chunk::of(texts.iter().map(Option::unwrap_or_default));
                converter.convert(&texts, 0, failures)
            }
            (Origin::Absent(nulls), _) => nulls.slice(0, chunk.rows()),
            (Origin::Expression(_), None) => new_null_array(&self.kind, chunk.rows()),
        }
    }
}

/// Settles the targets against an open file.
pub struct Resolver<'a> {
    /// The file's name, for messages.
    pub file: &'a str,
    /// The source's description.
    pub source: &'a SourceConfig,
    /// Today, which bounds dates.
    pub today: NaiveDate,
    /// Compiles expressions.
    pub compile: Compile<'a>,
}

impl Resolver<'_> {
    /// Settles every target, and tells the reader which columns are needed.
    ///
    /// # Errors
    /// A source column is not in the file, an option has a bad value, an expression does
    /// not compile.
    pub fn resolve(
        &self,
        targets: &[Target<'_>],
        reader: &mut dyn Reader,
    ) -> Result<Mapping, ExtractError> {
        let texts = TextColumns::new(&reader.columns()[..reader.present()], &self.source.nulls);
        let column = |(place, target)| self.column(place, target, &*reader, &texts);
        let columns: Result<Vec<Mapped>, _> = targets.iter().enumerate().map(column).collect();
        let columns = columns?;
        let sql = |column: &Mapped| matches!(column.origin, Origin::Expression(_));
        let any_sql = columns.iter().any(sql);
        let mut needed = vec![any_sql; reader.columns().len()];
        for column in &columns {
            if let Origin::Field(place) = column.origin {
                needed[place] = true;
            }
        }
        reader.pick(&needed)?;
        let texts = any_sql.then_some(texts);
        Ok(Mapping { columns, texts })
    }

    fn column(
        &self,
        place: usize,
        target: &Target<'_>,
        reader: &dyn Reader,
        texts: &TextColumns,
    ) -> Result<Mapped, ExtractError> {
        let plain = ColumnTable::default();
        let (origin, table) = match self.source.columns.get(target.name) {
            None => (self.by_name(target, reader)?, &plain),
            Some(ColumnConfig::From(from)) => (self.named(target, from, reader)?, &plain),
            Some(ColumnConfig::Table(table)) => {
                (self.described(target, table, reader, texts)?, table.as_ref())
            }
        };
        Ok(Mapped {
            origin,
            converter: self.converter(place, target, table, reader.is_typed())?,
            kind: target.kind.arrow(),
        })
    }

    fn described(
        &self,
        target: &Target<'_>,
        table: &ColumnTable,
        reader: &dyn Reader,
        texts: &TextColumns,
    ) -> Result<Origin, ExtractError> {
        let same = Selector::Name(target.name.to_owned());
        match (&table.from, &table.sql, &table.value) {
            (None, None, None) => self.named(target, &same, reader),
            (Some(from), None, None) => self.named(target, from, reader),
            (None, None, Some(value)) => Ok(Origin::Constant(value.to_string())),
            (None, Some(sql), None) => (self.compile)(sql, texts.schema())
                .map(Origin::Expression)
                .map_err(|problem| ExtractError::Sql {
                    file: self.file.to_owned(),
                    column: target.name.to_owned(),
                    problem,
                }),
            _ => Err(ExtractError::setting(
                "columns",
                "takes one of from, sql and value, and a column has several",
                target.name,
            )),
        }
    }

    /// A column that nobody describes: the source's of its name, or none if it need not be.
    fn by_name(&self, target: &Target<'_>, reader: &dyn Reader) -> Result<Origin, ExtractError> {
        let name = Selector::Name(target.from.to_owned());
        match self.find(target, &name, reader)? {
            Some(place) => Ok(Origin::Field(place)),
            None if target.required => Err(self.missing(target, &name, reader)),
            None if target.default.is_some() => Ok(Origin::Constant(String::new())),
            None => Ok(Origin::Absent(new_null_array(&target.kind.arrow(), ROWS))),
        }
    }

    fn named(
        &self,
        target: &Target<'_>,
        from: &Selector,
        reader: &dyn Reader,
    ) -> Result<Origin, ExtractError> {
        self.find(target, from, reader)?
            .map(Origin::Field)
            .ok_or_else(|| self.missing(target, from, reader))
    }

    fn find(
        &self,
        target: &Target<'_>,
        from: &Selector,
        reader: &dyn Reader,
    ) -> Result<Option<usize>, ExtractError> {
        // A required column that the first rows lack is missing even where rows leave fields out.
        let columns = match target.required {
            true => &reader.columns()[..reader.present()],
            false => reader.columns(),
        };
        let name = match from {
            Selector::Number(number) => {
                let place = number.checked_sub(1);
                return Ok(place.filter(|place| *place < reader.present()));
            }
            Selector::Name(name) => name,
        };
        let mut places = (0..columns.len()).filter(|place| columns[*place] == *name);
        let place = places.next();
        if places.next().is_some() {
            return Err(ExtractError::AmbiguousColumn {
                file: self.file.to_owned(),
                column: target.name.to_owned(),
                from: name.clone(),
            });
        }
        Ok(place)
    }

    fn missing(&self, target: &Target<'_>, from: &Selector, reader: &dyn Reader) -> ExtractError {
        let present = reader.columns()[..reader.present()].to_vec();
        let from = from.to_string();
        ExtractError::MissingColumn {
            hint: hint(target.name, &from, &present),
            file: self.file.to_owned(),
            column: target.name.to_owned(),
            from,
            present,
        }
    }
}

/// What may be wrong where a column is not found: the delimiter, the line ends, or a name.
fn hint(column: &str, from: &str, present: &[String]) -> Option<String> {
    if present.iter().any(|name| name.contains('\r')) {
        return Some("its lines end with carriage returns only: save it with line feeds".into());
    }
    if let [header] = present
        && let Some(delimiter) = USUAL.iter().find(|usual| header.contains(**usual))
    {
        return Some(format!(
            "the header looks delimited: say delimiter = {:?}",
            delimiter.to_string()
        ));
    }
    let near = nearest(from, present.iter().map(String::as_str))?;
    Some(format!("perhaps {near} is meant: say columns = {{ {column} = {near:?} }}"))
}

#[cfg(test)]
mod tests;
