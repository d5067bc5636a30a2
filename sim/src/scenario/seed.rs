//! A seed with the generator it is a seed of. The same number is another history to another generator, so a number
//! alone says nothing once the generator has changed: what is printed and kept names both, `1:17`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use super::generator::VERSION as GENERATOR;

/// See the head of this file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seed {
    /// The version of the generator; 0 = one from before they had numbers.
    pub generator: u32,
    /// The number.
    pub number: u64,
}

impl Seed {
    /// A seed of this program's generator.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self { generator: GENERATOR, number }
    }

    /// The number, if this program's generator is meant.
    ///
    /// # Errors
    /// Another one is: what is there, what was expected, what to do.
    pub fn of_this_generator(self) -> Result<u64, String> {
        let Self { generator, number } = self;
        if generator == GENERATOR {
            return Ok(number);
        }
        Err(format!(
            "it is of generator {generator} and means another history to this program, whose generator is {GENERATOR}; \
             expected the case that was written when it failed, or `{GENERATOR}:{number}` for a history of this one's"
        ))
    }
}

/// `1:17`.
impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.generator, self.number)
    }
}

/// `1:17`, or `17` for a seed of this program's generator.
impl FromStr for Seed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (generator, number) = match text.split_once(':') {
            None => (Some(GENERATOR), text),
            Some((generator, number)) => (digits(generator), number),
        };
        match (generator, digits(number)) {
            (Some(generator), Some(number)) => Ok(Self { generator, number }),
            _ => Err(format!(
                "expected a number up to {}, with the version of its generator before it or without, such as {}",
                u64::MAX,
                Self::new(17)
            )),
        }
    }
}

/// A number without a sign.
fn digits<T: FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

impl Serialize for Seed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// With its generator: a case may be read by another one.
impl<'de> Deserialize<'de> for Seed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let seed = if text.contains(':') { text.parse().ok() } else { None };
        seed.ok_or_else(|| {
            serde::de::Error::custom(format_args!(
                "seed `{text}`: expected the generator and the number, such as 1:17"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_read_with_and_without_their_generator() {
        let seed = |generator, number| Some(Seed { generator, number });
        for (text, expected) in [
            ("17", seed(GENERATOR, 17)),
            ("0:17", seed(0, 17)),
            ("3:18446744073709551615", seed(3, u64::MAX)),
            ("4294967295:0", seed(u32::MAX, 0)),
            ("4294967296:0", None),
            ("3:18446744073709551616", None),
            ("", None),
            (":", None),
            ("3:", None),
            (":3", None),
            ("+3", None),
            ("1:2:3", None),
        ] {
            assert_eq!(text.parse::<Seed>().ok(), expected, "{text}");
            if let Some(seed) = expected {
                assert_eq!(seed.to_string().parse(), Ok(seed));
            }
        }
    }
}
