//! `export`: the configured exports, a folder per month.

use std::collections::BTreeSet;

use super::{House, check};
use crate::cli::ExportArgs;
use crate::close::{Openness, Schedule, definitions};
use crate::config::{ExportConfig, nearest};
use crate::error::{Error, Status};
use crate::event::{Event, Span};
use crate::export::{self, ExportError, Inputs, Manifest};
use crate::month::Month;
use crate::views::Desk;

/// Makes what is due of the exports and months that are asked for.
pub async fn run(house: &House<'_>, args: &ExportArgs) -> Result<Status, Error> {
    let desk = house.desk().await?;
    let exports = chosen(house, args.name.as_deref())?;
    let months = match args.month {
        None => desk.closes().months().collect(),
        Some(argument) => vec![argument.closed(desk.closes(), house.today(args.today.today))?],
    };
    let mut withheld = stale(house, &desk).await?;
    if !args.force && !months.is_empty() {
        let seen = months.iter().flat_map(|month| [*month, month.previous()]).collect();
        let failures = check::checked(house, &house.desk().await?.over(seen)).await?;
        check::show(house, &failures)?;
        withheld.extend(failures.iter().flat_map(crate::views::Failure::months));
    }
    if args.force {
        withheld.clear();
    }
    let all_made = make(house, &desk, &exports, &months, &withheld, args.force).await?;
    Ok(if all_made { Status::Done } else { Status::Failed })
}

fn chosen<'a>(house: &'a House<'_>, name: Option<&str>) -> Result<Vec<&'a ExportConfig>, Error> {
    let all = house.config.exports.iter();
    let Some(name) = name else { return Ok(all.collect()) };
    let found: Vec<&ExportConfig> = all.clone().filter(|export| export.name == name).collect();
    if found.is_empty() {
        let near = nearest(name, all.map(|export| export.name.as_str()));
        let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        return Err(ExportError::Unknown(format!("{name}{near}")).into());
    }
    Ok(found)
}

/// Exports what is due of all closed months, as `run` does. `withheld` months failed a check.
pub async fn due(house: &House<'_>, withheld: &BTreeSet<Month>) -> Result<(), Error> {
    let desk = house.desk().await?;
    let exports = chosen(house, None)?;
    let months: Vec<Month> = desk.closes().months().collect();
    let mut withheld = withheld.clone();
    withheld.extend(stale(house, &desk).await?);
    make(house, &desk, &exports, &months, &withheld, false).await?;
    Ok(())
}

/// Closed months that were not made from what is landed now under the definitions in force.
async fn stale(house: &House<'_>, desk: &Desk) -> Result<BTreeSet<Month>, Error> {
    let inventory = desk.inventory().await?;
    let definitions = definitions(&house.config);
    let schedule = Schedule::new(inventory, desk.closes(), &house.config, &definitions);
    let fresh = |month: &Month| {
        schedule
            .as_ref()
            .is_some_and(|schedule| schedule.openness(desk.closes(), *month) == Openness::Closed)
    };
    Ok(desk.closes().months().filter(|month| !fresh(month)).collect())
}

/// Makes what is due; tells whether nothing was withheld.
async fn make(
    house: &House<'_>,
    desk: &Desk,
    exports: &[&ExportConfig],
    months: &[Month],
    withheld: &BTreeSet<Month>,
    force: bool,
) -> Result<bool, Error> {
    let mut all_made = true;
    let bar = house.printer.steps_bar("exporting", (exports.len() * months.len()) as u64);
    for export in exports {
        let mut made = Vec::new();
        let inputs = Inputs::of(desk, &house.config, export).await?;
        let folder = format!("{}/{}", house.config.resolve(&export.to), export.name);
        for month in months {
            bar.inc(1);
            let due = export::due(desk, &house.config, &inputs, *month, force).await?;
            let Some(due) = due else { continue };
            if withheld.contains(month) {
                let why = "it fails a check, or is not made from what is landed now".to_owned();
                let refusal =
                    ExportError::Withheld { export: export.name.clone(), month: *month, why };
                house.printer.error(&refusal.to_string(), refusal.hint().as_deref());
                all_made = false;
                continue;
            }
            bar.set_message(format!("exporting {} of {month}", export.name));
            if let Some(manifest) = export::make(desk, due).await? {
                house.printer.tell(&exported(&manifest, format!("{folder}/{month}")));
                made.push(*month);
            }
        }
        let (export, span) = (export.name.clone(), Span::of(&made));
        house.printer.tell(&Event::Exported { export, span, folder });
    }
    bar.finish_and_clear();
    Ok(all_made)
}

fn exported(manifest: &Manifest, folder: String) -> Event {
    Event::MonthExported {
        export: manifest.export.clone(),
        month: manifest.month,
        folder,
        files: manifest.files.len(),
        bytes: manifest.files.iter().map(|file| file.bytes).sum(),
    }
}
