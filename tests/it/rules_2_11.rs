//! 2.11: metadata by pair and option.

use datasync::api::{Atime, Gid, Mtime, Options, PosixPermissions, Uid};
use datasync::report::ErrorCode;
use datasync::settings::Settings;
use datasync::transfer::ActionKind;
use datasync::volume::{Side, StepErrorKind};

use crate::rules_kit::{Efs, How, Nfs, Rig, S3, always, once_in};
use crate::rules_lines::path;
use datasync::report::Phase;

const RICH: &str = "d/ uid=2 gid=3 mode=2750 m=4.5 a=6; d/f =abc uid=7 gid=8 mode=640 m=9.1 a=2; \
                    l ->d/f uid=5 gid=6 m=7";

#[test]
fn r2_11_1_between_file_systems_everything_goes() {
    let linked = format!("{RICH}; m =1 uid=4; n =>m");
    for (from, to) in [(Nfs, Efs), (Efs, Nfs), (Nfs, Nfs), (Efs, Efs)] {
        let mut rig = Rig::new(from, to, &linked, "");
        rig.run(&How::default()).succeeded().holds(&linked).counts(5, 4);
        rig.run(&How::default()).succeeded().holds(&linked).counts(0, 0);
    }
}

#[test]
fn r2_11_2_r2_11_3_through_a_bucket_and_back() {
    for files in [Nfs, Efs] {
        let mut there = Rig::new(files, S3, RICH, "");
        there.run(&How::default()).succeeded().holds(RICH);
        there.run(&How::default()).succeeded().holds(RICH);
        there.run(&How::default()).succeeded().counts(0, 0);
        let mut back = Rig::new(S3, files, "", "");
        back.source = there.destination.clone();
        back.run(&How::default()).succeeded().holds(RICH).counts(3, 3);
        back.run(&How::default()).succeeded().counts(0, 0);
    }
}

#[test]
fn r2_11_1_best_effort_permissions_act_as_preserve() {
    let options = Options { posix_permissions: PosixPermissions::BestEffort, ..Options::default() };
    for to in [Efs, S3] {
        let how = How::with(options.clone());
        let mut rig = Rig::new(Nfs, to, RICH, "d/; l ->d/f");
        rig.run(&how).succeeded().holds(RICH).counts(3, 3);
        rig.run(&how).succeeded().counts(0, 0);
    }
}

#[test]
fn r2_11_4_from_plain_objects_come_defaults() {
    let settings = Settings { default_file_mode: 0o755, ..Settings::default() };
    for (settings, mode) in [(Settings::default(), ""), (settings, " mode=755")] {
        let how = How { settings, ..How::default() };
        let done = Rig::new(S3, Nfs, "d/ plain; d/f =abc plain; g =x plain", "").run(&how);
        done.succeeded().holds(&format!(
            "d/ uid=65534 gid=65534 m=900 a=900; d/f =abc uid=65534 gid=65534{mode} m=900 a=900; \
             g =x uid=65534 gid=65534{mode} m=900 a=900"
        ));
    }
}

/// Options with some values NONE.
fn without(names: &str) -> Options {
    let mut options = Options::default();
    if names.contains('u') {
        options.uid = Uid::None;
    }
    if names.contains('g') {
        options.gid = Gid::None;
    }
    if names.contains('p') {
        options.posix_permissions = PosixPermissions::None;
    }
    if names.contains('m') {
        (options.mtime, options.atime) = (Mtime::None, Atime::None);
    }
    options
}

/// Attributes 7, 8 and mode (`0` = the kind's default); those that `names` leaves out are the defaults of 2.11a.
fn made(names: &str, mode: &str) -> String {
    let pick =
        |letter, own: &str, none: &str| if names.contains(letter) { none.to_owned() } else { own.to_owned() };
    let mode = if mode.is_empty() || names.contains('p') { String::new() } else { format!(" mode={mode}") };
    let times = if names.contains('m') { " m=* a=*" } else { " m=5 a=6" };
    format!(" uid={} gid={}{mode}{times}", pick('u', "7", "65534"), pick('g', "8", "65534"))
}

