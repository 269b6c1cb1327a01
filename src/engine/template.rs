//! The SQL files that several rooms use, and what is templated in SQL: the list of dimensions, nothing else.

use datafusion::error::DataFusionError;

use crate::config::Config;

/// The staging views, one per landed table.
pub const STAGING: [(&str, &str); 4] = [
    ("billing", include_str!("../../sql/staging/billing.sql")),
    ("channel", include_str!("../../sql/staging/channel.sql")),
    ("hotline", include_str!("../../sql/staging/hotline.sql")),
    ("rejected", include_str!("../../sql/staging/rejected.sql")),
];

/// SQL with the dimensions filled in: `dimensions` are all of them by name, `own` the configured ones.
///
/// # Errors
/// The template is broken; the message has its line.
pub fn render(sql: &str, config: &Config) -> Result<String, DataFusionError> {
    let own: Vec<&String> = config.dimensions.keys().collect();
    let values = minijinja::context! { dimensions => config.dimension_names(), own => own };
    let rendered = minijinja::Environment::new().render_str(sql, values);
    rendered.map_err(|error| DataFusionError::Plan(format!("template: {error}")))
}
