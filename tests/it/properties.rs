//! What must hold for any extracts: the months do not depend on how the rows came, in how many files, in
//! which order, how often, or in how many steps they were closed.

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::context::{DIGESTS, TODAY, TestContext, difference};
use crate::extracts::{Extracts, MONTHS, context, extracts};

/// Each case is a dozen runs of the program; a failure is shrunk only so far as patience goes.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        max_shrink_iters: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

const CLOSE: [&str; 3] = ["close", "--today", TODAY];

/// The months of extracts that came in one file each and were closed in one go.
fn at_once(extracts: &Extracts) -> String {
    let context = context();
    extracts.write(&context, "all");
    context.run_all();
    context.months()
}

fn same(context: &TestContext, expected: &str, what: &str) -> Result<(), TestCaseError> {
    let found = context.months();
    prop_assert!(found == expected, "{what}:\n{}", difference(&found, expected));
    Ok(())
}

proptest! {
    #![proptest_config(cases(8))]

    /// Month by month, each from the state that the one before left, is a rebuild from nothing.
    #[test]
    fn closing_in_steps_is_closing_at_once(extracts in extracts("e"), from in 1..=MONTHS) {
        let expected = at_once(&extracts);
        let context = context();
        extracts.write(&context, "all");
        context.ok(&["land", "--today", TODAY]);
        for month in 1..=MONTHS {
            context.ok(&["close", "--through", &format!("2024-{month:02}"), "--today", TODAY]);
        }
        same(&context, &expected, "in steps")?;
        context.ok(&["close", "--from", &format!("2024-{from:02}"), "--today", TODAY]);
        same(&context, &expected, "again from a month on")?;
        context.ok(&["close", "--full", "--today", TODAY]);
        same(&context, &expected, "from nothing")?;
        let by_hand = context.csv(DIGESTS);
        context.ok(&["close", "--full", "--by-sql", "--today", TODAY]);
        same(&context, &expected, "by the definition")?;
        prop_assert_eq!(by_hand, context.csv(DIGESTS), "the files of both");
        context.ok(&["check"]);
    }

    /// The same rows in other files, which come one after the other and each reopen what they touch.
    #[test]
    fn files_and_their_order_do_not_matter(
        extracts in extracts("e"),
        places in prop::collection::vec(0..4_usize, 60),
        order in Just([0, 1, 2, 3]).prop_shuffle(),
    ) {
        let expected = at_once(&extracts);
        let context = context();
        context.run_all();
        for file in order {
            extracts.write_part(&context, &format!("part{file}"), |place| places[place] == file);
            context.run_all();
        }
        same(&context, &expected, "in four files")?;
    }
}

proptest! {
    #![proptest_config(cases(6))]

    /// What has landed does not land again, under whatever time or flag.
    #[test]
    fn landing_twice_changes_nothing(extracts in extracts("e")) {
        let context = context();
        extracts.write(&context, "all");
        context.run_all();
        let (expected, landings) = (context.months(), context.csv("select * from landings order by delivery, source"));
        extracts.write(&context, "all");
        context.ok(&["land", "--rehash", "--today", TODAY]);
        context.ok(&["land", "billing", "billing/all.csv", "--today", TODAY]);
        context.run_all();
        same(&context, &expected, "landed twice")?;
        prop_assert_eq!(context.csv("select * from landings order by delivery, source"), landings);
    }

    /// A file that replaces another under its key is as if it had come in its place.
    #[test]
    fn a_restatement_is_the_corrected_file(wrong in extracts("e"), right in extracts("e")) {
        let expected = at_once(&right);
        let context = context();
        wrong.write(&context, "all");
        context.run_all();
        right.write(&context, "all");
        context.run_all();
        same(&context, &expected, "restated")?;
    }

    /// A file that is withdrawn was never there.
    #[test]
    fn a_withdrawn_file_was_never_there(kept in extracts("e"), withdrawn in extracts("w")) {
        let expected = at_once(&kept);
        let context = context();
        kept.write(&context, "all");
        withdrawn.write(&context, "extra");
        context.run_all();
        for source in ["billing", "channel"] {
            context.ok(&["land", source, "--retract", "extra.csv"]);
            std::fs::remove_file(context.path(&format!("{source}/extra.csv"))).unwrap();
        }
        context.ok(&CLOSE);
        same(&context, &expected, "withdrawn")?;
        context.run_all();
        same(&context, &expected, "and run again")?;
    }

    /// Of rows with one id the last delivery's counts; when it goes, the earlier one is back.
    #[test]
    fn a_withdrawn_duplicate_brings_the_earlier_row_back(first in extracts("e"), second in extracts("e")) {
        let expected = at_once(&first);
        let context = context();
        first.write(&context, "all");
        context.run_all();
        second.write(&context, "later");
        context.run_all();
        for source in ["billing", "channel"] {
            context.ok(&["land", source, "--retract", "later.csv"]);
        }
        context.run_all();
        same(&context, &expected, "duplicates withdrawn")?;
    }
}
