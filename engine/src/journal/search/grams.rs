//! Texts as the index has them: with their case folded, in pieces of three letters.

/// A letter in small, where that is one letter. As SQLite's trigrams are made of what is folded here, both sides agree.
pub(super) fn fold(letter: char) -> char {
    alone(letter.to_lowercase()).unwrap_or(letter)
}

/// A text with its case folded, letter by letter.
pub(super) fn folded(text: &str) -> String {
    text.chars().map(fold).collect()
}

/// All letters that a letter stands for when its case does not matter: itself and others that fold to the same.
pub(super) fn cases(letter: char) -> Vec<char> {
    let small = fold(letter);
    let large = |of: char| alone(of.to_uppercase());
    let mut all: Vec<char> = [Some(letter), Some(small), large(letter), large(small)]
        .into_iter()
        .flatten()
        .filter(|case| fold(*case) == small)
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The different pieces of a text that the index can be asked for; none if it is shorter than one.
pub(super) fn trigrams(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().map(fold).collect();
    // SQLite takes it for the end of a text in some places, and for nothing at all in others.
    if letters.contains(&'\0') {
        return Vec::new();
    }
    let mut all: Vec<String> = letters.windows(3).map(|piece| piece.iter().collect()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn alone(mut letters: impl Iterator<Item = char>) -> Option<char> {
    letters.next().filter(|_| letters.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_case_is_folded_and_nothing_else() {
        assert_eq!(folded("Заказ №5 ЁЖ İß"), "заказ №5 ёж İß");
        assert_eq!(cases('ё'), ['Ё', 'ё']);
        assert_eq!(cases('7'), ['7']);
        // Those that would not fold back are no cases: what is found could not be found in the index.
        for letter in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
            let cases = cases(letter);
            assert!(cases.contains(&letter), "{letter:?}");
            assert!(cases.iter().all(|case| fold(*case) == fold(letter)), "{letter:?}");
        }
    }

    #[test]
    fn a_text_has_a_piece_for_each_three_letters() {
        assert_eq!(trigrams("Где?"), ["где", "де?"]);
        assert_eq!(trigrams("aaaaa"), ["aaa"]);
        assert!(trigrams("да").is_empty());
        assert!(trigrams("a\0bcd").is_empty());
    }
}
