//! kill -9 at any moment of `run`, and `run` again: nothing is lost, nothing is there twice, and the numbers
//! are those of a run that nobody disturbed. The moments are drawn from a seed that a failure names; set
//! `CHURNHOUSE_TEST_SEED` to have the same ones again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::context::{TODAY, TestContext, difference, files_below, note};

const WAREHOUSES: usize = 20;
const KILLS_EACH: usize = 5;
const RUN: [&str; 3] = ["run", "--today", TODAY];

/// What the ledger and the rejects say, without times and table versions.
const LANDED: [&str; 4] = [
    "select delivery, source, key, landing, rows, rejected, duplicates, retracted, \"current\" from landings order by source, delivery, version",
    "select source, file, line, \"column\", reason, raw from rejected order by source, file, line",
    "select month, billing_lines, channel_events, hotline_calls from closes order by month",
    "select month, count(*) as lines, sum(amount) as amount from billing group by month order by month",
];

/// Extracts made once, of which each warehouse has the same files.
struct Extracts(TestContext);

impl Extracts {
    fn new() -> Self {
        let context = TestContext::bare();
        context.ok(&[
            "generate",
            "--customers",
            "300",
            "--months",
            "6",
            "--seed",
            "7",
            "--out",
            "data",
        ]);
        // A few rows that are rejected, so that the rejects are at stake too.
        let file = context.path("data/billing/billing_202003.csv");
        let text = std::fs::read_to_string(&file).unwrap();
        let columns = text.lines().next().unwrap().split(',').count();
        let broken = format!("x{}\n", ",".repeat(columns - 1));
        std::fs::write(&file, text + &broken.repeat(3)).unwrap();
        Self(context)
    }

    /// A fresh warehouse over them.
    fn context(&self) -> TestContext {
        let path = |source: &str| {
            let path = self.0.path(&format!("data/{source}/*.csv"));
            format!("[extracts.{source}]\npath = \"{}\"\n", path.display())
        };
        let sources: String = ["billing", "channel", "hotline"].map(path).concat();
        let export = "[[exports]]\nname = \"m\"\nviews = [\"churn_rate\", \"churn_reasons\"]\nto = \"out\"\n";
        TestContext::with(&format!("{sources}{export}"))
    }
}

/// All that must be the same.
#[derive(Debug, PartialEq)]
struct State {
    numbers: String,
    landed: Vec<String>,
    exported: BTreeMap<String, Vec<u8>>,
}

fn state(context: &TestContext) -> State {
    let out = context.path("out");
    let read = |name: String| (name.clone(), std::fs::read(out.join(name)).unwrap());
    // A killed export leaves a hidden folder, which the next one of the same month takes away.
    let visible = files_below(&out).into_iter().filter(|name| !name.contains("/."));
    State {
        numbers: context.everything(),
        landed: LANDED.iter().map(|query| context.csv(query)).collect(),
        exported: visible.map(read).collect(),
    }
}

fn text(state: &State) -> String {
    let names: String = state.exported.keys().map(|name| format!("{name}\n")).collect();
    [state.numbers.as_str(), &state.landed.concat(), &names].concat()
}

/// Moments without a crate for them: SplitMix64.
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        let given = std::env::var("CHURNHOUSE_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        Self(given.unwrap_or(u64::from(now.subsec_nanos())))
    }

    /// Evenly from 0 to 1.
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) as f64 / u64::MAX as f64
    }
}

/// Kills one run after a while; tells whether it was still going.
fn kill_after(context: &TestContext, wait: Duration) -> bool {
    let mut child = context.command(&RUN).spawn().unwrap();
    std::thread::sleep(wait);
    let running = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    running
}

#[test]
fn a_hundred_kills_lose_nothing() {
    let extracts = Extracts::new();
    let undisturbed = extracts.context();
    let started = Instant::now();
    undisturbed.run(&RUN).says(3, &[]);
    let duration = started.elapsed();
    let expected = state(&undisturbed);
    assert_eq!(expected.landed[1].lines().count(), 1 + 3, "the rejects are there to be lost");

    let mut dice = Dice::new();
    let seed = dice.0;
    let mut killed = 0;
    for number in 0..WAREHOUSES {
        let context = extracts.context();
        for kill in 0..KILLS_EACH {
            // What is done need not be done again: later runs of a warehouse are shorter.
            let longest = duration.mul_f64(1.0 / (1.0 + kill as f64 / 3.0));
            killed += usize::from(kill_after(&context, longest.mul_f64(dice.share())));
        }
        let last = context.run(&RUN);
        assert!(matches!(last.status, 0 | 3), "seed {seed}, warehouse {number}: {last:?}");
        let found = state(&context);
        assert!(
            found == expected,
            "seed {seed}, warehouse {number}:\n{}",
            difference(&text(&found), &text(&expected))
        );
    }
    note(&format!(
        "{killed} of {} kills hit a run of {duration:?}, seed {seed}",
        WAREHOUSES * KILLS_EACH
    ));
    assert!(killed >= WAREHOUSES, "seed {seed}: only {killed} kills hit a run of {duration:?}");
}

/// A restatement that is cut short is as if it had not begun, or is there.
#[test]
fn kills_while_a_file_is_restated() {
    let context = TestContext::with("[close]\nfirst_month = \"2024-01\"\n");
    let write = |amount: u32| {
        for month in 1..=3 {
            let lines =
                (0..300).map(|customer| format!("c{customer},2024-{month:02}-05,{amount}.00"));
            context.bills(&format!("billing/2024-{month:02}.csv"), lines);
        }
    };
    write(10);
    let started = Instant::now();
    context.run_all();
    let duration = started.elapsed();
    let mut dice = Dice::new();
    let seed = dice.0;
    for round in 0..10 {
        write(11 + round);
        kill_after(&context, duration.mul_f64(dice.share()));
        context.run_all();
        let revenue = format!("{}.00\n", 300 * (11 + round));
        let found = context
            .csv("select revenue from arpu_by_segment where dimension = 'total' order by month");
        assert_eq!(found, format!("revenue\n{}", revenue.repeat(3)), "seed {seed}, round {round}");
        assert_eq!(
            context.value("select count(*) from billing"),
            "900",
            "seed {seed}, round {round}"
        );
    }
}
