//! AWS JSON 1.1: bodies to requests, answers to bodies (reference 1.2, 1.3, 3.4b). Pure.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::constraints::{Member, Shape, members};
use super::error::{ApiError, ErrorKind};
use super::operations::{Operation, Request};
use super::responses::Response;

/// What stands before the operation's name in `X-Amz-Target`.
pub const TARGET_PREFIX: &str = "FmrsService.";
/// The content type of both directions.
pub const CONTENT_TYPE: &str = "application/x-amz-json-1.1";
/// The version of the API.
pub const API_VERSION: &str = "2018-11-09";
/// The members that are times, as they stand in compact JSON: epoch seconds on the wire.
const TIMES: [&[u8]; 3] = [b"\"CreationTime\":", b"\"LastConnectionTime\":", b"\"StartTime\":"];

/// A request from its `X-Amz-Target` and its body. An empty body is `{}`; `null` members are absent; of a member
/// given twice the last counts.
///
/// # Errors
/// Checks 1 and 2 of 3.4b: `UnknownOperationException`, `SerializationException`, and an unknown member by name.
pub fn decode(target: &str, body: &[u8]) -> Result<Request, ApiError> {
    let (request, unknown) = decode_leniently(target, body)?;
    match unknown.first() {
        None => Ok(request),
        Some(path) => {
            let operation = request.operation();
            Err(ApiError::invalid(format!(
                "Invalid parameter: {path} is not a member of {operation} in API version {API_VERSION}"
            )))
        }
    }
}

/// Like [`decode`], but members that the model does not have are left out; their paths are answered.
///
/// # Errors
/// As [`decode`], unknown members apart.
pub fn decode_leniently(target: &str, body: &[u8]) -> Result<(Request, Vec<String>), ApiError> {
    let operation =
        target.strip_prefix(TARGET_PREFIX).and_then(Operation::parse).ok_or_else(|| ApiError {
            kind: ErrorKind::UnknownOperation,
            message: format!("X-Amz-Target `{target}` names no operation of API version {API_VERSION}"),
            error_code: None,
        })?;
    let body = if body.is_empty() { b"{}" } else { body };
    let mut unknown = Vec::new();
    let mut reader = serde_json::Deserializer::from_slice(body);
    let top = Structure { members: members(operation), path: "", unknown: &mut unknown };
    let input = top.deserialize(&mut reader).and_then(|input| reader.end().map(|()| input));
    let input = input.map_err(|error| malformed(&error))?;
    let request = Request::from_json(operation, input).map_err(|error| malformed(&error))?;
    Ok((request, unknown))
}

fn malformed(error: &serde_json::Error) -> ApiError {
    ApiError { kind: ErrorKind::Serialization, message: error.to_string(), error_code: None }
}

/// Status and body of an answer.
#[must_use]
pub fn encode(answer: &Result<Response, ApiError>) -> (u16, Vec<u8>) {
    match answer {
        Ok(response) => (200, times_in_seconds(&response_json(response))),
        Err(error) => {
            let mut body = Vec::from(&b"{\"__type\":"[..]);
            body.extend(json(error.kind.as_str()));
            body.extend(b",\"message\":");
            body.extend(json(&error.message));
            if let Some(code) = &error.error_code {
                body.extend(b",\"errorCode\":");
                body.extend(json(code));
            }
            body.push(b'}');
            (400, body)
        }
    }
}

fn json<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("strings, integers, lists and structures always have a JSON form")
}

fn response_json(response: &Response) -> Vec<u8> {
    match response {
        Response::Empty => b"{}".to_vec(),
        Response::CreateAgent(output) => json(output),
        Response::CreateLocation(output) => json(output),
        Response::CreateTask(output) => json(output),
        Response::DescribeAgent(output) => json(output),
        Response::DescribeLocationEfs(output) => json(output),
        Response::DescribeLocationNfs(output) => json(output),
        Response::DescribeLocationS3(output) => json(output),
        Response::DescribeTask(output) => json(output),
        Response::DescribeTaskExecution(output) => json(output),
        Response::ListAgents(output) => json(output),
        Response::ListLocations(output) => json(output),
        Response::ListTagsForResource(output) => json(output),
        Response::ListTaskExecutions(output) => json(output),
        Response::ListTasks(output) => json(output),
        Response::StartTaskExecution(output) => json(output),
    }
}

