//! The canonical writer: a file a month and source, in the columns that need no description, for
//! as many customers as are asked for. Lives are told one after the other into all open files, so
//! memory depends neither on the customers nor on the months; what one pass cannot keep open, the
//! next one tells again.

use std::ops::Range;
use std::path::Path;

use super::error::GenerateError;
use super::output::{Part, place, prepare};
use super::population::Population;
use super::rows::{Bill, Calendar, Call, Event, Moment, Rows};
use super::text;
use super::trade::Trade;
use super::words::Charge;
use super::{Options, Summary};

/// Months written in one pass: three files each, within the open files that every system allows.
const WINDOW: i32 = 60;

/// Customers between two reports of progress.
const STEP: u64 = 1_000;

const BILLING: &[u8] = b"customer_id,billed_on,product,charge_type,amount,waived\n";
const CHANNEL: &[u8] =
    b"event_id,customer_id,occurred_at,event,channel,channel_type,region,product,\
segment,group_id,reason,referred_by\n";
const HOTLINE: &[u8] = b"call_id,customer_id,called_at,category,topic,wait_seconds,talk_seconds,\
resolved,satisfaction,recommend_score\n";

/// Writes `billing/`, `channel/` and `hotline/`, a file a month each, and a `churnhouse.toml` that
/// describes them, into `options.out`. `progress` is told the customers done, now and then and at
/// the end, out of `Options::work`.
///
/// # Errors
///
/// Sizes out of range, a folder that holds extracts already, and failures of the file system.
pub fn canonical(
    options: &Options,
    progress: &mut dyn FnMut(u64),
) -> Result<Summary, GenerateError> {
    options.check()?;
    prepare(&options.out, &["billing", "channel", "hotline"])?;
    let trade = Trade::telecom(options.customers, options.months);
    let population = Population::new(trade, options.seed);
    let mut pass = Pass::new(options, &population);
    let mut done = Vec::new();
    for first in (0..population.trade.months).step_by(WINDOW as usize) {
        let last = population.trade.months.min(first + WINDOW);
        done.extend(pass.write(first..last, progress)?);
    }
    let files = done.len() as u64 + 1;
    for part in done {
        part.publish()?;
    }
    place(options.out.join("churnhouse.toml"), include_bytes!("canonical.toml"))?;
    progress(options.work());
    Ok(Summary { files, ..pass.summary })
}

/// How many passes a number of months takes.
pub(super) fn passes(months: u32) -> u64 {
    u64::from(months).div_ceil(WINDOW as u64)
}

/// The files of a month.
struct MonthFiles {
    billing: Part,
    channel: Part,
    hotline: Part,
}

impl MonthFiles {
    fn create(out: &Path, stamp: &str) -> Result<Self, GenerateError> {
        Ok(Self {
            billing: begin(out, "billing", stamp, BILLING)?,
            channel: begin(out, "channel", stamp, CHANNEL)?,
            hotline: begin(out, "hotline", stamp, HOTLINE)?,
        })
    }

    fn close(self) -> Result<[Part; 3], GenerateError> {
        let mut parts = [self.billing, self.channel, self.hotline];
        for part in &mut parts {
            part.close()?;
        }
        Ok(parts)
    }
}

fn begin(out: &Path, source: &str, stamp: &str, header: &[u8]) -> Result<Part, GenerateError> {
    let mut part = Part::create(out.join(source).join(format!("{source}_{stamp}.csv")))?;
    part.write(header)?;
    Ok(part)
}

/// Tells all lives, window by window, and counts what it wrote.
struct Pass<'a> {
    options: &'a Options,
    population: &'a Population,
    calendar: Calendar,
    summary: Summary,
    customers_told: u64,
    line: Vec<u8>,
}

impl<'a> Pass<'a> {
    fn new(options: &'a Options, population: &'a Population) -> Self {
        Self {
            options,
            population,
            calendar: Calendar::from(options.start.0, options.start.1),
            summary: Summary { customers: population.trade.everyone(), ..Summary::default() },
            customers_told: 0,
            line: Vec::with_capacity(4096),
        }
    }

