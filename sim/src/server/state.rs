//! `--state FILE`: what the host was asked, written down and synced before anybody is answered.
//!
//! One JSON document a line: a header that says what the host began with, now and then the whole state, and behind it every
//! input since with what real directories answered. The host is a pure function of these, so reading them is the state.
//! A last line that is cut short was never acknowledged and is dropped.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::host::{Host, HostSpec, HostState, Input};
use crate::world::Taped;

/// The version of the format.
const VERSION: u32 = 2;
/// After so many inputs the whole state is written instead of them.
const INPUTS_MAX: u64 = 20_000;
/// How often a file that another server has is asked for again, and how long after.
const LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// What a host was asked, and what came of it outside.
#[derive(Serialize, Deserialize)]
struct Entry {
    /// Its number among all lines of this sort and the next one, from 1: none is missing.
    n: u64,
    /// Nanoseconds of the wall clock after the beginning.
    wall: u64,
    input: Input,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    real: Vec<Taped>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    /// The first.
    Header {
        version: u32,
        begun: Value,
    },
    State {
        n: u64,
        wall: u64,
        state: Box<HostState>,
    },
    Entry(Entry),
    /// Executions over real directories that were at work were ended: the program had gone.
    Reopened {
        n: u64,
        wall: u64,
    },
}

/// The file.
pub struct StateFile {
    path: PathBuf,
    file: File,
    /// Lines not yet on disk.
    pending: Vec<u8>,
    /// Since the whole state was written.
    inputs: u64,
    /// The number of the last line that has one.
    n: u64,
}

fn at(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}

impl StateFile {
    /// The virtual time at which the host in this file began, if there is one.
    #[must_use]
    pub fn start_of(path: &Path) -> Option<u64> {
        let mut first = String::new();
        BufReader::new(File::open(path).ok()?).read_line(&mut first).ok()?;
        match serde_json::from_str(&first).ok()? {
            Line::Header { begun, .. } => begun["start"].as_u64(),
            _ => None,
        }
    }

    /// Opens the file, or makes it, and answers with the host as it was and the wall time that it had reached.
    ///
    /// # Errors
    /// It cannot be read or written, is damaged before its end, or began in another way than `spec` says.
    pub fn open(path: &Path, spec: HostSpec) -> Result<(Self, Host, u64), String> {
        let begun = spec.as_json();
        let tape = spec.volumes.tape();
        let mut host = Host::new(spec);
        let (mut wall, mut inputs, mut whole, mut n) = (0, 0, 0, 0);
        let file =
            OpenOptions::new().create(true).append(true).open(path).map_err(|error| at(path, &error))?;
        locked(&file, path)?;
        let exists = fs::metadata(path).is_ok_and(|file| file.len() > 0);
        if exists {
            let mut reader = BufReader::new(File::open(path).map_err(|error| at(path, &error))?);
            let mut text = Vec::new();
            for number in 1u64.. {
                text.clear();
                let length = reader.read_until(b'\n', &mut text).map_err(|error| at(path, &error))?;
                if length == 0 {
                    break;
                }
                let is_last = reader.fill_buf().map_err(|error| at(path, &error))?.is_empty();
                let damaged = |what: &str| format!("{}:{number}: {what}", path.display());
                let line = match serde_json::from_slice::<Line>(&text) {
                    Ok(line) if text.last() == Some(&b'\n') => line,
                    // Never acknowledged.
                    _ if is_last && number > 1 => break,
                    Ok(_) => return Err(damaged("expected a line with an end")),
                    Err(error) if number == 1 => {
                        return Err(damaged(&format!("{error}; expected a file that `serve --state` wrote")));
                    }
                    Err(error) => return Err(damaged(&error.to_string())),
                };
                let follows = |next: u64| match next == n + 1 {
                    true => Ok(next),
                    false => Err(damaged(&format!(
                        "line {next} of its count after line {n}: something is missing"
                    ))),
                };
                match line {
                    Line::Header { version, .. } if version != VERSION => {
                        return Err(damaged(&format!("version {version}; this program reads {VERSION}")));
                    }
                    Line::Header { begun: other, .. } => {
                        differs(&begun, &other).map_err(|what| damaged(&what))?
                    }
                    Line::State { n: at_n, wall: at, state } => {
                        (n, wall) = (at_n, at);
                        host =
                            Host::from_state(host.spec().clone(), *state).map_err(|what| damaged(&what))?;
                    }
                    Line::Entry(Entry { n: next, wall: at, input, real }) => {
                        (n, wall, inputs) = (follows(next)?, at, inputs + 1);
                        tape.replay(real);
                        host.handle(&input, wall);
                        if !tape.is_used_up() {
                            return Err(damaged(
                                "what real directories answered does not fit; was this written by another version?",
                            ));
                        }
                    }
                    Line::Reopened { n: next, wall: at } => {
                        (n, wall) = (follows(next)?, at);
                        tape.replay(Vec::new());
                        host.crash_on_real_directories();
                    }
                }
                whole += length as u64;
            }
        }
        // What died with the program does nothing more: while its executions end no directory is asked.
        tape.replay(Vec::new());
        let ended = host.crash_on_real_directories();
        tape.record();
        // What was cut short would run into what comes next.
        file.set_len(whole).map_err(|error| at(path, &error))?;
        let mut state = Self { path: path.to_owned(), file, pending: Vec::new(), inputs, n };
        if exists && whole > 0 {
            if ended {
                state.n += 1;
                let n = state.n;
                state.add(&Line::Reopened { n, wall });
            }
        } else {
            state.add(&Line::Header { version: VERSION, begun });
        }
        state.sync(&host, wall).map_err(|error| at(path, &error))?;
        Ok((state, host, wall))
    }

