//! The garage sample: a business without contracts, where a bill is a visit and a loss is a car that
//! no longer comes. Plain CSV files, a year each, in the order of the days, as a small firm's
//! books are; free jobs on the firm's own account among the bills.

use std::path::Path;

use super::Summary;
use super::error::GenerateError;
use super::output::{place, prepare};
use super::population::Population;
use super::rows::{Bill, Calendar, Call, Event, Rows};
use super::text::amount_text;
use super::trade::Trade;

const BASE: u64 = 260;
const MONTHS: u32 = 36;
const FIRST_YEAR: i32 = 2022;
const SEED: u64 = 36;

const WORKS: [&str; 6] = ["service", "repair", "parts", "discount", "goodwill", "inspection"];
const CARS: [&str; 4] = ["petrol", "diesel", "hybrid", "electric"];
const OWNERS: [&str; 3] = ["private", "fleet", "taxi"];
const DISTRICTS: [&str; 5] = ["centre", "north", "east", "south", "west"];
const EVENTS: [&str; 11] = [
    "first visit",
    "came back",
    "took over",
    "gone",
    "went over",
    "change",
    "pause",
    "contract",
    "card",
    "visit",
    "inspection",
];

const VISITS: &str = "plate,date,work,car,total,free";
const BOOK: &str = "entry,plate,time,what,district,car,owner,fleet,why,sent_by";
const CALLS: &str = "call,plate,time,category,topic,solved,satisfaction,recommend";

/// A line of a book and what it is sorted by.
type Dated = ((i32, u32), String);

/// Writes the garage sample into `out`: three folders and a commented `churnhouse.toml`.
///
/// # Errors
///
/// A folder that holds extracts already, and failures of the file system.
pub fn garage_sample(out: &Path) -> Result<Summary, GenerateError> {
    prepare(out, &["visits", "book", "calls"])?;
    let population = Population::new(Trade::garage(BASE, MONTHS), SEED);
    let mut books = Books::new(population.trade.everyone());
    population.tell(|number, rows| {
        books.add(number, rows);
        Ok(())
    })?;
    books.add_house_account();
    books.write(out)?;
    place(out.join("churnhouse.toml"), include_bytes!("garage.toml"))?;
    books.summary.files += 1;
    Ok(books.summary)
}

struct Books {
    calendar: Calendar,
    visits: Vec<Dated>,
    book: Vec<Dated>,
    calls: Vec<Dated>,
    summary: Summary,
}

impl Books {
    fn new(customers: u64) -> Self {
        Self {
            calendar: Calendar::from(FIRST_YEAR, 1),
            visits: Vec::new(),
            book: Vec::new(),
            calls: Vec::new(),
            summary: Summary { customers, ..Summary::default() },
        }
    }

    fn add(&mut self, number: u64, rows: &Rows) {
        let plate = plate(number);
        for bill in &rows.bills {
            let line = visit_line(self.calendar, &plate, rows.month, bill);
            self.visits.push(((rows.month, bill.day), line));
        }
        for event in &rows.events {
            let line = book_line(self.calendar, &plate, event);
            self.book.push(((rows.month, event.at.day), line));
        }
        for call in &rows.calls {
            let line = call_line(self.calendar, &plate, rows.month, call);
            self.calls.push(((rows.month, call.at.day), line));
        }
    }

    /// Courtesy cars and cleaning for the firm itself: lines that are nobody's custom.
    fn add_house_account(&mut self) {
        for month in 0..MONTHS as i32 {
            for (day, work, total) in [(6, "courtesy car", "0.00"), (20, "cleaning", "45.00")] {
                let date = self.calendar.date(month);
                let line = format!("HOUSE,{:04}-{:02}-{day:02},{work},,{total},no", date.0, date.1);
                self.visits.push(((month, day), line));
            }
        }
    }

    fn write(&mut self, out: &Path) -> Result<(), GenerateError> {
        self.summary.bill_lines = self.visits.len() as u64;
        self.summary.events = self.book.len() as u64;
        self.summary.calls = self.calls.len() as u64;
        let sources = [
            ("visits", VISITS, &mut self.visits),
            ("book", BOOK, &mut self.book),
            ("calls", CALLS, &mut self.calls),
        ];
        for (name, header, lines) in sources {
            lines.sort();
            self.summary.files += write_years(out, name, header, lines)?;
        }
        Ok(())
    }
}

