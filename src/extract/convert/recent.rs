//! What short texts were read as, those met last: most columns hold the same few ones again and again.

use super::Known;
use crate::short::Short;

/// Places for texts, as a power of two.
const PLACES: u32 = 10;

/// Values by text, each text in the one place that its hash names.
#[derive(Debug)]
pub struct Recent<T>(Box<[(Short, Option<T>)]>);

impl<T: Copy> Default for Recent<T> {
    fn default() -> Self {
        Self(vec![(Short::NONE, None); 1 << PLACES].into())
    }
}

impl<T: Copy> Known<T> for Recent<T> {
    #[inline]
    fn get(&self, text: Short) -> Option<Option<T>> {
        let (met, value) = self.0[place(text)];
        (met == text && met != Short::NONE).then_some(value)
    }

    fn put(&mut self, text: Short, value: Option<T>) {
        self.0[place(text)] = (text, value);
    }
}

#[inline]
fn place(text: Short) -> usize {
    (text.hash() >> (u64::BITS - PLACES)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_never_taken_for_another() {
        let mut recent = Recent::default();
        let mut kept = 0;
        for number in 0..4_000_u32 {
            recent.put(number.to_string().as_str().into(), Some(number));
        }
        for number in 0..4_000_u32 {
            let value = recent.get(number.to_string().as_str().into());
            assert!(value.is_none_or(|value| value == Some(number)), "{number}");
            kept += u32::from(value.is_some());
        }
        assert!(kept > 500, "{kept}");
    }

    #[test]
    fn null_is_remembered_and_what_is_none_is_not() {
        let mut recent = Recent::<u32>::default();
        recent.put("NULL".into(), None);
        assert_eq!(recent.get("NULL".into()), Some(None));
        assert_eq!(recent.get(Short::NONE), None);
        recent.put(Short::NONE, Some(1));
        assert_eq!(recent.get(Short::NONE), None);
    }
}
