//! How much virtual time passes when.

use std::fmt;
use std::str::FromStr;

use datasync::time::{MILLISECOND, MINUTE, SECOND};

/// What moves the virtual clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Each request, by this many nanoseconds and never past a change that a client can see, so that who polls sees every
    /// status in order and nobody has to sleep.
    Request(u64),
    /// The wall clock; a second of it is this many virtual seconds.
    Wall(u64),
    /// Only the control interface.
    Manual,
}

impl Default for Clock {
    fn default() -> Self {
        Self::Request(SECOND)
    }
}

/// A span of time as `90s`, `250ms`, `5m`, `2h`, `1d`: nanoseconds.
///
/// # Errors
/// What was expected.
pub fn parse_span(text: &str) -> Result<u64, String> {
    let expected = || format!("`{text}`: expected a number and a unit, such as 250ms, 1s, 5m, 2h or 1d");
    let digits = text.len() - text.trim_start_matches(|digit: char| digit.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| expected())?;
    let unit = match unit {
        "ms" => MILLISECOND,
        "s" => SECOND,
        "m" => MINUTE,
        "h" => 60 * MINUTE,
        "d" => 24 * 60 * MINUTE,
        _ => return Err(expected()),
    };
    number.checked_mul(unit).ok_or_else(|| format!("`{text}`: expected less than 584 years"))
}

impl FromStr for Clock {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || {
            format!(
                "`{text}`: expected `request:STEP` such as request:1s, `wall:TIMES` such as wall:60, or `manual`"
            )
        };
        match text.split_once(':') {
            Some(("request", step)) => match parse_span(step)? {
                0 => Err(format!(
                    "`{text}`: expected more than no time; `manual` lets only the control interface move it"
                )),
                step => Ok(Self::Request(step)),
            },
            Some(("wall", times)) => match times.parse() {
                Ok(times) if (1..=1_000_000).contains(&times) => Ok(Self::Wall(times)),
                _ => Err(format!("`{text}`: expected 1 to 1000000 virtual seconds a second")),
            },
            None if text == "manual" => Ok(Self::Manual),
            _ => Err(expected()),
        }
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(step) => write!(f, "request:{}ms", step / MILLISECOND),
            Self::Wall(times) => write!(f, "wall:{times}"),
            Self::Manual => f.write_str("manual"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_and_spans_as_text() {
        for (text, clock) in [
            ("request:1s", Clock::Request(SECOND)),
            ("request:250ms", Clock::Request(250 * MILLISECOND)),
            ("wall:60", Clock::Wall(60)),
            ("manual", Clock::Manual),
        ] {
            assert_eq!(text.parse(), Ok(clock), "{text}");
        }
        for bad in [
            "",
            "request",
            "request:",
            "request:1",
            "request:s",
            "wall:0",
            "wall:-1",
            "wall:1.5",
            "manual:1",
            "request:99999999999d",
        ] {
            assert!(bad.parse::<Clock>().is_err(), "{bad}");
        }
    }
}
