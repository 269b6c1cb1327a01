//! From a count of customers to the customers: for any extracts, every list that a view declares is as long
//! as its count, and nobody is in it twice.

use churnhouse::config::{self, Config};
use churnhouse::engine::Engine;
use churnhouse::month::Month;
use churnhouse::report::{Asked, Filters, MonthArgument, ReportError, customers};
use churnhouse::views::{Desk, Drill, View};
use churnhouse::warehouse::Warehouse;
use datafusion::arrow::util::pretty::pretty_format_batches;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::context::{TODAY, TestContext, records};
use crate::extracts::{Extracts, MONTHS, context, extracts};

/// Calls and recommended activations, of the customers that the other extracts have.
#[derive(Clone, Debug)]
struct More {
    calls: Vec<String>,
    activations: Vec<String>,
}

const CALL_HEADER: &str =
    "call_id,customer_id,called_at,category,topic,resolved,satisfaction,recommend_score\n";
const ACTIVATION_HEADER: &str =
    "event_id,customer_id,occurred_at,event,channel,referred_by,group_id\n";

fn word(words: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(words)
}

fn more() -> impl Strategy<Value = More> {
    let day = || (0..MONTHS, 1..28_u8);
    let scores = (word(&["", "1", "3", "5"]), word(&["", "2", "9", "10"]));
    let words = (word(&["inquiry", "complaint", "complaint"]), word(&["", "price"]));
    let call = (0..7_u8, day(), words, word(&["", "true", "false"]), scores);
    let calls = prop::collection::vec(call, 1..25);
    let events = word(&["activate", "port_in", "profile"]);
    let activation = (0..7_u8, day(), events, word(&["", "o1", "o2"]), 0..7_u8, word(&["", "g1"]));
    let activations = prop::collection::vec(activation, 1..15);
    (calls, activations).prop_map(|(calls, activations)| {
        let calls = calls.into_iter().enumerate().map(|(place, call)| {
            let (customer, (month, day), (category, topic), resolved, (score, recommend)) = call;
            let month = month + 1;
            format!(
                "k{place},c{customer},2024-{month:02}-{day:02}T10:00:00,{category},{topic},{resolved},{score},{recommend}\n"
            )
        });
        let activations = activations.into_iter().enumerate().map(|(place, activation)| {
            let (customer, (month, day), event, outlet, other, group) = activation;
            let month = month + 1;
            format!(
                "r{place},c{customer},2024-{month:02}-{day:02}T12:00:00,{event},{outlet},c{other},{group}\n"
            )
        });
        More { calls: calls.collect(), activations: activations.collect() }
    })
}

fn closed(extracts: &Extracts, more: &More) -> TestContext {
    let context = context();
    extracts.write(&context, "all");
    context.file("hotline/all.csv", &format!("{CALL_HEADER}{}", more.calls.concat()));
    let activations = format!("{ACTIVATION_HEADER}{}", more.activations.concat());
    context.file("channel/more.csv", &activations);
    context.run_all();
    context
}

async fn desk(context: &TestContext) -> Desk {
    let config: Config =
        config::load(&context.path("churnhouse.toml"), std::iter::empty()).unwrap();
    let engine = Engine::new(&config).unwrap();
    Desk::open(&Warehouse::new(&config).unwrap(), &engine, &config).await.unwrap()
}

fn drills(desk: &Desk) -> Vec<(View, Drill)> {
    let views = desk.catalogue().iter();
    let pairs = views.flat_map(|view| {
        view.drills().unwrap().into_iter().map(|drill| (view.clone(), drill)).collect::<Vec<_>>()
    });
    pairs.collect()
}

/// The rows of a view whose count is not the length of its list, or whose list has somebody twice.
async fn unequal(desk: &Desk, view: &View, drill: &Drill) -> String {
    let relation = desk.frame(&drill.relation).await.unwrap();
    let columns: Vec<String> =
        relation.schema().fields().iter().map(|field| field.name().clone()).collect();
    let keys = drill.keys(&view.grain(), &columns);
    let list = keys.join(", ");
    let renamed =
        keys.iter().map(|key| format!("{key} as of_{key}")).collect::<Vec<_>>().join(", ");
    let same = keys.iter().map(|key| format!("{key} = of_{key}")).collect::<Vec<_>>().join(" and ");
    let predicate = drill.predicate.as_deref().unwrap_or("true");
    let (measure, name, relation) = (&drill.measure, &view.name, &drill.relation);
    // Of an id that was given to another person the ladder counts both; the former life's row is as of its end.
    let person = match relation.as_str() {
        "ladder_customers" => "customer_id || cast(as_of as varchar)",
        // Each stay of a customer counts.
        "stay_customers" => "customer_id || cast(month as varchar)",
        _ => "customer_id",
    };
    let sql = format!(
        "with told as (select distinct {list}, {measure} as told from {name}),
        chosen as (select * from {relation} where {predicate}),
        listed as (
            select {renamed}, count(*) as listed, count(distinct {person}) as different
            from chosen group by {list}
        )
        select {list}, told, listed, different from told left join listed on {same}
        where coalesce(told, 0) <> coalesce(listed, 0) or listed <> different"
    );
    let rows = desk.ask_text(&sql).await.unwrap().collect().await.unwrap();
    match rows.iter().all(|batch| batch.num_rows() == 0) {
        true => String::new(),
        false => format!("{name}.{measure}\n{}\n", pretty_format_batches(&rows).unwrap()),
    }
}

