//! A report as a person sees it on a terminal: written numbers, the change since the month before, the months
//! behind. Piped, it is plain data.

use churnhouse::config;
use churnhouse::engine::Engine;
use churnhouse::report::{Filters, screen};
use churnhouse::views::Desk;
use churnhouse::warehouse::Warehouse;

use crate::context::{TODAY, TestContext, note};

/// 1,100 customers in January, a tenth of whom do not come again from February on and are lost in March.
fn context() -> TestContext {
    let context = TestContext::with(
        "[close]\nfirst_month = \"2024-01\"\n[policy]\nat_risk_after = 1\nchurned_after = 2\n",
    );
    for month in ["01", "02", "03", "04"] {
        let stays = |customer: &u32| month == "01" || !customer.is_multiple_of(10);
        let line = |customer: u32| format!("c{customer},2024-{month}-05,1234.50");
        context.bills(&format!("billing/{month}.csv"), (0..1100).filter(stays).map(line));
    }
    context.run_all();
    context
}

fn shown(context: &TestContext, view: &str, filters: &Filters, width: usize) -> String {
    let config = config::load(&context.path("churnhouse.toml"), std::iter::empty()).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let engine = Engine::new(&config).unwrap();
        let warehouse = Warehouse::new(&config).unwrap();
        let desk = Desk::open(&warehouse, &engine, &config).await.unwrap();
        screen(&desk, view, filters, TODAY.parse().unwrap(), width).await.unwrap()
    })
}

#[test]
fn one_row_stands_on_its_side() {
    let march = Filters { month: Some("2024-03".parse().unwrap()), ..Filters::default() };
    insta::assert_snapshot!(shown(&context(), "headline", &march, 100), @r#"
    headline  2024-03
    the numbers that are asked for first when a month is over, on one line.

                                                  last 3
    measure                      value    change  months
    ────────────────────  ────────────  ────────  ──────
    closing                        990      -110  ▇▇▁
    opening                      1,100         0  ▁▇▇
    new                              0         0  ▁▁▁
    returned                         0         0  ▁▁▁
    churned                        110      +110  ▁▁▇
    churn rate                  10.00%  +10.00pp   ▁▇
    voluntary churn rate         0.00%    0.00pp   ▁▁
    retention rate              90.00%  -10.00pp   ▇▁
    revenue               1,222,155.00      0.0%  ▇▁▁
    arpu                      1,169.53     +5.3%  ▇▁▄
    arppu                     1,234.50      0.0%  ▄▄▄
    lost annual revenue   1,629,540.00            ▁▁▇
    lost annual profit      162,954.00            ▁▁▇
    replacement cost         33,000.00            ▁▁▇
    "#);
}

#[test]
fn rows_have_their_change_and_their_line() {
    insta::assert_snapshot!(shown(&context(), "churn_rate", &Filters::default(), 110), @r#"
    churn_rate  2024-04
    how many of the customers that a month began with it lost.

                                            voluntary  moved  moved                 churn            last 4
    dimension    segment  opening  churned    churned    out     in  new  returned   rate    change  months
    ───────────  ───────  ───────  ───────  ─────────  ─────  ─────  ───  ────────  ─────  ────────  ──────
    channel      unknown      990        0          0      0      0    0         0  0.00%  -10.00pp   ▁▇▁
    product      unknown      990        0          0      0      0    0         0  0.00%  -10.00pp   ▁▇▁
    region       unknown      990        0          0      0      0    0         0  0.00%  -10.00pp   ▁▇▁
    segment      unknown      990        0          0      0      0    0         0  0.00%  -10.00pp   ▁▇▁
    tenure_band  unknown      990        0          0      0      0    0         0  0.00%  -10.00pp   ▁▇▁
    tier         diamond      990        0          0      0      0    0         0  0.00%  -10.00pp   ▁▇▁
    total        all          990        0          0      0      0    0         0  0.00%  -10.00pp   ▁▇▁

    not shown for want of room: carried, joined_and_left, closing, voluntary_churn_rate, churn_rate_incl_moves; --format table shows all
    "#);
}

#[test]
fn several_months_are_a_table() {
    let total = Filters {
        from: Some("2024-02".parse().unwrap()),
        dimension: Some("total".into()),
        ..Filters::default()
    };
    insta::assert_snapshot!(shown(&context(), "arpu_by_segment", &total, 110), @r#"
    arpu_by_segment
    revenue per customer, and per customer that was charged.

                                                     average    charged
    month    dimension  segment  opening  closing  customers  customers       revenue      arpu     arppu
    ───────  ─────────  ───────  ───────  ───────  ─────────  ─────────  ────────────  ────────  ────────
    2024-02  total      all        1,100    1,100   1,100.00        990  1,222,155.00  1,111.05  1,234.50
    2024-03  total      all        1,100      990   1,045.00        990  1,222,155.00  1,169.53  1,234.50
    2024-04  total      all          990      990     990.00        990  1,222,155.00  1,234.50  1,234.50
    "#);
}

#[test]
#[cfg(unix)]
fn a_terminal_gets_the_page_and_a_pipe_plain_data() {
    let context = context();
    let piped = context.ok(&["report", "headline", "--format", "csv"]).stdout;
    assert!(piped.contains(",1222155.00,") && !piped.contains('▁'), "{piped}");
    assert!(context.ok(&["report", "headline"]).stdout.starts_with("+---"));
    let program = env!("CARGO_BIN_EXE_churnhouse");
    let mut terminal = std::process::Command::new("script");
    terminal.args(["-qec", &format!("{program} report headline"), "/dev/null"]);
    terminal.current_dir(context.path("")).stdin(std::process::Stdio::null());
    match terminal.output() {
        Ok(ended) => {
            let text = String::from_utf8_lossy(&ended.stdout).into_owned();
            assert!(text.contains("1,222,155.00") && text.contains("▇▇▁▁"), "{text}");
        }
        Err(_) => note("skipped: no `script` to make a terminal with"),
    }
}
