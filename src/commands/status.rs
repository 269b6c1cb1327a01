//! `status`: how the warehouse stands.

use super::{House, output};
use crate::cli::TodayArgs;
use crate::close::{Closes, Inventory, Openness, Schedule, definitions, spans};
use crate::error::{Error, Status};
use crate::extract::SourceKind;
use crate::land::Ledger;
use crate::month::Month;
use crate::warehouse::{WarehouseError, layout};

/// Prints tables, months and what is to be done.
pub async fn run(house: &House<'_>, args: TodayArgs) -> Result<Status, Error> {
    let mut text = format!("warehouse {}\n\n", house.warehouse.url());
    let tables = tables(house).await?;
    if tables.is_empty() {
        return Err(WarehouseError::Absent(house.warehouse.url().to_string()).into());
    }
    text.push_str(&tables);
    text.push_str(&landings(house).await?);
    text.push_str(&months(house, args).await?);
    house.printer.data(&text).map_err(output::failed)?;
    Ok(Status::Done)
}

async fn tables(house: &House<'_>) -> Result<String, Error> {
    let mut text = String::new();
    for name in layout::TABLES {
        let Some(table) = house.warehouse.open(name).await? else { continue };
        let files = table.files();
        let rows: u64 = files.iter().map(|file| file.rows).sum();
        let bytes: u64 = files.iter().map(|file| file.size).sum();
        let size = indicatif::HumanBytes(bytes).to_string();
        text.push_str(&format!(
            "{name:<16} version {:>4}  {:>4} files  {rows:>12} rows  {size:>12}\n",
            table.version(),
            files.len()
        ));
    }
    Ok(text)
}

async fn landings(house: &House<'_>) -> Result<String, Error> {
    let ledger = Ledger::open(&house.warehouse).await?;
    let mut text = String::from("\n");
    for kind in SourceKind::iter() {
        let current = ledger.current_of(kind);
        let Some(last) = current.iter().map(|landing| landing.landed_at.as_str()).max() else {
            continue;
        };
        let rejected: i64 = current.iter().map(|landing| landing.rejected).sum();
        let repeated: i64 = current.iter().map(|landing| landing.duplicates).sum();
        text.push_str(&format!(
            "{kind:<16} {} files landed, the last at {}; {rejected} rows rejected, {repeated} sharing an id\n",
            current.len(),
            last.get(..19).unwrap_or(last)
        ));
    }
    Ok(text)
}

async fn months(house: &House<'_>, args: TodayArgs) -> Result<String, Error> {
    let inventory = Inventory::read(&house.warehouse, &house.config).await?;
    let closes = Closes::read(&house.warehouse).await?;
    let definitions = definitions(&house.config);
    let Some(schedule) = Schedule::new(&inventory, &closes, &house.config, &definitions) else {
        return Ok("\nno month has billing lines\n".into());
    };
    let mut text = format!("\nhistory {} to {}", schedule.first, schedule.last);
    match schedule.lines_before() {
        0 => text.push('\n'),
        lines => {
            text.push_str(&format!("; {lines} billing lines lie before it and count nowhere\n"))
        }
    }
    let today = house.today(args.today);
    let others = closes.under_others(&definitions);
    let mut stopped = !others.is_empty();
    for month in schedule.months() {
        text.push_str(&line(&schedule, &closes, &inventory, month, today, &mut stopped));
    }
    if !others.is_empty() {
        text.push_str(&format!(
            "\n{} closed under other definitions than those in force; no month closes until\n`churnhouse close --full` has closed all of them again\n",
            spans(&others)
        ));
    }
    Ok(text)
}

fn line(
    schedule: &Schedule<'_>,
    closes: &Closes,
    inventory: &Inventory,
    month: Month,
    today: chrono::NaiveDate,
    stopped: &mut bool,
) -> String {
    let openness = schedule.openness(closes, month);
    let state = match openness {
        Openness::Closed => "closed".to_owned(),
        Openness::OtherDefinitions => "closed under other definitions".to_owned(),
        Openness::Stale => "stale: what it was made from has changed".to_owned(),
        Openness::Open => "open".to_owned(),
    };
    let refusal = match schedule.fit(closes, month, today) {
        _ if matches!(openness, Openness::Closed | Openness::OtherDefinitions) => String::new(),
        _ if *stopped => "; waits for those before".to_owned(),
        Ok(true) => "; closes with the next run".to_owned(),
        Ok(false) => "; not over yet".to_owned(),
        Err(reason) => format!("; refused: {reason}"),
    };
    *stopped |= refusal.starts_with("; refused") || refusal.starts_with("; not over");
    let accepted = closes.get(month).is_some_and(|record| record.accepted);
    let accepted = if accepted { ", accepted" } else { "" };
    let lines = inventory.source(SourceKind::Billing).rows(month);
    format!("{month}  {lines:>10} billing lines  {state}{accepted}{refusal}\n")
}
