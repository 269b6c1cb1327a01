use super::*;
use crate::config::Config;
use crate::extract::SourceKind;

const NAME: &str = "billing";

fn warehouse(folder: &tempfile::TempDir) -> Warehouse {
    assert_eq!(layout::landed(SourceKind::Billing), NAME);
    Warehouse::new(&Config { base: folder.path().to_owned(), ..Config::default() }).unwrap()
}

fn adding(number: u64) -> Change {
    let month = Month::new(2020, 1).plus(number as i32 % 3);
    let path = format!("{}/b{number:06}-x.parquet", layout::partition(month));
    let ids = Some(("L1".to_owned(), format!("L{number}")));
    let file = DataFile { path, month: Some(month), rows: number, size: 10, ids };
    Change { add: vec![file], ..Change::default() }
}

/// Across two checkpoints.
#[tokio::test]
async fn a_table_knows_what_it_has_committed() {
    let folder = tempfile::tempdir().unwrap();
    let warehouse = warehouse(&folder);
    let mut table = warehouse.open_or_create(NAME).await.unwrap();
    for number in 1..=43 {
        let gone = table.files().iter().filter(|_| number % 5 == 0).take(2).cloned();
        let change = Change { remove: gone.collect(), ..adding(number) };
        table.commit(change).await.unwrap();
        if number % 10 == 0 || number > 40 {
            let again = warehouse.open(NAME).await.unwrap().unwrap();
            assert_eq!((again.version(), again.files()), (number, table.files()));
        }
    }
    assert_eq!(table.files().len(), 43 - 2 * 8);
}

#[tokio::test]
async fn somebody_elses_commit_in_between_refuses_ours() {
    let folder = tempfile::tempdir().unwrap();
    let warehouse = warehouse(&folder);
    let mut ours = warehouse.open_or_create(NAME).await.unwrap();
    let mut theirs = warehouse.open(NAME).await.unwrap().unwrap();
    ours.commit(adding(1)).await.unwrap();
    theirs.commit(adding(2)).await.unwrap_err();
    ours.commit(adding(3)).await.unwrap();
    let refused = theirs.commit(adding(2)).await;
    assert!(matches!(refused, Err(WarehouseError::Conflict(name)) if name == NAME));
    assert_eq!((theirs.version(), theirs.files().len()), (0, 0));
    let again = warehouse.open(NAME).await.unwrap().unwrap();
    assert_eq!((again.version(), again.files()), (2, ours.files()));
}
