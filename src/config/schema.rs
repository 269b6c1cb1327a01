//! The configuration's JSON schema (draft 7, which editors of TOML read), made from the structs that parse it:
//! their keys, their types, and their sentences as descriptions.

use schemars::r#gen::SchemaSettings;

use super::Config;

/// The schema as a text.
pub fn schema() -> String {
    let mut schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<Config>();
    schema.schema.metadata().title = Some("churnhouse.toml".into());
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// The keys of a document that the schema has no place for.
    fn unknown(root: &Value, schema: &Value, value: &Value, path: &str) -> Vec<String> {
        let schemas = alternatives(root, schema);
        match value {
            Value::Object(table) => {
                table.iter().flat_map(|(key, inner)| {
                    let path = format!("{path}.{key}");
                    let found: Vec<&Value> =
                        schemas.iter().filter_map(|schema| member(schema, key)).collect();
                    match found.as_slice() {
                        [] => vec![path],
                        [schema, ..] => unknown(root, schema, inner, &path),
                    }
                })
            }
            .collect(),
            Value::Array(items) => {
                let item = schemas.iter().find_map(|schema| schema.get("items"));
                let item = item.unwrap_or(&Value::Null);
                items.iter().flat_map(|value| unknown(root, item, value, path)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// A schema with its references followed, each alternative by itself.
    fn alternatives<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
        let followed = schema["$ref"].as_str().map(|name| &root["definitions"][&name[14..]]);
        let combined =
            ["anyOf", "allOf", "oneOf"].iter().filter_map(|name| schema[name].as_array());
        let deeper = followed.into_iter().chain(combined.flatten());
        let mut all: Vec<&Value> = deeper.flat_map(|schema| alternatives(root, schema)).collect();
        all.push(schema);
        all
    }

    fn member<'a>(schema: &'a Value, key: &str) -> Option<&'a Value> {
        let open = schema.get("additionalProperties").filter(|inner| inner.is_object());
        schema["properties"].get(key).or(open)
    }

    fn of(text: &str) -> Vec<String> {
        let root: Value = serde_json::from_str(&schema()).unwrap();
        let document: toml::Table = toml::from_str(text).unwrap();
        unknown(&root, &root, &serde_json::to_value(document).unwrap(), "")
    }

    #[test]
    fn every_key_that_is_written_down_is_in_it() {
        for text in [
            include_str!("../commands/init.toml"),
            include_str!("../../sample_data/telecom/churnhouse.toml"),
            include_str!("../../sample_data/garage/churnhouse.toml"),
        ] {
            let all: String = text.lines().map(|line| shown(line) + "\n").collect();
            assert_eq!(of(&all), Vec::<String>::new());
        }
        assert_eq!(
            of("[policy]\nchurn_after = 3\n[tables.a]\npth = \"b\""),
            [".policy.churn_after", ".tables.a.pth"]
        );
    }

    /// A line of the template with the key that it shows commented out; other comments are left as they are.
    fn shown(line: &str) -> String {
        let inner = line.strip_prefix("# ").unwrap_or(line);
        let key = inner.split(" = ").next().unwrap_or_default();
        let is_key = inner.contains(" = ") && !key.contains(' ');
        let is_table = inner.starts_with('[');
        if is_key || is_table { inner.to_owned() } else { line.to_owned() }
    }

    #[test]
    fn unknown_keys_are_refused_and_every_key_is_described() {
        let root: Value = serde_json::from_str(&schema()).unwrap();
        let definitions = root["definitions"].as_object().unwrap();
        for (name, schema) in definitions.iter().chain([(&"the whole".to_owned(), &root)]) {
            let Some(keys) = schema["properties"].as_object() else { continue };
            assert_eq!(schema["additionalProperties"], false, "{name}");
            for (key, inner) in keys {
                assert!(inner["description"].is_string(), "{name}.{key} is not described");
            }
        }
        assert!(definitions.len() > 10);
    }
}
