//! What the configuration accepts, what it refuses, and what makes the delivery key.

use super::*;

fn parse(text: &str) -> Result<SourceConfig, toml::de::Error> {
    toml::from_str(text)
}

#[test]
fn the_readme_example() {
    let source = parse(
        r#"
        path = "billing/*.csv.gz"
        encoding = "gbk"
        delimiter = "|"
        earliest = "2000-01-01"
        [columns]
        customer_id = "用户号码"
        product = 3
        billed_on = { from = "账期", format = "%Y%m" }
        waived = { from = 6, true = ["1"], false = ["0"] }
        charge_type = { value = "usage" }
        "#,
    )
    .unwrap();
    assert_eq!(source.columns["product"], ColumnConfig::From(Selector::Number(3)));
    let ColumnConfig::Table(billed) = &source.columns["billed_on"] else {
        panic!("not a table");
    };
    assert_eq!(billed.format.as_ref().unwrap().list(), ["%Y%m".to_owned()]);
    assert_eq!(source.earliest().to_string(), "2000-01-01");
    assert!((source.max_rejected() - 0.01).abs() < f64::EPSILON);
}

#[test]
fn a_wrong_key_is_named() {
    let error = parse("path = 'a'\n[columns]\namount = { form = 'x' }").unwrap_err();
    assert!(error.to_string().contains("form"), "{error}");
    assert!(parse("path = 'a'\nseparator = ','").is_err());
    assert!(parse("path = 'a'\nearliest = 'soon'").is_err());
}

#[test]
fn the_description_leaves_out_path_and_tolerance() {
    let one = parse("path = 'a'\nmax_rejected = 0.5\nencoding = 'utf-8'").unwrap();
    let two = parse("path = 'b/*.csv'").unwrap();
    assert_eq!(one.description(), two.description());
    let three = parse("path = 'b'\ndecimal_comma = true").unwrap();
    assert_ne!(one.description(), three.description());
}

#[test]
fn keys() {
    let mut source = SourceConfig::canonical("bills/*.csv");
    assert_eq!(delivery_key("2024/a.csv", &source).unwrap(), "2024/a.csv");
    source.delivery = Some(r"bill_(\d{6})(?:_v\d+)?\.csv".into());
    assert_eq!(delivery_key("bill_202401_v2.csv", &source).unwrap(), "202401");
    assert!(delivery_key("other.csv", &source).is_err());
    source.delivery = Some("(".into());
    let error = delivery_key("a", &source).unwrap_err();
    assert!(matches!(error, ExtractError::DeliveryPattern { .. }));
}
