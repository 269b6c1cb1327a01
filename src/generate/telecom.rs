//! The telecom sample: the same population as an operator's own systems would write it. Billing is
//! GBK, `|`-separated and compressed, channel a CSV with the operator's words and dates, hotline a
//! workbook a quarter. `telecom_faults` then spoils a few rows, as happens.

use std::path::Path;

use encoding_rs::GBK;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::Summary;
use super::error::GenerateError;
use super::output::{gzip, place, prepare};
use super::population::Population;
use super::rows::{Bill, Calendar, Call, Event, Rows};
use super::telecom_faults as faults;
use super::text::amount_text;
use super::trade::Trade;
use super::words::Charge;

const BASE: u64 = 1_000;
const MONTHS: u32 = 24;
const START: (i32, u32) = (2023, 1);
const SEED: u64 = 2023;
const FIRST_ID: u64 = 13_909_510_001;

/// The month whose first delivery was wrong, and the one some of whose lines came late.
const RESENT: i32 = 17;
const LATE: i32 = 19;

/// Where a line's brand has its second character: after the number, the month and one character.
const WITHIN_BRAND: usize = 11 + 1 + 6 + 1 + 2;

const BRANDS: [&str; 4] = ["神州行", "动感地带", "全球通", "和家庭"];
// The second byte of 東 in GBK is that of `|`: who splits before decoding tears the line apart.
const ITEMS: [&str; 6] =
    ["月租费", "语音通话费", "增值业务费", "优惠减免", "账务退费", "東方资讯体验"];
const EVENTS: [&str; 11] =
    ["开户", "复机", "携入", "销户", "携出", "过户", "停机", "续约", "建档", "到店", "检修"];
const CHANNELS: [&str; 4] = ["自有营业厅", "代理商", "网上营业厅", "电话营销"];
const REGIONS: [&str; 5] = ["银川", "石嘴山", "吴忠", "固原", "中卫"];
const SEGMENTS: [&str; 3] = ["公众", "政企", "校园"];
const REASONS: [&str; 16] = [
    "资费高",
    "办理不便",
    "网络质量",
    "服务态度",
    "投诉未解决",
    "转用他网",
    "扣费争议",
    "迁居外地",
    "机主去世",
    "企业破产",
    "企业转型",
    "营业厅搬迁",
    "生活变动",
    "欠费拆机",
    "欺诈拆机",
    "零话务拆机",
];
const CATEGORIES: [&str; 4] = ["咨询", "投诉", "报障", "要求销户"];
const TOPICS: [&str; 4] = ["账单", "网络", "服务", "资费"];

const BILLING_HEADER: &str = "用户号码|账期|品牌|费用项|金额|免收标志";
const CHANNEL_HEADER: &str =
    "流水号,用户号码,办理时间,业务类型,渠道编码,渠道类型,地市,品牌,客群,集团编号,原因,推荐人";
const HOTLINE_HEADER: [&str; 10] = [
    "工单号",
    "来电号码",
    "来电时间",
    "类别",
    "主题",
    "等待秒数",
    "通话秒数",
    "是否解决",
    "满意度",
    "推荐分",
];

/// A row of text, field by field; `garbled` puts a byte into it that GBK does not have.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub fields: Vec<String>,
    pub garbled: bool,
}

/// A call with its customer and month, as the workbook wants it.
pub(super) struct CallRow {
    pub customer: Option<u64>,
    pub month: i32,
    pub call: Call,
}

/// Writes the telecom sample into `out`: three folders, the regulator's table of the market, and a commented
/// `churnhouse.toml`.
///
/// # Errors
///
/// A folder that holds extracts already, and failures of the file system.
pub fn telecom_sample(out: &Path) -> Result<Summary, GenerateError> {
    prepare(out, &["billing", "channel", "hotline"])?;
    let trade = Trade { first_id: FIRST_ID, ..Trade::telecom(BASE, MONTHS) };
    let mut sample = Sample::gather(&Population::new(trade, SEED))?;
    faults::spoil_billing(&mut sample.billing);
    faults::spoil_channel(&mut sample.channel);
    faults::spoil_hotline(&mut sample.hotline);
    sample.write(out)?;
    place(out.join("market.csv"), include_bytes!("telecom_market.csv"))?;
    place(out.join("churnhouse.toml"), include_bytes!("telecom.toml"))?;
    sample.summary.files += 2;
    Ok(sample.summary)
}

