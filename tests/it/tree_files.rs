//! Trees as text: lines, tree files, captured directories.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use datasync::time::FileTime;
use datasync::tree::{Kind, RelPath};
use datasync_sim::scenario::tree_lines::check_tree;
use datasync_sim::scenario::{LineBody, TreeLine};
use datasync_sim::trees::{capture, file};

const STAMPS: &str = "1546300800.123456789 -1.000000005";

fn path(bytes: &[u8]) -> RelPath {
    RelPath::new(bytes).unwrap()
}

fn line(bytes: &[u8], body: LineBody) -> TreeLine {
    TreeLine {
        path: path(bytes),
        uid: 1000,
        gid: u32::MAX,
        mode: 0o644,
        mtime: FileTime { secs: 1_546_300_800, nanos: 123_456_789 },
        atime: FileTime { secs: -1, nanos: 5 },
        body,
    }
}

/// Lines from short texts: kind, contents and path; the rest is the same for all.
pub(crate) fn tree(lines: &[&str]) -> Vec<TreeLine> {
    let parse = |text: &&str| {
        let (kind, rest) = text.split_once(' ').unwrap();
        let line = format!("{kind} 0644 0:0 1.000000000 1.000000000 {rest}");
        line.parse().unwrap_or_else(|error| panic!("{line}: {error}"))
    };
    lines.iter().map(parse).collect()
}

#[test]
fn a_line_is_written_and_read_exactly() {
    let check = |path: &[u8], body: LineBody, expected: &str| {
        let line = line(path, body);
        let (kind, rest) = expected.split_once(' ').unwrap();
        let expected = format!("{kind} 0644 1000:4294967295 {STAMPS} {rest}");
        assert_eq!(line.to_string(), expected);
        assert_eq!(expected.parse(), Ok(line.clone()), "{expected}");
        let json = serde_json::to_string(&line).unwrap();
        assert_eq!(json, serde_json::to_string(&expected).unwrap());
        assert_eq!(serde_json::from_str::<TreeLine>(&json).unwrap(), line);
    };
    let device = |kind, major, minor| LineBody::Device { kind, major, minor };
    check(b"docs", LineBody::Directory, "d - docs");
    check(b"a", LineBody::Generated { size: 4096, key: 0x1f2e }, "f 4096@1f2e a");
    check(
        b"a",
        LineBody::Generated { size: u64::MAX, key: u64::MAX },
        "f 18446744073709551615@ffffffffffffffff a",
    );
    check(b"a", LineBody::Literal(Vec::new()), "f ='' a");
    check(b"a", LineBody::Literal(b"it's \\ \x00\xff' b".to_vec()), "f ='it\\x27s \\\\ \\x00\\xff\\x27 b' a");
    check(b"docs/h", LineBody::HardLink(path(b"a 'b' c")), "h =>'a \\x27b\\x27 c' docs/h");
    check(b"l", LineBody::Symlink(Vec::new()), "l ->'' l");
    check(b"l", LineBody::Symlink(b"/a b -> c\n".to_vec()), "l ->'/a b -> c\\x0a' l");
    check(b"dev/sda", device(Kind::BlockDevice, 8, u32::MAX), "b 8:4294967295 dev/sda");
    check(b"dev/null", device(Kind::CharDevice, 1, 3), "c 1:3 dev/null");
    check(b"p", LineBody::Fifo, "p - p");
    check(b"s", LineBody::Socket, "s - s");
    for (name, expected) in [
        (&b" begins and  ends "[..], "d -  begins and  ends\\x20"),
        (b"  ", "d -  \\x20"),
        (b"\xff\xfe/\xe2\x8a\x97 \xe2", "d - \\xff\\xfe/\u{2297} \\xe2"),
        (b"back\\slash\ttab\nnew'quote", "d - back\\\\slash\\x09tab\\x0anew'quote"),
        (b"\\x41 -> =>' - 1:2", "d - \\\\x41 -> =>' - 1:2"),
    ] {
        check(name, LineBody::Directory, expected);
    }
}

