//! All nine pairs: the two invariants about what arrives, trusted summaries, settings in histories and in the README.

use std::collections::{BTreeMap, BTreeSet};

use datasync::Settings;
use datasync::api::{Mtime, Options, Request, Uid};
use datasync::transfer::ActionKind;
use datasync::volume::StorageKind::{Efs, Nfs, S3};
use datasync_sim::scenario::Act;
use datasync_sim::scenario::generator::generate;
use datasync_sim::sweep::standard_config;

use crate::invariants::{Seen, but, holds, lived, violated};
use crate::rules_kit::{Done, How, Rig};

#[test]
fn metadata_by_pair() {
    let name = "metadata-by-pair";
    let run = |after: &[&str]| but(lived(&["f size=3 m=9 uid=7"], &[], after, (1, 3)), |_| {});
    holds(name, &[run(&["f size=3 m=9 uid=7"])]);
    violated(name, "has uid", &[run(&["f size=3 m=9 uid=8"])]);
    violated(name, "has gid", &[run(&["f size=3 m=9 uid=7 gid=2"])]);
    violated(name, "has mode", &[run(&["f size=3 m=9 uid=7 mode=600"])]);
    violated(name, "has mtime", &[run(&["f size=3 m=10 uid=7"])]);
    let no_uid = |before: &[&str], after: &[&str]| {
        let options = Options { uid: Uid::None, ..Options::default() };
        but(lived(&["f size=3 uid=7"], before, after, (1, 3)), |lived| lived.options = options)
    };
    holds(name, &[no_uid(&[], &["f size=3 uid=65534"])]);
    holds(name, &[no_uid(&["f size=2 uid=5"], &["f size=3 uid=5"])]);
    violated(name, "not copied", &[no_uid(&["f size=2 uid=5"], &["f size=3 uid=7"])]);
}

#[test]
fn links_kept() {
    let name = "links-kept";
    let source = ["a size=3 ino=1", "b size=3 ino=1", "l ->a"];
    let run = |after: &[&str]| -> Seen { but(lived(&source, &[], after, (3, 3)), |_| {}) };
    holds(name, &[run(&["a size=3 ino=4", "b size=3 ino=4", "l ->a"])]);
    violated(name, "no link", &[run(&["a size=3", "b size=3", "l ->a"])]);
    violated(name, "no link", &[run(&["a size=3 ino=4", "b size=3 ino=5", "l ->a"])]);
    violated(name, "points elsewhere", &[run(&["a size=3 ino=4", "b size=3 ino=4", "l ->b"])]);
    violated(name, "is a file now", &[run(&["a size=3 ino=4", "b size=3 ino=4", "l"])]);
    let apart = ["a size=3", "b size=3"];
    let joined = but(lived(&apart, &[], &["a size=3 ino=4", "b size=3 ino=4"], (2, 6)), |_| {});
    violated(name, "one file", &[joined]);
}

/// Whether summaries are trusted or not, an execution comes to the same end; and trust saves listings where it may.
#[test]
fn trusted_summaries_end_the_same() {
    let source = "d/; d/f =abc m=6; d/e/; d/e/g =abcdefghij m=7; h =x m=8";
    let no_uid = Options { uid: Uid::None, ..Options::default() };
    let no_times = Options { mtime: Mtime::None, atime: datasync::api::Atime::None, ..Options::default() };
    let rows = [
        (Nfs, Options::default(), true),
        (Efs, Options::default(), true),
        (Nfs, no_uid, false),
        (Nfs, no_times, false),
    ];
    for (kind, options, saves) in rows {
        let [plain, trusting] = [false, true].map(|trust| {
            let mut rig = Rig::new(kind, kind, source, "");
            let how = How { trust, options: options.clone(), ..How::default() };
            rig.run(&how);
            let again = rig.run(&how);
            again.succeeded();
            again
        });
        assert_eq!(plain.after, trusting.after, "{kind}");
        assert_eq!(plain.end.counters, trusting.end.counters, "{kind}");
        let listings =
            |done: &Done| done.actions.iter().filter(|(_, action)| action.kind == ActionKind::List).count();
        assert_eq!(listings(&trusting) < listings(&plain), saves, "{kind} {options:?}");
    }
}

