//! Short texts as numbers: to compare, remember or read one takes a few instructions, where a text takes a loop that
//! ends elsewhere in each row.

/// A text of one to fifteen bytes as a number: the first byte lowest, the length highest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Short(u128);

/// The most bytes of a short text.
pub const MOST: usize = 15;

/// Whether a byte is ASCII and no white space: a text with such ends needs no trimming.
#[inline]
pub fn is_plain(byte: u8) -> bool {
    (0x21..0x80).contains(&byte)
}

impl Short {
    /// What stands for a text that is empty or longer.
    pub const NONE: Self = Self(0);

    /// A text by its place in a buffer: what stands behind it spares copying it to look at sixteen bytes. Always in its
    /// caller's loop: a call takes as long as what it does.
    #[inline(always)]
    pub fn at(buffer: &[u8], begin: usize, end: usize) -> Self {
        let length = end - begin;
        if length > MOST {
            return Self::NONE;
        }
        match buffer[begin..].first_chunk() {
            Some(bytes) => Self::new(*bytes, length),
            None => Self::last(&buffer[begin..end]),
        }
    }

    /// A text behind which little stands.
    #[cold]
    fn last(text: &[u8]) -> Self {
        Self::of(text)
    }

    /// A text of which nothing is known but its bytes: where it has eight, by the first and the last of them, which say
    /// the same of those that they share.
    #[inline]
    pub fn of(text: &[u8]) -> Self {
        if text.len() > MOST {
            return Self::NONE;
        }
        let bytes = match (text.first_chunk(), text.last_chunk()) {
            (Some(first), Some(last)) => {
                let last = u128::from(u64::from_le_bytes(*last)) << (8 * (text.len() - 8));
                u128::from(u64::from_le_bytes(*first)) | last
            }
            _ => text.iter().rev().fold(0, |bytes, byte| bytes << 8 | u128::from(*byte)),
        };
        Self(bytes | (text.len() as u128) << (8 * MOST))
    }

    /// A number in the order of texts by their bytes.
    #[inline]
    pub fn ordered(self) -> u128 {
        // The first byte is highest then, and the length lowest.
        self.0.swap_bytes()
    }

    /// The first of sixteen bytes.
    #[inline]
    fn new(bytes: [u8; 16], length: usize) -> Self {
        let others = u128::MAX << (8 * length);
        Self(u128::from_le_bytes(bytes) & !others | (length as u128) << (8 * MOST))
    }

    /// The number of bytes; 0 of what is none.
    #[inline]
    pub fn length(self) -> usize {
        (self.0 >> (8 * MOST)) as usize
    }

    /// With how many equal bytes two texts begin.
    #[inline]
    pub fn shared(self, other: Self) -> usize {
        let equal = (self.0 ^ other.0).trailing_zeros() as usize / 8;
        equal.min(self.length()).min(other.length())
    }

    /// Adds its bytes from some place on: as many as there may be, and what is too much is taken back.
    #[inline]
    pub fn append_from(self, from: usize, to: &mut Vec<u8>) {
        let end = to.len() + self.length() - from;
        to.extend_from_slice(&(self.0 >> (8 * from)).to_le_bytes());
        to.truncate(end);
    }

    /// Whether it surely has no white space around it: both ends are plain ASCII.
    #[inline]
    pub fn is_trimmed(self) -> bool {
        let last = self.0 << 8 >> (8 * self.length());
        is_plain(self.0 as u8) && is_plain(last as u8)
    }

    /// The first eight bytes, the first one lowest, 0 behind the last.
    #[inline]
    pub fn head(self) -> u64 {
        self.0 as u64
    }

    /// A number that few others share in its high bits.
    #[inline]
    pub fn hash(self) -> u64 {
        (self.0 as u64 ^ (self.0 >> 64) as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}

#[cfg(test)]
impl From<&str> for Short {
    fn from(text: &str) -> Self {
        Self::of(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_told_apart_wherever_they_stand() {
        let texts = ["a", "a\0", "b", "ab", "12345678", "123456789", "fifteen letters", "月"];
        for (row, left) in texts.iter().enumerate() {
            let buffer = format!("x{left}{}", "y".repeat(16 * (row % 2)));
            let short = Short::at(buffer.as_bytes(), 1, 1 + left.len());
            assert_eq!(short.length(), left.len());
            for right in texts {
                assert_eq!(short == Short::from(right), *left == right, "{left} {right}");
            }
        }
        assert_eq!(Short::from("12345678").head(), u64::from_le_bytes(*b"12345678"));
    }

    #[test]
    fn white_space_is_seen_at_both_ends() {
        for text in ["a", "ab", "a b", "fifteen letters", "~"] {
            assert!(Short::from(text).is_trimmed(), "{text}");
        }
        for text in ["", " a", "a ", "a\u{a0}", "\u{3000}a", "\t", "fifteen letter "] {
            assert!(!Short::from(text).is_trimmed(), "{text}");
        }
    }

    #[test]
    fn what_is_empty_or_long_is_none() {
        for text in ["", "sixteen letters."] {
            assert_eq!(Short::from(text), Short::NONE, "{text}");
            assert_eq!(Short::at(text.repeat(2).as_bytes(), 0, text.len()), Short::NONE);
        }
    }
}
