//! The policy: the choices of an operator that change what a number means. SQL joins it as small
//! tables, so that a query can be read without knowing where a threshold comes from.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ConfigError;

/// An exact decimal as written, with up to six places, kept as text for SQL.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Number")]
pub struct Exact(String);

/// A number, or one as a text, with up to six places.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Number {
    Integer(i64),
    Float(f64),
    Text(String),
}

impl JsonSchema for Exact {
    fn schema_name() -> String {
        "Exact".into()
    }

    fn json_schema(generator: &mut schemars::r#gen::SchemaGenerator) -> schemars::schema::Schema {
        Number::json_schema(generator)
    }
}

impl TryFrom<Number> for Exact {
    type Error = String;

    fn try_from(number: Number) -> Result<Self, String> {
        let text = match number {
            Number::Integer(value) => value.to_string(),
            Number::Float(value) => value.to_string(),
            Number::Text(text) => text,
        };
        Self(text.clone()).millionths().map(|_| Self(text))
    }
}

impl Exact {
    fn of(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The value in millionths; an error names what is wrong with the text.
    pub fn millionths(&self) -> Result<i128, String> {
        let wrong = || format!("not a number with up to 6 decimals: {}", self.0);
        let (negative, digits) = match self.0.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, self.0.as_str()),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty()
            || whole.len() > 12
            || fraction.len() > 6
            || !plain(whole)
            || !plain(fraction)
        {
            return Err(wrong());
        }
        let value: i128 = format!("{whole}{fraction:0<6}").parse().map_err(|_| wrong())?;
        Ok(if negative { -value } else { value })
    }
}

/// A tier and the least monthly value from which it holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// Its name; `new` is reserved.
    pub name: String,
    /// The least monthly value, in the warehouse's currency.
    pub min: Exact,
}

/// Everything in `[policy]`; each key has the default of the metrics' definition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Idle months from which a customer in the base is at risk; also the usual gap between charges.
    pub at_risk_after: u32,
    /// Idle months from which a customer has lapsed, inclusive.
    pub churned_after: u32,
    /// Charged months in a row after a termination that lift it.
    pub relift_after: u32,
    /// Months from a termination on after which an `activate` under the same id is another person's:
    /// the number was given away again. None: never.
    pub recycled_after: Option<u32>,
    /// Months, the first included, in which a customer's tier is `new`.
    pub new_for: u32,
    /// Months behind the monthly value.
    pub tier_window: u32,
    /// Months behind the annual value.
    pub value_window: u32,
    /// Tiers by least monthly value, highest first.
    pub tiers: Vec<Tier>,
    /// Profit per unit of revenue.
    pub margin: Exact,
    /// Overrides of `margin` by tier, `new` included.
    pub margin_by_tier: BTreeMap<String, Exact>,
    /// Cost of keeping one customer.
    pub retention_cost: Exact,
    /// Winning a new customer costs so many times the retention cost.
    pub acquisition_multiple: Exact,
    /// People whom one lost customer talks to.
    pub influence: Exact,
    /// Share of the dissatisfied who complain.
    pub complaining_share: Exact,
    /// Reasons by which the operator ended it.
    pub passive_reasons: Vec<String>,
    /// Reasons that say the customer went to another operator.
    pub switch_reasons: Vec<String>,
    /// Reasons for which nobody could have kept the customer.
    pub unavoidable_reasons: Vec<String>,
    /// Reason to its class in `churn_reasons`.
    pub reasons: BTreeMap<String, String>,
    /// Ids that are no customers; their lines land but count nowhere.
    pub house_accounts: Vec<String>,
    /// Charge types that are no business.
    pub not_business: Vec<String>,
    /// Fall of the monthly value from which a customer is declining.
    pub decline: Exact,
    /// Members that leave from which a group is flagged.
    pub group_min: u32,
    /// Share of members that leave from which a group is flagged.
    pub group_share: Exact,
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|&word| word.to_owned()).collect()
}

