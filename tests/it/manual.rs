//! What tells a user how: the manual, completions, the schema, `describe`, and the README's links.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::context::{TestContext, checkout, files_below, records};

fn verbs(context: &TestContext) -> BTreeSet<String> {
    let help = context.ok(&["--help"]).stdout;
    let commands = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let names = commands.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn there_is_a_page_for_the_program_and_for_each_verb() {
    let context = TestContext::bare();
    let page = context.ok(&["man"]).stdout;
    context.ok(&["man", "--out", "man1"]);
    assert_eq!(std::fs::read_to_string(context.path("man1/churnhouse.1")).unwrap(), page);
    let verbs = verbs(&context);
    assert!(verbs.contains("report") && verbs.contains("man"), "{verbs:?}");
    let pages = files_below(&context.path("man1"));
    let wanted = verbs.iter().map(|verb| format!("churnhouse-{verb}.1"));
    assert_eq!(
        pages.into_iter().collect::<BTreeSet<_>>(),
        wanted.chain(["churnhouse.1".into()]).collect()
    );
    for verb in &verbs {
        assert!(page.contains(&format!("churnhouse\\-{verb}(1)")), "{verb}");
        let script = context.ok(&["completions", "bash"]).stdout;
        assert!(script.contains(&format!("churnhouse__subcmd__{verb}")), "{verb}");
    }
}

#[test]
fn init_writes_the_schema_and_refers_to_it() {
    let context = TestContext::bare();
    context.ok(&["init", "house"]);
    let schema = context.ok(&["schema"]).stdout;
    let written = std::fs::read_to_string(context.path("house/churnhouse.schema.json")).unwrap();
    assert_eq!(written, schema);
    let text = std::fs::read_to_string(context.path("house/churnhouse.toml")).unwrap();
    assert_eq!(text.lines().next(), Some("#:schema ./churnhouse.schema.json"));
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let months = &schema["definitions"]["Policy"]["properties"]["churned_after"];
    assert_eq!(months["description"], "Idle months from which a customer has lapsed, inclusive.");
    assert_eq!(months["default"], 3);
}

#[test]
fn describe_and_the_readme_lead_to_each_definition() {
    let mut context = TestContext::new();
    context.config("[tables.market]\npath = \"market.csv\"\n");
    let readme = std::fs::read_to_string(checkout().join("README.md")).unwrap();
    let listed = context.ok(&["views", "--format", "csv"]).stdout;
    for view in records(&listed).split_off(1).into_iter().map(|row| row[0].clone()) {
        let file = format!("sql/views/{view}.sql");
        assert!(readme.contains(&format!("[`{view}`]({file})")), "README links no {view}");
        let described = context.ok(&["describe", &view]).stdout;
        let ends = format!("File: {file}\nTerms: README.md#how-a-number-is-defined\n");
        assert!(described.ends_with(&ends), "{described}");
    }
    assert!(readme.contains("\n## How a number is defined\n"));
    let links = readme.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    for link in links.filter(|link| link.starts_with("sql/")) {
        assert!(checkout().join(link).exists(), "{link}");
    }
}
