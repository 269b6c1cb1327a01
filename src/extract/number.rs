//! Numbers of formats that know numbers, as text: a whole number has no decimal point,
//! others have as few digits as tell them apart. So an id that a spreadsheet keeps as
//! 13909510001.0 comes out as it was typed.

/// The shortest text of a number; whole ones without a decimal point.
pub fn text(number: f64) -> String {
    // Never an exponent: Rust writes floats out in full.
    if number == 0.0 {
        return "0".to_owned();
    }
    number.to_string()
}

/// As [`text`], with the 15 significant digits that a spreadsheet shows: what a formula
/// left as 18.549999999999997 reads 18.55 to everyone who looks at it.
pub fn shown(number: f64) -> String {
    format!("{number:.14e}").parse().map_or_else(|_| text(number), text)
}

/// A JSON number by its own digits, which may be more than a float holds.
pub fn token(digits: &str) -> String {
    if digits.contains(['e', 'E']) {
        return digits.parse().map_or_else(|_| digits.to_owned(), text);
    }
    match digits.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => whole.to_owned(),
        _ => digits.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_have_no_point() {
        assert_eq!(text(13_909_510_001.0), "13909510001");
        assert_eq!(text(-0.0), "0");
        assert_eq!(text(1e21), "1000000000000000000000");
        assert_eq!(text(18.55), "18.55");
        assert_eq!(text(0.000_001), "0.000001");
    }

    #[test]
    fn what_a_spreadsheet_shows() {
        assert_eq!(shown(0.1 + 0.2), "0.3");
        assert_eq!(shown(18.549_999_999_999_997), "18.55");
        assert_eq!(shown(123_456_789_012_345.0), "123456789012345");
        assert_eq!(shown(0.0), "0");
    }

    #[test]
    fn json_numbers_keep_their_digits() {
        assert_eq!(token("89860012345678901234"), "89860012345678901234");
        assert_eq!(token("13909510001.0"), "13909510001");
        assert_eq!(token("1234567890123456.78"), "1234567890123456.78");
        assert_eq!(token("1.5e3"), "1500");
    }
}
