//! Where the customers behind a count are found, as a view's header declares it.

/// A count of customers and the relation that lists them: as many rows as the count, for each row of the view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drill {
    /// The column of the view.
    pub measure: String,
    /// The view or table whose rows are customers. It has a column `customer_id`, and the columns by which a
    /// row of the view is told from others.
    pub relation: String,
    /// These columns, where they are not all those of the view's grain that the relation has.
    pub by: Vec<String>,
    /// Which of its rows.
    pub predicate: Option<String>,
}

impl Drill {
    /// Reads `measure = relation by column, column where predicate`; `None` where a text is not like that.
    pub fn parse(text: &str) -> Option<Self> {
        let (measure, rest) = text.split_once(" = ")?;
        let (rest, predicate) = match rest.split_once(" where ") {
            Some((rest, predicate)) => (rest, Some(predicate.trim().to_owned())),
            None => (rest, None),
        };
        let (relation, by) = rest.split_once(" by ").unwrap_or((rest, ""));
        let words = by.split(',').map(str::trim).filter(|column| !column.is_empty());
        let by: Vec<String> = words.map(str::to_owned).collect();
        let (measure, relation) = (measure.trim().to_owned(), relation.trim().to_owned());
        let is_name = |name: &String| !name.is_empty() && !name.contains(char::is_whitespace);
        let named = [&measure, &relation].into_iter().chain(&by).all(is_name);
        named.then_some(Self { measure, relation, by, predicate })
    }

    /// The columns by which a row of the view is told from others, given its grain and the relation's columns.
    pub fn keys(&self, grain: &[&str], columns: &[String]) -> Vec<String> {
        if !self.by.is_empty() {
            return self.by.clone();
        }
        let kept = grain.iter().filter(|key| columns.iter().any(|column| column == *key));
        kept.map(|key| (*key).to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_where_and_which() {
        let drill = Drill::parse("size = cohort_customers by cohort, month where age = 0").unwrap();
        assert_eq!((drill.measure.as_str(), drill.relation.as_str()), ("size", "cohort_customers"));
        assert_eq!(drill.by, ["cohort", "month"]);
        assert_eq!(drill.predicate.as_deref(), Some("age = 0"));
        let plain = Drill::parse("customers = ladder_customers").unwrap();
        assert_eq!((plain.by.len(), plain.predicate.as_ref()), (0, None));
        let columns = ["month", "stage", "customer_id"].map(str::to_owned);
        assert_eq!(plain.keys(&["month", "place"], &columns), ["month"]);
    }

    #[test]
    fn other_lines_are_refused() {
        for text in
            ["customers", "customers = ", "two words = churned_customers", " = churned_customers"]
        {
            assert_eq!(Drill::parse(text), None, "{text}");
        }
    }
}
