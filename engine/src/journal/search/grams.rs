//! Texts as the index has them: with their case folded, in pieces of three letters, and numbers in pieces of four digits.
//!
//! Three digits are in every hundredth order number or telephone number, so that among a million of them a number would not
//! be rare by any of its pieces. SQLite's tokenizer makes pieces of three letters only. Four digits therefore stand before
//! the text once more, as three letters that nobody writes: a mark, and one for two digits each.

use std::collections::BTreeSet;

/// Before each four digits. Like [`PAIRS`] in the area that Unicode leaves to private use; in a text of somebody who does use
/// it, it is a letter like any other.
const MARK: char = '\u{e0ff}';
/// The letter for the digits 00; the others follow.
const PAIRS: u32 = 0xe100;

/// A letter in small, where that is one letter. As SQLite's trigrams are made of what is folded here, both sides agree.
pub(super) fn fold(letter: char) -> char {
    alone(letter.to_lowercase()).unwrap_or(letter)
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

/// A text as it goes into the index: with its case folded, and its numbers before it, since SQLite may take a zero in a text
/// that is not ours for its end.
pub(super) fn indexed(text: &str) -> String {
    let letters: Vec<char> = text.chars().map(fold).collect();
    let numbers = numbers(&letters);
    numbers.into_iter().flatten().chain(letters).collect()
}

/// Different pieces of a text that the index can be asked for, at most so many, those of numbers first; none if it is
/// shorter than one.
pub(super) fn pieces(text: &str, most: usize) -> Vec<String> {
    let letters: Vec<char> = text.chars().map(fold).collect();
    // SQLite takes it for the end of a text in some places, and for nothing at all in others.
    if letters.contains(&'\0') {
        return Vec::new();
    }
    let is_digit =
        |place: Option<usize>| place.and_then(|n| letters.get(n)).is_some_and(char::is_ascii_digit);
    // Of four digits, three say nothing more.
    let says_more = |n: usize| {
        !((n..n + 3).all(|n| is_digit(Some(n))) && (is_digit(n.checked_sub(1)) || is_digit(Some(n + 3))))
    };
    let threes: BTreeSet<&[char]> =
        letters.windows(3).enumerate().filter(|(n, _)| says_more(*n)).map(|(_, three)| three).collect();
    let mut all: Vec<String> = spread(numbers(&letters), most).map(String::from_iter).collect();
    all.extend(spread(threes, most - all.len()).map(String::from_iter));
    all
}

/// The different four digits in a row, as the letters that stand for them.
fn numbers(letters: &[char]) -> BTreeSet<[char; 3]> {
    let pair = |tens: u32, ones: u32| char::from_u32(PAIRS + 10 * tens + ones);
    let number = |four: &[char]| {
        let mut digits = four.iter().map(|letter| letter.to_digit(10));
        let mut next = || digits.next().flatten();
        Some([MARK, pair(next()?, next()?)?, pair(next()?, next()?)?])
    };
    letters.windows(4).filter_map(number).collect()
}

/// At most so many, evenly out of all.
fn spread<T>(all: BTreeSet<T>, most: usize) -> impl Iterator<Item = T> {
    let of = all.len();
    let chosen = move |n: usize| of <= most || (n + 1) * most / of > n * most / of;
    all.into_iter().enumerate().filter(move |(n, _)| chosen(*n)).map(|(_, one)| one)
}

fn alone(mut letters: impl Iterator<Item = char>) -> Option<char> {
    letters.next().filter(|_| letters.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_case_is_folded_and_nothing_else() {
        assert_eq!(indexed("Заказ №5 ЁЖ İß"), "заказ №5 ёж İß");
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
        assert_eq!(pieces("Где?", 9), ["где", "де?"]);
        assert_eq!(pieces("aaaaa", 9), ["aaa"]);
        assert!(pieces("да", 9).is_empty());
        assert!(pieces("a\0bcd", 9).is_empty());
    }

    #[test]
    fn numbers_are_asked_for_by_four_digits_and_first() {
        let (a, b) = ("\u{e0ff}\u{e10c}\u{e122}", "\u{e0ff}\u{e117}\u{e12d}");
        assert_eq!(indexed("№ 12345"), format!("{a}{b}№ 12345"));
        assert_eq!(indexed("a\u{0}1234"), format!("\u{e0ff}\u{e10c}\u{e122}a\u{0}1234"));
        assert_eq!(pieces("№ 12345", 9), [a, b, " 12", "№ 1"]);
        assert_eq!(pieces("123 4", 9), ["123", "23 ", "3 4"]);
        assert_eq!(pieces("٣٤٥٦", 9), ["٣٤٥", "٤٥٦"], "other digits are letters");
    }

    #[test]
    fn not_all_pieces_are_asked_for_and_all_that_are_stand_in_the_index() {
        let text = "Заказ 1234567890 на Имя";
        for most in 0..24 {
            let pieces = pieces(text, most);
            assert_eq!(pieces.len(), most.min(20), "{most}");
            assert!(
                pieces.iter().all(|piece| indexed(&format!("8{text}я")).contains(piece.as_str())),
                "{most}"
            );
        }
    }
}
