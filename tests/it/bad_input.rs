//! Files, settings and questions that are wrong, and what the program says to each: what, where, and what
//! to do. A file that is refused leaves nothing behind, and nothing closes while one is.

use insta::assert_snapshot;

use crate::context::TestContext;

const RUN: [&str; 3] = ["run", "--today", "2024-06-01"];
const HEADER: &str = "customer_id,billed_on,amount\n";

/// A folder with one good month, and this file beside it.
fn beside_a_good_month(file: &str, bytes: &[u8]) -> TestContext {
    let context = TestContext::new();
    context.bills("billing/2024-01.csv", ["a,2024-01-05,10.00".to_owned()]);
    context.bytes(file, bytes);
    context
}

/// The refused file is named with these words, the good one has landed, nothing is closed.
#[track_caller]
fn refused(context: &TestContext, words: &[&str]) -> String {
    let said = context.snapshot(&RUN);
    assert!(said.contains("status 1\n"), "{said}");
    words.iter().for_each(|word| assert!(said.contains(word), "{word:?} is not in:\n{said}"));
    assert_eq!(context.csv("select key from landings"), "key\n2024-01.csv\n");
    assert_eq!(context.value("select count(*) from closes"), "0");
    said
}

/// The command ends with status 1 and these words, whatever there is in the folder.
#[track_caller]
fn fails(context: &TestContext, arguments: &[&str], words: &[&str]) -> String {
    let said = context.snapshot(arguments);
    assert!(said.contains("status 1\n"), "{said}");
    words.iter().for_each(|word| assert!(said.contains(word), "{word:?} is not in:\n{said}"));
    said
}