#[test]
fn every_byte_can_stand_in_a_name_a_target_and_contents() {
    for byte in 0..=u8::MAX {
        for bytes in [vec![byte], vec![b'a', byte, b' '], vec![b' ', byte, byte], vec![byte, b'\'', b' ']] {
            let bodies = [LineBody::Symlink(bytes.clone()), LineBody::Literal(bytes.clone())];
            for body in bodies {
                let line = line(b"x", body);
                assert_eq!(line.to_string().parse(), Ok(line));
            }
            if let Some(path) = RelPath::new(&bytes) {
                let mut line = line(b"x", LineBody::HardLink(path.clone()));
                line.path = path;
                assert_eq!(line.to_string().parse(), Ok(line.clone()));
                assert_eq!(line.to_string().lines().count(), 1);
            }
        }
    }
}

#[test]
fn what_is_no_line_is_refused_with_column_and_field() {
    let check = |text: &str, expected: &str| {
        let error = text.parse::<TreeLine>().expect_err(text).to_string();
        assert!(error.starts_with(expected), "{text}: {error}");
    };
    check("", "column 1 (kind): found ``, expected one of `f`, `d`");
    check("d", "column 1 (kind): found `d`");
    check("x 0644 0:0 1.000000000 1.000000000 - a", "column 1 (kind): found `x`");
    check("dd 0644 0:0 1.000000000 1.000000000 - a", "column 1 (kind): found `dd`");
    check("d  0644 0:0 1.000000000 1.000000000 - a", "column 3 (mode): found ``");
    for mode in ["644", "00644", "0648", "+644", "rwxr"] {
        check(
            &format!("d {mode} 0:0 1.000000000 1.000000000 - a"),
            &format!("column 3 (mode): found `{mode}`"),
        );
    }
    for owner in ["0", "0:", "0:-1", "0:4294967296", "root:root", "+1:1", "1:2:3"] {
        let text = format!("d 0644 {owner} 1.000000000 1.000000000 - a");
        check(&text, &format!("column 8 (owner): found `{owner}`, expected UID:GID"));
    }
    for time in
        ["1", "1.", "1.5", "1.0000000000", "--1.000000000", "1.-00000000", "9223372036854775808.000000000"]
    {
        check(&format!("d 0644 0:0 {time} 1.000000000 - a"), &format!("column 12 (mtime): found `{time}`"));
        check(&format!("d 0644 0:0 1.000000000 {time} - a"), &format!("column 24 (atime): found `{time}`"));
    }
    let rest = |kind: &str, rest: &str| format!("{kind} 0644 0:0 1.000000000 1.000000000 {rest}");
    for (kind, contents, field) in [
        ("f", "-", "contents"),
        ("f", "12", "contents"),
        ("f", "12@", "contents"),
        ("f", "12@1g", "contents"),
        ("f", "-1@1", "contents"),
        ("f", "18446744073709551616@1", "contents"),
        ("f", "1@10000000000000000", "contents"),
        ("d", "1@1", "contents"),
        ("p", "x", "contents"),
        ("b", "8", "device"),
        ("c", "1:", "device"),
    ] {
        let text = rest(kind, &format!("{contents} a"));
        check(&text, &format!("column 36 ({field}): found `{contents}`, expected "));
    }
    for (kind, contents, field) in [
        ("f", "='no end a", "contents"),
        ("f", "='a'b' c", "contents"),
        ("f", "='\\q' c", "contents"),
        ("f", "=text c", "contents"),
        ("l", "-> a c", "target"),
        ("l", "'a' c", "target"),
        ("l", "->'a'c", "target"),
        ("h", "->'a' c", "leader"),
        ("h", "=>'' c", "leader"),
        ("h", "=>'a//b' c", "leader"),
    ] {
        check(&rest(kind, contents), &format!("column 36 ({field}): found `{contents}`, expected "));
    }
    for path in ["", "/a", "a/", "a//b", ".", "./a", "a/..", "a\\", "a\\x4", "a\\x00"] {
        check(
            &rest("d", &format!("- {path}")),
            &format!("column 38 (path): found `{path}`, expected a path below"),
        );
    }
    // Columns count characters, and a long find is cut.
    let long = "\u{e9}".repeat(200);
    let expected = format!("column 42 (path): found `{}...`, expected", "\u{e9}".repeat(60));
    check(&rest("l", &format!("->'\u{e9}' {long}\\")), &expected);
}

