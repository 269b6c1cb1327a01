//! Data files as the log has them: the actions that add and remove them, and their statistics.

use std::collections::HashMap;

use deltalake_core::kernel::{Add, Remove};

use super::DataFile;

fn partition_values(file: &DataFile) -> HashMap<String, Option<String>> {
    file.month
        .map(|month| ("month".to_owned(), Some(month.first_day().to_string())))
        .into_iter()
        .collect()
}

/// What adds a file.
pub fn add_action(file: &DataFile) -> Add {
    Add {
        path: file.path.clone(),
        partition_values: partition_values(file),
        size: file.size as i64,
        modification_time: chrono::Utc::now().timestamp_millis(),
        data_change: true,
        stats: Some(stats_of(file)),
        ..Add::default()
    }
}

/// What removes a file.
pub fn remove_action(file: &DataFile) -> Remove {
    Remove {
        path: file.path.clone(),
        data_change: true,
        deletion_timestamp: Some(chrono::Utc::now().timestamp_millis()),
        extended_file_metadata: Some(true),
        partition_values: Some(partition_values(file)),
        size: Some(file.size as i64),
        ..Remove::default()
    }
}

/// The column that stands for a row's id in a file's statistics, whichever table it is.
const ID_COLUMNS: [&str; 3] = ["line_id", "event_id", "call_id"];

fn stats_of(file: &DataFile) -> String {
    let mut stats = serde_json::json!({ "numRecords": file.rows });
    if let (Some((least, greatest)), Some(column)) = (&file.ids, id_column_of(&file.path)) {
        stats["minValues"] = serde_json::json!({ column: least });
        stats["maxValues"] = serde_json::json!({ column: greatest });
    }
    stats.to_string()
}

/// The file names of landed rows begin with the source's letter: `b`, `c`, `h`.
fn id_column_of(path: &str) -> Option<&'static str> {
    match path.rsplit('/').next()?.as_bytes().first()? {
        b'b' => Some(ID_COLUMNS[0]),
        b'c' => Some(ID_COLUMNS[1]),
        b'h' => Some(ID_COLUMNS[2]),
        _ => None,
    }
}

/// The least and greatest id, from a file's statistics.
pub fn ids_of(stats: &str) -> Option<(String, String)> {
    let stats: serde_json::Value = serde_json::from_str(stats).ok()?;
    let bound = |side: &str| {
        let values = stats.get(side)?;
        ID_COLUMNS.iter().find_map(|column| values.get(column)?.as_str().map(str::to_owned))
    };
    Some((bound("minValues")?, bound("maxValues")?))
}
