//! Many mutants in one text: each place asks at run time which mutant is switched on ("mutant schemata": Untch, Offutt and
//! Harrold, 1993). With none switched on the text means what it meant.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::Range;

use anyhow::Result;

use crate::find::{Places, Way};
use crate::list::Mutant;

/// A source text with mutants in it.
#[derive(Debug, Default)]
pub struct Woven {
    /// The text.
    pub text: String,
    /// Which bytes of the text are whose: what the compiler does not like there, these mutants are to blame for. The
    /// smallest range around a byte knows best.
    pub owners: Vec<(Range<usize>, Vec<u32>)>,
    /// Mutants that have no place to be woven in.
    pub left_out: Vec<u32>,
    /// The site each woven mutant is asked for at: passing it is reaching the mutant.
    pub sites: BTreeMap<u32, u32>,
}

impl Woven {
    /// The mutants to blame for a byte of the text.
    pub fn owners_of(&self, byte: usize) -> &[u32] {
        let around = self.owners.iter().filter(|(range, _)| range.contains(&byte));
        around.min_by_key(|(range, _)| range.len()).map_or(&[], |(_, numbers)| numbers)
    }
}

/// Writes `source` with all of `mutants` (of this file) in it. A `const fn` that gets one is `const` no longer; those named
/// in `kept` get none.
///
/// # Errors
/// When the source is not Rust.
pub fn weave(source: &str, mutants: &[&Mutant], kept: &BTreeSet<String>) -> Result<Woven> {
    let places = Places::read(source)?;
    let mut woven = Woven::default();
    let mut edits: BTreeMap<Order, Vec<&Mutant>> = BTreeMap::new();
    for mutant in mutants {
        let constant = places.constant_around(mutant.span.start);
        let place = places.of(mutant).filter(|place| may_stand(source, mutant, place));
        let Some((way, place)) = place.filter(|_| constant.is_none_or(|(name, _)| !kept.contains(name)))
        else {
            woven.left_out.push(mutant.number);
            continue;
        };
        let mut edit = |way: Way, place: &Range<usize>| {
            edits.entry((place.start, way, Reverse(place.end))).or_default().push(mutant);
        };
        if !mutant.key.function.is_empty() {
            edit(Way::Whole, &mutant.function);
        }
        if let Some((_, token)) = constant {
            edit(Way::Freed, token);
        }
        edit(way, &place);
    }
    let mut writer = Writer { source, edits: edits.into_iter().collect(), next: 0, woven };
    writer.until(0, source.len());
    Ok(writer.woven)
}

/// Outer before inner: by start, what goes before a statement ahead of what replaces its beginning, the longest first.
type Order = (usize, Way, Reverse<usize>);

/// Whether the changed expression is one: `a as u8 < b` is none, and would spoil the whole file.
fn may_stand(source: &str, mutant: &Mutant, (way, place): &(Way, Range<usize>)) -> bool {
    *way != Way::Instead || syn::parse_str::<syn::Expr>(&changed(source, place, mutant)).is_ok()
}

/// The text of a place with the mutant in it.
fn changed(source: &str, place: &Range<usize>, mutant: &Mutant) -> String {
    let (before, behind) = (&source[place.start..mutant.span.start], &source[mutant.span.end..place.end]);
    format!("{before}{}{behind}", mutant.replacement)
}

struct Writer<'a> {
    source: &'a str,
    /// Outer before inner, so that one cursor meets them in the order of writing.
    edits: Vec<(Order, Vec<&'a Mutant>)>,
    next: usize,
    woven: Woven,
}

impl Writer<'_> {
    /// Writes the source from one byte until another, with the edits that begin there.
    fn until(&mut self, mut from: usize, end: usize) {
        while let Some(((start, way, Reverse(stop)), mutants)) = self.edits.get(self.next).cloned() {
            if start >= end {
                break;
            }
            self.next += 1;
            self.woven.text.push_str(&self.source[from..start]);
            let all: Vec<u32> = mutants.iter().map(|mutant| mutant.number).collect();
            let begun = self.woven.text.len();
            match way {
                Way::Whole => self.until(start, stop),
                Way::Freed => {}
                Way::Before => self.before(&mutants),
                Way::Guard => self.guard(&mutants),
                Way::Instead => self.instead(start..stop, &mutants),
            }
            self.woven.owners.push((begun..self.woven.text.len(), all));
            from = stop;
        }
        self.woven.text.push_str(&self.source[from..end]);
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        self.woven.text.write_fmt(text).expect("a string takes everything");
    }

    /// One arm of a match over the active mutant, and whose it is.
    fn arm(&mut self, mutant: &Mutant, text: &str) {
        let begun = self.woven.text.len();
        self.put(format_args!("\n{} => {text},", mutant.number));
        self.woven.owners.push((begun..self.woven.text.len(), vec![mutant.number]));
    }

    /// The number of the site of these mutants, and that it is theirs.
    fn site(&mut self, mutants: &[&Mutant]) -> u32 {
        let site = mutants[0].number;
        self.woven.sites.extend(mutants.iter().map(|mutant| (mutant.number, site)));
        site
    }

    fn before(&mut self, mutants: &[&Mutant]) {
        let site = self.site(mutants);
        self.put(format_args!("match crate::mutant::active({site}) {{"));
        for mutant in mutants {
            self.arm(mutant, &format!("return {}", mutant.replacement));
        }
        self.put(format_args!("\n_ => {{}} }}\n"));
    }

    fn guard(&mut self, mutants: &[&Mutant]) {
        // An arm is deleted in one way only.
        let site = self.site(mutants);
        self.put(format_args!(" if crate::mutant::active({site}) != {site}"));
    }

    fn instead(&mut self, place: Range<usize>, mutants: &[&Mutant]) {
        let site = self.site(mutants);
        self.put(format_args!("(match crate::mutant::active({site}) {{"));
        for mutant in mutants {
            self.arm(mutant, &format!("({})", changed(self.source, &place, mutant)));
        }
        self.put(format_args!("\n_ => ("));
        self.until(place.start, place.end);
        self.put(format_args!(") }})"));
    }
}

/// Writes `source` with one mutant in it, as an edit of the text.
pub fn plain(source: &str, mutants: &[&Mutant]) -> Woven {
    let mut woven = Woven::default();
    let mut sorted = mutants.to_vec();
    sorted.sort_by_key(|mutant| mutant.span.start);
    let mut from = 0;
    for mutant in sorted {
        let begun = woven.text.len() + (mutant.function.start - from);
        woven.text.push_str(&source[from..mutant.span.start]);
        woven.text.push_str(&mutant.replacement);
        woven.text.push_str(&source[mutant.span.end..mutant.function.end]);
        woven.owners.push((begun..woven.text.len(), vec![mutant.number]));
        from = mutant.function.end;
    }
    woven.text.push_str(&source[from..]);
    woven
}

#[cfg(test)]
mod tests;