#[test]
fn lines_are_a_tree_or_not() {
    let check = |lines: &[&str], expected: Option<(usize, &str)>| {
        let fault = check_tree(&tree(lines)).err();
        let fault = fault.as_ref().map(|fault| (fault.index, fault.what.as_str()));
        assert_eq!(fault, expected, "{lines:?}");
    };
    check(&[], None);
    // In the order of bytes a directory may stand apart from what is in it.
    check(&["d - a", "f 1@1 a-b", "f 1@1 a/b", "h =>'a-b' a/c"], None);
    check(&["d - a", "d - a/b", "d - a/b/c", "s - a/b/c/d"], None);
    let order = "`a-b` comes after `a/b`; expected paths in the order of their bytes";
    check(&["d - a", "f 1@1 a/b", "f 1@1 a-b"], Some((2, order)));
    check(&["d - a", "d - a"], Some((1, "`a` is listed twice")));
    check(&["d - a", "f 1@1 b/c"], Some((1, "`b/c`: the directory above it is not listed")));
    check(&["f 1@1 a", "f 1@1 a/b"], Some((1, "`a/b` lies below something that is not a directory")));
    check(&["l ->'b' a", "f 1@1 a/b"], Some((1, "`a/b` lies below something that is not a directory")));
    let before = "`a`: a hard link to `b`, which is not listed before it";
    check(&["h =>'b' a", "f 1@1 b"], Some((0, before)));
    let first = "`b`: a hard link to `a`, which is not a file's first name";
    check(&["d - a", "h =>'a' b"], Some((1, first)));
    check(&["f 1@1 0", "h =>'0' a", "h =>'a' b"], Some((2, first)));
    check(&["h =>'a' a"], Some((0, "`a`: a hard link to itself")));

    let mut root = tree(&["d - a"]);
    root[0].path = RelPath::root();
    let what = check_tree(&root).unwrap_err().to_string();
    assert_eq!(what, "entry 0: the root has no line of its own; expected a path below it");
    let mut device = tree(&["b 1:1 a"]);
    device[0].body = LineBody::Device { kind: Kind::File, major: 1, minor: 1 };
    let what = check_tree(&device).unwrap_err().to_string();
    assert_eq!(what, "entry 0: `a`: a device node of kind file; expected block-device or char-device");
}

#[test]
fn a_tree_file_reads_as_it_was_written() {
    let lines =
        tree(&["d - a b", "f 5@1 a b/\\xff", "h =>'a b/\\xff' c", "f ='xyz' d", "l ->'a b' e", "p - f"]);
    let text = file::format(&lines);
    let header =
        "datasync-tree 1: 6 entries, 1 directories, 2 files, 1 hard links, 1 symlinks, 1 others, 8 bytes";
    assert_eq!(text.lines().next(), Some(header));
    assert_eq!(text.lines().nth(2), Some("f 0644 0:0 1.000000000 1.000000000 5@1 a b/\\xff"));
    assert_eq!(file::parse(&text), Ok(lines.clone()));

    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("x.tree");
    file::write(&at, &lines).unwrap();
    assert_eq!(file::read(&at), Ok(lines.clone()));
    let error = file::write(&at, &lines[1..]).unwrap_err().to_string();
    let what = "entry 0: `a b/\\xff`: the directory above it is not listed";
    assert_eq!(error, format!("{}: {what}", at.display()));
    assert_eq!(file::read(&at), Ok(lines), "a refused write leaves what was there");
    assert_eq!(file::parse(&file::format(&[])), Ok(Vec::new()));
}

