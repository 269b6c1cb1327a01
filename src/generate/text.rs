//! Numbers and times into text, straight into a buffer: ten million lines are written with these,
//! where the formatting machinery of the standard library would take most of the time.

use super::rows::Moment;

/// Appends the last `digits` digits of a number, zeros in front.
pub(super) fn digits(line: &mut Vec<u8>, mut value: u64, digits: usize) {
    let end = line.len() + digits;
    line.resize(end, b'0');
    for byte in line[end - digits..].iter_mut().rev() {
        *byte = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

/// Appends a number as it is.
pub(super) fn number(line: &mut Vec<u8>, value: u64) {
    let count = value.checked_ilog10().unwrap_or(0) as usize + 1;
    digits(line, value, count);
}

/// Appends cents as an amount: `-18.55`.
pub(super) fn amount(line: &mut Vec<u8>, cents: i64) {
    if cents < 0 {
        line.push(b'-');
    }
    let cents = cents.unsigned_abs();
    number(line, cents / 100);
    line.push(b'.');
    digits(line, cents % 100, 2);
}

/// Appends `14:22:05`.
pub(super) fn clock(line: &mut Vec<u8>, moment: Moment) {
    let (hour, minute, second) = moment.clock();
    for (part, after) in [(hour, b':'), (minute, b':'), (second, 0)] {
        digits(line, u64::from(part), 2);
        if after != 0 {
            line.push(after);
        }
    }
}

/// Cents as an amount.
pub(super) fn amount_text(cents: i64) -> String {
    let mut line = Vec::new();
    amount(&mut line, cents);
    String::from_utf8_lossy(&line).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut line = Vec::new();
        write(&mut line);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn amounts_keep_two_decimals_and_their_sign() {
        assert_eq!(amount_text(0), "0.00");
        assert_eq!(amount_text(-5), "-0.05");
        assert_eq!(amount_text(123_450), "1234.50");
        assert_eq!(amount_text(-1_855), "-18.55");
    }

    #[test]
    fn digits_have_a_fixed_width() {
        assert_eq!(text(|line| digits(line, 42, 4)), "0042");
        assert_eq!(text(|line| number(line, 0)), "0");
        assert_eq!(text(|line| number(line, 1_000)), "1000");
    }

    #[test]
    fn times_are_of_24_hours() {
        let moment = Moment { day: 1, second: 51_725 };
        assert_eq!(text(|line| clock(line, moment)), "14:22:05");
    }
}