impl Default for Policy {
    fn default() -> Self {
        let tiers = [("diamond", "1000"), ("gold", "500"), ("silver", "300"), ("ordinary", "0")];
        let reasons = [
            ("price", "price"),
            ("convenience", "inconvenience"),
            ("quality", "core_service"),
            ("service", "service_staff"),
            ("response", "response_to_failure"),
            ("competitor", "competition"),
            ("ethics", "ethics"),
        ];
        Self {
            at_risk_after: 1,
            churned_after: 3,
            relift_after: 3,
            recycled_after: None,
            new_for: 3,
            tier_window: 3,
            value_window: 12,
            tiers: tiers
                .iter()
                .map(|(name, min)| Tier { name: (*name).to_owned(), min: Exact::of(min) })
                .collect(),
            margin: Exact::of("0.10"),
            margin_by_tier: BTreeMap::new(),
            retention_cost: Exact::of("60"),
            acquisition_multiple: Exact::of("5"),
            influence: Exact::of("5"),
            complaining_share: Exact::of("0.05"),
            passive_reasons: words(&["arrears", "fraud", "underuse"]),
            switch_reasons: words(&["competitor"]),
            unavoidable_reasons: words(&[
                "relocation",
                "death",
                "bankruptcy",
                "changed_business",
                "outlet_moved",
                "life_change",
            ]),
            reasons: reasons
                .iter()
                .map(|(reason, class)| ((*reason).to_owned(), (*class).to_owned()))
                .collect(),
            house_accounts: Vec::new(),
            not_business: Vec::new(),
            decline: Exact::of("0.5"),
            group_min: 3,
            group_share: Exact::of("0.3"),
        }
    }
}

impl Policy {
    /// Refuses values that contradict each other; the message names the key.
    pub fn check(&self) -> Result<(), ConfigError> {
        let refuse =
            |key: &str, why: String| Err(ConfigError::Value { key: format!("policy.{key}"), why });
        if self.at_risk_after < 1 || self.at_risk_after > self.churned_after {
            let why = format!(
                "must lie between 1 and churned_after ({}): {}",
                self.churned_after, self.at_risk_after
            );
            return refuse("at_risk_after", why);
        }
        let months = [
            ("relift_after", self.relift_after),
            ("tier_window", self.tier_window),
            ("value_window", self.value_window),
            ("recycled_after", self.recycled_after.unwrap_or(1)),
        ];
        for (key, value) in months {
            if !(1..=120).contains(&value) {
                return refuse(key, format!("must lie between 1 and 120 months: {value}"));
            }
        }
        self.check_tiers()
    }

    fn check_tiers(&self) -> Result<(), ConfigError> {
        let refuse = |why: String| Err(ConfigError::Value { key: "policy.tiers".into(), why });
        if self.tiers.is_empty() {
            return refuse("at least one tier is needed".into());
        }
        let mut names: Vec<&str> = self.tiers.iter().map(|tier| tier.name.as_str()).collect();
        if names.contains(&"new") {
            return refuse("the name is reserved for customers in their first months: new".into());
        }
        let mins: Vec<i128> =
            self.tiers.iter().filter_map(|tier| tier.min.millionths().ok()).collect();
        if mins.windows(2).any(|pair| pair[0] <= pair[1]) {
            return refuse("list them highest min first, each below the one before it".into());
        }
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return refuse("two tiers have the same name".into());
        }
        let known = |name: &&String| name.as_str() != "new" && !names.contains(&name.as_str());
        match self.margin_by_tier.keys().find(known) {
            Some(name) => Err(ConfigError::Value {
                key: format!("policy.margin_by_tier.{name}"),
                why: format!("no such tier; the tiers are: {}, new", names.join(", ")),
            }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_numbers_keep_their_digits() {
        assert_eq!(Exact::of("0.1").millionths(), Ok(100_000));
        assert_eq!(Exact::of("-12.345678").millionths(), Ok(-12_345_678));
        assert!(Exact::of("1e3").millionths().is_err());
        assert!(Exact::of("0.1234567").millionths().is_err());
    }

    #[test]
    fn the_defaults_are_consistent() {
        assert!(Policy::default().check().is_ok());
    }

    #[test]
    fn contradictions_are_refused() {
        let late = Policy { at_risk_after: 4, ..Policy::default() };
        assert!(late.check().unwrap_err().to_string().contains("at_risk_after"));
        let reserved = Tier { name: "new".into(), min: Exact::of("1") };
        assert!(Policy { tiers: vec![reserved], ..Policy::default() }.check().is_err());
    }
}
