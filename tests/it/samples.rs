//! The committed samples, as the README runs them, and that they are what `generate` makes.

use std::io::Read;
use std::path::{Path, PathBuf};

use calamine::{Reader, open_workbook_auto};

use crate::context::{TestContext, checkout, copy_folder, files_below};

fn committed(name: &str) -> PathBuf {
    checkout().join("sample_data").join(name)
}

/// What a user's own run leaves beside the extracts.
fn extracts_below(folder: &Path) -> Vec<String> {
    let own = |name: &String| !name.starts_with("warehouse") && !name.starts_with("exports");
    files_below(folder).into_iter().filter(own).collect()
}

fn copy(name: &str) -> TestContext {
    let context = TestContext::bare();
    copy_folder(&committed(name), &context.path(""));
    let _ = std::fs::remove_dir_all(context.path("warehouse"));
    let _ = std::fs::remove_dir_all(context.path("exports"));
    context
}

const MONTHS: &str = "select count(*) from closes";
const LANDED: &str = "select count(*) from landings";

#[test]
fn telecom_runs_with_a_few_rows_rejected() {
    let context = copy("telecom");
    context.run(&["run"]).says(3, &["rejected"]);
    assert_eq!(context.value(MONTHS), "24");
    let landed = context.value(LANDED);
    let rejected: i64 = context.value("select count(*) from rejected").parse().unwrap();
    assert!((5..100).contains(&rejected), "{rejected}");
    let reasons = context.csv(
        "select source, file, line, \"column\", reason from rejected order by source, file, line",
    );
    insta::assert_snapshot!(reasons, @r#"
    source,file,line,column,reason
    billing,billing/billing_202303.csv.gz,122,amount,not an amount: 3O.00
    billing,billing/billing_202305.csv.gz,66,billed_on,not a date: 202313
    billing,billing/billing_202308.csv.gz,803,customer_id,is missing
    billing,billing/billing_202311.csv.gz,335,,has 5 fields where 6 are expected
    billing,billing/billing_202402.csv.gz,514,,bytes that are not of the encoding gbk
    billing,billing/billing_202409.csv.gz,1002,amount,is missing
    channel,channel/channel_202304.csv,13,occurred_at,not a timestamp: 2023/02/30 10:00:00
    channel,channel/channel_202309.csv,7,customer_id,is missing
    channel,channel/channel_202404.csv,22,,has 11 fields where 12 are expected
    hotline,hotline/hotline_2023Q2.xlsx,32,satisfaction,not from 1 to 5: 9
    hotline,hotline/hotline_2024Q1.xlsx,14,customer_id,is missing
    "#);
    assert!(context.path("exports/monthly/2024-12/manifest.json").exists());
    context.ok(&["check"]);

    let before = context.everything();
    context.ok(&["run"]);
    assert_eq!(context.value(LANDED), landed, "the second run lands nothing");
    assert_eq!(context.everything(), before);
}

/// The restatement in the sample took the place of the file before it, not its side.
#[test]
fn telecom_s_restated_month_counts_once() {
    let context = copy("telecom");
    context.run(&["run"]).says(3, &[]);
    let keys = "select count(*) from landings where key like '202406%'";
    assert_eq!(context.value(keys), "1", "of two files with one key the last is read");
    let ratio = "select max(closing * 1.0 / opening) < 1.5 and min(closing * 1.0 / opening) > 0.7
                 from churn_rate where dimension = 'total' and opening > 0";
    assert_eq!(context.value(ratio), "true", "no month loses or doubles its customers");
}

/// What README shows of the sample is what the program prints, so that nobody reads of what is not so.
#[test]
fn readme_shows_what_the_program_prints() {
    let context = copy("telecom");
    context.run(&["run"]).says(3, &[]);
    let readme = std::fs::read_to_string(checkout().join("README.md")).unwrap();
    let shown = shown_in(&readme);
    assert!(shown.len() >= 10, "README shows {} commands", shown.len());
    for (command, output) in shown {
        let program = "churnhouse() { \"$CHURNHOUSE\" \"$@\"; }";
        let ran = std::process::Command::new("bash")
            .args(["-c", &format!("{program}\n{command}")])
            .env("CHURNHOUSE", env!("CARGO_BIN_EXE_churnhouse"))
            .current_dir(context.path(""))
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(ran.stdout).unwrap(), output, "of README's\n$ {command}");
    }
}