#[test]
fn what_is_no_tree_file_is_refused_with_its_line() {
    let good = file::format(&tree(&["d - a", "f 1@1 a/b", "f 1@1 c"]));
    let check = |text: &str, expected: &str| {
        let error = file::parse(text).expect_err(text).to_string();
        assert!(error.starts_with(expected), "{text}: {error}");
    };
    let line = |number: usize| good.lines().nth(number - 1).unwrap().to_owned() + "\n";
    check("", "line 1: expected a header like `datasync-tree 1: 0 entries");
    check(&good.replace("datasync-tree 1", "datasync-tree 0"), "line 1: expected a header like");
    check(
        "datasync-tree 2: whatever\nnot a line",
        "line 1: written by a newer version: 2, this program reads up to 1",
    );
    check(
        &good.replace("f 0644 0:0 1.000000000 1.000000000 1@1 c", "f 0644 0:0 1 1 1@1 c"),
        "line 4: column 12 (mtime)",
    );
    check(&good.replace(&line(4), ""), "line 1: found `datasync-tree 1: 3 entries");
    check(&good.replace(" 2 bytes", " 3 bytes"), "line 1: found `datasync-tree 1: 3 entries");
    check(&good.replace(&line(3), &format!("{}{}", line(3), line(3))), "line 4: `a/b` is listed twice");
    check(&good.replace(&line(2), ""), "line 2: `a/b`: the directory above it is not listed");
    check(&format!("{good}\n"), "line 5: column 1 (kind): found ``");
    // Cut short within a line.
    check(&good[..good.len() - 4], "line 4: column 36 (contents): found `1@`");

    let error = file::read(Path::new("/nowhere/x.tree")).unwrap_err().to_string();
    assert!(error.starts_with("/nowhere/x.tree: cannot read it: "), "{error}");
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("x.tree");
    fs::write(&at, good.replace("d 0644", "d 644")).unwrap();
    let error = file::read(&at).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}: line 2: column 3 (mode)", at.display())), "{error}");
}

