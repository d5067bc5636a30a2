//! The bucket and a real S3 server: the same operations give the same answers.
//!
//! The server is moto, from PyPI, asked through boto3 by `tests/clients/moto_bucket.py`; both stand under `target/` (see
//! [`SETUP`]). Without them the test says how to get them and holds; with `DATASYNC_CLIENTS=required` it fails.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use datasync::time::FileTime;
use datasync::tree::Contents;
use datasync::volume::bucket::{Bucket, BucketItem, Metadata, Object, UploadId};
use datasync_sim::prng::{Prng, Stream};
use serde::Serialize;
use serde_json::{Value, json};

const SETUP: &str = "cargo run -- clients setup";

/// Something done to both. Uploads are named by the order in which they were begun.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum Op {
    Put { key: String, body: String, metadata: Metadata },
    Get { key: String },
    Delete { key: String },
    Copy { from: String, to: String, metadata: Metadata },
    List { prefix: String, delimiter: bool, page: u64 },
    Begin { key: String, metadata: Metadata },
    Part { upload: usize, number: u64, body: String },
    Complete { upload: usize },
    Abort { upload: usize },
    UploadsOpen { prefix: String },
}

/// The model: the bucket, and for each upload begun its id, the metadata that the object will get and whether it has a
/// part.
#[derive(Default)]
struct Model {
    bucket: Bucket,
    uploads: Vec<(UploadId, Metadata, bool)>,
}

fn contents(hex: &str) -> Contents {
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    Contents::literal(&(0..hex.len()).step_by(2).map(byte).collect::<Vec<_>>())
}

fn text(key: &[u8]) -> &str {
    std::str::from_utf8(key).unwrap()
}

fn done_or(done: bool, code: &str) -> Value {
    if done { Value::Null } else { json!({ "error": code }) }
}

impl Model {
    fn apply(&mut self, op: &Op) -> Value {
        let last_modified = FileTime { secs: 0, nanos: 0 };
        match op {
            Op::Put { key, body, metadata } => {
                let object =
                    Object { contents: contents(body), metadata: metadata.clone().into(), last_modified };
                self.bucket.put(key.as_bytes(), object).unwrap();
                Value::Null
            }
            Op::Get { key } => match self.bucket.get(key.as_bytes()) {
                Some(object) => {
                    let body: String =
                        object.contents.to_vec().iter().map(|byte| format!("{byte:02x}")).collect();
                    json!({ "body": body, "metadata": object.metadata })
                }
                None => json!({ "error": "NoSuchKey" }),
            },
            Op::Delete { key } => {
                // Whether there was one is not told (see the known differences).
                self.bucket.delete(key.as_bytes());
                Value::Null
            }
            Op::Copy { from, to, metadata } => {
                let done =
                    self.bucket.copy(from.as_bytes(), to.as_bytes(), metadata.clone().into(), last_modified);
                done_or(done, "NoSuchKey")
            }
            Op::List { prefix, delimiter, .. } => Value::Array(self.list(prefix, *delimiter)),
            Op::Begin { key, metadata } => {
                let id = self.bucket.begin_upload(key.as_bytes());
                self.uploads.push((id, metadata.clone(), false));
                Value::Null
            }
            Op::Part { upload, number, body } => {
                let (id, _, has_part) = &mut self.uploads[*upload];
                let done = self.bucket.put_part(*id, *number, contents(body)).unwrap();
                *has_part |= done;
                done_or(done, "NoSuchUpload")
            }
            Op::Complete { upload } => {
                let (id, metadata, _) = &self.uploads[*upload];
                done_or(
                    self.bucket.complete_upload(*id, metadata.clone().into(), last_modified),
                    "NoSuchUpload",
                )
            }
            Op::Abort { upload } => {
                done_or(self.bucket.abort_upload(self.uploads[*upload].0), "NoSuchUpload")
            }
            Op::UploadsOpen { prefix } => {
                let number = |id: UploadId| self.uploads.iter().position(|(other, ..)| *other == id).unwrap();
                let mut open: Vec<(&str, usize)> =
                    self.bucket.uploads(prefix.as_bytes()).map(|(id, key)| (text(key), number(id))).collect();
                open.sort_unstable();
                json!(open)
            }
        }
    }

    fn list(&self, prefix: &str, delimiter: bool) -> Vec<Value> {
        let object = |key: &[u8], object: &Object| json!(["object", text(key), object.contents.len()]);
        if !delimiter {
            return self.bucket.objects(prefix.as_bytes()).map(|(key, found)| object(key, found)).collect();
        }
        let items = self.bucket.list(prefix.as_bytes()).into_iter();
        items
            .map(|item| match item {
                BucketItem::Object(key, found) => object(key, found),
                BucketItem::Prefix(prefix) => json!(["prefix", text(prefix)]),
            })
            .collect()
    }

    fn is_open(&self, upload: usize) -> bool {
        self.bucket.uploads(b"").any(|(id, _)| id == self.uploads[upload].0)
    }