/// Rewrites the nanoseconds of every time member as seconds with three decimals, rounded down (2.18). Compact JSON
/// in, compact JSON out. No text has a name with its quotes before a colon in it: the quotes would be escaped.
fn times_in_seconds(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    let mut rest = json;
    let mut place = 0;
    while let Some(further) = rest[place..].iter().position(|byte| *byte == b':') {
        place += further + 1;
        if !TIMES.iter().any(|name| rest[..place].ends_with(name)) {
            continue;
        }
        let digits = rest[place..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let ns = rest[place..place + digits].iter().fold(0u64, |ns, digit| ns * 10 + u64::from(digit - b'0'));
        out.extend_from_slice(&rest[..place]);
        out.extend(format!("{}.{:03}", ns / 1_000_000_000, ns / 1_000_000 % 1000).into_bytes());
        (rest, place) = (&rest[place + digits..], 0);
    }
    out.extend_from_slice(rest);
    out
}

/// Reads a structure: values of the right JSON type are kept, unknown members are noted and skipped.
struct Structure<'a> {
    members: &'static [Member],
    path: &'a str,
    unknown: &'a mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Structure<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Structure<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { f.write_str("an object") } else { write!(f, "an object for {}", self.path) }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut kept = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let path = if self.path.is_empty() { name.clone() } else { format!("{}.{name}", self.path) };
            let Some(member) = self.members.iter().find(|member| member.name == name) else {
                map.next_value::<IgnoredAny>()?;
                self.unknown.push(path);
                continue;
            };
            let seed = Slot { shape: member.shape, path: &path, unknown: self.unknown, nullable: true };
            match map.next_value_seed(seed)? {
                Value::Null => kept.remove(&name),
                value => kept.insert(name, value),
            };
        }
        Ok(Value::Object(kept))
    }
}

/// Reads one value of a shape.
struct Slot<'a> {
    shape: &'static Shape,
    path: &'a str,
    unknown: &'a mut Vec<String>,
    /// A member may be `null`, which means absent; an item may not.
    nullable: bool,
}

impl<'de> DeserializeSeed<'de> for Slot<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Slot<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.shape {
            Shape::Text(_) | Shape::Enum(_) => "a string",
            Shape::Integer(limits) if limits.bits == 32 => "an integer of 32 bits",
            Shape::Integer(_) => "an integer of 64 bits",
            Shape::Structure(_) => "an object",
            Shape::List { .. } => "a list",
        };
        write!(f, "{what} for {}", self.path)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Value, E> {
        if self.nullable { Ok(Value::Null) } else { Err(E::invalid_type(serde::de::Unexpected::Unit, &self)) }
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        match self.shape {
            Shape::Text(_) | Shape::Enum(_) => Ok(Value::String(text.into())),
            _ => Err(E::invalid_type(serde::de::Unexpected::Str(text), &self)),
        }
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Value, E> {
        match self.shape {
            Shape::Integer(limits) if limits.bits == 64 || i32::try_from(number).is_ok() => Ok(number.into()),
            _ => Err(E::invalid_type(serde::de::Unexpected::Signed(number), &self)),
        }
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Value, E> {
        match i64::try_from(number) {
            Ok(number) => self.visit_i64(number),
            Err(_) => Err(E::invalid_type(serde::de::Unexpected::Unsigned(number), &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
        match self.shape {
            Shape::Structure(members) => {
                Structure { members, path: self.path, unknown: self.unknown }.visit_map(map)
            }
            _ => Err(A::Error::invalid_type(serde::de::Unexpected::Map, &self)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let Shape::List { item, .. } = self.shape else {
            return Err(A::Error::invalid_type(serde::de::Unexpected::Seq, &self));
        };
        let mut kept = Vec::new();
        loop {
            let path = format!("{}[{}]", self.path, kept.len());
            let seed = Slot { shape: item, path: &path, unknown: self.unknown, nullable: false };
            match list.next_element_seed(seed)? {
                Some(value) => kept.push(value),
                None => return Ok(Value::Array(kept)),
            }
        }
    }
}