    fn write(
        &mut self,
        window: Range<i32>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Vec<Part>, GenerateError> {
        let stamps = window.clone().map(|month| self.calendar.stamp(month));
        let files: Result<Vec<MonthFiles>, _> =
            stamps.map(|stamp| MonthFiles::create(&self.options.out, &stamp)).collect();
        let mut files = files?;
        let mut rows = Rows::default();
        for number in 0..self.population.trade.everyone() {
            let mut life = self.population.life(number);
            while life.advance(&mut rows) {
                if window.contains(&rows.month) {
                    self.append(&mut files[(rows.month - window.start) as usize], number, &rows)?;
                }
            }
            self.customers_told += 1;
            if self.customers_told.is_multiple_of(STEP) {
                progress(self.customers_told);
            }
        }
        let closed: Result<Vec<[Part; 3]>, _> = files.into_iter().map(MonthFiles::close).collect();
        Ok(closed?.into_iter().flatten().collect())
    }

    fn append(
        &mut self,
        files: &mut MonthFiles,
        number: u64,
        rows: &Rows,
    ) -> Result<(), GenerateError> {
        self.summary.bill_lines += rows.bills.len() as u64;
        self.summary.events += rows.events.len() as u64;
        self.summary.calls += rows.calls.len() as u64;
        self.write_rows(&mut files.billing, number, &rows.bills, |pass, id, bill| {
            pass.bill(id, rows.month, bill)
        })?;
        self.write_rows(&mut files.channel, number, &rows.events, Self::event)?;
        self.write_rows(&mut files.hotline, number, &rows.calls, |pass, id, call| {
            pass.call(id, rows.month, call)
        })
    }

    fn write_rows<T>(
        &mut self,
        part: &mut Part,
        number: u64,
        rows: &[T],
        render: impl Fn(&mut Self, u64, &T),
    ) -> Result<(), GenerateError> {
        if rows.is_empty() {
            return Ok(());
        }
        let id = self.population.trade.first_id + number;
        self.line.clear();
        for row in rows {
            render(self, id, row);
            self.line.push(b'\n');
        }
        part.write(&self.line)
    }

    fn bill(&mut self, id: u64, month: i32, bill: &Bill) {
        text::digits(&mut self.line, id, 11);
        self.line.push(b',');
        self.day(month, bill.day);
        self.word(bill.product.word());
        self.word(charge_word(bill.charge));
        self.line.push(b',');
        text::amount(&mut self.line, bill.cents);
        self.word(if bill.waived { "true" } else { "false" });
    }

    fn event(&mut self, id: u64, event: &Event) {
        self.key(b'E', id, event.serial);
        self.time(event.month, event.at);
        self.word(event.kind.word());
        let outlet = event.outlet.map(|outlet| outlet.name());
        self.word(outlet.as_deref().unwrap_or_default());
        self.word(event.channel().map_or("", |channel| channel.word()));
        self.word(event.region.map_or("", |region| region.word()));
        self.word(event.product.map_or("", |product| product.word()));
        self.word(event.segment.map_or("", |segment| segment.word()));
        self.line.push(b',');
        if let Some(group) = event.group {
            self.line.push(b'G');
            text::digits(&mut self.line, group, 8);
        }
        self.word(event.reason.map_or("", |reason| reason.word()));
        self.line.push(b',');
        if let Some(number) = event.referred_by {
            text::digits(&mut self.line, self.population.trade.first_id + number, 11);
        }
    }

    fn call(&mut self, id: u64, month: i32, call: &Call) {
        self.key(b'H', id, call.serial);
        self.time(month, call.at);
        self.word(call.category.word());
        self.word(call.topic.word());
        self.number(Some(call.wait_seconds));
        self.number(Some(call.talk_seconds));
        self.word(if call.resolved { "true" } else { "false" });
        self.number(call.satisfaction);
        self.number(call.recommend_score);
    }

    /// The row's own id, made of the customer's and a serial number, and the customer's.
    fn key(&mut self, letter: u8, id: u64, serial: u32) {
        self.line.push(letter);
        text::digits(&mut self.line, id, 11);
        text::digits(&mut self.line, u64::from(serial), 5);
        self.line.push(b',');
        text::digits(&mut self.line, id, 11);
        self.line.push(b',');
    }

    fn word(&mut self, word: &str) {
        self.line.push(b',');
        self.line.extend_from_slice(word.as_bytes());
    }

    fn number(&mut self, value: Option<u32>) {
        self.line.push(b',');
        if let Some(value) = value {
            text::number(&mut self.line, u64::from(value));
        }
    }

    fn day(&mut self, month: i32, day: u32) {
        let (year, month) = self.calendar.date(month);
        text::digits(&mut self.line, year as u64, 4);
        self.line.push(b'-');
        text::digits(&mut self.line, month as u64, 2);
        self.line.push(b'-');
        text::digits(&mut self.line, u64::from(day), 2);
    }

    fn time(&mut self, month: i32, at: Moment) {
        self.day(month, at.day);
        self.line.push(b' ');
        text::clock(&mut self.line, at);
    }
}

/// A trial is a further service that is not charged.
fn charge_word(charge: Charge) -> &'static str {
    match charge {
        Charge::Trial => Charge::ValueAdded.word(),
        other => other.word(),
    }
}
