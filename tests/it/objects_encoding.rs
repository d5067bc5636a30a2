//! User metadata both ways (2.12, 2.12b), as tables.

use datasync::time::FileTime;
use datasync::transfer::objects::metadata::{decode, encode};
use datasync::tree::Kind;
use datasync::volume::AttrSet;
use datasync::volume::bucket::Metadata;

fn metadata(key: &str, value: &str) -> Metadata {
    Metadata::from([(key.to_string(), value.to_string())])
}

#[test]
fn permissions_are_read() {
    // (value, the key ends in `/`, mode, symlink)
    let rows = [
        ("0100644", false, Some(0o644), false),
        ("0755", false, Some(0o755), false),
        ("755", false, Some(0o755), false),
        ("0106755", false, Some(0o6755), false),
        ("0120777", false, Some(0o777), true),
        ("0120777", true, Some(0o777), false),
        ("0040755", true, Some(0o755), false),
        ("0100700", true, Some(0o700), false),
        ("0040755", false, None, false),
        ("0060600", false, None, false),
        ("0140644", false, None, false),
        ("0200644", false, None, false),
        ("0200644", true, None, false),
        ("00000000000644", false, Some(0o644), false),
        ("", false, None, false),
        ("0o644", false, None, false),
        ("+644", false, None, false),
        ("0648", false, None, false),
        (" 0644", false, None, false),
        ("rw-r--r--", false, None, false),
    ];
    for (value, directory, mode, symlink) in rows {
        let decoded = decode(&metadata("file-permissions", value), directory);
        assert_eq!(
            (decoded.attrs.mode, decoded.symlink),
            (mode, symlink),
            "{value:?}, directory: {directory}"
        );
    }
}

#[test]
fn owners_are_read() {
    let rows = [
        ("0", Some(0)),
        ("1000", Some(1_000)),
        ("4294967295", Some(u32::MAX)),
        ("4294967296", None),
        ("007", Some(7)),
        ("-1", None),
        ("+1", None),
        ("", None),
        ("1.0", None),
        ("root", None),
    ];
    for (value, expected) in rows {
        assert_eq!(decode(&metadata("file-owner", value), false).attrs.uid, expected, "{value:?}");
        assert_eq!(decode(&metadata("file-group", value), false).attrs.gid, expected, "{value:?}");
    }
}

#[test]
fn times_are_read() {
    let rows = [
        ("1595002920000000000ns", Some((1_595_002_920, 0))),
        ("1734968895000", Some((1_734_968_895, 0))),
        ("1", Some((0, 1_000_000))),
        ("1ns", Some((0, 1))),
        ("-1ns", Some((-1, 999_999_999))),
        ("-1", Some((-1, 999_000_000))),
        ("0ns", Some((0, 0))),
        ("9223372036854775807ns", Some((9_223_372_036, 854_775_807))),
        ("9223372036854775808ns", None),
        ("9223372036854", Some((9_223_372_036, 854_000_000))),
        ("9223372036855", None),
        ("-9223372036854775808ns", Some((-9_223_372_037, 145_224_192))),
        ("", None),
        ("ns", None),
        ("-ns", None),
        ("+1ns", None),
        ("--1ns", None),
        ("1ms", None),
        ("1 ns", None),
        ("1.5", None),
        ("2020-07-17T16:22:00Z", None),
    ];
    for (value, expected) in rows {
        let expected = expected.map(|(secs, nanos)| FileTime { secs, nanos });
        assert_eq!(decode(&metadata("file-mtime", value), false).attrs.mtime, expected, "{value:?}");
        assert_eq!(decode(&metadata("file-atime", value), true).attrs.atime, expected, "{value:?}");
    }
}

#[test]
fn nothing_says_nothing() {
    let decoded = decode(&metadata("user-agent", "somebody"), false);
    assert_eq!((decoded.attrs, decoded.symlink), (AttrSet::default(), false));
}

#[test]
fn attributes_are_written_and_read_back() {
    let time = |secs, nanos| Some(FileTime { secs, nanos });
    let attrs = AttrSet {
        uid: Some(4_294_967_295),
        gid: Some(0),
        mode: Some(0o4640),
        mtime: time(1_595_002_920, 5),
        atime: time(-1, 999_999_999),
    };
    for (kind, permissions, mode) in [
        (Kind::File, "0104640", 0o4640),
        (Kind::Directory, "0044640", 0o4640),
        (Kind::Symlink, "0120777", 0o777),
    ] {
        let mut written = Metadata::new();
        encode(&mut written, kind, &attrs);
        let expected = [
            ("file-permissions", permissions),
            ("file-owner", "4294967295"),
            ("file-group", "0"),
            ("file-mtime", "1595002920000000005ns"),
            ("file-atime", "-1ns"),
        ];
        let expected: Metadata =
            expected.into_iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        assert_eq!(written, expected);
        let read = decode(&written, kind == Kind::Directory);
        assert_eq!(read.attrs, AttrSet { mode: Some(mode), ..attrs });
        assert_eq!(read.symlink, kind == Kind::Symlink);
    }
}

#[test]
fn what_is_left_out_stays_as_it_is() {
    let mut metadata = metadata("file-owner", "7");
    metadata.insert("project".to_string(), "x".to_string());
    encode(&mut metadata, Kind::File, &AttrSet { gid: Some(8), ..AttrSet::default() });
    let pairs: Vec<_> = metadata.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(pairs, [("file-group", "8"), ("file-owner", "7"), ("project", "x")]);
}

#[test]
fn a_time_that_does_not_fit_is_absent_rather_than_wrong() {
    let mut metadata = metadata("file-mtime", "1ns");
    let mtime = Some(FileTime { secs: i64::MAX, nanos: 0 });
    encode(&mut metadata, Kind::File, &AttrSet { mtime, ..AttrSet::default() });
    assert_eq!(decode(&metadata, false).attrs.mtime, None);
    assert!(metadata.is_empty());
}
