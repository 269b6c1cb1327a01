//! What a view's header says of its parts: a section as one text, what each column means, how it is
//! computed, and what it measures where its type would mislead. A column that the header does not tell of
//! is no error: a view of the user's own need not document itself.

use super::View;

impl View {
    /// A section such as `Formula` or `Note` as one line; none where the header has no such section.
    pub fn section(&self, name: &str) -> Option<String> {
        let first = self.directive(name)?;
        let rest = self.below(name).map(str::trim);
        Some(std::iter::once(first).chain(rest).collect::<Vec<_>>().join(" ").trim().to_owned())
    }

    /// What the header says that a column means. One entry may tell of several (`new, returned: …`),
    /// of all with a beginning (`avoidable_*: …`), or of the configured dimensions.
    pub fn meaning(&self, column: &str) -> Option<String> {
        let entries = self.entries("Columns");
        let find = |covers: &dyn Fn(&str) -> bool| {
            entries.iter().find_map(|entry| {
                let (names, meaning) = entry.split_once(": ")?;
                split_names(names).any(covers).then(|| meaning.to_owned())
            })
        };
        let named = |name: &str| match name.strip_suffix('*') {
            Some(beginning) => column.starts_with(beginning),
            None => name == column,
        };
        find(&named).or_else(|| find(&|name| name == "configured ones"))
    }

    /// The columns that the header names.
    pub fn columns(&self) -> Vec<String> {
        let entries = self.entries("Columns");
        let names = entries.iter().filter_map(|entry| entry.split_once(": "));
        names.flat_map(|(names, _)| split_names(names).map(str::to_owned)).collect()
    }

    /// How the header says that a column is computed, without the column's name.
    pub fn formula(&self, column: &str) -> Option<String> {
        let formula = self.section("Formula")?;
        let own = |part: &str| {
            let rest = part.trim().strip_prefix(column)?.trim_start().strip_prefix('=')?;
            Some(rest.trim().to_owned())
        };
        formula.split(';').find_map(own)
    }

    /// The word for what a column measures, from a line like `Units: nps, worth = number; fee = money`.
    pub fn unit(&self, column: &str) -> Option<&str> {
        let groups = self.directive("Units")?.split(';').filter_map(|group| group.split_once('='));
        let mut words = groups.filter(|(names, _)| split_names(names).any(|name| name == column));
        words.next().map(|(_, word)| word.trim())
    }

    /// The entries of a section: a line each, with the lines indented further that go on with it.
    pub(super) fn entries(&self, section: &str) -> Vec<String> {
        let mut entries: Vec<String> = Vec::new();
        for line in self.below(section) {
            match entries.last_mut().filter(|_| line.starts_with("    ")) {
                Some(begun) => begun.extend([" ", line.trim()]),
                None => entries.push(line.trim().to_owned()),
            }
        }
        entries
    }

    /// The indented lines below a section's first.
    fn below<'a>(&'a self, section: &'a str) -> impl Iterator<Item = &'a str> {
        let begins =
            move |line: &str| line.strip_prefix(section).is_some_and(|rest| rest.starts_with(':'));
        let lines = self.header.lines().skip_while(move |line| !begins(line)).skip(1);
        lines.take_while(|line| line.starts_with("  "))
    }
}

fn split_names(names: &str) -> impl Iterator<Item = &str> {
    names.split([',', ';']).flat_map(|names| names.split(" and ")).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> View {
        let header = "-- loss: what was lost.
-- Grain: month
-- Columns:
--   month: the first day
--   lost, kept: how many: a
--     count
--   avoidable_*: the same without some
--   region, tier and configured ones; group_id: as of the month before
-- Units: lost, kept = number; fee = money
-- Formula: lost = opening - kept;
--   kept = opening - lost
-- Source: movement
select 1";
        View::new("loss", header, None)
    }

    #[test]
    fn every_column_finds_its_meaning() {
        let (view, count) = (view(), "how many: a count");
        let cases = [
            ("lost", Some(count)),
            ("kept", Some(count)),
            ("avoidable_lost", Some("the same without some")),
            ("tier", Some("as of the month before")),
            ("group_id", Some("as of the month before")),
            ("brand", Some("as of the month before")),
        ];
        for (column, meaning) in cases {
            assert_eq!(view.meaning(column).as_deref(), meaning, "{column}");
        }
        let bare = View::new("bare", "select 1", None);
        assert_eq!((bare.meaning("lost"), bare.section("Formula")), (None, None));
    }

    #[test]
    fn formulas_and_units_are_a_columns_own() {
        let view = view();
        assert_eq!(view.formula("lost").as_deref(), Some("opening - kept"));
        assert_eq!(view.formula("kept").as_deref(), Some("opening - lost"));
        assert_eq!(view.formula("opening"), None);
        assert_eq!(
            view.section("Formula").unwrap(),
            "lost = opening - kept; kept = opening - lost"
        );
        assert_eq!((view.unit("kept"), view.unit("fee")), (Some("number"), Some("money")));
        assert_eq!(view.unit("month"), None);
    }
}