/// What both sides have alike is passed under trust, but not what the log has to tell of.
#[test]
fn trust_leaves_out_no_line() {
    let entries = "d/; d/a =abc m=6; d/l ->a m=4; d/p fifo m=5; d/s =x m=8";
    let lines = [false, true].map(|trust| {
        let mut rig = Rig::new(Nfs, Nfs, &format!("{entries}; d/new =n m=9"), entries);
        let done = rig.run(&How { trust, ..How::default() });
        done.succeeded().told(&["R2.13b-1 d/p"]);
        assert_eq!(done.did(), ["copy d/new", "directory-metadata d"]);
        done.after.clone()
    });
    assert_eq!(lines[0], lines[1]);
}

/// Tasks of every ordered pair are asked for, and settings that are not the defaults are drawn.
#[test]
fn histories_ask_for_all_nine_pairs() {
    let config = standard_config();
    let (mut pairs, mut changed) = (BTreeSet::new(), 0);
    for seed in 0..200 {
        let scenario = generate(seed, &config);
        changed += u32::from(scenario.world.settings != Settings::default());
        let mut kinds = BTreeMap::new();
        for operation in &scenario.operations {
            let Act::Call(call) = &operation.act else { continue };
            let kind = match &call.request {
                Request::CreateLocationNfs(_) => Nfs,
                Request::CreateLocationEfs(_) => Efs,
                Request::CreateLocationS3(_) => S3,
                Request::CreateTask(task) => {
                    let kind = |arn: &Option<String>| kinds.get(arn.as_ref()?).copied();
                    let sides = (kind(&task.source_location_arn), kind(&task.destination_location_arn));
                    pairs.extend(sides.0.zip(sides.1).map(|(from, to)| format!("{from} to {to}")));
                    continue;
                }
                _ => continue,
            };
            kinds.extend(call.bind.map(|slot| (format!("@location:{slot}"), kind)));
        }
    }
    assert_eq!(pairs.len(), 9, "{pairs:?}");
    assert!((60..140).contains(&changed), "{changed} of 200 with other settings");
}

/// The README's table has one row for each setting, with the default that the code has.
#[test]
fn the_readme_lists_every_setting() {
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("README.md");
    let table = readme.split("\n## Settings\n").nth(1).expect("a section").split("\n## ").next().expect("it");
    let rows: BTreeMap<&str, &str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
        .map(|(name, rest)| (name, rest.split(" | ").next().expect("a default")))
        .collect();
    let defaults = serde_json::to_value(Settings::default()).expect("settings");
    let defaults = defaults.as_object().expect("an object");
    let names: Vec<&str> = defaults.keys().map(String::as_str).collect();
    assert_eq!(rows.keys().copied().collect::<BTreeSet<_>>(), names.into_iter().collect());
    for (name, shown) in rows {
        let value = &defaults[name];
        let expected = match (value.as_u64(), value.as_bool(), value.as_str()) {
            (Some(ns), ..) if name.ends_with("_ns") => duration(ns),
            (Some(mode), ..) if name.ends_with("_mode") => format!("{mode:04o}"),
            (Some(number), ..) => grouped(number),
            (_, Some(flag), _) => if flag { "yes" } else { "no" }.to_owned(),
            (.., text) => text.expect("a text").to_owned(),
        };
        assert_eq!(shown, expected, "{name}");
    }
}

fn duration(ns: u64) -> String {
    let seconds = ns / 1_000_000_000;
    match seconds {
        days if days % 86_400 == 0 => format!("{} days", days / 86_400),
        minutes if minutes % 60 == 0 && minutes > 60 => format!("{} min", minutes / 60),
        _ => format!("{seconds} s"),
    }
}

fn grouped(number: u64) -> String {
    if number < 1_000 {
        number.to_string()
    } else {
        format!("{},{:03}", grouped(number / 1_000), number % 1_000)
    }
}
