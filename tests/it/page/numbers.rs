//! The numbers on the page against the same asked of the views, with queries that are not the page's.

use std::sync::LazyLock;

use regex::Regex;

use super::{TELECOM, telecom};

/// A table of the page: the columns' names, and of each cell the value and what is shown of it.
#[derive(Debug)]
pub struct Table {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<(String, String)>>,
}

/// A text of HTML without its entities.
pub fn text(html: &str) -> String {
    let entities = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#x2f;", "/"),
        ("&amp;", "&"),
    ];
    entities.iter().fold(html.to_owned(), |text, (entity, sign)| text.replace(entity, sign))
}

/// The rows behind a figure.
pub fn table(page: &str, figure: &str) -> Table {
    static COLUMN: LazyLock<Regex> =
        LazyLock::new(|| Regex::new("data-column=\"([^\"]*)\"").unwrap());
    static CELL: LazyLock<Regex> =
        LazyLock::new(|| Regex::new("<td[^>]* data-v=\"([^\"]*)\">([^<]*)</td>").unwrap());
    let start = page.find(&format!("<figure id=\"fig-{figure}\"")).expect(figure);
    let figure = &page[start..];
    let figure = &figure[..figure.find("</figure>").unwrap()];
    let columns: Vec<String> =
        COLUMN.captures_iter(figure).map(|found| found[1].to_owned()).collect();
    let cells: Vec<(String, String)> =
        CELL.captures_iter(figure).map(|found| (text(&found[1]), text(&found[2]))).collect();
    let rows = cells.chunks(columns.len().max(1)).map(<[_]>::to_vec).collect();
    Table { columns, rows }
}

/// Whether what is shown of a number is the number, rounded to the digits that are shown.
fn shows(raw: &str, shown: &str) -> bool {
    if raw.is_empty() {
        return shown == "–";
    }
    let Ok(value) = raw.parse::<f64>() else { return !shown.is_empty() };
    let plain = shown.replace(',', "").replace('−', "-");
    let (digits, scale) = match plain.strip_suffix('%') {
        Some(digits) => (digits, 100.0),
        None => (plain.as_str(), 1.0),
    };
    let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let spare = 0.5 * 10_f64.powi(-(decimals as i32)) + 1e-9;
    (digits.parse::<f64>().unwrap() - value * scale).abs() <= spare
}

const LATEST: &str = "'2024-12-01'";

/// The figures, each with a query for the same rows; `MONTH` is the page's.
const SAME: [(&str, &str); 17] = [
    (
        "churn_trend",
        "select month, opening, churned, voluntary_churned, churn_rate, voluntary_churn_rate from churn_rate where dimension = 'total'",
    ),
    (
        "retention_trend",
        "select month, opening, retained, retention_rate from retention_rate where dimension = 'total'",
    ),
    (
        "roll_forward",
        "select unnest(['opening', 'churned', 'new', 'returned', 'closing']), unnest([opening, -churned, new, returned, closing]) from churn_rate where dimension = 'total' and month = MONTH",
    ),
    (
        "arpu_by_tier",
        "select segment, average_customers, revenue, arpu, (select max(b.arpu) from arpu_by_segment b where b.dimension = 'tier' and b.month = '2024-11-01' and b.segment = a.segment) as earlier from arpu_by_segment a where dimension = 'tier' and month = MONTH",
    ),
    (
        "revenue_by_tier",
        "select month, segment, revenue from arpu_by_segment where dimension = 'tier'",
    ),
    (
        "cost_trend",
        "select month, lost_customers, lost_annual_revenue, avoidable_lost_annual_revenue, lost_annual_profit, replacement_cost, people_influenced from profit_loss_from_churn where dimension = 'total'",
    ),
    (
        "reasons",
        "select churn_kind, reason, avoidable, customers, share, lost_annual_revenue from churn_reasons where month = MONTH",
    ),
    ("cohorts", "select cohort, age, size, in_base, retention from cohort_retention"),
    (
        "tiers",
        "select from_tier, to_tier, customers, share, annual_revenue from tier_migration where month = MONTH",
    ),
    (
        "regions",
        "select a.segment, a.opening, a.churned, a.closing, a.churn_rate, b.churn_rate as earlier, c.revenue, c.arpu from churn_rate a, churn_rate b, arpu_by_segment c where a.dimension = 'region' and b.dimension = 'region' and c.dimension = 'region' and a.month = MONTH and b.month = '2024-11-01' and c.month = MONTH and b.segment = a.segment and c.segment = a.segment",
    ),
    (
        "channels",
        "select outlet, channel_type, sum(activations), sum(early_churned), sum(early_churned) / cast(sum(activations) as double) from channel_quality where month > '2023-09-01' and month < '2024-10-01' group by 1, 2 having sum(activations) > 4 and sum(early_churned) > 0",
    ),
    (
        "service_trend",
        "select month, calls, complaints, complaint_rate, unresolved_rate, satisfaction, nps from hotline_service where topic = 'all'",
    ),
    (
        "service_topics",
        "select topic, calls, complaints, unresolved_rate, wait_seconds_p50, satisfaction, nps from hotline_service where topic != 'all' and month = MONTH",
    ),
    (
        "at_risk",
        "select rank, customer_id, tier, region, signals, idle, annual_revenue from at_risk_customers where month = MONTH and rank between 1 and 10",
    ),
    (
        "sources",
        "select source, count(*), sum(rows), sum(rejected), sum(duplicates) from landings where last_month >= '2024-01-01' and first_month <= MONTH group by 1",
    ),
    (
        "restated",
        "select source, key, first_month, last_month, rows as earlier, rows from landings where not current",
    ),
    (
        "rejected",
        "select source, regexp_replace(regexp_replace(file, '.*/', ''), 'billing_(\\d{6}).*', '\\1'), line, \"column\", reason from rejected where file like '%2024%'",
    ),
];

