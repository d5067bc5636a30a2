//! The HTTP side: connections, limits, headers, the log of requests.

// How long a request took is logged; nothing that is answered depends on it.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::handler::Handler as _;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use datasync::api::Operation;
use datasync::mix::fold;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::runtime;
use tokio::time::timeout;

use super::control::{self, Order};
use super::host::{Answer, HostSpec, Input};
use super::owner::Owner;
use super::wire::{Asked, BODY_BYTES_MAX, WireRequest, WireResponse, read, refusal};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
/// How long a body may take to arrive.
const BODY_PATIENCE: Duration = Duration::from_secs(30);
/// How long open connections may go on once the server is told to stop.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// How requests are logged, on stderr.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// One line each.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
    /// Not at all.
    None,
}

/// How to serve.
#[derive(Clone, Debug)]
pub struct Http {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Members that the model does not have are left out and logged, not refused.
    pub ignore_unknown: bool,
    /// The log of requests.
    pub log: LogFormat,
    /// Threads for connections. With one, and nothing to wait for on disk, it has the service as well.
    pub threads: usize,
}

struct Shared {
    owner: Owner,
    http: Http,
    seed: u64,
    requests: AtomicU64,
}

/// What the log says of a request.
#[derive(Default)]
struct Noted {
    what: String,
    region: Option<String>,
    ignored: Vec<String>,
}

/// Serves until SIGINT or SIGTERM. `ready` is told the address once connections are taken.
///
/// # Errors
/// The state file cannot be used, the address cannot be listened at, or the system gives no threads.
pub fn serve(
    http: Http,
    spec: HostSpec,
    state: Option<PathBuf>,
    ready: impl FnOnce(SocketAddr) -> io::Result<()>,
) -> io::Result<()> {
    // On one thread that waits for nothing there is nobody to hand requests over to.
    let alone = http.threads <= 1 && state.is_none() && !spec.volumes.has_directories();
    let mut builder = match alone {
        true => runtime::Builder::new_current_thread(),
        false => runtime::Builder::new_multi_thread(),
    };
    let runtime = builder.worker_threads(http.threads.max(1)).enable_all().build()?;
    let seed = spec.seed;
    let listen = http.listen;
    let done: io::Result<_> = runtime.block_on(async {
        let listener = TcpListener::bind(listen).await.map_err(|error| {
            io::Error::new(error.kind(), format!("--listen {listen}: {error}; port 0 takes any that is free"))
        })?;
        let (owner, thread) = match alone {
            true => (Owner::here(spec), None),
            false => {
                let (owner, thread) = Owner::start(spec, state).map_err(io::Error::other)?;
                (owner, Some(thread))
            }
        };
        let shared = Arc::new(Shared { owner, http, seed, requests: AtomicU64::new(0) });
        // There is one place for everything, so nothing is routed.
        let service = answer.with_state(shared).into_make_service();
        // Before anybody is told the address: who has it may ask for the end at once.
        let stopped = stopped()?;
        ready(listener.local_addr()?)?;
        let (told, mut stop) = tokio::sync::watch::channel(false);
        let serving = axum::serve(listener, service).with_graceful_shutdown(async move {
            stopped.await;
            // Whoever counts the patience may be gone already.
            let _ = told.send(true);
        });
        let patience = async move {
            if stop.wait_for(|told| *told).await.is_ok() {
                tokio::time::sleep(STOP_PATIENCE).await;
            } else {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            served = async { serving.await } => served?,
            () = patience => {}
        }
        Ok(thread)
    });
    let thread = done?;
    runtime.shutdown_timeout(STOP_PATIENCE);
    let panicked = thread.map_or_else(Owner::is_gone_here, |thread| thread.join().is_err());
    match panicked {
        true => Err(io::Error::other("the thread that has the service panicked")),
        false => Ok(()),
    }
}

/// Ends with the first SIGINT or SIGTERM from now on.
fn stopped() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request<Body>) -> Response<Body> {
    let begun = Instant::now();
    let number = shared.requests.fetch_add(1, Ordering::Relaxed);
    let (parts, body) = request.into_parts();
    let mut noted = Noted::default();
    let announced =
        header_text(&parts.headers, "content-length").and_then(|length| length.parse::<u64>().ok());
    let read = async {
        match announced {
            // Nobody waits for what is refused anyway.
            Some(length) if length > BODY_BYTES_MAX as u64 => None,
            _ => Some(timeout(BODY_PATIENCE, to_bytes(body, BODY_BYTES_MAX)).await),
        }
    };
    let response = match read.await {
        None => too_large(),
        Some(Ok(Ok(body))) => {
            let text = |name: &str| header_text(&parts.headers, name);
            let wire = WireRequest {
                method: parts.method.as_str(),
                path: parts.uri.path(),
                query: parts.uri.query().unwrap_or_default(),
                target: text("x-amz-target"),
                authorization: text("authorization"),
                body: &body,
            };
            if shared.http.log != LogFormat::None {
                noted.what =
                    wire.target.map_or_else(|| format!("{} {}", wire.method, wire.path), str::to_owned);
            }
            respond(&shared, &wire, &mut noted).await
        }
        Some(Ok(Err(error))) if is_too_large(&error) => too_large(),
        Some(Ok(Err(error))) => {
            refusal(400, "SerializationException", &format!("the body could not be read: {error}"))
        }
        Some(Err(_)) => refusal(408, "RequestTimeoutException", "the body did not arrive within 30 seconds"),
    };
    log(&shared.http, number, &noted, &response, begun.elapsed());
    over_http(shared.seed, number, response)
}