    fn add(&mut self, line: &Line) {
        serde_json::to_writer(&mut self.pending, line).expect("lines are plain data");
        self.pending.push(b'\n');
    }

    /// Writes down an input that was handled. It is not on disk before [`StateFile::sync`].
    pub fn note(&mut self, host: &Host, wall: u64, input: Input) {
        let real = host.spec().volumes.tape().take();
        self.inputs += 1;
        self.n += 1;
        let n = self.n;
        self.add(&Line::Entry(Entry { n, wall, input, real }));
    }

    /// Everything noted is on disk when this returns.
    ///
    /// # Errors
    /// What the file system says.
    pub fn sync(&mut self, host: &Host, wall: u64) -> io::Result<()> {
        if self.inputs >= INPUTS_MAX {
            return self.begin_anew(host, wall);
        }
        if !self.pending.is_empty() {
            self.file.write_all(&self.pending)?;
            self.file.sync_data()?;
            self.pending.clear();
        }
        Ok(())
    }

    /// The whole state in the place of what led to it, in a file of its own until it is complete.
    fn begin_anew(&mut self, host: &Host, wall: u64) -> io::Result<()> {
        self.pending.clear();
        self.inputs = 0;
        self.add(&Line::Header { version: VERSION, begun: host.spec().as_json() });
        let n = self.n;
        self.add(&Line::State { n, wall, state: Box::new(host.state()) });
        let fresh = self.path.with_added_extension("new");
        let mut file = OpenOptions::new().create(true).write(true).truncate(true).open(&fresh)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        file.write_all(&self.pending)?;
        file.sync_all()?;
        fs::rename(&fresh, &self.path)?;
        let above = self.path.parent().filter(|above| !above.as_os_str().is_empty());
        File::open(above.unwrap_or(Path::new(".")))?.sync_all()?;
        self.file = file;
        self.pending.clear();
        Ok(())
    }
}

/// One server a file. Who has just been told to stop, or begins another program, may keep it for a moment longer.
fn locked(file: &File, path: &Path) -> Result<(), String> {
    for _ in 0..LOCK_TRIES {
        match flock(file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => thread::sleep(LOCK_PAUSE),
            other => return other.map_err(|error| at(path, &error.into())),
        }
    }
    Err(format!("{}: another server has it", path.display()))
}

/// What a file says the host began with, held against what it is asked to begin with today.
fn differs(now: &Value, then: &Value) -> Result<(), String> {
    let (Value::Object(now), Value::Object(then)) = (now, then) else {
        return Err(String::from("a header that is none"));
    };
    if let (Some(now @ Value::Object(_)), Some(then @ Value::Object(_))) =
        (now.get("settings"), then.get("settings"))
    {
        differs(now, then)?;
    }
    let names = now.keys().chain(then.keys());
    match names.into_iter().find(|name| now.get(*name) != then.get(*name)) {
        None => Ok(()),
        Some(name) => {
            let said = |said: Option<&Value>| said.map_or(String::from("nothing"), ToString::to_string);
            Err(format!(
                "this state began with {name} {}, and now it is {}; expected the same options as then",
                said(then.get(name)),
                said(now.get(name))
            ))
        }
    }
}