/// A month's list, made as the command makes it, which compares it with its count.
async fn made(desk: &Desk, view: &View, drill: &Drill, month: u8) -> Result<(), TestCaseError> {
    let month = Some(MonthArgument::Exactly(Month::new(2024, month.into())));
    let keyed = view.grain().contains(&"grain");
    let of_all_months = keyed || view.name == "survival";
    let months = if of_all_months { None } else { month };
    let grain = keyed.then(|| "quarter".to_owned());
    let filters = Filters { month: months, grain, ..Filters::default() };
    let asked = Asked { measure: Some(drill.measure.clone()), filters, ..Asked::default() };
    let list = customers(desk, &view.name, &asked, TODAY.parse().unwrap()).await;
    if matches!(list, Err(ReportError::NotKnown { .. })) {
        // Of a month that is too young the count is null, and there is no list.
        return Ok(());
    }
    let list = list.map_err(|error| TestCaseError::fail(format!("{}: {error}", view.name)))?;
    let rows = list.frame.count().await.unwrap();
    prop_assert_eq!(rows as i64, list.count, "{}.{}", view.name, list.measure);
    Ok(())
}

async fn hold(context: &TestContext, month: u8) -> Result<(), TestCaseError> {
    let desk = desk(context).await;
    let mut wrong = String::new();
    for (place, (view, drill)) in drills(&desk).into_iter().enumerate() {
        wrong += &unequal(&desk, &view, &drill).await;
        if place % 3 == usize::from(month) % 3 {
            made(&desk, &view, &drill, month).await?;
        }
    }
    prop_assert!(wrong.is_empty(), "{wrong}");
    Ok(())
}

/// The counts of one view through the command.
fn asked(
    context: &TestContext,
    view: &str,
    measure: &str,
    dimension: &str,
) -> Result<(), TestCaseError> {
    let query = format!(
        "select segment, {measure}, month from {view} where dimension = '{dimension}' and month = '2024-04-01'"
    );
    for row in context.rows(&query) {
        let said = context.ok(&[
            "customers",
            view,
            "--measure",
            measure,
            "--month",
            "2024-04",
            "--dimension",
            dimension,
            "--segment",
            &row[0],
            "--format",
            "csv",
        ]);
        let rows = records(&said.stdout);
        prop_assert_eq!(
            (rows.len() - 1).to_string(),
            row[1].clone(),
            "{}.{} of {}",
            view,
            measure,
            row[0]
        );
        let place = rows[0].iter().position(|column| column == "segment").unwrap();
        prop_assert!(rows[1..].iter().all(|found| found[place] == row[0]));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4,
        max_shrink_iters: 8,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_list_is_as_long_as_its_count(extracts in extracts("e"), more in more(), month in 1..=MONTHS) {
        let context = closed(&extracts, &more);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(hold(&context, month))?;
        asked(&context, "churn_rate", "churned", "tier")?;
        asked(&context, "churn_rate", "moved_in", "product")?;
        asked(&context, "profit_loss_from_churn", "avoidable_lost_customers", "brand")?;
    }
}

/// What can't be listed is said in one line, with what to do.
#[test]
fn what_can_not_be_listed() {
    let context = TestContext::with("[close]\nfirst_month = \"2023-12\"\n");
    for month in ["2023-12", "2024-01", "2024-02", "2024-03"] {
        let line = |customer: &str| format!("{customer},{month}-05,10.00");
        context.bills(&format!("billing/{month}.csv"), ["a", "b"].map(line));
    }
    context.run_all();
    let wrong: [(&[&str], &[&str]); 12] = [
        (&["churn_rat"], &["no view or table of this name: churn_rat", "did you mean churn_rate?"]),
        (&["churn_rate"], &["churn_rate has several counts", "--measure takes: opening, churned,"]),
        (
            &["churn_rate", "--measure", "churnd"],
            &["churn_rate has no count of customers of this name: churnd", "did you mean churned?"],
        ),
        (&["tier_equivalence"], &["tier_equivalence counts no customers that can be listed"]),
        (
            &["churned_customers"],
            &["churned_customers counts no", "its rows are customers: churnhouse report churned"],
        ),
        (
            &["churn_reasons", "--where", "raison=price"],
            &[
                "can't be narrowed by this column: raison",
                "it takes: month, churn_kind, reason, reason_class",
            ],
        ),
        (&["churn_reasons", "--where", "reason"], &["it is like name=value"]),
        (
            &["cohort_retention", "--measure", "size", "--where", "cohort=soon"],
            &["cohort can't be soon", "it is a month like 2024-05"],
        ),
        (
            &["churn_rate", "--measure", "opening", "--dimension", "regoin"],
            &["churn_rate has no dimension of this name: regoin", "did you mean region?"],
        ),
        (
            &["churn_rate", "--measure", "opening", "--segment", "unknown"],
            &["the rows left are of more than one dimension: ", "name one: --dimension"],
        ),
        (
            &["churn_rate", "--measure", "opening", "--month", "2030-01"],
            &["2030-01 is not closed; the latest closed month is 2024-03"],
        ),
        (
            &["churn_rate", "--measure", "opening", "--grain", "year"],
            &[
                "churn_rate can't be narrowed by this column: grain",
                "it takes: month, dimension, segment",
            ],
        ),
    ];
    for (arguments, words) in wrong {
        let said = context.run(&[&["customers"], arguments].concat()).says(1, words);
        assert!(said.stdout.is_empty(), "{said:?}");
    }
    let said = context.ok(&["customers", "churn_rate", "--measure", "churned", "--format", "csv"]);
    assert!(said.stdout.starts_with("month,dimension,segment,customer_id,status,"), "{said:?}");
    assert_eq!(said.stdout.lines().count(), 1, "a count of 0 is a list without rows");
    assert!(said.stderr.contains("churn_rate.churned: 0 customers"), "{said:?}");
    context.ok(&["customers", "loyalty_ladder", "-o", "ladder.xlsx"]);
    assert!(context.path("ladder.xlsx").exists());
}