const ALL_SUBSETS: [&str; 16] =
    ["", "u", "g", "p", "m", "ug", "up", "um", "gp", "gm", "pm", "ugp", "ugm", "upm", "gpm", "ugpm"];

#[test]
fn r2_11a_1_r2_11a_2_r2_11a_6_new_entries_under_every_set_of_options() {
    for names in ALL_SUBSETS {
        let source =
            "d/ uid=7 gid=8 mode=700 m=5 a=6; f =abc uid=7 gid=8 mode=600 m=5 a=6; l ->t uid=7 gid=8 m=5 a=6";
        let mut rig = Rig::files(source, "");
        let how = How::with(without(names));
        let there =
            format!("d/{}; f =abc{}; l ->t{}", made(names, "700"), made(names, "600"), made(names, ""));
        rig.run(&how).succeeded().holds(&there).counts(3, 3);
        // The second run moves nothing, but the files where mtimes are not kept (R2.8-3).
        let again = rig.run(&how);
        again.succeeded().holds(&there);
        let sent = u64::from(names.contains('m'));
        again.counts(sent, 3 * sent);
        // An object carries a default in the place of what is not copied, and no times without mtimes.
        let times = |text: String| text.replace(" m=* a=*", " -m -a");
        let there = format!(
            "d/{}; f =abc{}; l ->t{}",
            times(made(names, "700")),
            times(made(names, "600")),
            times(made(names, ""))
        );
        let mut rig = Rig::new(Nfs, S3, source, "");
        rig.run(&how).succeeded().holds(&there).counts(3, 3);
        rig.run(&how).succeeded().holds(&there).counts(sent, 3 * sent);
    }
}

#[test]
fn r2_11a_1_r2_11a_3_an_entry_that_is_there_keeps_what_is_not_copied() {
    let source = "d/ uid=7 gid=8 mode=700; f =abc uid=7 gid=8 mode=600; l ->t uid=7 gid=8";
    let there = "d/ uid=2 gid=3 mode=711; f =abc uid=2 gid=3 mode=611; l ->t uid=2 gid=3";
    for names in ALL_SUBSETS.iter().filter(|names| !names.contains('m')) {
        let pick = |letter, own: &str, none: &str| {
            if names.contains(letter) { none.to_owned() } else { own.to_owned() }
        };
        let owner = format!(" uid={} gid={}", pick('u', "7", "2"), pick('g', "8", "3"));
        let [directory, file] = [pick('p', "700", "711"), pick('p', "600", "611")];
        let after = format!("d/{owner} mode={directory}; f =abc{owner} mode={file}; l ->t{owner}");
        let how = How::with(without(names));
        for to in [Efs, S3] {
            let mut rig = Rig::new(Nfs, to, source, there);
            rig.run(&how).succeeded().holds(&after);
            rig.run(&how).succeeded().holds(&after).counts(0, 0);
        }
        // A file whose data are sent keeps it as well; an object does not, each is new.
        let after = format!("f =abc{owner} mode={file}");
        Rig::files("f =abc uid=7 gid=8 mode=600", "f =old uid=2 gid=3 mode=611 m=9").run(&how).holds(&after);
    }
    Rig::new(Nfs, S3, "f =abc uid=7", "f =old uid=2 mode=611 m=9")
        .run(&How::with(without("up")))
        .succeeded()
        .holds("f =abc uid=65534");
}

#[test]
fn r2_11a_4_without_mtimes_times_stay_as_stamped() {
    let how = How::with(without("m"));
    Rig::files("d/ m=4; f =abc m=5; l ->t m=6", "")
        .run(&how)
        .succeeded()
        .holds("d/ m=* a=*; f =abc m=* a=*; l ->t m=* a=*");
    Rig::new(Nfs, S3, "d/ m=4; f =abc m=5; l ->t m=6", "")
        .run(&how)
        .succeeded()
        .holds("d/ -m -a; f =abc -m -a; l ->t -m -a");
    // Those of a directory that is there stay, and are not restored when something in it changes.
    let done = Rig::files("d/ m=4; d/f =abc m=5", "d/ m=7").run(&how);
    done.succeeded().holds("d/ m=*; d/f =abc m=* a=*");
}

