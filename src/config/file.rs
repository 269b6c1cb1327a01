//! Reading the configuration: the file first, for errors with their line, then the environment over it.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Config, ConfigError, nearest};

/// Variables like `CHURNHOUSE_WAREHOUSE__URL` override the key `warehouse.url`.
const PREFIX: &str = "CHURNHOUSE_";

/// Reads `path`, lays the environment's variables over it, and checks the result.
///
/// # Errors
/// The file is missing, unreadable or does not fit; a variable does not fit; a value makes no sense.
pub fn load(
    path: &Path,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<Config, ConfigError> {
    let text = read(path)?;
    let mut config: Config = toml::from_str(&text).map_err(|error| invalid(path, &text, &error))?;
    let mut table: toml::Table =
        toml::from_str(&text).map_err(|error| invalid(path, &text, &error))?;
    for (name, value) in
        environment.filter(|(name, _)| name.starts_with(PREFIX) && name.contains("__"))
    {
        lay_over(&mut table, &name, &value)?;
        config = table.clone().try_into().map_err(|error: toml::de::Error| {
            ConfigError::Environment { name: name.clone(), message: error.message().to_owned() }
        })?;
    }
    for (name, line) in lines_of_tables(&text) {
        if let Some(table) = config.tables.get_mut(&name) {
            table.place = format!("{}:{line}: ", path.display());
        }
    }
    config.base = path.parent().map(Path::to_path_buf).unwrap_or_default();
    config.check()?;
    Ok(config)
}

/// The lines that name the files of reference tables.
fn lines_of_tables(text: &str) -> BTreeMap<String, usize> {
    #[derive(Default, serde::Deserialize)]
    #[serde(default)]
    struct Placed {
        tables: BTreeMap<String, PlacedTable>,
    }
    #[derive(serde::Deserialize)]
    struct PlacedTable {
        path: toml::Spanned<String>,
    }
    let placed: Placed = toml::from_str(text).unwrap_or_default();
    let line = |at: usize| 1 + text[..at.min(text.len())].matches('\n').count();
    placed.tables.into_iter().map(|(name, table)| (name, line(table.path.span().start))).collect()
}

fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => ConfigError::Missing(path.to_owned()),
        _ => ConfigError::Unreadable { path: path.to_owned(), source },
    })
}

fn lay_over(table: &mut toml::Table, name: &str, text: &str) -> Result<(), ConfigError> {
    let refuse = |message: &str| ConfigError::Environment {
        name: name.to_owned(),
        message: message.to_owned(),
    };
    let key = name[PREFIX.len()..].to_lowercase();
    let mut steps: Vec<&str> = key.split("__").collect();
    let last = steps.pop().ok_or_else(|| refuse("names no key"))?;
    let mut inner = table;
    for step in steps {
        let entry = inner.entry(step).or_insert_with(|| toml::Table::new().into());
        inner = entry.as_table_mut().ok_or_else(|| refuse("goes below a key that is no table"))?;
    }
    inner.insert(last.to_owned(), value_of(text));
    Ok(())
}

/// A TOML value where the text is one, else the text itself.
fn value_of(text: &str) -> toml::Value {
    let parsed: Result<toml::Table, _> = toml::from_str(&format!("value = {text}"));
    parsed.ok().and_then(|mut table| table.remove("value")).unwrap_or_else(|| text.into())
}

fn invalid(path: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
    let line = match error.span() {
        Some(span) => format!(":{}", 1 + text[..span.start.min(text.len())].matches('\n').count()),
        None => String::new(),
    };
    let message = error.message().replace('\n', " ");
    let hint = nearest_of(&message);
    ConfigError::Invalid { path: path.to_owned(), line, message, hint }
}

/// The nearest of the words that a message like "unknown field `a`, expected one of `b`, `c`" lists.
fn nearest_of(message: &str) -> Option<String> {
    let words: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let (wrong, known) = words.split_first()?;
    if !message.starts_with("unknown") {
        return None;
    }
    nearest(wrong, known.iter().copied()).map(|near| format!("did you mean `{near}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load_text(text: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("churnhouse.toml");
        std::fs::write(&path, text).unwrap();
        load(
            &path,
            environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        )
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_the_nearest_right_one() {
        let error = load_text("[policy]\n\nchurn_after = 3\n", &[]).unwrap_err();
        assert!(
            error.to_string().contains("churnhouse.toml:3: unknown field `churn_after`"),
            "{error}"
        );
        assert_eq!(error.hint().unwrap(), "did you mean `churned_after`?");
    }

    #[test]
    fn the_environment_overrides_the_file() {
        let environment =
            [("CHURNHOUSE_POLICY__CHURNED_AFTER", "6"), ("CHURNHOUSE_WAREHOUSE__URL", "s3://b/p")];
        let config = load_text("[policy]\nchurned_after = 4\n", &environment).unwrap();
        assert_eq!(config.policy.churned_after, 6);
        assert_eq!(config.warehouse.url, "s3://b/p");
    }

    #[test]
    fn a_bad_variable_is_named() {
        let error = load_text("", &[("CHURNHOUSE_POLICY__CHURNED_AFTER", "soon")]).unwrap_err();
        assert!(
            error.to_string().starts_with("environment variable CHURNHOUSE_POLICY__CHURNED_AFTER"),
            "{error}"
        );
    }
}