    /// The known difference that an operation would come upon.
    fn excuse(&self, op: &Op) -> Option<&'static str> {
        match op {
            Op::Complete { upload } if self.is_open(*upload) && !self.uploads[*upload].2 => {
                Some("upload-without-parts")
            }
            Op::Part { upload, .. } if !self.is_open(*upload) => Some("part-of-a-closed-upload"),
            _ => None,
        }
    }
}

/// Keys that sort apart by bytes, by slashes, by letters composed and not, and beyond the first 65,536 characters.
const KEYS: &[&str] = &[
    "a",
    "a/",
    "a/b",
    "a/b/",
    "a/b/c",
    "a-b",
    "a.b",
    "a0",
    "A",
    "b",
    "b/c/d",
    "b//c",
    "/a",
    "z",
    "z/",
    "x y",
    "x+y",
    "x%2Fy",
    "\u{e9}",
    "e\u{301}",
    "\u{e9}/a",
    "\u{65e5}\u{672c}/a",
    "\u{65e5}",
    "\u{ffee}",
    "\u{1f600}",
    "~",
];
const PREFIXES: &[&str] = &["", "", "a", "a/", "a/b", "b", "b/", "/", "\u{e9}", "\u{65e5}", "e", "none"];

struct Draw {
    rng: Prng,
    uploads: usize,
}

impl Draw {
    fn key(&mut self) -> String {
        (*self.rng.pick(KEYS)).to_owned()
    }

    fn prefix(&mut self) -> String {
        (*self.rng.pick(PREFIXES)).to_owned()
    }

    fn body(&mut self) -> String {
        let length = self.rng.range(0, 12);
        (0..length).map(|_| format!("{:02x}", self.rng.range(0, 255))).collect()
    }

    fn metadata(&mut self) -> Metadata {
        let all =
            [("file-mtime", "1595002920000000000ns"), ("file-owner", "0"), ("file-permissions", "0100644")];
        let mut metadata = Metadata::new();
        for (name, value) in all {
            if self.rng.chance(1, 2) {
                metadata.insert(name.to_owned(), value.to_owned());
            }
        }
        metadata
    }

    fn op(&mut self) -> Op {
        let uploads = u64::from(self.uploads > 0);
        match self.rng.weighted(&[8, 3, 3, 3, 6, 2, 7 * uploads, 3 * uploads, uploads, 2]) {
            0 => Op::Put { key: self.key(), body: self.body(), metadata: self.metadata() },
            1 => Op::Get { key: self.key() },
            2 => Op::Delete { key: self.key() },
            3 => Op::Copy { from: self.key(), to: self.key(), metadata: self.metadata() },
            4 => {
                let page = *self.rng.pick(&[1, 2, 3, 1_000]);
                Op::List { prefix: self.prefix(), delimiter: self.rng.chance(2, 3), page }
            }
            5 => {
                self.uploads += 1;
                Op::Begin { key: self.key(), metadata: self.metadata() }
            }
            6 => {
                let (upload, number) = (self.upload(), self.rng.range(1, 4));
                Op::Part { upload, number, body: format!("{}{}", number, self.body().len() % 10) }
            }
            7 => Op::Complete { upload: self.upload() },
            8 => Op::Abort { upload: self.upload() },
            _ => Op::UploadsOpen { prefix: self.prefix() },
        }
    }

    /// Mostly the last one, so that it gets several parts.
    fn upload(&mut self) -> usize {
        let last = u64::try_from(self.uploads).unwrap() - 1;
        if self.rng.chance(2, 3) {
            return self.uploads - 1;
        }
        usize::try_from(self.rng.range(0, last)).unwrap()
    }
}

/// The interpreter that has the packages, or `None` after saying how to get them.
fn python() -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let python = target.join("clients/bin/python");
    if python.exists() {
        return Some(python);
    }
    assert_ne!(std::env::var("DATASYNC_CLIENTS").as_deref(), Ok("required"), "not set up: {SETUP}");
    // Past the capture of test output, or nobody would know.
    let mut unseen_by_the_harness = std::io::stderr();
    writeln!(unseen_by_the_harness, "skipped: the bucket against moto; to set it up: {SETUP}").unwrap();
    None
}

/// What the server answers to these histories.
fn served(python: &Path, histories: &[Vec<Op>], smallest_part: u64) -> Vec<Vec<Value>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/moto_bucket.py");
    let mut child = Command::new(python)
        .arg(script)
        .env("S3_UPLOAD_PART_MIN_SIZE", smallest_part.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let asked = serde_json::to_vec(&json!({ "histories": histories })).unwrap();
    child.stdin.take().unwrap().write_all(&asked).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the script failed: {}", output.status);
    let mut told: BTreeMap<String, Vec<Vec<Value>>> = serde_json::from_slice(&output.stdout).unwrap();
    told.remove("answers").unwrap()
}

