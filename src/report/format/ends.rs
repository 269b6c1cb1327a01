//! The first and the last rows of a result as text, for a table on a terminal. The rows between are counted as
//! they pass, and neither kept nor turned into text.

use std::collections::VecDeque;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;

use super::error::FormatError;
use super::source::Source;
use super::table::printable;

/// The rows that are shown, and how many are not.
pub(super) struct Ends {
    /// The first ones, or all.
    pub first: Vec<Vec<String>>,
    /// The last ones.
    pub last: Vec<Vec<String>>,
    /// Rows between them.
    pub between: u64,
}

impl Ends {
    /// Reads all rows and keeps at most `limit` of them; without a limit, all.
    pub fn of(source: &mut Source, limit: Option<usize>) -> Result<Self, FormatError> {
        let Some(limit) = limit else {
            return Ok(Self { first: texts(source)?, last: Vec::new(), between: 0 });
        };
        let mut kept = Kept::default();
        for batch in source.by_ref() {
            kept.take(batch?, limit);
        }
        let rows = kept.rows;
        if rows <= limit {
            return Ok(Self { first: kept.texts(source, 0, rows)?, last: Vec::new(), between: 0 });
        }
        let (first, last) = (limit.div_ceil(2), limit / 2);
        Ok(Self {
            first: kept.texts(source, 0, first)?,
            last: kept.texts(source, rows - last, last)?,
            between: (rows - limit) as u64,
        })
    }
}

fn texts(source: &mut Source) -> Result<Vec<Vec<String>>, FormatError> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    source.each_row(|cells| {
        rows.push(cells.iter().map(|cell| printable(cell)).collect());
        Ok(())
    })?;
    Ok(rows)
}

/// Batches with the row that each begins with: those at either end of what has passed.
#[derive(Default)]
struct Kept {
    batches: VecDeque<(usize, RecordBatch)>,
    rows: usize,
}

impl Kept {
    fn take(&mut self, batch: RecordBatch, limit: usize) {
        let begin = self.rows;
        self.rows += batch.num_rows();
        self.batches.push_back((begin, batch));
        let needless = |begin: usize, batch: &RecordBatch| {
            begin >= limit && begin + batch.num_rows() + limit <= self.rows
        };
        self.batches.retain(|(begin, batch)| !needless(*begin, batch));
    }

    fn texts(
        &self,
        source: &Source,
        begin: usize,
        rows: usize,
    ) -> Result<Vec<Vec<String>>, FormatError> {
        let part = |(start, batch): &(usize, RecordBatch)| {
            let from = begin.clamp(*start, start + batch.num_rows());
            let to = (begin + rows).clamp(from, (start + batch.num_rows()).max(from));
            Ok::<_, ArrowError>(batch.slice(from - start, to - from))
        };
        let mut parts = self.batches.iter().map(part);
        texts(&mut Source::new(source.schema().clone(), &mut parts))
    }
}
