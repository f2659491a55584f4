//! Masked text as the recorder writes it, and as a reader can show it.
//!
//! The trap: lengths are in UTF-16 units, "white space" is JavaScript's (with NBSP and BOM), and the outer white
//! space of a masked text is real: leaving it out changes the layout of the page.

const BULLET: char = '\u{2022}';
/// Longest masked text that is written out; a hostile length form could ask for gigabytes.
const LONGEST: u64 = 1 << 20;

/// White space as JavaScript's `trim` and `\s` see it.
pub fn is_space(c: char) -> bool {
    matches!(
        c,
        '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\u{feff}'
    )
}

/// The bullets that stand for a masked text in length form (facts §3.6), with its outer white space.
/// `None` when the token is no length form: then it is the text itself.
pub fn from_length_form(token: &str) -> Option<String> {
    let inner = token.trim_matches(is_space);
    let digits = inner.len();
    if digits == 0 || digits > 6 || !inner.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let n = u64::from_str_radix(inner, 36).ok().filter(|n| *n > 0)?.min(LONGEST) as usize;
    let start = inner.as_ptr() as usize - token.as_ptr() as usize;
    let mut text = String::with_capacity(token.len() + n * 3);
    text.push_str(&token[..start]);
    let rest = n % 6;
    (0..rest).for_each(|_| text.push(BULLET));
    for group in 0..n / 6 {
        text.push(if group == 0 && rest == 0 { BULLET } else { ' ' });
        (0..5).for_each(|_| text.push(BULLET));
    }
    text.push_str(&token[start + digits..]);
    Some(text)
}

/// The recorder's coarse mask for a value of `units` UTF-16 units: it hides the exact length.
pub fn mangled(units: usize) -> String {
    let length = (units / 5 + 1) * 5;
    (0..length).map(|i| if i > 0 && i % 5 == 0 { ' ' } else { BULLET }).collect()
}

/// The text holds characters that a mask put there.
pub fn is_masked(text: &str) -> bool {
    text.contains([BULLET, '\u{25aa}', '\u{25ab}'])
}

/// The text is made of bullets and white space only.
pub fn is_bullets(text: &str) -> bool {
    text.contains(BULLET) && text.chars().all(|c| c == BULLET || is_space(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_forms_of_the_facts() {
        assert_eq!(from_length_form("s").as_deref(), Some("•••• ••••• ••••• ••••• •••••"));
        assert_eq!(from_length_form("b").as_deref(), Some("••••• •••••"));
        assert_eq!(from_length_form("i").as_deref(), Some("•••••• ••••• •••••"));
        assert_eq!(from_length_form("6").as_deref(), Some("••••••"));
        assert_eq!(from_length_form("3").as_deref(), Some("•••"));
        for n in 1..200u32 {
            let form = radix36(n);
            assert_eq!(from_length_form(&form).map(|t| t.chars().count()), Some(n as usize));
        }
    }

    #[test]
    fn outer_white_space_stays() {
        assert_eq!(from_length_form("\n  3\u{a0}").as_deref(), Some("\n  •••\u{a0}"));
        assert_eq!(from_length_form("\n  "), None);
        assert_eq!(from_length_form("two words"), None);
        assert_eq!(from_length_form("0"), None);
        assert_eq!(from_length_form("+5"), None);
        assert_eq!(from_length_form("é"), None);
        assert!(from_length_form("zzzzzz").is_some_and(|t| t.chars().count() == LONGEST as usize));
    }

    #[test]
    fn values_are_mangled_in_fives() {
        assert_eq!(mangled(8), "••••• ••••");
        assert_eq!(mangled(0), "•••••");
        assert_eq!(mangled(4), "•••••");
        assert_eq!(mangled(5), "••••• ••••");
        assert!(is_bullets("••••• ••••") && !is_bullets("•a") && !is_bullets(" "));
    }

    fn radix36(mut n: u32) -> String {
        let mut digits = Vec::new();
        while n > 0 {
            digits.push(char::from_digit(n % 36, 36).expect("below 36"));
            n /= 36;
        }
        digits.iter().rev().collect()
    }
}
