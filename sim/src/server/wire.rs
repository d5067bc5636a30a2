//! The protocol: AWS JSON 1.1 over HTTP (reference 1.2 to 1.4), with the control interface beside it. No state.

use datasync::api::codec::{API_VERSION, CONTENT_TYPE, TARGET_PREFIX, decode, decode_leniently, encode};
use datasync::api::constraints::{Shape, members};
use datasync::api::{ApiError, ErrorKind, Operation, Request, Response};
use serde_json::{Map, Value, json};

/// Largest body that is read, bytes. The largest valid request is far below (our choice).
pub const BODY_BYTES_MAX: usize = 1 << 20;

/// An HTTP request, as far as it counts.
#[derive(Clone, Debug, Default)]
pub struct WireRequest<'a> {
    /// `GET`, `POST`, …
    pub method: &'a str,
    /// The path.
    pub path: &'a str,
    /// What stands behind the `?`; empty if nothing does.
    pub query: &'a str,
    /// `X-Amz-Target`.
    pub target: Option<&'a str>,
    /// `Authorization`.
    pub authorization: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

/// An HTTP response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireResponse {
    /// The status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// The exception, if it is one: `x-amzn-ErrorType`.
    pub error: Option<&'static str>,
    /// The body.
    pub body: Vec<u8>,
}

/// What an HTTP request asks.
#[derive(Clone, Debug)]
pub enum Asked {
    /// An operation of the service, in a region if one is named; with the members that were left out as unknown.
    Call {
        /// The region out of the credential scope.
        region: Option<String>,
        /// What.
        request: Request,
        /// Paths of members that the model does not have.
        ignored: Vec<String>,
    },
    /// Something below `/_sim/`.
    Control {
        /// `GET`, `POST`, …
        method: String,
        /// The path below `/_sim/`.
        path: String,
        /// The query.
        query: Vec<(String, String)>,
        /// The body.
        body: Vec<u8>,
    },
    /// Nothing that needs a state: the answer.
    Answered(WireResponse),
}

/// Reads a request. `lenient`: members that the model does not have are left out.
#[must_use]
pub fn read(request: &WireRequest<'_>, lenient: bool) -> Asked {
    let below = request.path.strip_prefix("/_sim").filter(|path| path.is_empty() || path.starts_with('/'));
    if let Some(path) = below {
        return Asked::Control {
            method: request.method.to_owned(),
            path: path.trim_start_matches('/').trim_end_matches('/').to_owned(),
            query: pairs(request.query),
            body: request.body.to_vec(),
        };
    }
    match (request.method, request.path) {
        ("GET" | "HEAD", "/health") => {
            Asked::Answered(WireResponse::json(200, &json!({"status": "ok", "apiVersion": API_VERSION})))
        }
        ("POST", "/" | "") => call(request, lenient),
        ("POST", path) if path.starts_with("/service/") => Asked::Answered(refusal(
            415,
            "UnsupportedMediaType",
            "the Smithy RPC v2 CBOR protocol is not spoken here; let the client use AWS JSON 1.1, POST / with X-Amz-Target",
        )),
        (_, "/" | "") => Asked::Answered(refusal(
            405,
            "MethodNotAllowed",
            "every operation is POST / with X-Amz-Target; GET /health answers whether the server is up",
        )),
        (_, path) => Asked::Answered(refusal(
            404,
            "NotFound",
            &format!("nothing is at {path}; operations are POST /, the control interface is below /_sim/"),
        )),
    }
}

fn call(request: &WireRequest<'_>, lenient: bool) -> Asked {
    let query = pairs(request.query);
    let presigned = query.iter().any(|(name, _)| name == "X-Amz-Algorithm");
    let scope = match presigned {
        true => query.iter().find(|(name, _)| name == "X-Amz-Credential").map(|(_, value)| value.as_str()),
        false => request.authorization.and_then(|header| header.split("Credential=").nth(1)),
    };
    let region = scope.and_then(|scope| scope.split('/').nth(2)).filter(|region| is_region(region));
    let target = request.target.unwrap_or_default();
    let from_query;
    let body = match presigned && request.body.is_empty() {
        false => request.body,
        true => match members_of_query(target, &query) {
            Ok(members) => {
                from_query = members.to_string().into_bytes();
                &from_query
            }
            Err(error) => return Asked::Answered(WireResponse::of(&Err(error))),
        },
    };
    let read = match lenient {
        true => decode_leniently(target, body),
        false => decode(target, body).map(|request| (request, Vec::new())),
    };
    match read {
        Ok((request, ignored)) => Asked::Call { region: region.map(str::to_owned), request, ignored },
        Err(error) => Asked::Answered(WireResponse::of(&Err(error))),
    }
}

/// Whether a text can be a region: `us-east-1`, `us-gov-west-1`, `cn-north-1`.
#[must_use]
pub fn is_region(text: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    (3..=32).contains(&text.len()) && text.contains('-') && text.split('-').all(word)
}

/// The input of a presigned request: the members stand in the query (reference 1.2a). Structures and lists, which clients
/// write there as text of their language, are refused.
fn members_of_query(target: &str, query: &[(String, String)]) -> Result<Value, ApiError> {
    let operation = target.strip_prefix(TARGET_PREFIX).and_then(Operation::parse);
    let known = operation.map(members).unwrap_or_default();
    let mut input = Map::new();
    for (name, value) in query.iter().filter(|(name, _)| !name.starts_with("X-Amz-")) {
        let shape = known.iter().find(|member| member.name == name).map(|member| member.shape);
        let value = match shape {
            Some(Shape::Integer(_)) => value.parse::<i64>().map(Value::from).map_err(|_| ApiError {
                kind: ErrorKind::Serialization,
                message: format!("{name} in the query: `{value}`; expected an integer"),
                error_code: None,
            })?,
            Some(Shape::Structure(_) | Shape::List { .. }) => {
                return Err(ApiError {
                    kind: ErrorKind::Serialization,
                    message: format!(
                        "{name} in the query of a presigned request: expected it in the body, structures and lists have \
                         no form in a query"
                    ),
                    error_code: None,
                });
            }
            _ => Value::from(value.as_str()),
        };
        input.insert(name.clone(), value);
    }
    Ok(Value::Object(input))
}

fn pairs(query: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// An error that is not one of the service's model.
#[must_use]
pub fn refusal(status: u16, kind: &'static str, message: &str) -> WireResponse {
    let body = json!({"__type": kind, "message": message});
    WireResponse { error: Some(kind), ..WireResponse::json(status, &body) }
}

impl WireResponse {
    /// The answer of an operation.
    #[must_use]
    pub fn of(answer: &Result<Response, ApiError>) -> Self {
        let (status, body) = encode(answer);
        let error = answer.as_ref().err().map(|error| error.kind.as_str());
        Self { status, content_type: CONTENT_TYPE, error, body }
    }

    /// A document of the control interface.
    #[must_use]
    pub fn json(status: u16, document: &Value) -> Self {
        Self {
            status,
            content_type: "application/json",
            error: None,
            body: document.to_string().into_bytes(),
        }
    }
}
