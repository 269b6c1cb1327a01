//! The sections and figures of the page as data: which query each asks, how it is drawn, and how to ask on.
//! A figure's query is a file of `sql/page`, and its words are found under its name.

/// How the rows of a figure are drawn.
#[derive(Clone, Copy, Debug)]
pub enum Chart {
    /// Lines over the months, the first solid, the others dashed.
    Lines {
        /// A column each.
        values: &'static [&'static str],
        /// Whether the axis begins at 0.
        from_zero: bool,
    },
    /// A bar for each month, of a part for each word in a column.
    Stack {
        /// The column of the words.
        parts: &'static str,
        /// The column of the parts' height.
        value: &'static str,
    },
    /// A bar for each row and column, lying.
    Bars {
        /// The columns that name a row.
        labels: &'static [&'static str],
        /// A column each.
        values: &'static [&'static str],
        /// Where this column is false, the bar is pale.
        pale_unless: Option<&'static str>,
    },
    /// From the first row's total to the last one's by the steps between.
    Waterfall {
        /// The column that names a step.
        label: &'static str,
        /// The column of the steps.
        value: &'static str,
    },
    /// A table of shaded cells.
    Heat {
        /// The column that names a line of it.
        row: &'static str,
        /// A column that is the same along a line.
        beside: Option<&'static str>,
        /// The column whose values stand over its columns.
        column: &'static str,
        /// The column that is written into the cells.
        text: &'static str,
        /// The column that shades them.
        shade: &'static str,
    },
    /// Nothing but the rows themselves.
    Table,
}

/// A figure.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// Its name, and its query's.
    pub name: &'static str,
    /// The query.
    pub sql: &'static str,
    /// How it is drawn.
    pub chart: Chart,
    /// How to ask on: the arguments of a command, with `MONTH`, `SINCE` and the like to be filled in.
    pub ask: &'static str,
}

impl Figure {
    /// The view that is asked on, where it is one.
    pub fn view(&self) -> Option<&'static str> {
        self.ask.strip_prefix("report ")?.split(' ').next()
    }

    /// The leading comment of its query.
    pub fn header(&self) -> String {
        let lines = self.sql.lines().map_while(|line| line.strip_prefix("--"));
        lines.map(str::trim_start).collect::<Vec<_>>().join("\n")
    }
}

/// A section: its name and its figures.
pub type Section = (&'static str, &'static [Figure]);

macro_rules! figure {
    ($name:literal, $chart:expr, $ask:literal) => {
        Figure {
            name: $name,
            sql: include_str!(concat!("../../../sql/page/", $name, ".sql")),
            chart: $chart,
            ask: $ask,
        }
    };
}

/// The query of the numbers at the top.
pub const HEADLINE: &str = include_str!("../../../sql/page/headline.sql");

/// The numbers at the top: the column, and whether more of it is better.
pub const TILES: [(&str, bool); 6] = [
    ("closing", true),
    ("churn_rate", false),
    ("retention_rate", true),
    ("revenue", true),
    ("arpu", true),
    ("lost_annual_revenue", false),
];

/// The page, from its head to its foot.
pub const SECTIONS: [Section; 11] = [
    ("trend", &[CHURN_TREND, RETENTION_TREND]),
    ("base", &[ROLL_FORWARD]),
    ("value", &[ARPU_BY_TIER, REVENUE_BY_TIER]),
    ("cost", &[COST_TREND, REASONS]),
    ("cohorts", &[COHORTS]),
    ("tiers", &[TIERS]),
    ("regions", &[REGIONS]),
    ("channels", &[CHANNELS]),
    ("service", &[SERVICE_TREND, SERVICE_TOPICS]),
    ("risk", &[AT_RISK]),
    ("data", &[SOURCES, RESTATED, REJECTED]),
];

const CHURN_TREND: Figure = figure!(
    "churn_trend",
    Chart::Lines { values: &["churn_rate", "voluntary_churn_rate"], from_zero: true },
    "report churn_rate --from SINCE --to MONTH --dimension total"
);
const RETENTION_TREND: Figure = figure!(
    "retention_trend",
    Chart::Lines { values: &["retention_rate"], from_zero: false },
    "report retention_rate --from SINCE --to MONTH --dimension total"
);
const ROLL_FORWARD: Figure = figure!(
    "roll_forward",
    Chart::Waterfall { label: "step", value: "customers" },
    "report churn_rate --month MONTH --dimension total"
);
const ARPU_BY_TIER: Figure = figure!(
    "arpu_by_tier",
    Chart::Bars { labels: &["tier"], values: &["arpu", "arpu_before"], pale_unless: None },
    "report arpu_by_segment --month MONTH --dimension tier"
);
const REVENUE_BY_TIER: Figure = figure!(
    "revenue_by_tier",
    Chart::Stack { parts: "tier", value: "revenue" },
    "report arpu_by_segment --from SINCE --to MONTH --dimension tier"
);
const COST_TREND: Figure = figure!(
    "cost_trend",
    Chart::Lines {
        values: &["lost_annual_revenue", "avoidable_lost_annual_revenue"],
        from_zero: true
    },
    "report profit_loss_from_churn --from SINCE --to MONTH --dimension total"
);
const REASONS: Figure = figure!(
    "reasons",
    Chart::Bars {
        labels: &["churn_kind", "reason"],
        values: &["customers"],
        pale_unless: Some("avoidable")
    },
    "report churn_reasons --month MONTH"
);
const COHORTS: Figure = figure!(
    "cohorts",
    Chart::Heat {
        row: "cohort",
        beside: Some("size"),
        column: "age",
        text: "retention",
        shade: "retention"
    },
    "report cohort_retention --to MONTH"
);
const TIERS: Figure = figure!(
    "tiers",
    Chart::Heat {
        row: "from_tier",
        beside: None,
        column: "to_tier",
        text: "customers",
        shade: "share"
    },
    "report tier_migration --month MONTH"
);
const REGIONS: Figure = figure!(
    "regions",
    Chart::Bars {
        labels: &["region"],
        values: &["churn_rate", "churn_rate_before"],
        pale_unless: None
    },
    "report churn_rate --month MONTH --dimension region"
);
const CHANNELS: Figure = figure!(
    "channels",
    Chart::Bars { labels: &["outlet"], values: &["early_churn_rate"], pale_unless: None },
    "report channel_quality --from SETTLED_SINCE --to SETTLED"
);
const SERVICE_TREND: Figure = figure!(
    "service_trend",
    Chart::Lines { values: &["complaint_rate", "unresolved_rate"], from_zero: true },
    "report hotline_service --from SINCE --to MONTH"
);
const SERVICE_TOPICS: Figure =
    figure!("service_topics", Chart::Table, "report hotline_service --month MONTH");
const AT_RISK: Figure = figure!("at_risk", Chart::Table, "report at_risk_customers --month MONTH");
const SOURCES: Figure =
    figure!("sources", Chart::Table, "sql \"select * from landings where current\"");
const RESTATED: Figure = figure!("restated", Chart::Table, "sql \"select * from landings\"");
const REJECTED: Figure = figure!("rejected", Chart::Table, "sql \"select * from rejected\"");