#[test]
fn r2_11a_5_a_symlink_is_0777_under_every_option() {
    for names in ["", "p"] {
        let how = How::with(without(names));
        Rig::files("l ->t mode=700", "").run(&how).succeeded().holds("l ->t");
        let done = Rig::new(Nfs, S3, "l ->t mode=700", "").run(&how);
        done.succeeded().holds("l ->t");
    }
    let mut rig = Rig::new(Nfs, S3, "l ->t", "");
    rig.run(&How::with(without("ugpm")));
    let object = rig.destination.bucket().get(b"l").expect("an object");
    assert_eq!(object.metadata["file-permissions"], "0120777");
}

#[test]
fn r2_11a_7_a_metadata_update_sets_all_that_is_copied_but_a_files_times() {
    // atime goes with a directory, a symlink; a file keeps its own: its mtime agreed.
    let source = "d/ uid=7 a=9; f =abc uid=7 a=9; l ->t uid=7 a=9";
    let there = "d/; f =abc; l ->t";
    let done = Rig::files(source, there).run(&How::default());
    done.succeeded().holds("d/ uid=7 a=9; f =abc uid=7; l ->t uid=7 a=9").counts(3, 0);
    // Set-id bits are cleared by a change of owner and set again after it.
    let done = Rig::files("f =abc uid=7 mode=6755", "f =abc uid=2 mode=6755").run(&How::default());
    done.succeeded().holds("f =abc uid=7 mode=6755").counts(1, 0);
    // Somebody wrote into the file since it was listed: setting its mtime would hide that.
    let edit = once_in(Phase::Transferring, |rig: &mut Rig| rig.put(Side::Destination, "f =xyz mode=600"));
    let how = How { before: Some(&edit), ..How::default() };
    let mut rig = Rig::files("f =abc", "f =abc mode=600");
    rig.run(&how);
    rig.run(&How::default()).succeeded().holds("f =abc");
}

#[test]
fn r2_11a_8_atime_is_never_compared() {
    let (source, there) = ("d/ a=5; f =abc a=5; l ->t a=5", "d/; f =abc; l ->t");
    for to in [Efs, S3] {
        Rig::new(Nfs, to, source, there).run(&How::default()).succeeded().holds(there).counts(0, 0).told(&[]);
    }
}

#[test]
fn r2_11b_1_directories_last_deepest_first_root_at_the_end() {
    let source = "a/ mode=500 m=2; a/b/ mode=500 m=3; a/b/c/ mode=500 m=4; a/b/c/f =1; d/ m=5";
    let done = Rig::files(source, "").run(&How { in_flight: 4, ..How::default() });
    done.succeeded().holds(source);
    let directories: Vec<String> =
        done.did().into_iter().filter(|line| line.starts_with("directory-metadata")).collect();
    let expected = ["a/b/c", "a/b", "d", "a", "."].map(|at| format!("directory-metadata {at}"));
    assert_eq!(directories, expected);
    let copies = done.did().iter().position(|line| line == "copy a/b/c/f").expect("a copy");
    assert!(done.did().iter().position(|line| line.starts_with("directory-metadata")) > Some(copies));
}

#[test]
fn r2_11b_2_mtimes_of_disturbed_directories_are_put_back_uncounted() {
    // Made, replaced, removed, linked in it.
    for (source, there) in [
        ("d/ m=5; d/f =abc", "d/ m=5"),
        ("d/ m=5; d/f =abc", "d/ m=5; d/f ->t"),
        ("d/ m=5", "d/ m=5; d/gone =1"),
    ] {
        let done = Rig::files(source, there).run(&How::remove());
        done.succeeded().holds(source);
        let items = done.end.counters.estimated_files;
        assert_eq!(items, u64::from(source.contains("f =")), "{there}: the directory is not counted");
        assert!(done.did().contains(&"directory-metadata d".to_owned()), "{:?}", done.did());
    }
    // Nothing in it was made or removed: it is not touched.
    let done = Rig::files("d/ m=5; d/f =abc", "d/ m=5; d/f =old m=9").run(&How::default());
    assert_eq!(done.did(), ["copy d/f"]);
}