fn is_too_large(error: &axum::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.to_string().contains("length limit"))
}

fn too_large() -> WireResponse {
    let what = format!("the body is larger than {BODY_BYTES_MAX} bytes");
    refusal(413, "RequestEntityTooLargeException", &what)
}

fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

async fn respond(shared: &Shared, wire: &WireRequest<'_>, noted: &mut Noted) -> WireResponse {
    match read(wire, shared.http.ignore_unknown) {
        Asked::Answered(response) => response,
        Asked::Call { region, request, ignored } => {
            if shared.http.log != LogFormat::None {
                noted.what = Operation::as_str(request.operation()).to_owned();
                (noted.region, noted.ignored) = (region.clone(), ignored);
            }
            match shared.owner.handle(Input::Call { region, request }).await {
                Some(Answer::Service(answer)) => WireResponse::of(&answer),
                other => document(other),
            }
        }
        Asked::Control { method, path, query, body } => {
            noted.what = format!("{method} /_sim/{path}");
            let asked = control::region(query).and_then(|region| {
                noted.region.clone_from(&region);
                Ok((region, control::read(&method, &path, &body)?))
            });
            match asked {
                Err((status, what)) => refusal(status, "ControlException", &what),
                Ok((region, Order::Look(query))) => document(shared.owner.look(region, query).await),
                Ok((region, Order::Do(act))) => {
                    document(shared.owner.handle(Input::Act { region, act }).await)
                }
            }
        }
    }
}

fn document(answer: Option<Answer>) -> WireResponse {
    match answer {
        Some(Answer::Done(document)) => WireResponse::json(200, &document),
        Some(Answer::Refused(status, what)) => refusal(status, "ControlException", &what),
        Some(Answer::Service(answer)) => WireResponse::of(&answer),
        None => {
            refusal(500, "InternalFailure", "the thread that has the service is gone; see the server's log")
        }
    }
}

fn over_http(seed: u64, number: u64, response: WireResponse) -> Response<Body> {
    let WireResponse { status, content_type, error, body } = response;
    let mut out = Response::new(Body::from(body));
    *out.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = out.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(REQUEST_ID, request_id(seed, number));
    if let Some(error) = error {
        headers.insert(ERROR_TYPE, HeaderValue::from_static(error));
    }
    out
}

/// In the form of a UUID of version 4, as AWS's are.
fn request_id(seed: u64, number: u64) -> HeaderValue {
    let (high, low) = (fold([seed, 20, number]), fold([seed, 21, number]));
    let bits = (u128::from(high) << 64 | u128::from(low)) & !(0xf << 76 | 0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let mut text = [b'-'; 36];
    let digits = (0..36).filter(|place| ![8, 13, 18, 23].contains(place));
    for (place, shift) in digits.zip((0..32).rev()) {
        text[place] = b"0123456789abcdef"[(bits >> (4 * shift) & 0xf) as usize];
    }
    HeaderValue::from_bytes(&text).unwrap_or(HeaderValue::from_static("-"))
}

fn log(http: &Http, number: u64, noted: &Noted, response: &WireResponse, took: Duration) {
    let Noted { what, region, ignored } = noted;
    let (status, error) = (response.status, response.error);
    let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    let line = match http.log {
        LogFormat::None => return,
        LogFormat::Json => json!({
            "request": number,
            "what": what,
            "region": region,
            "status": status,
            "error": error,
            "ignored": ignored,
            "tookUs": took_us,
        })
        .to_string(),
        LogFormat::Text => {
            let error = error.map(|error| format!(" {error}")).unwrap_or_default();
            let ignored =
                if ignored.is_empty() { String::new() } else { format!(" ignored {}", ignored.join(", ")) };
            format!("{number} {what} {status}{error}{ignored} {took_us} us")
        }
    };
    // If stderr is gone there is nobody left to tell.
    let _ = writeln!(io::stderr().lock(), "{line}");
}
