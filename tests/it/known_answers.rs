//! The known answers at their full scale: the haulier with 64,000 customers, and the card tiers with
//! 10,000, from extracts with one billing file a month.

use crate::context::TestContext;

const FIRST: &str = "[close]\nfirst_month = \"2024-01\"\n";

/// The tiers: name, customers, monthly bill, margin, how many of them leave in March, profit of each a year.
const TIERS: [(&str, u32, u32, &str, u32, f64); 5] = [
    ("diamond", 300, 1500, "0.50", 30, 9000.0),
    ("gold", 1000, 700, "0.30", 120, 2520.0),
    ("silver", 2000, 400, "0.20", 300, 960.0),
    ("ordinary", 4700, 150, "0.10", 705, 180.0),
    ("new", 2000, 120, "0.05", 500, 72.0),
];

fn events(lines: impl Iterator<Item = String>) -> String {
    let lines: String = lines.map(|line| line + "\n").collect();
    format!("event_id,customer_id,occurred_at,event,reason\n{lines}")
}

/// 64,000 customers pay 40,000 for a year; 5% of them leave in February. A line of the house's own account
/// makes February a month with bills.
fn haulier() -> TestContext {
    let context = TestContext::with(&format!(
        "{FIRST}min_volume = 0.0\n[policy]\nmargin = 0.10\nhouse_accounts = [\"house\"]\n"
    ));
    let line = |customer: u32| format!("h{customer:05},2024-01-05,40000.00,2024-12-31\n");
    let lines: String = (0..64_000).map(line).collect();
    context.file(
        "billing/2024-01.csv",
        &format!("customer_id,billed_on,amount,paid_through\n{lines}"),
    );
    context.bills("billing/2024-02.csv", ["house,2024-02-01,1.00".to_owned()]);
    let leave = |customer: u32| {
        format!("e{customer},h{:05},2024-02-10T10:00:00,terminate,price", customer * 20)
    };
    context.file("channel/2024-02.csv", &events((0..3_200).map(leave)));
    context.run_all();
    context
}

#[test]
fn the_haulier() {
    let context = haulier();
    let totals = "where month = '2024-02-01' and dimension = 'total'";
    let rate = context.csv(&format!(
        "select opening, churned, voluntary_churned, closing, churn_rate from churn_rate {totals}"
    ));
    assert_eq!(
        rate,
        "opening,churned,voluntary_churned,closing,churn_rate\n64000,3200,3200,60800,0.05\n"
    );
    let loss = "select lost_customers, lost_annual_revenue, lost_annual_profit, people_influenced, replacement_cost
                from profit_loss_from_churn";
    assert_eq!(
        context.rows(&format!("{loss} {totals}")),
        [["3200", "128000000.00", "12800000.00", "16000", "960000.00"]]
    );
    let reasons = "select churn_kind, reason, reason_class, customers, share from churn_reasons where month = '2024-02-01'";
    assert_eq!(context.csv(reasons).lines().nth(1).unwrap(), "left,price,price,3200,1.0");
    context.ok(&["check"]);
}

/// Everyone is billed each month: those who are not new from January on, the new ones from February on.
fn card_tiers() -> TestContext {
    let margins: String =
        TIERS.iter().map(|(tier, _, _, margin, _, _)| format!("{tier} = {margin}\n")).collect();
    let context = TestContext::with(&format!("{FIRST}[policy.margin_by_tier]\n{margins}"));
    for month in 1..=3 {
        let billed = TIERS.iter().filter(|(tier, ..)| month > 1 || *tier != "new");
        let lines = billed.flat_map(|(tier, customers, bill, _, leave, _)| {
            let first = if month == 3 { *leave } else { 0 };
            (first..*customers)
                .map(move |customer| format!("{tier}_{customer:04},2024-{month:02}-05,{bill}.00"))
        });
        context.bills(&format!("billing/2024-{month:02}.csv"), lines);
    }
    let leaving = TIERS.iter().flat_map(|(tier, _, _, _, leave, _)| {
        (0..*leave).map(move |customer| {
            format!("{tier}{customer},{tier}_{customer:04},2024-03-09T10:00:00,terminate,price")
        })
    });
    context.file("channel/2024-03.csv", &events(leaving));
    context.run_all();
    context
}