#[test]
fn a_path_that_matches_nothing() {
    let context = TestContext::with("[extracts.billing]\npath = \"bills/*.csv\"\n");
    context.file("billing/2024-01.csv", HEADER);
    let words = ["extracts.billing.path matches no file: bills/*.csv", "hint:"];
    assert_snapshot!(fails(&context, &RUN, &words), @r#"
    $ churnhouse run --today 2024-06-01
    status 1
    --- stderr
    error: extracts.billing.path matches no file: bills/*.csv
    hint: paths start at the folder of churnhouse.toml; near it lies: billing
    "#);
}

#[test]
fn a_named_file_that_is_not_there() {
    let context = beside_a_good_month("billing/2024-02.csv", HEADER.as_bytes());
    let land = ["land", "billing", "billing/2024-03.csv"];
    assert_snapshot!(fails(&context, &land, &["no such file: billing/2024-03.csv"]), @r#"
    $ churnhouse land billing billing/2024-03.csv
    status 1
    --- stderr
    error: no such file: billing/2024-03.csv
    hint: name a file that exists
    "#);
}

#[test]
fn an_empty_file() {
    let context = beside_a_good_month("billing/2024-02.csv", b"");
    assert_snapshot!(refused(&context, &["the file is empty: billing/2024-02.csv"]), @r#"
    $ churnhouse run --today 2024-06-01
    status 1
    --- stderr
    landed billing/2024-01.csv: 1 rows, 2024-01
    error: the file is empty: billing/2024-02.csv
    landed 1 files, 1 rows; 0 files unchanged, 1 refused
    nothing was closed, since a file was refused
    "#);
}

#[test]
fn only_a_header() {
    let context = beside_a_good_month("billing/2024-02.csv", HEADER.as_bytes());
    assert_snapshot!(refused(&context, &["billing/2024-02.csv: holds no rows, only a header"]), @r#"
    $ churnhouse run --today 2024-06-01
    status 1
    --- stderr
    landed billing/2024-01.csv: 1 rows, 2024-01
    error: billing/2024-02.csv: holds no rows, only a header
    hint: ask the source system for the rows; nothing of it has landed
    landed 1 files, 1 rows; 0 files unchanged, 1 refused
    nothing was closed, since a file was refused
    "#);
}

#[test]
fn another_delimiter() {
    let text = b"customer_id;billed_on;amount\na;2024-02-05;10.00\n";
    let context = beside_a_good_month("billing/2024-02.csv", text);
    assert_snapshot!(refused(&context, &["billing/2024-02.csv", "customer_id", "delimiter"]), @r#"
    $ churnhouse run --today 2024-06-01
    status 1
    --- stderr
    landed billing/2024-01.csv: 1 rows, 2024-01
    error: billing/2024-02.csv has no column customer_id to make customer_id from, only: customer_id;billed_on;amount
    hint: the header looks delimited: say delimiter = ";"
    landed 1 files, 1 rows; 0 files unchanged, 1 refused
    nothing was closed, since a file was refused
    "#);
}

#[test]
fn another_encoding() {
    let lines: String = (1..=12).map(|day| format!("a,2024-02-{day:02},10.00,神州行\n")).collect();
    let (gbk, ..) = encoding_rs::GBK.encode(&lines);
    let text = [b"customer_id,billed_on,amount,product\n".as_slice(), &gbk].concat();
    let context = beside_a_good_month("billing/2024-02.csv", &text);
    let words = ["billing/2024-02.csv: 12 of 12 rows are rejected", "refused whole", "line 2"];
    assert_snapshot!(refused(&context, &words), @r#"
    $ churnhouse run --today 2024-06-01
    status 1
    --- stderr
    landed billing/2024-01.csv: 1 rows, 2024-01
    error: billing/2024-02.csv: 12 of 12 rows are rejected, so the file is refused whole
      line 2: bytes that are not of the encoding utf-8: a,2024-02-01,10.00,������
      line 3: bytes that are not of the encoding utf-8: a,2024-02-02,10.00,������
      line 4: bytes that are not of the encoding utf-8: a,2024-02-03,10.00,������
    hint: correct the source's description or the file and run it again; max_rejected of the source is the bound
    landed 1 files, 1 rows; 0 files unchanged, 1 refused
    nothing was closed, since a file was refused
    "#);
    assert_eq!(context.value("select count(*) from rejected"), "0", "they go with their file");
}

#[test]
fn a_column_is_missing() {
    let context = beside_a_good_month(
        "billing/2024-02.csv",
        b"customer_id,billed_on,sum\na,2024-02-05,10.00\n",
    );
    assert_snapshot!(refused(&context, &["billing/2024-02.csv has no column amount", "only: customer_id, billed_on, sum"]), @r#"
    $ churnhouse run --today 2024-06-01
    status 1
    --- stderr
    landed billing/2024-01.csv: 1 rows, 2024-01
    error: billing/2024-02.csv has no column amount to make amount from, only: customer_id, billed_on, sum
    landed 1 files, 1 rows; 0 files unchanged, 1 refused
    nothing was closed, since a file was refused
    "#);
}

#[test]
fn no_workbook() {
    let context = TestContext::with("[extracts.billing]\npath = \"billing/*\"\n");
    context.bills("billing/2024-01.csv", ["a,2024-01-05,10.00".to_owned()]);
    context.file("billing/2024-02.xlsx", "this is no workbook");
    assert_snapshot!(refused(&context, &["billing/2024-02.xlsx cannot be read as excel"]), @r#"
    $ churnhouse run --today 2024-06-01
    status 1
    --- stderr
    landed billing/2024-01.csv: 1 rows, 2024-01
    error: billing/2024-02.xlsx cannot be read as excel: Cannot detect file format
    landed 1 files, 1 rows; 0 files unchanged, 1 refused
    nothing was closed, since a file was refused
    "#);
}

#[test]
fn a_folder_where_a_file_should_be() {
    let context = TestContext::new();
    context.bills("billing/2024-01.csv", ["a,2024-01-05,10.00".to_owned()]);
    std::fs::create_dir(context.path("billing/2024-02.csv")).unwrap();
    assert_snapshot!(refused(&context, &["a folder where a file is expected: billing/2024-02.csv"]), @r#"
    $ churnhouse run --today 2024-06-01
    status 1
    --- stderr
    landed billing/2024-01.csv: 1 rows, 2024-01
    error: a folder where a file is expected: billing/2024-02.csv
    landed 1 files, 1 rows; 0 files unchanged, 1 refused
    nothing was closed, since a file was refused
    "#);
}

#[test]
fn a_few_broken_rows_are_kept_and_told() {
    let text = format!(
        "{HEADER}a,2024-02-05,10.00\nb,2024-02-30,10.00\n,2024-02-05,1.00\nc,2024-02-05,ten\nd,2024-02-05\n"
    );
    let context = beside_a_good_month("billing/2024-02.csv", text.as_bytes());
    let said = context.snapshot(&RUN);
    assert!(said.contains("status 3\n"), "{said}");
    assert_snapshot!(said, @r#"
    $ churnhouse run --today 2024-06-01
    status 3
    --- stderr
    landed billing/2024-01.csv: 1 rows, 2024-01
    landed billing/2024-02.csv: 1 rows, 4 rejected, 2024-02
    landed 2 files, 2 rows; 0 files unchanged, 0 refused
    warning: 4 rows were rejected; they are in: churnhouse sql "select source, file, line, \"column\", reason, raw from rejected"
    closed 2 months, 2024-01 to 2024-02
    checks: 15 of 15 passed
    "#);
    let rejected =
        context.csv("select file, line, \"column\", reason, raw from rejected order by line");
    assert_eq!(rejected.lines().count(), 1 + 4, "{rejected}");
    assert_snapshot!(rejected, @r#"
    file,line,column,reason,raw
    billing/2024-02.csv,3,billed_on,not a date: 2024-02-30,"b,2024-02-30,10.00"
    billing/2024-02.csv,4,customer_id,is missing,",2024-02-05,1.00"
    billing/2024-02.csv,5,amount,not an amount: ten,"c,2024-02-05,ten"
    billing/2024-02.csv,6,,has 2 fields where 3 are expected,"d,2024-02-05"
    "#);
    assert_eq!(context.run(&RUN).status, 0, "nothing is rejected in a run that lands nothing");
}

#[test]
fn the_same_file_under_another_name() {
    let context = beside_a_good_month("billing/2024-01 (copy).csv", b"");
    std::fs::copy(context.path("billing/2024-01.csv"), context.path("billing/2024-01 (copy).csv"))
        .unwrap();
    let said = context.snapshot(&RUN);
    for word in ["status 0\n", "warning:", "2024-01 (copy).csv", "same"] {
        assert!(said.contains(word), "{word:?} is not in:\n{said}");
    }
    assert_snapshot!(said, @r#"
    $ churnhouse run --today 2024-06-01
    status 0
    --- stderr
    landed billing/2024-01 (copy).csv: 1 rows, 2024-01
    landed billing/2024-01.csv: 1 rows, 2024-01
    warning: billing/2024-01.csv: has the same bytes as billing/2024-01 (copy).csv, which has landed too
    landed 2 files, 2 rows; 0 files unchanged, 0 refused
    closed 2024-01
    checks: 15 of 15 passed
    "#);
}

/// Of two files with one key the later one counts, as if it had come in a run of its own.
#[test]
fn a_key_that_is_named_twice() {
    let context = TestContext::new();
    context.bills("billing/2024-01.csv", ["a,2024-01-05,10.00".to_owned()]);
    context.bills("corrected/2024-01.csv", ["a,2024-01-05,12.00".to_owned()]);
    context.ok(&["land", "billing", "billing/2024-01.csv", "corrected/2024-01.csv"]);
    assert_eq!(context.value("select sum(amount) from billing"), "12.00");
    context.ok(&["land", "billing", "--retract", "2024-01.csv"]);
    assert_eq!(context.value("select count(*) from billing"), "0");
}

#[test]
fn events_of_no_known_meaning() {
    let text = b"event_id,customer_id,occurred_at,event\ne1,a,2024-01-06T10:00:00,frobnicate\n";
    let context = beside_a_good_month("channel/2024-01.csv", text);
    let said = context.snapshot(&RUN);
    for word in ["status 0\n", "warning:", "frobnicate", "nobody enters or leaves"] {
        assert!(said.contains(word), "{word:?} is not in:\n{said}");
    }
    assert_snapshot!(said, @r#"
    $ churnhouse run --today 2024-06-01
    status 0
    --- stderr
    landed billing/2024-01.csv: 1 rows, 2024-01
    landed channel/2024-01.csv: 1 rows, 2024-01
    warning: channel/2024-01.csv: events of no known meaning carry attributes only: frobnicate
    warning: channel/2024-01.csv: nobody enters or leaves in it; is `event` mapped to: activate, resume, port_in, terminate, port_out?
    landed 2 files, 2 rows; 0 files unchanged, 0 refused
    closed 2024-01
    checks: 15 of 15 passed
    "#);
}

#[test]
fn a_setting_that_does_not_exist() {
    let context = TestContext::with("[policy]\nchurn_after = 3\n");
    let words =
        ["churnhouse.toml:4: unknown field `churn_after`", "hint: did you mean `churned_after`?"];
    assert_snapshot!(fails(&context, &RUN, &words), @r#"
    $ churnhouse run --today 2024-06-01
    status 1
    --- stderr
    error: churnhouse.toml:4: unknown field `churn_after`, expected one of `at_risk_after`, `churned_after`, `relift_after`, `recycled_after`, `new_for`, `tier_window`, `value_window`, `tiers`, `margin`, `margin_by_tier`, `retention_cost`, `acquisition_multiple`, `influence`, `complaining_share`, `passive_reasons`, `switch_reasons`, `unavoidable_reasons`, `reasons`, `house_accounts`, `not_business`, `decline`, `group_min`, `group_share`
    hint: did you mean `churned_after`?
    "#);
}

#[test]
fn settings_that_make_no_sense() {
    let wrong = [
        (
            "[policy]\nat_risk_after = 9\n",
            "policy.at_risk_after: must lie between 1 and churned_after (3): 9",
        ),
        ("[policy]\nchurned_after = \"soon\"\n", "churnhouse.toml:4: invalid type"),
        ("[policy]\ntiers = []\n", "policy.tiers: at least one tier is needed"),
        (
            "[policy.margin_by_tier]\nplatinum = 0.5\n",
            "policy.margin_by_tier.platinum: no such tier",
        ),
        ("[dimensions]\nstatus = \"state\"\n", "dimensions.status: the name is taken"),
        (
            "[[exports]]\nname = \"../up\"\nviews = []\n",
            "exports[0].name: use letters, digits, _ and -",
        ),
        ("[engine]\nmemory = \"much\"\n", "engine.memory: not a size like 8GiB or 512MiB: much"),
        ("[close]\nfirst_month = \"2024-13\"\n", "not a month like 2024-05: 2024-13"),
        ("[warehouse]\ntimezone = \"Mars/Base\"\n", "warehouse.timezone: not an IANA time zone"),
        ("[warehouse]\nurl = \"ftp://host/x\"\n", "can't use ftp://host/x"),
        ("[policy\n", "churnhouse.toml:3"),
    ];
    for (config, words) in wrong {
        fails(&TestContext::with(config), &RUN, &[words]);
    }
}

#[test]
fn no_configuration_and_no_warehouse() {
    let context = TestContext::new();
    let words = ["no configuration file: nowhere.toml", "churnhouse init"];
    assert_snapshot!(fails(&context, &["--config", "nowhere.toml", "run"], &words), @r#"
    $ churnhouse --config nowhere.toml run
    status 1
    --- stderr
    error: no configuration file: nowhere.toml
    hint: `churnhouse init` writes one; --config names another
    "#);
    let words = ["no warehouse at", "`churnhouse run`"];
    assert_snapshot!(fails(&context, &["sql", "select 1 from churn_rate"], &words), @r#"
    $ churnhouse sql select 1 from churn_rate
    status 1
    --- stderr
    error: no warehouse at file://[FOLDER]/warehouse
    hint: `churnhouse run` lands the extracts and closes the months first
    "#);
    assert_snapshot!(fails(&context, &RUN, &["[extracts.billing]"]), @r#"
    $ churnhouse run --today 2024-06-01
    status 1
    --- stderr
    error: the configuration describes no such source: billing
    hint: add [extracts.billing] with its path to churnhouse.toml
    "#);
}

#[test]
fn questions_that_can_not_be_answered() {
    let context = TestContext::new();
    context.bills("billing/2024-01.csv", ["a,2024-01-05,10.00".to_owned()]);
    context.ok(&RUN);
    let wrong: [(&[&str], &[&str]); 9] = [
        (
            &["report", "churn_rat"],
            &["no view or table of this name: churn_rat", "did you mean churn_rate?"],
        ),
        (&["describe", "churn"], &["no view or table of this name: churn"]),
        (&["sql", "select nonsense from churn_rate"], &["nonsense"]),
        (&["sql", "select * from churn_rat"], &["churn_rat", "did you mean churn_rate?"]),
        (&["report", "churn_rate", "--month", "2024-5"], &["not a month like 2024-05: 2024-5"]),
        (
            &["report", "churn_rate", "--month", "2030-01"],
            &["2030-01 is not closed; the latest closed month is 2024-01"],
        ),
        (
            &["report", "churn_reasons", "--dimension", "region"],
            &["churn_reasons can't be filtered by --dimension", "--month"],
        ),
        (
            &["report", "churn_rate", "--dimension", "regoin"],
            &["churn_rate has no dimension of this name: regoin", "region"],
        ),
        (
            &["land", "billing", "--retract", "2024-10.csv"],
            &["no landed file has this key: 2024-10.csv", "2024-01.csv"],
        ),
    ];
    let said: Vec<String> =
        wrong.iter().map(|(arguments, words)| fails(&context, arguments, words)).collect();
    assert_snapshot!(said.join("\n"), @r#"
    $ churnhouse report churn_rat
    status 1
    --- stderr
    error: no view or table of this name: churn_rat
    hint: did you mean churn_rate? `churnhouse views` lists them

    $ churnhouse describe churn
    status 1
    --- stderr
    error: no view or table of this name: churn
    hint: did you mean churn_rate? `churnhouse views` lists them

    $ churnhouse sql select nonsense from churn_rate
    status 1
    --- stderr
    error: no column of this name: nonsense
      | select nonsense from churn_rate
      |        ^^^^^^^^
    hint: there are: month, dimension, segment, opening, churned, voluntary_churned, moved_out, moved_in, new, returned, carried, joined_and_left, …

    $ churnhouse sql select * from churn_rat
    status 1
    --- stderr
    error: no view or table of this name: churn_rat
      | select * from churn_rat
      |               ^^^^^^^^^
    hint: did you mean churn_rate? `churnhouse views` lists them

    $ churnhouse report churn_rate --month 2024-5
    status 1
    --- stderr
    error: invalid value '2024-5' for '--month <M>': not a month like 2024-05: 2024-5

    For more information, try '--help'.

    $ churnhouse report churn_rate --month 2030-01
    status 1
    --- stderr
    error: 2030-01 is not closed; the latest closed month is 2024-01
    hint: `churnhouse run` lands what is new and closes what is open

    $ churnhouse report churn_reasons --dimension region
    status 1
    --- stderr
    error: churn_reasons can't be filtered by --dimension
    hint: it takes: --month, --from, --to

    $ churnhouse report churn_rate --dimension regoin
    status 1
    --- stderr
    error: churn_rate has no dimension of this name: regoin
    hint: did you mean region?

    $ churnhouse land billing --retract 2024-10.csv
    status 1
    --- stderr
    error: no landed file has this key: 2024-10.csv
    hint: did you mean 2024-01.csv? `churnhouse sql "select source, key from landings"` lists the keys
    "#);
}

#[test]
fn nothing_is_written_by_a_query() {
    let context = TestContext::new();
    context.bills("billing/2024-01.csv", ["a,2024-01-05,10.00".to_owned()]);
    context.ok(&RUN);
    let before = context.everything();
    for query in [
        "delete from billing",
        "insert into landings select * from landings",
        "copy billing to 'x.csv'",
    ] {
        assert_ne!(context.run(&["sql", query]).status, 0, "{query}");
    }
    assert_eq!(context.everything(), before);
    assert!(!context.path("x.csv").exists());
}