/// All rows, by month, and the hotline's by quarter.
struct Sample {
    calendar: Calendar,
    billing: Vec<Vec<Line>>,
    resent: Vec<Line>,
    late: Vec<Line>,
    channel: Vec<Vec<Line>>,
    hotline: Vec<Vec<CallRow>>,
    summary: Summary,
}

impl Sample {
    fn gather(population: &Population) -> Result<Self, GenerateError> {
        let months = MONTHS as usize;
        let mut sample = Self {
            calendar: Calendar::from(START.0, START.1),
            billing: vec![Vec::new(); months],
            resent: Vec::new(),
            late: Vec::new(),
            channel: vec![Vec::new(); months],
            hotline: (0..months.div_ceil(3)).map(|_| Vec::new()).collect(),
            summary: Summary { customers: population.trade.everyone(), ..Summary::default() },
        };
        population.tell(|number, rows| {
            sample.add(number, rows);
            Ok(())
        })?;
        Ok(sample)
    }

    fn add(&mut self, number: u64, rows: &Rows) {
        let id = FIRST_ID + number;
        for bill in &rows.bills {
            self.add_bill(id, rows.month, bill);
        }
        let events = rows.events.iter().map(|event| event_line(self.calendar, id, event));
        self.channel[rows.month as usize].extend(events);
        self.hotline[rows.month as usize / 3].extend(rows.calls.iter().map(|call| CallRow {
            customer: Some(id),
            month: rows.month,
            call: call.clone(),
        }));
        self.summary.bill_lines += rows.bills.len() as u64;
        self.summary.events += rows.events.len() as u64;
        self.summary.calls += rows.calls.len() as u64;
    }

    fn add_bill(&mut self, id: u64, month: i32, bill: &Bill) {
        let line = bill_line(self.calendar, id, month, bill);
        if month == RESENT {
            let twice = if bill.charge == Charge::Usage { bill.cents * 2 } else { bill.cents };
            let wrong = Bill { cents: twice, ..bill.clone() };
            self.resent.push(bill_line(self.calendar, id, month, &wrong));
        }
        if month == LATE && id.is_multiple_of(29) {
            self.late.push(line);
        } else {
            self.billing[month as usize].push(line);
        }
    }

    fn write(&mut self, out: &Path) -> Result<(), GenerateError> {
        let folder = out.join("billing");
        for (month, lines) in (0..).zip(&self.billing) {
            let stamp = self.calendar.stamp(month);
            let version = if month == RESENT { "_v2" } else { "" };
            write_billing(&folder.join(format!("billing_{stamp}{version}.csv.gz")), lines)?;
        }
        let resent = self.calendar.stamp(RESENT);
        write_billing(&folder.join(format!("billing_{resent}.csv.gz")), &self.resent)?;
        let after = self.calendar.stamp(LATE + 1);
        write_billing(&folder.join(format!("billing_{after}_late.csv.gz")), &self.late)?;
        for (month, lines) in (0..).zip(&self.channel) {
            let name = format!("channel/channel_{}.csv", self.calendar.stamp(month));
            place(out.join(name), &joined(CHANNEL_HEADER, lines, b','))?;
        }
        for (quarter, calls) in (0..).zip(&self.hotline) {
            let (year, month) = self.calendar.date(quarter * 3);
            let path = out.join(format!("hotline/hotline_{year}Q{}.xlsx", (month + 2) / 3));
            let bytes = workbook(self.calendar, calls)
                .map_err(|source| GenerateError::Workbook { path: path.clone(), source })?;
            place(path, &bytes)?;
        }
        let files = self.billing.len() + 2 + self.channel.len() + self.hotline.len();
        self.summary.files += files as u64;
        Ok(())
    }
}

fn bill_line(calendar: Calendar, id: u64, month: i32, bill: &Bill) -> Line {
    Line {
        fields: vec![
            id.to_string(),
            calendar.stamp(month),
            bill.product.among(&BRANDS).to_owned(),
            bill.charge.among(&ITEMS).to_owned(),
            amount_text(bill.cents),
            u8::from(bill.waived).to_string(),
        ],
        garbled: false,
    }
}