fn loss_of_march(context: &TestContext) -> Vec<Vec<String>> {
    context.rows(
        "select segment, lost_customers, lost_annual_revenue, lost_annual_profit from profit_loss_from_churn
         where month = '2024-03-01' and dimension in ('tier', 'total') and lost_customers > 0 order by segment",
    )
}

#[test]
fn the_card_tiers_loss_of_a_month() {
    let context = card_tiers();
    assert_eq!(
        loss_of_march(&context),
        [
            ["all", "1655", "4977000.00", "1023300.00"],
            ["diamond", "30", "540000.00", "270000.00"],
            ["gold", "120", "1008000.00", "302400.00"],
            ["new", "500", "720000.00", "36000.00"],
            ["ordinary", "705", "1269000.00", "126900.00"],
            ["silver", "300", "1440000.00", "288000.00"],
        ]
    );
    context.ok(&["check"]);

    // Five points more churn in a tier, as growth of the month's whole loss of profit.
    let loss: f64 = loss_of_march(&context)[0][3].parse().unwrap();
    let growth = TIERS.map(|(tier, customers, _, _, _, profit)| {
        (tier, f64::from(customers) * 0.05 * profit / loss)
    });
    for ((tier, found), expected) in growth.into_iter().zip([0.131_926, 0.123_131, 0.093_814]) {
        assert!((found - expected).abs() < 5e-7, "{tier}: {found}");
    }
}

/// What each tier brings, in shares of the whole, and how many of its customers one diamond is worth.
#[test]
fn the_card_tiers_shares() {
    let context = card_tiers();
    let query = "
        with
        tiers as (
            select tier, count(*) as customers, cast(sum(annual_revenue) as double) as revenue
            from customer_month
            where month = '2024-02-01' and status in ('carried', 'active', 'new')
            group by tier
        ),
        margins (margin_tier, margin) as (values ('diamond', 0.5), ('gold', 0.3), ('silver', 0.2), ('ordinary', 0.1), ('new', 0.05)),
        profits as (
            select tier, customers, revenue, revenue * margin as profit
            from tiers join margins on margin_tier = tier
        )
        select
            tier, customers,
            round(revenue / sum(revenue) over (), 6) as revenue_share,
            round(profit / sum(profit) over (), 6) as profit_share,
            round(max(profit / customers) over () / (profit / customers), 4) as diamond_is_worth
        from profits order by profit / customers desc";
    assert_eq!(
        context.csv(query),
        "tier,customers,revenue_share,profit_share,diamond_is_worth\n\
         diamond,300,0.15544,0.332103,1.0\n\
         gold,1000,0.241796,0.309963,3.5714\n\
         silver,2000,0.276339,0.236162,9.375\n\
         ordinary,4700,0.243523,0.104059,50.0\n\
         new,2000,0.082902,0.017712,125.0\n"
    );
    // The warehouse's own profit of a customer is that of the table.
    for (segment, customers, profit) in
        loss_of_march(&context).iter().skip(1).map(|row| (&row[0], &row[1], &row[3]))
    {
        let (customers, profit): (f64, f64) = (customers.parse().unwrap(), profit.parse().unwrap());
        let expected = TIERS.iter().find(|(tier, ..)| tier == segment).unwrap().5;
        assert!((profit / customers - expected).abs() < 1e-9, "{segment}: {profit} of {customers}");
    }
}

/// The yearly bill: worth its amount a year, at risk only in month 13.
#[test]
fn a_year_paid_ahead() {
    let context = TestContext::with(FIRST);
    let header = "customer_id,billed_on,amount,paid_through\n";
    context.file(
        "billing/2024-01.csv",
        &format!("{header}year,2024-01-10,1200.00,2024-12-31\nz,2024-01-10,1.00,\n"),
    );
    for month in 1..=13 {
        let (year, month) = (2024 + month / 12, month % 12 + 1);
        context.file(
            &format!("billing/{year}-{month:02}z.csv"),
            &format!("{header}z,{year}-{month:02}-10,1.00,\n"),
        );
    }
    context.run_all();
    let rows = context.rows(
        "select month, status, idle, annual_revenue from customer_month where customer_id = 'year' and status = 'at_risk' order by month",
    );
    assert_eq!(rows[0], ["2025-01-01", "at_risk", "1", "1200.00"]);
}
