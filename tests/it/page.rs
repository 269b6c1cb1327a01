//! The manager's page: its numbers are the views', its commands run, nothing of the data gets out of its place,
//! and a real browser shows it whole, in light and dark, wide and narrow, in both languages.

mod browser;
mod numbers;

use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use crate::context::{TODAY, TestContext, checkout, copy_folder};

/// The sample of the operator, run once for all tests; they only read it.
pub static TELECOM: LazyLock<TestContext> = LazyLock::new(|| {
    let context = TestContext::bare();
    copy_folder(&checkout().join("sample_data/telecom"), &context.path(""));
    let _ = std::fs::remove_dir_all(context.path("warehouse"));
    context.run(&["run", "--today", TODAY]).says(3, &[]);
    context
});

/// The page of the sample's last month in a language.
fn telecom(language: &str) -> String {
    written(&TELECOM, language, &[])
}

fn written(context: &TestContext, language: &str, arguments: &[&str]) -> String {
    let mut command = context.command(&[&["report", "page"], arguments].concat());
    let ended = command.env("CHURNHOUSE_REPORT__LANGUAGE", language).output().unwrap();
    crate::context::output(&ended).says(0, &[]).stdout
}

/// Two months, a customer lost in none of them, and a region that is no region.
fn small() -> TestContext {
    let context = TestContext::with("[close]\nfirst_month = \"2024-01\"\n");
    context.bills("billing/1.csv", ["a,2024-01-05,10.00", "b,2024-01-05,20.00"].map(str::to_owned));
    context.bills("billing/2.csv", ["a,2024-02-05,10.00", "b,2024-02-05,20.00"].map(str::to_owned));
    context.file(
        "channel/1.csv",
        "event_id,customer_id,occurred_at,event,region\n1,a,2024-01-01 08:00:00,activate,<script>alert(1)</script>&\"'\n",
    );
    context
}

#[test]
fn what_comes_from_data_stays_text() {
    let context = small();
    context.run_all();
    let page = written(&context, "en", &[]);
    assert!(!page.contains("<script"), "no script of anybody");
    assert!(page.contains("&lt;script&gt;alert(1)"), "the region is there as text");
}

#[test]
fn what_there_is_nothing_of_is_told_in_words() {
    let context = small();
    context.run_all();
    let page = written(&context, "en", &[]);
    for told in [
        "Nobody was lost in this month.",
        "A line needs two months with customers at their beginning",
        "There are no hotline calls in this month.",
        "No file of these months was sent again.",
        "nothing to compare with in February 2023",
    ] {
        assert!(page.contains(told), "{told}");
    }
    let first = written(&context, "zh", &["--month", "2024-01"]);
    for told in ["2023年12月无可比数据", "月初没有客户。", "本月没有客户流失。"]
    {
        assert!(first.contains(told), "{told}");
    }
}

#[test]
fn a_file_that_is_sent_again_is_told() {
    let context = small();
    context.run_all();
    context.bills(
        "billing/2.csv",
        ["a,2024-02-05,10.00", "b,2024-02-05,25.00", "c,2024-02-05,1.00"].map(str::to_owned),
    );
    context.run_all();
    let page = written(&context, "en", &[]);
    let rows = numbers::table(&page, "restated").rows;
    let raw: Vec<&str> = rows[0].iter().map(|(raw, _)| raw.as_str()).collect();
    assert_eq!(raw, ["billing", "2.csv", "2024-02-01", "2024-02-01", "2", "3"]);
    assert_eq!(rows.len(), 1);
}