fn event_line(calendar: Calendar, id: u64, event: &Event) -> Line {
    let (year, month) = calendar.date(event.month);
    let (hour, minute, second) = event.at.clock();
    let day = event.at.day;
    let text = |word: Option<&'static str>| word.unwrap_or_default().to_owned();
    Line {
        fields: vec![
            format!("{id}{:03}", event.serial),
            id.to_string(),
            format!("{year}/{month:02}/{day:02} {hour:02}:{minute:02}:{second:02}"),
            event.kind.among(&EVENTS).to_owned(),
            event.outlet.map(|outlet| outlet.name()).unwrap_or_default(),
            text(event.channel().map(|channel| channel.among(&CHANNELS))),
            text(event.region.map(|region| region.among(&REGIONS))),
            text(event.product.map(|product| product.among(&BRANDS))),
            text(event.segment.map(|segment| segment.among(&SEGMENTS))),
            event.group.map(|group| format!("JT{group:05}")).unwrap_or_default(),
            text(event.reason.map(|reason| reason.among(&REASONS))),
            event.referred_by.map(|number| (FIRST_ID + number).to_string()).unwrap_or_default(),
        ],
        garbled: false,
    }
}

fn write_billing(path: &Path, lines: &[Line]) -> Result<(), GenerateError> {
    let header = GBK.encode(BILLING_HEADER).0;
    let mut bytes = header.into_owned();
    bytes.push(b'\n');
    for line in lines {
        let start = bytes.len();
        bytes.extend_from_slice(&GBK.encode(&line.fields.join("|")).0);
        if line.garbled {
            bytes.insert(start + WITHIN_BRAND, 0xFF);
        }
        bytes.push(b'\n');
    }
    place(path.to_path_buf(), &gzip(path, &bytes)?)
}

fn joined(header: &str, lines: &[Line], delimiter: u8) -> Vec<u8> {
    let mut bytes = header.as_bytes().to_vec();
    let delimiter = char::from(delimiter).to_string();
    for line in lines {
        bytes.push(b'\n');
        bytes.extend_from_slice(line.fields.join(&delimiter).as_bytes());
    }
    bytes.push(b'\n');
    bytes
}

/// A workbook that knows neither the time nor the machine it was made on.
fn workbook(calendar: Calendar, calls: &[CallRow]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let created = ExcelDateTime::from_ymd(START.0 as u16, START.1 as u8, 1)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&created));
    let sheet = workbook.add_worksheet();
    sheet.set_name("来电记录")?;
    let date = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
    sheet.write_row(0, 0, HOTLINE_HEADER)?;
    for (row, call) in (1..).zip(calls) {
        write_call(sheet, row, calendar, call, &date)?;
    }
    workbook.save_to_buffer()
}

fn write_call(
    sheet: &mut Worksheet,
    row: u32,
    calendar: Calendar,
    entry: &CallRow,
    date: &Format,
) -> Result<(), XlsxError> {
    let call = &entry.call;
    let (year, month) = calendar.date(entry.month);
    let (hour, minute, second) = call.at.clock();
    let at = ExcelDateTime::from_ymd(year as u16, month as u8, call.at.day as u8)?.and_hms(
        hour as u16,
        minute as u8,
        f64::from(second),
    )?;
    let customer = entry.customer.map(|id| id as f64);
    sheet.write(row, 0, format!("GD{}{:05}", calendar.stamp(entry.month), row))?;
    sheet.write(row, 1, customer)?;
    sheet.write_with_format(row, 2, &at, date)?;
    sheet.write(row, 3, call.category.among(&CATEGORIES))?;
    sheet.write(row, 4, call.topic.among(&TOPICS))?;
    sheet.write(row, 5, call.wait_seconds)?;
    sheet.write(row, 6, call.talk_seconds)?;
    sheet.write(row, 7, if call.resolved { "是" } else { "否" })?;
    sheet.write(row, 8, call.satisfaction)?;
    sheet.write(row, 9, call.recommend_score)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bill_line_reads_as_the_operators_system_writes_it() {
        let bill = Bill {
            day: 9,
            product: super::super::words::Product::Prepaid,
            charge: Charge::Usage,
            cents: 1_855,
            waived: false,
        };
        let line = bill_line(Calendar::from(2024, 1), FIRST_ID, 0, &bill);
        assert_eq!(line.fields.join("|"), "13909510001|202401|神州行|语音通话费|18.55|0");
    }

    #[test]
    fn one_item_hides_a_delimiter_in_its_bytes() {
        assert!(GBK.encode(ITEMS[5]).0.contains(&b'|'));
    }

    #[test]
    fn a_workbook_made_twice_is_the_same() {
        let calls = [CallRow { customer: Some(FIRST_ID), month: 0, call: faults::tests_call() }];
        let calendar = Calendar::from(2024, 1);
        assert_eq!(workbook(calendar, &calls).unwrap(), workbook(calendar, &calls).unwrap());
    }
}