/// README's session in the shell, typed again line by line in a terminal of as many lines.
#[test]
fn readme_shows_what_the_shell_shows() {
    const BEGIN: &str = "```text\n$ churnhouse sql\n";
    const PROMPTS: [&str; 2] = ["churnhouse> ", "       ...> "];
    let context = copy("telecom");
    context.run(&["run"]).says(3, &[]);
    let readme = std::fs::read_to_string(checkout().join("README.md")).unwrap();
    let session = readme.split(BEGIN).nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let session = session.strip_suffix("churnhouse> \\q\n").unwrap();
    let terminal = crate::terminal::Terminal::of_lines(18, &context, &["sql"]);
    for line in session.lines() {
        let Some(typed) = PROMPTS.iter().find_map(|prompt| line.strip_prefix(prompt)) else {
            continue;
        };
        terminal.prompts();
        terminal.enters(typed);
    }
    terminal.prompts();
    assert_eq!(terminal.whole(), format!("{session}churnhouse>"));
}

/// The commands in README's sessions, each with what it prints. A command goes on where a line is indented.
fn shown_in(readme: &str) -> Vec<(String, String)> {
    let sessions = readme.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut shown: Vec<(String, String)> = Vec::new();
    for line in sessions.flat_map(str::lines) {
        match (line.strip_prefix("$ "), shown.last_mut()) {
            (Some(command), _) => shown.push((command.to_owned(), String::new())),
            (None, Some((command, output))) if output.is_empty() && line.starts_with("    ") => {
                command.push_str(&format!("\n{line}"));
            }
            (None, Some((_, output))) => output.push_str(&format!("{line}\n")),
            (None, None) => panic!("README's sessions begin with a command: {line}"),
        }
    }
    shown.retain(|(command, _)| command.starts_with("churnhouse "));
    shown
}

#[test]
fn garage_runs_too() {
    let context = copy("garage");
    let first = context.run(&["run"]);
    assert!(matches!(first.status, 0 | 3), "{first:?}");
    assert_eq!(context.value(MONTHS), "36");
    context.ok(&["check"]);
    let (landed, before) = (context.value(LANDED), context.everything());
    context.ok(&["run"]);
    assert_eq!((context.value(LANDED), context.everything()), (landed, before));
}

#[test]
fn telecom_is_what_generate_makes() {
    is_generated("telecom");
}

#[test]
fn garage_is_what_generate_makes() {
    is_generated("garage");
}

fn is_generated(name: &str) {
    let context = TestContext::bare();
    context.ok(&["generate", "--sample", name, "--out", "made"]);
    let (made, committed) = (context.path("made"), committed(name));
    let files = extracts_below(&made);
    assert_eq!(extracts_below(&committed), files);
    for file in files {
        let same = content(&made.join(&file)) == content(&committed.join(&file));
        assert!(same, "{name}/{file} is not what `churnhouse generate --sample {name}` writes");
    }
}

/// What a file says: unpacked, a workbook by its cells, since packing may change with a library's version.
fn content(path: &Path) -> Vec<u8> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("gz") => {
            let mut text = Vec::new();
            flate2::read::MultiGzDecoder::new(std::fs::File::open(path).unwrap())
                .read_to_end(&mut text)
                .unwrap();
            text
        }
        Some("xlsx") => cells(path).into_bytes(),
        _ => std::fs::read(path).unwrap(),
    }
}

fn cells(path: &Path) -> String {
    let mut book = open_workbook_auto(path).unwrap();
    let sheets = book.worksheets();
    let row = |row: &[calamine::Data]| format!("{row:?}\n");
    sheets
        .iter()
        .map(|(name, range)| format!("{name}\n{}", range.rows().map(row).collect::<String>()))
        .collect()
}

#[test]
fn init_writes_a_configuration_that_the_program_reads() {
    let context = TestContext::bare();
    context.ok(&["init", "house"]);
    let text = std::fs::read_to_string(context.path("house/churnhouse.toml")).unwrap();
    assert!(text.contains("[warehouse]") && text.contains('#'), "{text}");
    let config = ["--config", "house/churnhouse.toml"];
    let said = context.run(&[&config[..], &["run"]].concat());
    said.says(1, &["matches no file"]);
    context.file("house/billing/2024-01.csv", "customer_id,billed_on,amount\na,2024-01-05,10.00\n");
    context.ok(&[&config[..], &["views"]].concat());
    assert_ne!(context.run(&["init", "house"]).status, 0, "it overwrites nothing");
    assert_eq!(std::fs::read_to_string(context.path("house/churnhouse.toml")).unwrap(), text);
}