#[test]
fn a_captured_directory_is_what_the_file_system_says() {
    let outside = tempfile::tempdir().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &[u8]| dir.path().join(std::ffi::OsStr::from_bytes(name));
    fs::create_dir_all(at(b"a/deep/er")).unwrap();
    fs::write(at(b"a/deep/er/f"), b"12345").unwrap();
    fs::write(at(b"a-b"), b"").unwrap();
    fs::write(at(b"not utf-8 \xff\\"), b"x").unwrap();
    fs::hard_link(at(b"a/deep/er/f"), at(b"z")).unwrap();
    fs::hard_link(at(b"a/deep/er/f"), at(b"a/a")).unwrap();
    fs::hard_link(at(b"a-b"), outside.path().join("other name")).unwrap();
    symlink("../a b\n", at(b"a/link")).unwrap();
    fs::hard_link(at(b"a/link"), at(b"a/same link")).unwrap();
    fs::write(at(b"pair 1"), b"").unwrap();
    fs::hard_link(at(b"pair 1"), at(b"pair 2")).unwrap();
    symlink(outside.path(), at(b"link out")).unwrap();
    fs::write(outside.path().join("not in the tree"), b"").unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(at(b"socket")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(at(b"pipe")).status().unwrap().success());
    fs::set_permissions(at(b"a-b"), fs::Permissions::from_mode(0o4751)).unwrap();
    let stamp = std::time::UNIX_EPOCH - std::time::Duration::new(10, 5);
    fs::File::open(at(b"a-b")).unwrap().set_modified(stamp).unwrap();

    let lines = capture(dir.path()).unwrap();
    assert_eq!(check_tree(&lines), Ok(()));
    assert_eq!(file::parse(&file::format(&lines)), Ok(lines.clone()));
    let names: Vec<&[u8]> = lines.iter().map(|line| line.path.as_bytes()).collect();
    let expected: [&[u8]; 15] = [
        b"a",
        b"a-b",
        b"a/a",
        b"a/deep",
        b"a/deep/er",
        b"a/deep/er/f",
        b"a/link",
        b"a/same link",
        b"link out",
        b"not utf-8 \xff\\",
        b"pair 1",
        b"pair 2",
        b"pipe",
        b"socket",
        b"z",
    ];
    assert_eq!(names, expected);
    let bodies: BTreeMap<&[u8], &LineBody> =
        lines.iter().map(|line| (line.path.as_bytes(), &line.body)).collect();
    assert_eq!(bodies[&b"a/deep/er"[..]], &LineBody::Directory);
    assert!(matches!(bodies[&b"a/a"[..]], LineBody::Generated { size: 5, .. }));
    assert!(matches!(bodies[&b"a-b"[..]], LineBody::Generated { size: 0, .. }), "its other name is outside");
    assert_eq!(bodies[&b"a/deep/er/f"[..]], &LineBody::HardLink(path(b"a/a")));
    assert_eq!(bodies[&b"z"[..]], &LineBody::HardLink(path(b"a/a")));
    assert_eq!(bodies[&b"pair 2"[..]], &LineBody::HardLink(path(b"pair 1")));
    // Only files have further names in a tree; a symlink with two is two symlinks.
    for name in [&b"a/link"[..], b"a/same link"] {
        assert_eq!(bodies[name], &LineBody::Symlink(b"../a b\n".to_vec()));
    }
    let out = outside.path().as_os_str().as_bytes().to_vec();
    assert_eq!(bodies[&b"link out"[..]], &LineBody::Symlink(out));
    assert_eq!(bodies[&b"pipe"[..]], &LineBody::Fifo);
    assert_eq!(bodies[&b"socket"[..]], &LineBody::Socket);
    for line in &lines {
        let metadata = fs::symlink_metadata(at(line.path.as_bytes())).unwrap();
        assert_eq!((line.uid, line.gid), (metadata.uid(), metadata.gid()), "{}", line.path);
        assert_eq!(line.mode, metadata.mode() & 0o7777, "{}", line.path);
        let mtime = (line.mtime.secs, i64::from(line.mtime.nanos));
        assert_eq!(mtime, (metadata.mtime(), metadata.mtime_nsec()), "{}", line.path);
        if !metadata.is_symlink() && !metadata.is_dir() {
            let atime = (line.atime.secs, i64::from(line.atime.nanos));
            assert_eq!(atime, (metadata.atime(), metadata.atime_nsec()), "{}", line.path);
        }
    }
    let a_b = lines.iter().find(|line| line.path == path(b"a-b")).unwrap();
    assert_eq!((a_b.mode, a_b.mtime), (0o4751, FileTime { secs: -11, nanos: 999_999_995 }));

    // Contents have keys by path: the same in a tree that lies elsewhere, different for each path.
    let elsewhere = tempfile::tempdir().unwrap();
    for name in ["a-b", "c"] {
        fs::write(elsewhere.path().join(name), b"").unwrap();
    }
    let again = capture(elsewhere.path()).unwrap();
    assert_eq!(&again[0].body, bodies[&b"a-b"[..]]);
    assert_ne!(again[0].body, again[1].body);
}

#[test]
fn what_cannot_be_captured_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing");
    let error = capture(&missing).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}: cannot examine it: ", missing.display())), "{error}");

    let link = dir.path().join("link");
    symlink(".", &link).unwrap();
    let error = capture(&link).unwrap_err().to_string();
    assert_eq!(error, format!("{}: cannot capture it: expected a directory", link.display()));

    // A superuser can list what others cannot.
    let locked = dir.path().join("locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    let expected =
        fs::read_dir(&locked).err().map(|error| format!("{}: cannot list it: {error}", locked.display()));
    assert_eq!(capture(dir.path()).err().map(|error| error.to_string()), expected);
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o700)).unwrap();
}
