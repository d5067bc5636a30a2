//! What a tree, a listing and a refusal say of themselves.

use datasync::time::Instant;
use datasync::tree::{Attrs, Contents, Hint, Node, NodeBody, RelPath, Tree, TreeError};
use datasync::volume::{FileVolume, Payloads, Side, Stamps, Step, StepContext, StepResult, StorageKind};

fn path(text: &str) -> RelPath {
    RelPath::new(text.as_bytes()).expect("a path")
}

fn tree() -> Tree {
    let mut tree = Tree::new(Attrs::default());
    let node = |body| Node { attrs: Attrs::default(), body };
    tree.insert(&path("d"), node(NodeBody::Directory)).expect("a directory");
    tree.insert(&path("d/f"), node(NodeBody::File(Contents::generated(1, 0, 12)))).expect("a file");
    tree
}

#[test]
fn each_refusal_has_words_of_its_own() {
    use TreeError::*;
    let words = [
        (NotFound, "no such entry"),
        (NotADirectory, "not a directory"),
        (IsADirectory, "is a directory"),
        (WrongKind, "an entry of another kind"),
        (Exists, "the name is taken"),
        (NotEmpty, "the directory is not empty"),
        (IsRoot, "the root stays"),
        (IntoItself, "a directory cannot be moved into itself"),
    ];
    for (error, text) in words {
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn a_tree_is_shown_by_its_size_and_digest() {
    let tree = tree();
    assert_eq!(format!("{tree:?}"), format!("Tree(2 entries, 12 bytes, {:032x})", tree.digest()));
}

#[test]
fn a_hint_is_shown_by_its_path() {
    let mut hint = Hint::default();
    tree().get_near(&path("d/f"), &mut hint).expect("it is there");
    assert_eq!(format!("{hint:?}"), "Hint(d/f)");
}

#[test]
fn a_listing_is_shown_entry_by_entry() {
    let mut volume = FileVolume::from_tree(StorageKind::Nfs, tree(), None);
    let (mut stamps, mut payloads) = (Stamps::default(), Payloads::default());
    let mut cx = StepContext { now: Instant(0), stamps: &mut stamps, payloads: &mut payloads, corrupt: None };
    let listed =
        volume.apply(&mut cx, &RelPath::root(), &path("d"), Side::Source, &Step::List { side: Side::Source });
    let Ok(StepResult::Listing(listing)) = listed else { panic!("{listed:?}") };
    let shown = format!("{:?}", listing.entries);
    assert!(shown.starts_with("[Listed {") && shown.ends_with("}]"), "{shown}");
    assert_eq!(shown, format!("[{:?}]", &*listing.entries.get(0).expect("one")));
}
