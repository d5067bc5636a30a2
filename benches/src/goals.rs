//! The goals for speed, one row each, and how the last figures stand to them.
//!
//! A goal is a ratio to a peer of the same run or a count wherever it can be; a time by itself depends on the machine and
//! is there because users ask for one.

use crate::figures::Figures;

/// What must hold.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// Ours is at most this, in the row's unit.
    AtMost(f64),
    /// Ours happens at least this often a second; figures are nanoseconds.
    PerSecond(f64),
    /// The peer's figure is at least so many times ours.
    Times(f64),
    /// Nothing was set: the figure is only told.
    Told,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Goal {
    /// The bench.
    pub id: &'static str,
    /// What its figure is: `ns`, `ns/entry`, `instructions/event`, `B/entry`.
    pub unit: &'static str,
    /// The figure: `GROUP/FUNCTION` of criterion, or what a program kept.
    pub ours: &'static str,
    /// Name and figure of the peer, in the same unit.
    pub peer: Option<(&'static str, &'static str)>,
    /// What must hold.
    pub check: Check,
}

const fn goal(
    id: &'static str,
    unit: &'static str,
    ours: &'static str,
    peer: Option<(&'static str, &'static str)>,
    check: Check,
) -> Goal {
    Goal { id, unit, ours, peer, check }
}

use Check::{AtMost, PerSecond, Times, Told};

