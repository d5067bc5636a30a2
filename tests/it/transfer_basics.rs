//! `Transfer` end to end over a naive world: what arrives, what is counted, what a second run does.

use datasync::api::{Options, PhaseStatus, PreserveDeletedFiles, VerifyMode};

use crate::transfer_world::{Body, MemFs, Mishaps, World, config, run};

/// Some of everything: nested directories, files below and above a chunk, empty ones, symlinks, links.
pub fn sample() -> MemFs {
    let mut fs = MemFs::new();
    fs.file("empty", b"", 5);
    fs.file("small", b"abc", 6);
    fs.file("exact", b"four", 7);
    fs.file("large", b"more than one chunk", 8);
    fs.dir("dir", 9);
    fs.file("dir/inner", b"inner file", 10);
    fs.dir("dir/deep", 11);
    fs.dir("dir/deep/deeper", 12);
    fs.file("dir/deep/deeper/leaf", b"xy", 13);
    fs.put("link", Body::Symlink(b"dir/nowhere".to_vec()), 0o777, 14);
    fs.dir("empty-dir", 15);
    fs.file("dir-a", b"names that sort around a slash", 16);
    fs.link("dir/inner", "dir-b");
    fs.link("dir/inner", "zz");
    fs
}

#[test]
fn everything_arrives_and_a_second_run_moves_nothing() {
    for key in 0..40 {
        let mut world = World::new(sample(), MemFs::new());
        let first = run(&mut world, config(Options::default()), key, Mishaps::default());
        assert!(first.succeeded(), "{:?} {:?}", first.transfer.end(), first.transfer.log());
        assert_eq!(world.source.seen(), world.destination.seen(), "key {key}");
        let end = first.transfer.end().unwrap().clone();
        assert_eq!(end.phases.verify, PhaseStatus::Success);
        assert_eq!(end.counters.files_transferred, end.counters.estimated_files);
        // 12 entries below the root besides two further names of a file.
        assert_eq!(end.counters.estimated_files, 14);
        assert_eq!(end.counters.bytes_written, 3 + 4 + 19 + 10 + 2 + 30);
        assert_eq!(end.counters.bytes_written, end.counters.estimated_bytes);
        assert_eq!(end.counters.bytes_written, end.counters.bytes_transferred);
        let second = run(&mut world, config(Options::default()), key, Mishaps::default());
        assert!(second.succeeded());
        let counters = second.transfer.end().unwrap().counters;
        assert_eq!(counters, Default::default(), "a second run moves nothing");
        let plan = second.transfer.plan().unwrap();
        assert!(plan.items.is_empty() && plan.directories.is_empty(), "{plan:?}");
    }
}

#[test]
fn extra_entries_stay_or_go_as_the_option_says() {
    for (mode, stay) in [(PreserveDeletedFiles::Preserve, true), (PreserveDeletedFiles::Remove, false)] {
        let options = Options { preserve_deleted_files: mode, ..Options::default() };
        let mut destination = MemFs::new();
        destination.dir("extra", 1);
        destination.dir("extra/below", 2);
        destination.file("extra/below/file", b"keep me", 3);
        destination.dir("dir", 4);
        destination.file("dir/extra", b"me too", 5);
        let before = destination.seen();
        let mut world = World::new(sample(), destination);
        let done = run(&mut world, config(options), 3, Mishaps::default());
        assert!(done.succeeded(), "{:?}", done.transfer.log());
        for name in ["extra", "extra/below", "extra/below/file", "dir/extra"] {
            assert_eq!(world.destination.seen().get(name), before.get(name).filter(|_| stay), "{name}");
        }
        let mut seen = world.destination.seen();
        seen.retain(|name, _| !name.contains("extra"));
        assert_eq!(seen, world.source.seen());
    }
}

#[test]
fn without_verification_there_is_no_verifying() {
    let options = Options { verify_mode: VerifyMode::None, ..Options::default() };
    let mut world = World::new(sample(), MemFs::new());
    let done = run(&mut world, config(options), 0, Mishaps::default());
    assert!(done.succeeded());
    assert_eq!(world.source.seen(), world.destination.seen());
    let lists = done.actions.iter().filter(|(_, action)| action.kind.as_str() == "list").count();
    // The root of the empty destination is listed, nothing below it.
    assert_eq!(lists, 5 + 1);
}