#[test]
fn every_command_on_the_page_runs() {
    static COMMAND: LazyLock<Regex> =
        LazyLock::new(|| Regex::new("(?s)<p class=\"ask\">.*?<code>(.*?)</code>").unwrap());
    static TAG: LazyLock<Regex> = LazyLock::new(|| Regex::new("<[^>]*>").unwrap());
    let page = telecom("en");
    let commands: Vec<String> = COMMAND
        .captures_iter(&page)
        .map(|found| numbers::text(&TAG.replace_all(&found[1], "")))
        .collect();
    assert_eq!(commands.len(), 17);
    for command in commands {
        let command = command.trim().strip_prefix("churnhouse ").expect("it is ours").to_owned();
        let (words, quoted) = command.split_once('"').unwrap_or((&command, ""));
        let quoted = Some(quoted.trim_end_matches('"')).filter(|text| !text.is_empty());
        let arguments: Vec<&str> = words.split_whitespace().chain(quoted).collect();
        let output = TELECOM.run(&arguments);
        assert_eq!(output.status, 0, "{command}: {}", output.stderr);
    }
}

#[test]
fn the_page_goes_where_it_is_asked_to_and_nowhere_else() {
    let context = small();
    context.run_all();
    context.ok(&["report", "page", "-o", "page.html"]);
    let file = std::fs::read_to_string(context.path("page.html")).unwrap();
    assert!(file == context.ok(&["report", "page", "--format", "html"]).stdout);
    assert!(file == context.ok(&["report", "page", "--month", "2024-02"]).stdout);
    context.run(&["report", "page", "-o", "page.csv"]).says(1, &["written as html only"]);
    context.run(&["report", "page", "--format", "json"]).says(1, &["written as html only"]);
    context
        .run(&["report", "page", "--dimension", "region"])
        .says(1, &["the page can't be filtered by --dimension", "it takes: --month"]);
    context.run(&["report", "page", "--month", "2024-07"]).says(1, &["2024-07 is not closed"]);
    assert!(!context.path("page.csv").exists());
}

#[test]
fn an_unknown_language_is_refused_with_those_that_are_known() {
    let mut context = small();
    context.config("[report]\nlanguage = \"fr\"\n");
    context.run(&["status"]).says(1, &["churnhouse.toml:", "unknown variant `fr`", "`en` or `zh`"]);
}

#[test]
fn a_view_of_the_user_s_with_the_page_s_name_replaces_it() {
    let context = small();
    context.file("sql/views/page.sql", "-- page: mine.\nselect 1 as one");
    context.run_all();
    assert_eq!(context.ok(&["report", "page", "--format", "csv"]).stdout, "one\n1\n");
}

#[test]
fn a_view_that_lacks_what_a_figure_asks_is_named() {
    let context = small();
    context.run_all();
    context
        .file("sql/views/churn_reasons.sql", "-- churn_reasons: mine.\nselect month from movement");
    context
        .run(&["report", "page"])
        .says(1, &["the page's figure reasons", "no column of this name: customers"]);
}

const EXPORT: &str = "[close]\nfirst_month = \"2024-01\"\n[[exports]]\nname = \"board\"\nviews = [\"churn_rate\", \"page\"]\nformats = [\"csv\", \"html\"]\n";

#[test]
fn an_export_holds_the_page_beside_the_views_files() {
    let mut context = small();
    context.config(EXPORT);
    context.run_all();
    let folder = context.path("exports/board/2024-02");
    let names = ["churn_rate.csv", "churn_rate.html", "manifest.json", "page.html"];
    assert_eq!(crate::context::files_below(&folder), names);
    let page = |folder: &Path| std::fs::read_to_string(folder.join("page.html")).unwrap();
    let english = page(&folder);
    assert!(english == context.ok(&["report", "page", "--month", "2024-02"]).stdout);
    assert!(context.ok(&["-v", "export"]).stderr.contains("is exported already"));

    context.config(&format!("{EXPORT}[report]\nlanguage = \"zh\"\n"));
    context.ok(&["export"]);
    assert!(page(&folder).contains("lang=\"zh-CN\""), "another language is another page");
    context.config(EXPORT);
    context.ok(&["export"]);
    assert!(page(&folder) == english, "the same close gives the same bytes");

    context.config(&EXPORT.replace(", \"html\"", ""));
    context.run(&["export"]).says(1, &["exports.board.formats", "html only", "add \"html\""]);
}
