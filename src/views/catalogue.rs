//! The catalogue: each view is one SQL file whose header is its documentation. The user's own
//! `sql/views/*.sql` beside churnhouse.toml join it; one of the same name replaces the built-in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Drill, ViewError};
use crate::config::Config;

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../sql/views/", $name, ".sql")))),*]
    };
}

const BUILT_IN: [(&str, &str); 67] = built_in![
    "activation_customers",
    "advocate",
    "arpu_by_segment",
    "at_risk_customers",
    "at_risk_flow",
    "audit_billed_after_termination",
    "audit_negative_month",
    "audit_never_billed",
    "audit_repeated_activation",
    "audit_waived_only",
    "calling_customers",
    "channel_quality",
    "churn_after_contact",
    "churn_after_survey",
    "churn_by_period",
    "churn_counted",
    "churn_definition_customers",
    "churn_definitions",
    "churn_rate",
    "churn_reasons",
    "churned_customers",
    "cohort_customers",
    "cohort_retention",
    "complaining_customers",
    "complaint_to_churn",
    "contact_customers",
    "customer_moves",
    "declining",
    "declining_customers",
    "declining_value",
    "definition_customers",
    "definition_pair_customers",
    "definition_pairs",
    "free_work",
    "free_work_customers",
    "group_churn",
    "group_customers",
    "headline",
    "hotline_service",
    "ladder_customers",
    "loyalty_ladder",
    "market_share",
    "movement_customers",
    "new_customers",
    "opening_contact",
    "opening_customers",
    "period_customers",
    "product_migration",
    "profit_loss_from_churn",
    "recommendation_rate",
    "recommending_customers",
    "recycled_ids",
    "referral",
    "retention_rate",
    "retention_value",
    "returned_customers",
    "revenue_bridge",
    "revenue_concentration",
    "segment_contribution",
    "stay_customers",
    "survival",
    "tier_equivalence",
    "tier_migration",
    "top_customers",
    "visit_interval",
    "winback",
    "winback_customers",
];

/// A view: its name, its header and its SQL.
#[derive(Clone, Debug)]
pub struct View {
    /// Its name, that of its file.
    pub name: String,
    /// The leading comment, without the dashes.
    pub header: String,
    /// The query, a template over the dimensions.
    pub sql: String,
    /// The user's file, where it is the user's.
    pub origin: Option<PathBuf>,
}

impl View {
    pub(super) fn new(name: &str, text: &str, origin: Option<PathBuf>) -> Self {
        let comment = text.lines().map_while(|line| line.strip_prefix("--"));
        let header: Vec<&str> =
            comment.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
        Self { name: name.to_owned(), header: header.join("\n"), sql: text.to_owned(), origin }
    }

    /// The first line of the header without the name: what it is for.
    pub fn summary(&self) -> &str {
        let first = self.header.lines().next().unwrap_or_default();
        first
            .strip_prefix(self.name.as_str())
            .and_then(|rest| rest.strip_prefix(": "))
            .unwrap_or(first)
    }

    /// The columns that identify a row, in the order in which rows are shown.
    pub fn grain(&self) -> Vec<&str> {
        self.directive("Grain")
            .map(|text| text.split(',').map(str::trim).collect())
            .unwrap_or_default()
    }

    /// Whether a report without a month shows all months rather than the latest.
    pub fn shows_all_months(&self) -> bool {
        self.directive("Report") == Some("all months")
    }

    /// Whether what it says of a month may change with the months that close later.
    pub fn reads_later_months(&self) -> bool {
        self.directive("Reads") == Some("later months")
    }

    /// The columns that are counts of customers, each with where its customers are found.
    ///
    /// # Errors
    /// A line of `Customers:` is none of the form `measure = relation by column, … where predicate`.
    pub fn drills(&self) -> Result<Vec<Drill>, ViewError> {
        let drills = self.entries("Customers");
        let invalid = |line: &str| ViewError::Invalid {
            origin: self.place(),
            message: format!("not like `measure = relation by column where predicate`: {line}"),
            hint: None,
        };
        drills.iter().map(|line| Drill::parse(line).ok_or_else(|| invalid(line))).collect()
    }

    /// Whether the tables of the user's that it needs are configured.
    fn is_served(&self, config: &Config) -> bool {
        self.directive("Requires").is_none_or(|table| config.tables.contains_key(table))
    }

    pub(super) fn directive(&self, name: &str) -> Option<&str> {
        self.header
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .map(str::trim)
    }

    /// Whose it is, in a word.
    pub fn origin_word(&self) -> &'static str {
        match (&self.origin, BUILT_IN.iter().any(|(name, _)| *name == self.name)) {
            (None, _) => "built in",
            (Some(_), true) => "own, in place of the built-in one",
            (Some(_), false) => "own",
        }
    }

    /// Where it comes from, for messages.
    pub fn place(&self) -> String {
        match &self.origin {
            Some(path) => path.display().to_string(),
            None => format!("sql/views/{}.sql", self.name),
        }
    }
}

/// All views by name.
#[derive(Clone, Debug)]
pub struct Catalogue {
    views: BTreeMap<String, View>,
}

impl Catalogue {
    /// The built-in views and the user's.
    ///
    /// # Errors
    /// A file of the user's can't be read.
    pub fn load(config: &Config) -> Result<Self, ViewError> {
        let built_in =
            BUILT_IN.iter().map(|(name, text)| ((*name).to_owned(), View::new(name, text, None)));
        let mut views: BTreeMap<String, View> =
            built_in.filter(|(_, view)| view.is_served(config)).collect();
        for path in own_files(&config.base.join("sql").join("views"))? {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path)
                .map_err(|source| ViewError::Unreadable { path: path.clone(), source })?;
            views.insert(name.clone(), View::new(&name, &text, Some(path)));
        }
        Ok(Self { views })
    }

    /// All views, by name.
    pub fn iter(&self) -> impl Iterator<Item = &View> {
        self.views.values()
    }

    /// A view.
    pub fn get(&self, name: &str) -> Option<&View> {
        self.views.get(name)
    }

    /// A view, or the message that names the nearest.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn find(&self, name: &str) -> Result<&View, ViewError> {
        self.get(name)
            .ok_or_else(|| ViewError::unknown(name, self.views.keys().map(String::as_str)))
    }
}

fn own_files(folder: &Path) -> Result<Vec<PathBuf>, ViewError> {
    let failed = |source| ViewError::Unreadable { path: folder.to_owned(), source };
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(failed)?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|ending| ending == "sql") {
            files.push(path);
        }
    }
    files.sort_unstable();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_view_documents_itself() {
        for (name, text) in BUILT_IN {
            let view = View::new(name, text, None);
            assert!(!view.summary().is_empty() && view.summary().ends_with('.'), "{name}");
            assert!(!view.grain().is_empty(), "{name}");
            for part in ["Columns:", "Source:"] {
                assert!(view.header.contains(part), "{name} lacks {part}");
            }
        }
    }

    #[test]
    fn every_list_is_of_a_view_that_is_there() {
        for (name, text) in BUILT_IN {
            for drill in View::new(name, text, None).drills().unwrap() {
                let found = BUILT_IN.iter().find(|(relation, _)| *relation == drill.relation);
                let (relation, text) = found.unwrap_or_else(|| panic!("{name}: {drill:?}"));
                let relation = View::new(relation, text, None);
                assert!(relation.grain().contains(&"customer_id"), "{name}: {drill:?}");
            }
        }
    }
}