/// Draws a history without operations that would come upon a known difference.
fn history(seed: u64, length: usize) -> Vec<Op> {
    let mut draw = Draw { rng: Prng::new(seed, Stream::Workload), uploads: 0 };
    let mut model = Model::default();
    let mut ops = Vec::new();
    while ops.len() < length {
        let op = draw.op();
        if model.excuse(&op).is_none() {
            model.apply(&op);
            ops.push(op);
        }
    }
    ops
}

/// The first operation that is answered otherwise, and both answers.
fn difference(ops: &[Op], answers: &[Value]) -> Option<(usize, String)> {
    let mut model = Model::default();
    let told = ops.iter().map(|op| model.apply(op)).collect::<Vec<_>>();
    assert_eq!(told.len(), answers.len(), "one answer for each operation");
    let at = told.iter().zip(answers).position(|(told, answer)| told != answer)?;
    Some((at, format!("{:?}\n  model: {}\n  real:  {}", ops[at], told[at], answers[at])))
}

/// Leaves out what is not needed for a difference; all ways to leave one out are tried together.
fn shrunk(python: &Path, mut ops: Vec<Op>) -> (Vec<Op>, String) {
    let mut why = String::new();
    loop {
        let removable = |at: &usize| !matches!(ops[*at], Op::Begin { .. });
        let fewer: Vec<Vec<Op>> =
            (0..ops.len()).filter(removable).map(|at| [&ops[..at], &ops[at + 1..]].concat()).collect();
        let answers = served(python, &fewer, 1);
        let found = fewer.into_iter().zip(answers).find_map(|(fewer, answers)| {
            difference(&fewer, &answers).map(|(at, told)| (fewer[..=at].to_vec(), told))
        });
        match found {
            Some(found) => (ops, why) = found,
            None => return (ops, why),
        }
    }
}

#[test]
fn a_bucket_does_what_a_server_does() {
    let Some(python) = python() else { return };
    let histories: Vec<Vec<Op>> = (0..40).map(|seed| history(seed, 50)).collect();
    let answers = served(&python, &histories, 1);
    assert_eq!(answers.len(), histories.len());
    let mut codes: BTreeMap<String, u64> = BTreeMap::new();
    for (seed, (ops, answers)) in histories.into_iter().zip(answers).enumerate() {
        if let Some((at, why)) = difference(&ops, &answers) {
            let (ops, shorter) = shrunk(&python, ops[..=at].to_vec());
            let why = if shorter.is_empty() { why } else { shorter };
            panic!("seed {seed}: the bucket and the server differ after {ops:#?}\n{why}");
        }
        for answer in answers {
            *codes.entry(answer["error"].as_str().unwrap_or("served").to_owned()).or_default() += 1;
        }
    }
    // Every kind of answer is among those compared.
    assert_eq!(codes.keys().collect::<Vec<_>>(), ["NoSuchKey", "NoSuchUpload", "served"]);
}

/// A known difference: why, a history that shows it, and what each answers to its last operation.
struct Difference {
    name: &'static str,
    why: &'static str,
    smallest_part: u64,
    ops: Vec<Op>,
    model: Value,
    real: Value,
}

fn differences() -> Vec<Difference> {
    let key = || "a".to_owned();
    let begin = || Op::Begin { key: key(), metadata: Metadata::new() };
    let part = |number| Op::Part { upload: 0, number, body: "00".to_owned() };
    vec![
        Difference {
            name: "upload-without-parts",
            why: "nothing of ours completes an upload without a part: only what is larger than a chunk is uploaded in \
                  parts (2.12d)",
            smallest_part: 1,
            ops: vec![begin(), Op::Complete { upload: 0 }],
            model: Value::Null,
            real: json!({ "error": "MalformedXML" }),
        },
        Difference {
            name: "part-of-a-closed-upload",
            why: "NoSuchUpload by the documentation of S3; the server of moto falls over",
            smallest_part: 1,
            ops: vec![begin(), Op::Abort { upload: 0 }, part(1)],
            model: json!({ "error": "NoSuchUpload" }),
            real: json!({ "error": "KeyError" }),
        },
        Difference {
            name: "smallest-part",
            why: "chunks are as large as a history wants them; a server wants 5 MiB of every part but the last",
            smallest_part: 5_242_880,
            ops: vec![begin(), part(1), part(2), Op::Complete { upload: 0 }],
            model: Value::Null,
            real: json!({ "error": "EntityTooSmall" }),
        },
    ]
}

#[test]
fn the_known_differences_of_buckets_are_real() {
    let Some(python) = python() else { return };
    for Difference { name, why, smallest_part, ops, model, real } in differences() {
        let answers = served(&python, std::slice::from_ref(&ops), smallest_part);
        let mut bucket = Model::default();
        let told = ops.iter().map(|op| bucket.apply(op)).collect::<Vec<_>>();
        assert_eq!(told.last(), Some(&model), "{name}, in the model: {why}");
        assert_eq!(answers[0].last(), Some(&real), "{name}, on the server: {why}");
        assert_ne!(model, real, "{name} is no difference");
    }
}
