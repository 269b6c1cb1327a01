//! Random extracts for the properties: few customers, many collisions. Bills that cancel out, waived and
//! prepaid ones, credits before a first charge; events at the same instant, product ends, returns,
//! terminations that bills lift again, moves, attributes that are null.

use proptest::prelude::*;

use crate::context::TestContext;

/// Months from January 2024 on that have bills.
pub const MONTHS: u8 = 7;

/// Windows so short that months fall out of them, a house account, a charge type that is no business.
pub const CONFIG: &str = r#"
[close]
first_month = "2024-01"
[policy]
relift_after = 2
recycled_after = 2
new_for = 2
tier_window = 2
value_window = 4
house_accounts = ["c5"]
not_business = ["deposit"]
[policy.margin_by_tier]
gold = 0.37
new = 0.013
[dimensions]
brand = "brand"
"#;

const PRODUCTS: [&str; 4] = ["basic", "plus", "神州行", ""];
const CHARGES: [&str; 4] = ["monthly_fee", "usage", "deposit", ""];
const WORDS: [&str; 12] = [
    "activate",
    "activate",
    "terminate",
    "terminate",
    "port_out",
    "port_in",
    "resume",
    "transfer",
    "profile",
    "suspend",
    "visit",
    "terminate",
];
const REASONS: [&str; 6] = ["price", "competitor", "arrears", "death", "whatever", ""];
const CHANNELS: [&str; 3] = ["own_store", "online", ""];
const PLACES: [&str; 3] = ["north", "south", ""];

const BILL_HEADER: &str =
    "customer_id,billed_on,product,charge_type,amount,waived,paid_through,line_id\n";
const EVENT_HEADER: &str = "event_id,customer_id,occurred_at,event,channel_type,region,product,segment,group_id,reason,brand\n";

/// Rows of both extracts, each a line of CSV with an id of its own where it has one.
#[derive(Clone, Debug)]
pub struct Extracts {
    /// Billing lines.
    pub bills: Vec<String>,
    /// Channel events.
    pub events: Vec<String>,
}

impl Extracts {
    /// Writes the rows that belong to one of several files, as `billing/NAME.csv` and `channel/NAME.csv`.
    pub fn write_part(&self, context: &TestContext, name: &str, belongs: impl Fn(usize) -> bool) {
        let parts =
            [("billing", BILL_HEADER, &self.bills), ("channel", EVENT_HEADER, &self.events)];
        for (source, header, rows) in parts {
            let rows = rows.iter().enumerate().filter(|(place, _)| belongs(*place));
            let rows: String = rows.map(|(_, row)| format!("{row}\n")).collect();
            if !rows.is_empty() {
                context.file(&format!("{source}/{name}.csv"), &format!("{header}{rows}"));
            }
        }
    }

    /// Writes all rows into one file of each source.
    pub fn write(&self, context: &TestContext, name: &str) {
        self.write_part(context, name, |_| true);
    }
}

/// A folder in which every month has a line, whatever the random rows are.
pub fn context() -> TestContext {
    let context = TestContext::with(CONFIG);
    let line = |month: u8| format!("z,2024-{:02}-01,basic,,1.00,,,\n", month + 1);
    context.file(
        "billing/00-filler.csv",
        &format!("{BILL_HEADER}{}", (0..MONTHS).map(line).collect::<String>()),
    );
    context
}

/// Extracts whose ids begin with `letter`, so that those of two letters do not meet.
pub fn extracts(letter: &'static str) -> impl Strategy<Value = Extracts> {
    let bills = prop::collection::vec(bill(), 8..60);
    let events = prop::collection::vec(event(), 2..30);
    (bills, events).prop_map(move |(bills, events)| Extracts {
        bills: (bills.into_iter().enumerate())
            .map(|(place, bill)| format!("{bill},{}", line_id(letter, place)))
            .collect(),
        events: (events.into_iter().enumerate())
            .map(|(place, event)| format!("{},{event}", event_id(letter, place)))
            .collect(),
    })
}

/// Some lines have an id, some have none.
fn line_id(letter: &str, place: usize) -> String {
    if place.is_multiple_of(3) { format!("{letter}{place}") } else { String::new() }
}

/// Ids whose order is not that of the events' rows.
fn event_id(letter: &str, place: usize) -> String {
    format!("{letter}{:03}", place * 7919 % 1000)
}

fn word<const N: usize>(words: &'static [&'static str; N]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(words.as_slice())
}

fn cents() -> impl Strategy<Value = i64> {
    prop_oneof![6 => 1..200_000_i64, 2 => Just(10_000), 2 => Just(-10_000), 2 => -50_000..0_i64, 1 => Just(0)]
}

/// Where a line pays ahead: nothing, or a month from before its own to a year on.
fn ahead() -> impl Strategy<Value = Option<i8>> {
    prop_oneof![5 => Just(None), 1 => (-2..12_i8).prop_map(Some)]
}

fn bill() -> impl Strategy<Value = String> {
    let when = (0..MONTHS, 1..28_u8);
    let what = (word(&PRODUCTS), word(&CHARGES), cents());
    (0..6_u8, when, what, prop::bool::weighted(0.15), ahead()).prop_map(
        |(customer, when, what, waived, ahead)| {
            let ((month, day), (product, charge, cents)) = (when, what);
            let amount = format!(
                "{}{}.{:02}",
                if cents < 0 { "-" } else { "" },
                cents.abs() / 100,
                cents.abs() % 100
            );
            let paid = ahead
                .map(|ahead| format!("{}-15", month_name(i32::from(month) + i32::from(ahead))));
            let paid = paid.unwrap_or_default();
            format!(
                "c{customer},2024-{:02}-{day:02},{product},{charge},{amount},{waived},{paid}",
                month + 1
            )
        },
    )
}

/// The month that lies so many after January 2024.
fn month_name(after: i32) -> String {
    format!("{:04}-{:02}", 2024 + after.div_euclid(12), after.rem_euclid(12) + 1)
}

/// Few days and hours, so that many events share an instant; some lie before the history.
fn event() -> impl Strategy<Value = String> {
    let when = (-2..i32::from(MONTHS), 1..4_u8, 9..11_u8);
    let attributes = (
        word(&CHANNELS),
        word(&PLACES),
        word(&PRODUCTS),
        word(&PLACES),
        word(&PLACES),
        word(&PLACES),
    );
    (0..6_u8, when, word(&WORDS), attributes, word(&REASONS)).prop_map(|(customer, when, event, attributes, reason)| {
        let (month, day, hour) = when;
        let (channel, region, product, segment, group, brand) = attributes;
        let instant = format!("{}-{day:02}T{hour:02}:00:00", month_name(month));
        format!("c{customer},{instant},{event},{channel},{region},{product},{segment},{group},{reason},{brand}")
    })
}
