//! `serve`: the service behind HTTP.

// The virtual clock begins at the wall clock's time when it goes with it.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, ValueEnum};
use datasync::Settings;
use datasync::time::{Instant, SECOND};
use serde_json::{Map, Value, json};

use super::console::{Console, Done, HELD, Stop};
use crate::server::{
    Clock, HostSpec, Http, LogFormat, StateFile, Volumes, is_region, parse_span, serve as serve_http,
};
use crate::world::{ACCOUNT, REGION, Unmapped as Lost};

/// The day DataSync was announced: where the virtual clock begins unless it goes with the wall clock.
const LAUNCH_DAY_SECS: u64 = 1_543_190_400;

/// What becomes of locations that no --volume is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Unmapped {
    /// An empty storage in memory, made when it is first mounted.
    #[default]
    Empty,
    /// They cannot be mounted.
    Fail,
}

/// Serves the whole service over HTTP: point boto3, the AWS CLI or any SDK at it instead of AWS.
///
/// Everything is in memory and under a virtual clock. Signatures are not checked, and any credentials do; the region is
/// the one that a request is signed for. What only a simulator has (time, agents, faults, storages, snapshots) is below
/// /_sim/, as the README says. The first line on stdout is the address; with --json it is {"address": ADDRESS}.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Address and port; port 0 = any that is free.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8123", value_parser = listen)]
    listen: SocketAddr,
    /// The region of requests that name none.
    #[arg(long, default_value = REGION)]
    region: String,
    /// The account, 12 digits.
    #[arg(long, default_value = ACCOUNT)]
    account: String,
    /// Seed of ids and of how long things take: the same seed and the same requests, the same answers.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// What moves the virtual clock: `request:1s` = each request, by so much and never past a change of a status;
    /// `wall:60` = the wall clock, sixty virtual seconds a second; `manual` = only the control interface.
    #[arg(long, value_name = "CLOCK", default_value_t)]
    clock: Clock,
    /// Virtual time at the beginning, seconds since 1970 [default: 2018-11-26; with wall:, now].
    #[arg(long, value_name = "SECONDS")]
    start: Option<u64>,
    /// What locations stand for: nfs://host/export=DIRECTORY (read and written for real), efs://fs-01234567=tree:FILE (a
    /// tree file of `capture`), s3://bucket=empty, ...
    #[arg(long, value_name = "URI=WHAT")]
    volume: Vec<String>,
    /// What becomes of all other locations.
    #[arg(long, value_enum, default_value_t)]
    unmapped: Unmapped,
    /// A setting of the service other than it is, such as tasks_max=1000, launch_delay_ns=5s or allow_agentless=yes (docs/choices.md).
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Keep everything in this file: the server can be stopped or killed at any time and goes on where it was. Executions
    /// over real directories that were running then end in ERROR, as after a crash.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Leave members out that API version 2018-11-09 does not have, and log them, instead of refusing the request.
    #[arg(long)]
    ignore_unknown: bool,
    /// Threads for connections [default: one less than there are cores]. With one, and everything in memory, there is no other.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// The log of requests, on stderr.
    #[arg(long, value_enum, default_value_t)]
    log: LogFormat,
}

fn listen(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "expected an IP address and a port, such as 127.0.0.1:8123 or [::1]:0".to_owned())
}

pub fn serve(args: &ServeArgs, console: &mut Console<'_>) -> Done {
    if args.account.len() != 12 || !args.account.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(Stop::misuse(format_args!("--account {}", args.account), "expected 12 digits"));
    }
    if !is_region(&args.region) {
        return Err(Stop::misuse(
            format_args!("--region {}", args.region),
            "expected a region such as us-east-1",
        ));
    }
    let mut volumes = Volumes::default();
    for text in &args.volume {
        volumes.add(text).map_err(|error| Stop::Misuse(error.to_string()))?;
    }
    let now =
        || SystemTime::now().duration_since(UNIX_EPOCH).map_or(LAUNCH_DAY_SECS, |since| since.as_secs());
    let begun = args.state.as_deref().and_then(StateFile::start_of);
    let start = args
        .start
        .or(begun)
        .unwrap_or_else(|| if matches!(args.clock, Clock::Wall(_)) { now() } else { LAUNCH_DAY_SECS });
    let Some(start) = start.checked_mul(SECOND) else {
        return Err(Stop::misuse(format_args!("--start {start}"), "expected a time before the year 2554"));
    };
    let spec = HostSpec {
        account: args.account.clone(),
        region: args.region.clone(),
        seed: args.seed,
        start: Instant(start),
        clock: args.clock,
        unmapped: match args.unmapped {
            Unmapped::Empty => Lost::Empty,
            Unmapped::Fail => Lost::Fail,
        },
        volumes,
        settings: settings(&args.set)?,
    };
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    // One is for who has the service.
    let threads = args.threads.map_or_else(|| cores().saturating_sub(1).max(1), usize::from);
    let http = Http { listen: args.listen, ignore_unknown: args.ignore_unknown, log: args.log, threads };
    let (out, json) = (&mut *console.out, console.json);
    serve_http(http, spec, args.state.clone(), |address| {
        match json {
            true => writeln!(out, "{}", json!({ "address": format!("http://{address}") }))?,
            false => writeln!(out, "http://{address}")?,
        }
        out.flush()
    })
    .map_err(|error| Stop::misuse("serve", error))?;
    Ok(HELD)
}

/// The settings with those that were said in their place.
fn settings(set: &[String]) -> Result<Settings, Stop> {
    let mut members = Map::new();
    for text in set {
        let wrong = |why: &dyn Display| Stop::misuse(format_args!("--set {text}"), why);
        let (name, value) =
            text.split_once('=').ok_or_else(|| wrong(&"expected NAME=VALUE such as tasks_max=1000"))?;
        let value = setting(name, value).map_err(|why| wrong(&why))?;
        let alone = Value::Object(Map::from_iter([(name.to_owned(), value.clone())]));
        serde_json::from_value::<Settings>(alone).map_err(|error| wrong(&error))?;
        if members.insert(name.to_owned(), value).is_some() {
            return Err(wrong(&"given twice; expected one value"));
        }
    }
    serde_json::from_value(Value::Object(members)).map_err(|error| Stop::misuse("--set", error))
}

/// A value as the README's table writes it: 5 min as `5m`, or in nanoseconds; modes in octal; yes and no; or as JSON.
fn setting(name: &str, value: &str) -> Result<Value, String> {
    if name.ends_with("_mode") {
        let mode = u32::from_str_radix(value, 8).ok().filter(|mode| *mode <= 0o7777);
        return mode.map(Value::from).ok_or_else(|| "expected a mode in octal, 0 to 7777".to_owned());
    }
    if name.ends_with("_ns") {
        return value.parse().or_else(|_| parse_span(value)).map(Value::from);
    }
    Ok(match value {
        "yes" => Value::Bool(true),
        "no" => Value::Bool(false),
        _ => serde_json::from_str(value).unwrap_or_else(|_| Value::from(value)),
    })
}