#[test]
fn every_table_of_the_page_has_the_view_s_rows() {
    let page = telecom("en");
    for (figure, query) in SAME {
        let table = table(&page, figure);
        let mut asked = TELECOM.rows(&query.replace("MONTH", LATEST));
        let mut found: Vec<Vec<String>> = table
            .rows
            .iter()
            // Ways from tier to tier that nobody took are drawn, and are no rows of the view.
            .filter(|row| figure != "tiers" || row[2].0 != "0" || row[1].0 == "churned")
            .map(|row| row.iter().map(|(raw, _)| raw.clone()).collect())
            .collect();
        asked.sort();
        found.sort();
        assert_eq!(found, asked, "{figure} {:?}", table.columns);
        assert!(figure == "restated" || !found.is_empty(), "{figure} has rows");
    }
}

#[test]
fn what_is_shown_is_the_value_in_both_languages() {
    for language in ["en", "zh"] {
        let page = telecom(language);
        for (figure, _) in SAME {
            let table = table(&page, figure);
            for cell in table.rows.iter().flatten() {
                assert!(shows(&cell.0, &cell.1), "{language} {figure}: {cell:?}");
            }
            let unnamed = table.columns.iter().find(|name| page.contains(&format!(">{name}</th>")));
            assert!(language == "en" || unnamed.is_none(), "no Chinese word for {unnamed:?}");
        }
    }
}

#[test]
fn the_numbers_at_the_top_are_the_views_and_so_are_their_changes() {
    static VALUE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new("data-v=\"([^\"]*)\">([^<]*)<").unwrap());
    let page = telecom("en");
    let tile = |name: &str| -> Vec<(f64, String)> {
        let start = page.find(&format!("id=\"tile-{name}\"")).expect(name);
        let tile = &page[start..start + page[start..].find("</div>").unwrap()];
        VALUE
            .captures_iter(tile)
            .map(|found| (found[1].parse().unwrap(), found[2].to_owned()))
            .collect()
    };
    let tiles = [
        ("closing", "churn_rate"),
        ("churn_rate", "churn_rate"),
        ("retention_rate", "retention_rate"),
        ("revenue", "arpu_by_segment"),
        ("arpu", "arpu_by_segment"),
        ("lost_annual_revenue", "profit_loss_from_churn"),
    ];
    for (name, view) in tiles {
        let at = |month: &str| -> f64 {
            let query = format!(
                "select {name} from {view} where dimension = 'total' and month = '{month}'"
            );
            TELECOM.value(&query).parse().unwrap()
        };
        let (now, before, year_ago) = (at("2024-12-01"), at("2024-11-01"), at("2023-12-01"));
        let expected = [now, now - before, now - year_ago];
        let found = tile(name);
        assert_eq!(found.len(), 3, "{name}: {found:?}");
        for ((raw, shown), expected) in found.iter().zip(expected) {
            assert!((raw - expected).abs() < 1e-6, "{name}: {raw} is not {expected}");
            let is_points = shown.ends_with(" pts");
            let shown = shown.trim_end_matches(" pts").trim_start_matches('+');
            let raw = if is_points { raw * 100.0 } else { *raw };
            assert!(shows(&raw.to_string(), shown), "{name}: {raw} is shown as {shown}");
        }
    }
}
