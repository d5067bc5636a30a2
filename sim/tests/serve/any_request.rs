//! Whatever bytes come: a well-formed refusal that changes nothing, or a request that was one.

use datasync::api::Operation;
use datasync::api::constraints::members;
use datasync_sim::server::{Answer, Asked, Clock, Host, Input, WireRequest, WireResponse, read};
use proptest::prelude::*;
use proptest::sample::select;

use crate::host::{spec, task};

/// Names of members, one of a later version among them.
fn name() -> impl Strategy<Value = &'static str> {
    let mut names: Vec<&'static str> =
        Operation::ALL.iter().flat_map(|operation| members(*operation)).map(|member| member.name).collect();
    names.extend(["BytesPerSecond", "PreserveDeletedFiles", "AgentArns", "Key", "Value", "OverwriteMode"]);
    select(names)
}

/// JSON as text, so that it can hold numbers and strings that no program would write.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just(r#""\ud800""#.to_owned()),
        "-?[0-9]{1,40}",
        "-?[0-9]{1,3}(\\.[0-9]{1,3})?e-?[0-9]{1,3}",
        ".{0,40}".prop_map(|text| serde_json::Value::from(text).to_string()),
        "arn:aws:datasync:us-east-1:[0-9]{12}:(task|agent|location)/[a-z]{3,5}-[0-9a-f]{17}"
            .prop_map(|arn| format!("\"{arn}\"")),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(|items| format!("[{}]", items.join(","))),
            proptest::collection::vec((name(), inner), 0..6).prop_map(|members| object(&members)),
        ]
    })
}

fn object(members: &[(&str, String)]) -> String {
    let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let whole = || proptest::collection::vec((name(), json()), 0..6).prop_map(|members| object(&members));
    prop_oneof![
        2 => proptest::collection::vec(any::<u8>(), 0..200),
        6 => whole().prop_map(String::into_bytes),
        2 => (whole(), any::<proptest::sample::Index>()).prop_map(|(text, end)| {
            let bytes = text.into_bytes();
            bytes[..end.index(bytes.len())].to_vec()
        }),
        1 => (name(), 1..3_000_usize).prop_map(|(name, depth)| {
            [format!("{{\"{name}\":").repeat(depth), "1".to_owned(), "}".repeat(depth)].concat().into_bytes()
        }),
    ]
}

/// A credential scope, or what could be taken for one.
fn scope() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("A/20260101/us-west-2/datasync/aws4_request".to_owned()),
        "[A-Z]{0,4}(/[a-z0-9-]{0,10}){0,5}",
        ".{0,30}"
    ]
}

fn query() -> impl Strategy<Value = String> {
    let presigned = (scope(), name(), ".{0,20}").prop_map(|(scope, name, value)| {
        format!("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={scope}&{name}={value}")
    });
    prop_oneof![4 => Just(String::new()), 2 => presigned, 1 => ".{0,60}"]
}

fn target() -> impl Strategy<Value = String> {
    let operation =
        select(Operation::ALL).prop_map(|operation| format!("FmrsService.{}", operation.as_str()));
    prop_oneof![8 => operation, 1 => "FmrsService\\.[A-Za-z]{0,24}", 1 => ".{0,30}"]
}

fn is_well_formed(response: &WireResponse) -> bool {
    let body: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
    response.status == 200
        || (400..600).contains(&response.status) && body["__type"].is_string() && body["message"].is_string()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_request_is_answered(
        method in prop_oneof![12 => Just("POST".to_owned()), 1 => Just("GET".to_owned()), 1 => "[A-Z]{1,8}"],
        path in prop_oneof![12 => Just("/".to_owned()), 1 => "(/health|/service/FmrsService/operation/ListTasks)", 1 => "/.{0,20}"],
        query in query(),
        target in proptest::option::weighted(0.95, target()),
        authorization in proptest::option::of(
            prop_oneof![scope().prop_map(|scope| format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host")), ".{0,60}"]
        ),
        body in body(),
    ) {
        let wire = WireRequest {
            method: &method,
            path: &path,
            query: &query,
            target: target.as_deref(),
            authorization: authorization.as_deref(),
            body: &body,
        };
        let mut host = Host::new(spec(Clock::Manual));
        task(&mut host);
        for lenient in [false, true] {
            let before = host.digest();
            match read(&wire, lenient) {
                Asked::Answered(response) => prop_assert!(is_well_formed(&response)),
                Asked::Call { region, request, .. } => {
                    let Answer::Service(answer) = host.handle(&Input::Call { region, request }, 0) else {
                        return Err(TestCaseError::fail("an operation is answered by the service"));
                    };
                    prop_assert!(is_well_formed(&WireResponse::of(&answer)));
                    prop_assert!(answer.is_ok() || host.digest() == before, "a refusal changed something");
                }
                // Below `/_sim`: see `http` and `control`.
                Asked::Control { .. } => {}
            }
        }
    }
}
