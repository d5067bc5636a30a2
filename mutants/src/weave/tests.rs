//! Each kind of mutant in a small source: woven, compiled with rustc, and run with each of them switched on.

use std::fs;
use std::ops::Range;
use std::process::Command;

use super::*;
use crate::find::called_in_blocks;
use crate::list::{Genre, Key, Sources};

/// `calls` prints what a call gives; each mutant of it is told by what is replaced there.
const SOURCE: &str = r#"
#[derive(Debug, Default, PartialEq)]
struct Pair { one: u8, two: u8 }
const fn sum(a: u8, b: u8) -> u8 { a + b * 2 - 1 }
fn both(a: bool, b: bool) -> bool { !a && (b || a) }
fn kind(word: Option<u8>) -> &'static str {
    match word {
        Some(0) => "zero",
        Some(number) if number > 9 => "many",
        _ => "else",
    }
}
fn pair() -> Pair { Pair { one: 1, ..Pair { one: 7, two: 2 } } }
fn count(mut a: u8) -> u8 { a += 3; if let Some(b) = a.checked_sub(1) && b != 0 { b } else { 0 } }
fn words() -> String {
    let found = [sum(2, 3), count(4)];
    let flags = [both(false, true), both(true, true), both(false, false)];
    let kinds = [kind(Some(0)), kind(Some(5)), kind(Some(12))];
    format!("{found:?} {flags:?} {kinds:?} {:?}", pair())
}
"#;

const MAIN: &str = r#"
mod mutant {
    pub(crate) fn active(_: u32) -> u32 { std::env::var("MUTANT").unwrap().parse().unwrap() }
}
fn main() { print!("{}", words()) }
"#;

/// What the unmutated program prints.
const SAME: &str = r#"[7, 6] [true, false, false] ["zero", "else", "many"] Pair { one: 1, two: 2 }"#;

/// A mutant of `SOURCE`: in the text `around`, which is there once, `from` becomes `to`.
fn mutant(number: u32, genre: Genre, around: &str, from: &str, to: &str) -> Mutant {
    assert_eq!(SOURCE.matches(around).count(), 1, "{around}");
    let place = SOURCE.find(around).unwrap();
    let start = place + around.find(from).unwrap();
    let begin = SOURCE[..=place].rfind("\nfn ").max(SOURCE[..=place].rfind("\nconst fn ")).unwrap() + 1;
    let line = begin + SOURCE[begin..].find('\n').unwrap();
    let is_one_line = SOURCE[..line].ends_with('}');
    let end = if is_one_line { line } else { begin + SOURCE[begin..].find("\n}\n").unwrap() + 2 };
    let [file, function, text] = ["a.rs", "f", "0"].map(str::to_owned);
    let key = Key { file, function, text, mutant: format!("{number}") };
    Mutant {
        number,
        key,
        genre,
        span: start..start + from.len(),
        function: begin..end,
        replacement: to.to_owned(),
    }
}

/// Every kind, nested ones too, and what each makes of which part of what is printed.
fn rows() -> Vec<(Mutant, &'static str, &'static str)> {
    use Genre::*;
    let row = |number, genre, around, from, to, was, is| (mutant(number, genre, around, from, to), was, is);
    let body = "let found = [sum(2, 3), count(4)];";
    vec![
        row(1, BinaryOperator, "a + b * 2", "+", "*", "[7, 6]", "[11, 6]"),
        row(2, BinaryOperator, "a + b * 2", "*", "+", "[7, 6]", "[6, 6]"),
        row(3, BinaryOperator, "2 - 1", "-", "+", "[7, 6]", "[9, 6]"),
        row(4, BinaryOperator, "2 - 1", "-", "/", "[7, 6]", "[8, 6]"),
        row(5, UnaryOperator, "!a", "!", "", "[true, false,", "[false, true,"),
        row(6, BinaryOperator, "a && (b", "&&", "||", "false, false", "true, true"),
        row(7, BinaryOperator, "(b || a)", "||", "&&", "[true", "[false"),
        row(8, FnValue, "!a && (b || a)", "!a && (b || a)", "true", "false, false", "true, true"),
        row(9, MatchArm, "Some(0) => \"zero\",", "Some(0) => \"zero\",", "", "\"zero\"", "\"else\""),
        row(10, MatchArmGuard, "number > 9", "number > 9", "true", "\"else\"", "\"many\""),
        row(11, MatchArmGuard, "number > 9", "number > 9", "false", "\"many\"", "\"else\""),
        row(12, BinaryOperator, "number > 9", ">", "<", "\"else\", \"many\"", "\"many\", \"else\""),
        row(13, StructField, "{ one: 1, ..", "one: 1,", "", "one: 1", "one: 7"),
        row(14, BinaryOperator, "a += 3", "+=", "*=", "[7, 6]", "[7, 11]"),
        row(15, BinaryOperator, "b != 0", "!=", "==", "[7, 6]", "[7, 0]"),
        row(16, FnValue, body, body, "String::new()", SAME, ""),
    ]
}

