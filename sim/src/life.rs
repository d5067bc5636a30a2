//! One life of a seed as digests, so that lives can be compared whose worlds never meet: on another thread, in another
//! process, by another build.
//!
//! A life is a line of text: the digest over everything, and the same after each event. The first one that differs
//! belongs to the event in which two lives part.

use std::fmt;
use std::str::FromStr;

use crate::bug::Variant;
use crate::diff::first_difference;
use crate::judge::judge;
use crate::run::RunOptions;
use crate::scenario::generator::{GeneratorConfig, generate};

/// Hexadecimal digits of a digest.
const DIGITS: usize = 16;

/// What two lives of one seed are compared by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Life {
    /// Digest over everything, a life with a change made included.
    pub digest: u64,
    /// The digest over everything after each event, by its number.
    pub steps: Vec<u64>,
}

/// Where two lives part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parting {
    /// In the event of this number.
    Step(u64),
    /// After the last event: in the closing check, or in the life with a change made.
    End,
}

/// Lives through a seed, once.
#[must_use]
pub fn live(seed: u64, config: &GeneratorConfig, variant: Option<&'static Variant>) -> Life {
    let options = RunOptions { variant, steps: true, ..RunOptions::default() };
    let run = judge(&generate(seed, config), options, false);
    Life { digest: run.digest, steps: run.steps }
}

/// What a seed's trace says about the event of this number, a line each; where it says nothing, about the next event of
/// which it does. Nothing if the trace is over by then.
#[must_use]
pub fn lines_from(
    seed: u64,
    step: u64,
    config: &GeneratorConfig,
    variant: Option<&'static Variant>,
) -> Vec<String> {
    let options = RunOptions { variant, trace: true, ..RunOptions::default() };
    let trace = judge(&generate(seed, config), options, false).trace;
    let first = trace.iter().map(|line| line.step).find(|traced| *traced >= step);
    let lines = trace.iter().filter(|line| Some(line.step) == first);
    lines.map(|line| line.to_string().trim().to_owned()).collect()
}

impl Life {
    /// Where this life and another one of the same seed part; `None` if they are the same.
    #[must_use]
    pub fn parts_from(&self, other: &Self) -> Option<Parting> {
        match first_difference(&self.steps, &other.steps) {
            Some(step) => Some(Parting::Step(u64::try_from(step).expect("an index fits into 64 bits"))),
            None => (self.digest != other.digest).then_some(Parting::End),
        }
    }
}

impl fmt::Display for Parting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step(step) => write!(f, "step {step}"),
            Self::End => f.write_str("the end, after the last step"),
        }
    }
}

/// The digest and the digests after each event, with a space between them.
impl fmt::Display for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x} ", self.digest)?;
        self.steps.iter().try_for_each(|step| write!(f, "{step:016x}"))
    }
}

impl FromStr for Life {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("expected a digest, a space, and {DIGITS} hexadecimal digits a step");
        let (digest, steps) = text.split_once(' ').ok_or_else(expected)?;
        let digest_of = |digits: &[u8]| {
            let digits = str::from_utf8(digits).ok().filter(|digits| digits.len() == DIGITS)?;
            u64::from_str_radix(digits, 16).ok()
        };
        let steps = steps.as_bytes().chunks(DIGITS).map(digest_of).collect::<Option<Vec<u64>>>();
        let digest = digest_of(digest.as_bytes());
        digest.zip(steps).map(|(digest, steps)| Self { digest, steps }).ok_or_else(expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(digest: u64, steps: &[u64]) -> Life {
        Life { digest, steps: steps.to_vec() }
    }

    #[test]
    fn lives_part_at_the_first_step_that_differs() {
        for (left, right, expected) in [
            (life(1, &[1, 2, 3]), life(1, &[1, 2, 3]), None),
            (life(1, &[1, 2, 3]), life(9, &[1, 7, 8]), Some(Parting::Step(1))),
            (life(1, &[1, 2, 3]), life(9, &[1, 2]), Some(Parting::Step(2))),
            (life(1, &[1, 2, 3]), life(9, &[1, 2, 3]), Some(Parting::End)),
        ] {
            assert_eq!(left.parts_from(&right), expected, "{left} and {right}");
            assert_eq!(right.parts_from(&left), expected, "{right} and {left}");
        }
    }

    #[test]
    fn a_life_is_a_line() {
        for life in [life(0, &[]), life(u64::MAX, &[0, 1, u64::MAX])] {
            assert_eq!(life.to_string().parse(), Ok(life));
        }
        for text in
            ["", "0123456789abcdef", "1 0123456789abcdef", "0123456789abcdef 012", "0123456789abcdeg "]
        {
            let error = text.parse::<Life>().expect_err(text);
            assert!(error.starts_with("expected a digest"), "{error}");
        }
    }
}
