//! What the program says into a log: a line for each event, or with `--log-format json` an object, whose fields are
//! the same figures.

use serde_json::{Value, json};

use crate::context::{TODAY, TestContext};

/// Two months, of which the second has a line that is no amount among 200 good ones.
fn context() -> TestContext {
    let export = "[[exports]]\nname = \"monthly\"\nviews = [\"churn_rate\"]\nto = \"out\"\n";
    let context = TestContext::with(&format!("[close]\nfirst_month = \"2024-01\"\n{export}"));
    let lines = |month: u32| (0..200).map(move |c| format!("c{c},2024-0{month}-05,10.00"));
    context.bills("billing/2024-01.csv", lines(1));
    context.bills("billing/2024-02.csv", lines(2).chain(["c1,2024-02-06,ten".to_owned()]));
    context
}

fn events(said: &str) -> Vec<Value> {
    said.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

fn of<'a>(events: &'a [Value], name: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["event"] == name).collect()
}

#[test]
fn every_event_is_an_object_with_its_figures() {
    let context = context();
    let said = context.run(&["--log-format", "json", "run", "--today", TODAY]).says(3, &[]).stderr;
    let events = events(&said);
    for event in &events {
        let time = event["time"].as_str().unwrap();
        assert!(time.ends_with('Z') && time.contains('T'), "{event}");
        assert!(
            ["error", "warning", "info"].contains(&event["level"].as_str().unwrap()),
            "{event}"
        );
        assert!(event["event"].is_string(), "{event}");
    }
    let file = of(&events, "file_landed")[1];
    assert_eq!((&file["rows"], &file["rejected"]), (&json!(200), &json!(1)));
    assert_eq!((&file["source"], &file["first_month"]), (&json!("billing"), &json!("2024-02")));
    let landed = of(&events, "landed")[0];
    assert_eq!((&landed["files"], &landed["rows"]), (&json!(2), &json!(400)));
    assert!(landed["rows_per_second"].as_u64().unwrap() > 0, "{landed}");
    let rejected = of(&events, "rows_rejected")[0];
    assert_eq!(rejected["rows"], 1);
    assert!(rejected["look_at"].as_str().unwrap().starts_with("churnhouse sql"), "{rejected}");
    let months = of(&events, "month_closed");
    assert_eq!(months.len(), 2);
    assert_eq!((&months[1]["month"], &months[1]["customers"]), (&json!("2024-02"), &json!(200)));
    let checks = of(&events, "checked")[0];
    assert_eq!(checks["passed"], of(&events, "check").len());
    let exported = of(&events, "month_exported");
    assert!(context.path(exported[1]["folder"].as_str().unwrap()).join("manifest.json").exists());
    assert_eq!(events.last().unwrap()["event"], "ended");
    assert_eq!(events.last().unwrap()["status"], 3);
}

#[test]
fn errors_are_objects_too() {
    let context = context();
    let refused = context.run(&["--log-format", "json", "describe", "churn_rat"]).says(1, &[]);
    let refused = events(&refused.stderr);
    assert_eq!((refused.len(), &refused[0]["event"]), (1, &json!("error")));
    assert_eq!(refused[0]["message"], "no view or table of this name: churn_rat");
    assert!(refused[0]["hint"].as_str().unwrap().contains("churn_rate"), "{refused:?}");
    context.bills("billing/2024-03.csv", ["a,never,1.00".to_owned()]);
    let said = context.run(&["--quiet", "--log-format", "json", "land"]).says(1, &[]).stderr;
    let refused = events(&said);
    assert_eq!((refused.len(), &refused[0]["event"]), (1, &json!("file_refused")), "{said}");
    assert_eq!(refused[0]["file"], "billing/2024-03.csv");
}

#[test]
fn a_log_for_people_has_a_line_an_event() {
    insta::assert_snapshot!(context().snapshot(&["run", "--today", TODAY]), @r#"
    $ churnhouse run --today 2100-01-01
    status 3
    --- stderr
    landed billing/2024-01.csv: 200 rows, 2024-01
    landed billing/2024-02.csv: 200 rows, 1 rejected, 2024-02
    landed 2 files, 400 rows; 0 files unchanged, 0 refused
    warning: 1 rows were rejected; they are in: churnhouse sql "select source, file, line, \"column\", reason, raw from rejected"
    closed 2 months, 2024-01 to 2024-02
    checks: 15 of 15 passed
    exported monthly of 2 months, 2024-01 to 2024-02
    "#);
}