fn write_years(
    out: &Path,
    name: &str,
    header: &str,
    lines: &[Dated],
) -> Result<u64, GenerateError> {
    let mut files = 0;
    for year in lines.chunk_by(|one, next| one.0.0 / 12 == next.0.0 / 12) {
        let mut text = format!("{header}\n");
        for (_, line) in year {
            text.push_str(line);
            text.push('\n');
        }
        let number = FIRST_YEAR + year[0].0.0 / 12;
        place(out.join(name).join(format!("{name}_{number}.csv")), text.as_bytes())?;
        files += 1;
    }
    Ok(files)
}

fn plate(number: u64) -> String {
    format!("NX-{:05}", 10_001 + number)
}

fn visit_line(calendar: Calendar, plate: &str, month: i32, bill: &Bill) -> String {
    let (year, month) = calendar.date(month);
    let car = bill.product.among(&CARS);
    let total = amount_text(bill.cents);
    let free = if bill.waived { "yes" } else { "no" };
    let work = bill.charge.among(&WORKS);
    format!("{plate},{year:04}-{month:02}-{:02},{work},{car},{total},{free}", bill.day)
}

fn book_line(calendar: Calendar, plate: &str, event: &Event) -> String {
    let (year, month) = calendar.date(event.month);
    let (hour, minute, _) = event.at.clock();
    let day = event.at.day;
    [
        format!("{plate}/{:03}", event.serial),
        plate.to_owned(),
        format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}"),
        event.kind.among(&EVENTS).to_owned(),
        event.region.map_or("", |region| region.among(&DISTRICTS)).to_owned(),
        event.product.map_or("", |product| product.among(&CARS)).to_owned(),
        event.segment.map_or("", |segment| segment.among(&OWNERS)).to_owned(),
        event.group.map(|group| format!("fleet {group}")).unwrap_or_default(),
        event.reason.map_or("", |reason| reason.word()).to_owned(),
        event.referred_by.map(self::plate).unwrap_or_default(),
    ]
    .join(",")
}

fn call_line(calendar: Calendar, plate: &str, month: i32, call: &Call) -> String {
    let (year, month) = calendar.date(month);
    let (hour, minute, _) = call.at.clock();
    let score = |value: Option<u32>| value.map(|score| score.to_string()).unwrap_or_default();
    [
        format!("{plate}#{:03}", call.serial),
        plate.to_owned(),
        format!("{year:04}-{month:02}-{:02} {hour:02}:{minute:02}", call.at.day),
        call.category.word().to_owned(),
        call.topic.word().to_owned(),
        if call.resolved { "yes" } else { "no" }.to_owned(),
        score(call.satisfaction),
        score(call.recommend_score),
    ]
    .join(",")
}

#[cfg(test)]
mod tests {
    use super::super::words::{Charge, Product};
    use super::*;

    #[test]
    fn a_free_inspection_is_marked_free() {
        let bill = Bill {
            day: 7,
            product: Product::Youth,
            charge: Charge::Trial,
            cents: 900,
            waived: true,
        };
        let line = visit_line(Calendar::from(2022, 1), &plate(0), 13, &bill);
        assert_eq!(line, "NX-10001,2023-02-07,inspection,diesel,9.00,yes");
    }

    #[test]
    fn a_file_is_written_for_each_year() {
        let out = std::env::temp_dir().join(format!("churnhouse-garage-{}", std::process::id()));
        let summary = garage_sample(&out).unwrap();
        assert_eq!(summary.files, 3 * 3 + 1);
        let visits = std::fs::read_to_string(out.join("visits/visits_2023.csv")).unwrap();
        for month in 1..=12 {
            assert!(visits.matches(&format!(",2023-{month:02}-")).count() > 50);
        }
        assert!(matches!(garage_sample(&out), Err(GenerateError::Occupied { .. })));
        std::fs::remove_dir_all(out).unwrap();
    }
}