#[test]
fn each_mutant_of_one_program_can_be_switched_on() {
    let rows = rows();
    let mutants: Vec<&Mutant> = rows.iter().map(|(mutant, ..)| mutant).collect();
    let woven = weave(SOURCE, &mutants, &BTreeSet::new()).expect("Rust");
    assert_eq!(woven.left_out, [] as [u32; 0]);
    assert!(!woven.text.contains("const fn"), "const no longer:\n{}", woven.text);
    let place = tempfile::tempdir().expect("a directory");
    let (source, program) = (place.path().join("a.rs"), place.path().join("a"));
    fs::write(&source, format!("{}{MAIN}", woven.text)).expect("written");
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition", "2024", "--cap-lints", "allow", "-o"]).arg(&program).arg(&source);
    assert!(rustc.status().expect("rustc").success(), "{}", woven.text);
    let mutated = rows.iter().map(|(mutant, was, is)| {
        assert_eq!(SAME.matches(was).count(), 1, "{was}");
        (mutant.number, SAME.replace(was, is))
    });
    for (number, prints) in mutated.chain([(0, SAME.to_owned())]) {
        let output = Command::new(&program).env("MUTANT", number.to_string()).output().expect("it runs");
        assert_eq!(String::from_utf8_lossy(&output.stdout), prints, "mutant {number}");
    }
}

#[test]
fn what_goes_wrong_has_an_owner() {
    let rows = rows();
    let mutants: Vec<&Mutant> = rows.iter().map(|(mutant, ..)| mutant).collect();
    let woven = weave(SOURCE, &mutants, &BTreeSet::new()).expect("Rust");
    let at = |text: &str| woven.text.find(text).unwrap_or_else(|| panic!("{text}:\n{}", woven.text));
    assert_eq!(woven.owners_of(at("return true")), [8], "an arm is one mutant's");
    assert_eq!(
        woven.owners_of(at("(match crate::mutant::active(3)")),
        [3, 4],
        "a site is that of its mutants"
    );
    assert_eq!(woven.owners_of(at("fn sum(")), [1, 2, 3, 4], "a function is that of all in it");
    assert_eq!(woven.owners_of(at("struct Pair")), [] as [u32; 0]);
    assert_eq!(woven.sites[&4], 3);
}

#[test]
fn what_cannot_be_woven_is_left_out() {
    let bound = "a.checked_sub(1) && b";
    let cast = "a + b * 2";
    let mutants = [
        mutant(1, Genre::BinaryOperator, bound, "&&", "||"),
        mutant(2, Genre::BinaryOperator, cast, "+", "as u8 <"),
    ];
    let woven = weave(SOURCE, &mutants.iter().collect::<Vec<_>>(), &BTreeSet::new()).expect("Rust");
    assert_eq!(woven.left_out, [1, 2]);
    assert_eq!(woven.text, SOURCE);
}

#[test]
fn what_a_const_block_calls_stays_const() {
    let block = "fn f(a: u8) -> u8 { a + const { one() } + three() }\nconst fn three() -> u8 { 1 + 2 }";
    let called = "const fn one() -> u8 { two() + 0 }\nimpl A { const fn two() -> u8 { 1.min(2) } }";
    let sources: Sources =
        [("a.rs", block), ("b.rs", called)].map(|(f, s)| (f.to_owned(), s.to_owned())).into();
    let kept = called_in_blocks(&sources).expect("Rust");
    assert_eq!(kept, ["min", "one", "two"].map(str::to_owned).into());

    let mutants = [mutant(1, Genre::BinaryOperator, "a + b * 2", "+", "*")];
    let woven = weave(SOURCE, &[&mutants[0]], &["sum".to_owned()].into()).expect("Rust");
    assert_eq!(woven.left_out, [1]);
    assert_eq!(woven.text, SOURCE);
}

#[test]
fn plain_edits_are_edits_of_the_text() {
    let rows = rows();
    let of = |number: u32| &rows.iter().find(|(mutant, ..)| mutant.number == number).expect("a row").0;
    let edited = plain(SOURCE, &[of(6), of(1)]);
    let expected = SOURCE.replacen("a + b * 2", "a * b * 2", 1).replacen("!a && (b", "!a || (b", 1);
    assert_eq!(edited.text, expected);
    let place = |text: &str| edited.text.find(text).expect("it is there");
    let owned: Vec<Range<usize>> = edited.owners.iter().map(|(range, _)| range.clone()).collect();
    assert_eq!(owned.len(), 2);
    assert_eq!(edited.owners_of(place("const fn sum")), [1]);
    assert_eq!(edited.owners_of(place("(b || a)")), [6]);
    assert_eq!(edited.owners_of(place("fn kind")), [] as [u32; 0]);
}