/// All rows.
pub const GOALS: &[Goal] = &[
    goal(
        "tree/build_1m",
        "ns/entry",
        "tree/build_1m/ours",
        Some(("BTreeMap", "tree/build_1m/BTreeMap")),
        AtMost(120.0),
    ),
    goal(
        "tree/snapshot",
        "ns",
        "tree/snapshot/ours 1M",
        Some(("imbl", "tree/snapshot/imbl 1M")),
        AtMost(20.0),
    ),
    goal(
        "tree/get_random_1m",
        "ns",
        "tree/get_random_1m/ours",
        Some(("BTreeMap", "tree/get_random_1m/BTreeMap")),
        AtMost(400.0),
    ),
    goal("tree/set_1m", "ns", "tree/set_1m/ours", Some(("imbl", "tree/set_1m/imbl")), AtMost(5_000.0)),
    goal("tree/wide_1m", "ns/change", "tree/wide_1m/set", None, AtMost(10_000.0)),
    goal("tree/wide_1m", "B/change", "memory/wide_change", None, AtMost(10_240.0)),
    goal("delta/lineage_1m_1pct_scattered", "ns", SCATTERED, None, AtMost(1.5e6)),
    goal(
        "delta/lineage_1m_1pct_scattered",
        "ns",
        SCATTERED,
        Some(("flat merge-join", "delta/lineage_1m_1pct_scattered/merge-join")),
        Times(6.0),
    ),
    goal(
        "delta/lineage_1m_1pct_scattered",
        "ns",
        SCATTERED,
        Some(("imbl", "delta/lineage_1m_1pct_scattered/imbl")),
        Times(6.0),
    ),
    goal("delta/lineage_1m_1pct_clustered", "ns", CLUSTERED, None, AtMost(30e3)),
    goal(
        "delta/lineage_1m_1pct_clustered",
        "ns",
        CLUSTERED,
        Some(("flat merge-join", "delta/lineage_1m_1pct_clustered/merge-join")),
        Times(200.0),
    ),
    goal(
        "delta/lineage_1m_1pct_mixed",
        "ns",
        "delta/lineage_1m_1pct_mixed/ours",
        Some(("flat merge-join", "delta/lineage_1m_1pct_mixed/merge-join")),
        Told,
    ),
    goal(
        "delta/foreign_1m_1pct",
        "ns",
        "delta/foreign_1m_1pct/ours",
        Some(("flat merge-join", "delta/foreign_1m_1pct/merge-join")),
        AtMost(4e6),
    ),
    goal(
        "delta/equal",
        "ns",
        "delta/equal/ours",
        Some(("flat merge-join", "delta/equal/merge-join")),
        AtMost(1e3),
    ),
    goal(
        "cg/delta 1 M, 1 %",
        "instructions/change",
        "instructions/delta/lineage_1m_10000",
        None,
        AtMost(1e3),
    ),
    goal("cg/delta in entries", "exponent", "instructions/delta/exponent_entries", None, AtMost(0.25)),
    goal("cg/delta in changes", "exponent", "instructions/delta/exponent_changes", None, AtMost(1.0)),
    goal(
        "delta/cold_1m",
        "ns/entry",
        "delta/cold_1m/ours",
        Some(("flat merge-join", "delta/cold_1m/merge-join")),
        AtMost(8.0),
    ),
    goal("cg/delta cold", "instructions/entry", "instructions/delta/cold", None, AtMost(80.0)),
    goal("memory", "B/entry", "memory/entry", Some(("BTreeMap", "memory/btree_entry")), AtMost(104.0)),
    goal(
        "memory after a snapshot",
        "B/change",
        "memory/change",
        Some(("imbl", "memory/imbl_change")),
        AtMost(2_560.0),
    ),
    goal(
        "verify/meta_1m",
        "ns/entry",
        "verify/meta_1m/ours",
        Some(("XXH3 over a flat list", "verify/meta_1m/XXH3 over a flat list")),
        AtMost(8.0),
    ),
    goal("verify/meta_1m roots", "ns", "verify/roots_1m/ours", None, AtMost(1e3)),
    goal(
        "verify/bytes_large BLAKE3",
        "ns/B",
        "verify/bytes_large/ours BLAKE3",
        Some(("blake3", "verify/bytes_large/blake3")),
        Times(0.95),
    ),
    goal(
        "verify/bytes_large 2 threads",
        "ns/B",
        "verify/bytes_large_2_threads/ours BLAKE3",
        Some(("blake3", "verify/bytes_large_2_threads/blake3")),
        Times(1.85),
    ),
    goal(
        "verify/bytes_large XXH3",
        "ns/B",
        "verify/bytes_large/ours XXH3",
        Some(("memory read", "verify/bytes_large/memory read")),
        Times(0.65),
    ),
    goal(
        "verify/bytes_small",
        "ns/B",
        "verify/bytes_small/ours BLAKE3",
        Some(("blake3, each file", "verify/bytes_small/blake3")),
        Times(1.0),
    ),
    goal("verify/incremental_256m", "ns", "verify/incremental_256m/ours literal", None, AtMost(20e3)),
    goal(
        "verify/incremental_256m",
        "ns",
        "verify/incremental_256m/ours literal",
        Some(("blake3, all of it", "verify/incremental_256m/blake3")),
        Times(1_500.0),
    ),
    goal(
        "content/generate",
        "ns/B",
        "content/generate/ours",
        Some(("memcpy", "content/generate/memcpy")),
        PerSecond(4e9),
    ),
    goal(
        "content/generate_hash",
        "ns/B",
        "content/generate_hash/ours BLAKE3",
        Some(("blake3 of stored bytes", "content/generate_hash/blake3 of stored bytes")),
        PerSecond(3e9),
    ),
    goal("content/petabyte", "ns", "content/petabyte/ours", None, AtMost(10e3)),
    goal("content/petabyte", "B/extent", "memory/petabyte", None, AtMost(64.0)),
    goal("sim/events", "ns/event", "sim/events/ours", None, PerSecond(8e6)),
    goal(
        "sim/events",
        "ns/event",
        "sim/events/ours",
        Some(("tokio, paused clock", "sim/events/tokio paused")),
        Times(3.0),
    ),
    goal("cg/events", "instructions/event", "instructions/sim/events", None, AtMost(250.0)),
    goal("sim/exec_10", "ns/execution", "sim/exec_10/ours", None, PerSecond(250e3)),
    goal("sim/exec_100", "ns/execution", "sim/exec_100/ours", None, PerSecond(150e3)),
    goal("sim/exec_1000", "ns/execution", "sim/exec_1000/ours", None, PerSecond(40e3)),
    goal("sim/speedup", "ns/virtual s", "sim/speedup/ours", None, PerSecond(3e7)),
    goal("sim/histories", "ns/history", "sim/histories/ours", None, Told),
    goal("explore", "ns/state", "explore/ours", Some(("stateright", "explore/stateright")), Times(1.0)),
    goal(
        "explore memory",
        "B/state",
        "explore/ours_bytes",
        Some(("stateright", "explore/stateright_bytes")),
        AtMost(64.0),
    ),
    goal("api/typed", "ns/call", "api/typed/ours", None, PerSecond(1e6)),
    goal(
        "api/json",
        "ns/call",
        "api/json/ours",
        Some(("serde_json alone", "api/json/serde_json alone")),
        PerSecond(300e3),
    ),
];

const SCATTERED: &str = "delta/lineage_1m_1pct_scattered/ours";
const CLUSTERED: &str = "delta/lineage_1m_1pct_clustered/ours";

impl Goal {
    /// What must hold, in words.
    fn wanted(&self) -> String {
        match self.check {
            AtMost(most) => format!("≤ {}", shown(most, self.unit)),
            PerSecond(rate) => format!("≥ {}/s", short(rate)),
            Told => "–".into(),
            Times(times) => format!("≥ {times}× {}", self.peer.map_or("peer", |(name, _)| name)),
        }
    }

