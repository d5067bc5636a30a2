//! One run of a program under limits of processor time and memory, given up at the first line that says it failed.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Address space of a judged program, KiB: a mutant may ask for memory without end.
const MEMORY_KIB: u64 = 6 << 20;
/// How much longer than its processor time a program may take on a machine that has other work.
const PATIENCE: u32 = 20;

const SIGHUP: i32 = 1;
const SIGINT: i32 = 2;
const SIGKILL: i32 = 9;
const SIGTERM: i32 = 15;
const SIGXCPU: i32 = 24;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It exited with 0.
    Passed,
    /// It said so or exited otherwise, after a line for which `failed` had something to say.
    Failed(Option<String>),
    /// It used up its time.
    TimedOut,
}

/// A program with its arguments and environment.
#[derive(Debug)]
pub struct Run<'a> {
    /// The program.
    pub program: &'a Path,
    /// Where it runs.
    pub root: &'a Path,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// What is added to its environment.
    pub environment: Vec<(&'static str, &'a OsStr)>,
    /// Processor time, in seconds.
    pub seconds: u64,
}

impl Run<'_> {
    /// Runs it. Lines of its output for which `failed` gives a word end it. Gives the processor time it took, too.
    ///
    /// # Errors
    /// When it cannot be started or waited for.
    pub fn end(&self, failed: impl Fn(&str) -> Option<String>) -> Result<(End, Duration)> {
        let limits = format!("ulimit -v {MEMORY_KIB} && ulimit -t {} && exec \"$@\"", self.seconds);
        let mut command = Command::new("sh");
        command.args(["-c", &limits, "sh"]).arg(self.program).args(&self.arguments).current_dir(self.root);
        command.envs(self.environment.iter().copied()).env("RUST_BACKTRACE", "0");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().context("sh")?;
        let output = child.stdout.take().context("the output of the program")?;
        let (sender, lines) = channel();
        let reader = thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    break;
                }
            }
        });
        let deadline = Instant::now() + Duration::from_secs(self.seconds) * PATIENCE;
        let (end, time) = loop {
            match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    if let Some(word) = failed(&line) {
                        break (End::Failed(Some(word)), stop(&mut child)?);
                    }
                }
                Err(RecvTimeoutError::Timeout) => break (End::TimedOut, stop(&mut child)?),
                Err(RecvTimeoutError::Disconnected) => {
                    let time = processor_time(&child)?;
                    break (said(child.wait()?)?, time);
                }
            }
        };
        drop(lines);
        reader.join().expect("the reader only reads");
        Ok((end, time))
    }
}

fn stop(child: &mut Child) -> Result<Duration> {
    let time = processor_time(child)?;
    child.kill()?;
    child.wait()?;
    Ok(time)
}

/// The processor time of a child that has not been waited for: fields 14 and 15 of its line in /proc, in hundredths of a
/// second.
fn processor_time(child: &Child) -> Result<Duration> {
    let path = format!("/proc/{}/stat", child.id());
    let line = std::fs::read_to_string(&path).with_context(|| path.clone())?;
    let fields = line.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    let used: Vec<u64> = fields.skip(11).take(2).map(str::parse).collect::<Result<_, _>>().context(path)?;
    Ok(Duration::from_millis(10 * used.iter().sum::<u64>()))
}

fn said(status: ExitStatus) -> Result<End> {
    Ok(match (status.success(), status.signal()) {
        (true, _) => End::Passed,
        (false, Some(SIGXCPU | SIGKILL)) => End::TimedOut,
        // No mutant does that: it says nothing about this one.
        (false, Some(SIGHUP | SIGINT | SIGTERM)) => bail!("a judged program was ended by somebody else"),
        (false, _) => End::Failed(None),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(script: &str) -> Result<End> {
        let run = Run {
            program: Path::new("sh"),
            root: Path::new("."),
            arguments: ["-c", script].map(str::to_owned).to_vec(),
            environment: Vec::new(),
            seconds: 1,
        };
        run.end(|line| line.strip_suffix("FAILED").map(str::to_owned)).map(|(end, _)| end)
    }

    #[test]
    fn a_run_ends_as_the_program_does_or_with_its_first_failure() {
        let said = |word: &str| End::Failed(Some(word.to_owned()));
        assert_eq!(end("exit 0").unwrap(), End::Passed);
        assert_eq!(end("echo ok; exit 3").unwrap(), End::Failed(None));
        assert_eq!(end("kill -ABRT $$").unwrap(), End::Failed(None));
        assert_eq!(end("echo one FAILED; exec sleep 1000").unwrap(), said("one "));
        assert!(end("kill -TERM $$").is_err());
        assert_eq!(end("while :; do :; done").unwrap(), End::TimedOut);
    }
}