#[test]
fn r2_11b_3_the_root() {
    let root = ". uid=3 gid=4 mode=711 m=5 a=6; f =abc";
    for (from, to) in [(Nfs, Efs), (Efs, Nfs)] {
        let mut rig = Rig::new(from, to, root, ". uid=9 m=8");
        rig.run(&How::default()).succeeded().holds(root).counts(1, 3);
        rig.run(&How::default()).succeeded().holds(root).counts(0, 0);
    }
    // No marker of the root is written, and its attributes are not compared.
    let mut rig = Rig::new(Nfs, S3, root, "");
    rig.run(&How::default()).succeeded().holds("f =abc").counts(1, 3);
    rig.run(&How::default()).succeeded().holds("f =abc").counts(0, 0);
    // From S3 without a marker of the root the destination's stays as it is.
    let done = Rig::new(S3, Nfs, "f =abc", ". uid=9 mode=700 m=8; f =abc").run(&How::default());
    done.succeeded().holds(". uid=9 mode=700 m=8; f =abc").counts(0, 0);
}

#[test]
fn r2_11b_4_a_directorys_mode_never_stops_the_writer() {
    let source = "d/ mode=0; d/e/ mode=0; d/e/f =abc mode=0";
    Rig::files(source, "").run(&How::default()).succeeded().holds(source);
    Rig::files(source, "d/ mode=0; d/x =1").run(&How::remove()).succeeded().holds(source);
}

#[test]
fn r2_11c_1_r2_11c_2_a_squashed_source_is_read_as_a_stranger() {
    let source = "closed/ mode=750; closed/f =1; f =abc mode=640; ok =2; through/ mode=754; through/g =3";
    let mut rig = Rig::new(Nfs, S3, source, "closed/; closed/f =old; f =older; through/; through/g =old");
    rig.source.files().set_root_squash(true);
    let done = rig.run(&How::remove());
    done.failed(ErrorCode::ItemsSkipped).told(&["R2.11c-2 closed", "R2.11c-2 through", "R2.11c-1 f"]);
    done.holds("closed/; closed/f =old; f =older; ok =2; through/; through/g =old");
    assert_eq!(
        done.lines(),
        [
            "Failed to read metadata for source file /closed: Permission denied",
            "Failed to read metadata for source file /through: Permission denied",
            "Failed to open source file /f: Permission denied"
        ]
    );
}

#[test]
fn r2_11c_3_another_owner_on_a_squashed_destination() {
    let mut rig = Rig::new(Efs, Nfs, "f =abc uid=7; g =x uid=65534 gid=65534", "");
    rig.destination.files().set_root_squash(true);
    for _ in 0..2 {
        // Its data arrive, its times are not set: so it is sent again.
        let done = rig.run(&How::default());
        done.failed(ErrorCode::ItemsSkipped).told(&["R2.11c-3 f"]);
        assert!(done.after.contains(&"f =abc uid=65534 gid=65534 m=* a=*".to_owned()), "{:?}", done.after);
        assert!(done.after.contains(&"g =x uid=65534 gid=65534".to_owned()));
        assert_eq!(done.end.counters.bytes_written, 3 + done.end.counters.files_transferred);
    }
    // The same refusal by a fault.
    let fail = always(ActionKind::Metadata, Side::Destination, "f", StepErrorKind::PermissionDenied);
    let how = How { fail: Some(&fail), ..How::default() };
    let done = Rig::files("f =abc uid=7", "f =abc").run(&how);
    done.failed(ErrorCode::ItemsSkipped).told(&["R2.11c-3 f"]);
    assert_eq!(done.lines(), ["Failed to write metadata for destination file /f: Permission denied"]);
    assert_eq!(done.log[0].path, path("f"));
}