    /// Whether it holds; `None` if something was not measured.
    fn met(&self, ours: Option<f64>, peer: Option<f64>) -> Option<bool> {
        match self.check {
            AtMost(most) => ours.map(|ours| ours <= most),
            PerSecond(rate) => ours.map(|ours| 1e9 / ours >= rate),
            Times(times) => Some(peer? / ours? >= times),
            Told => None,
        }
    }

    fn row(&self, figures: &Figures) -> String {
        let ours = figures.get(self.ours).copied();
        let peer = self.peer.and_then(|(_, figure)| figures.get(figure).copied());
        let figure =
            |figure: Option<f64>| figure.map_or_else(|| "not measured".into(), |value| self.figure(value));
        let peer_cell = self.peer.map_or_else(|| "–".into(), |(name, _)| format!("{name}: {}", figure(peer)));
        let ratio = peer
            .zip(ours)
            .map_or_else(|| "–".into(), |(peer, ours)| format!("{}×", significant(peer / ours)));
        let verdict = match self.met(ours, peer) {
            Some(true) => "met",
            Some(false) => "**missed**",
            None if matches!(self.check, Told) => "–",
            None => "not measured",
        };
        format!(
            "| `{}` | {} | {peer_cell} | {} | {ratio} | {verdict} |",
            self.id,
            self.wanted(),
            figure(ours)
        )
    }

    /// A figure as this goal is put: times, or so many a second.
    fn figure(&self, value: f64) -> String {
        match self.check {
            PerSecond(_) => format!("{}/s", short(1e9 / value)),
            _ => shown(value, self.unit),
        }
    }
}

/// The table, in Markdown: a row for each goal.
#[must_use]
pub fn table(figures: &Figures) -> String {
    let mut lines =
        vec!["| bench | goal | peer | ours | peer / ours | |".into(), "|---|---|---|---:|---:|---|".into()];
    lines.extend(GOALS.iter().map(|goal| goal.row(figures)));
    lines.join("\n")
}

/// Three figures that count.
fn significant(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        large if large >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Thousands, millions, billions.
fn short(value: f64) -> String {
    match value {
        large if large >= 1e9 => format!("{} G", significant(value / 1e9)),
        large if large >= 1e6 => format!("{} M", significant(value / 1e6)),
        large if large >= 1e4 => format!("{} k", significant(value / 1e3)),
        _ => significant(value),
    }
}

/// A figure with its unit; nanoseconds as whatever reads best.
fn shown(value: f64, unit: &str) -> String {
    let Some(each) = unit.strip_prefix("ns") else { return format!("{} {unit}", significant(value)) };
    match value {
        large if large >= 1e6 => format!("{} ms{each}", significant(value / 1e6)),
        large if large >= 1e4 => format!("{} µs{each}", significant(value / 1e3)),
        _ => format!("{} ns{each}", significant(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_whether_the_goal_is_met() {
        let row = goal("a/b", "ns", "a/b/ours", Some(("peer", "a/b/peer")), Times(6.0));
        let figures =
            |ours: f64, peer: f64| Figures::from([("a/b/ours".into(), ours), ("a/b/peer".into(), peer)]);
        for (figures, expected) in [
            (figures(1e6, 7e6), "| `a/b` | ≥ 6× peer | peer: 7.00 ms | 1.00 ms | 7.00× | met |"),
            (figures(2e6, 7e6), "| `a/b` | ≥ 6× peer | peer: 7.00 ms | 2.00 ms | 3.50× | **missed** |"),
            (Figures::new(), "| `a/b` | ≥ 6× peer | peer: not measured | not measured | – | not measured |"),
        ] {
            assert_eq!(row.row(&figures), expected);
        }
        let row = goal("c", "ns/B", "c", None, PerSecond(4e9));
        for (ns, expected) in [
            (0.2, "| `c` | ≥ 4.00 G/s | – | 5.00 G/s | – | met |"),
            (0.5, "| `c` | ≥ 4.00 G/s | – | 2.00 G/s | – | **missed** |"),
        ] {
            assert_eq!(row.row(&Figures::from([("c".into(), ns)])), expected);
        }
        let row = goal("d", "B/entry", "d", None, AtMost(104.0));
        assert_eq!(
            row.row(&Figures::from([("d".into(), 104.5)])),
            "| `d` | ≤ 104 B/entry | – | 104 B/entry | – | **missed** |"
        );
    }
}
