//! Lists, pages and tags (reference 2.1, 2.1a, 2.1b).

use serde_json::{Value, json};

use crate::service_kit::{Kit, Ready, text};

/// The pages of a list, each a list of the rows' `name`.
#[track_caller]
fn pages(
    kit: &mut Kit,
    operation: &str,
    body: &Value,
    size: u64,
    rows: &str,
    name: &str,
) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut body = body.clone();
    body["MaxResults"] = json!(size);
    loop {
        let answer = kit.ok(operation, body.clone());
        pages.push(answer[rows].as_array().unwrap().iter().map(|row| text(row, name)).collect());
        let Some(token) = answer.get("NextToken") else { return pages };
        assert!(token.as_str().unwrap().len() <= 93);
        assert_ne!(body.get("NextToken"), Some(token), "two pages never carry the same token");
        body["NextToken"] = token.clone();
    }
}

#[test]
fn r2_1_6_r2_1_7_r2_1_8_r2_1a_1_r2_1a_3_r2_1a_4_every_list_in_its_order_whatever_the_size() {
    let mut kit = Kit::new();
    let Ready { agent, source, destination, task } = kit.ready();
    let mut agents = vec![agent];
    agents.extend((0..4).map(|_| kit.agent()));
    agents.sort();
    let mut locations = vec![source.clone(), destination.clone()];
    locations.extend((0..3).map(|number| kit.s3(&format!("b{number}"), "/")));
    let mut tasks = vec![task.clone()];
    tasks.extend((0..4).map(|_| kit.task(&source, &destination)));
    let executions: Vec<String> = (0..5)
        .map(|_| {
            let execution = kit.start(&task);
            kit.ok("CancelTaskExecution", json!({"TaskExecutionArn": execution}));
            execution
        })
        .collect();
    let tags: Vec<String> = (0..5).map(|number| format!("k{}", 9 - number)).collect();
    let given: Value = tags.iter().map(|key| json!({"Key": key, "Value": ""})).collect();
    kit.ok("TagResource", json!({"ResourceArn": task, "Tags": given}));

    let of_task = json!({"TaskArn": task});
    let of_resource = json!({"ResourceArn": task});
    let rows = [
        ("ListAgents", json!({}), "Agents", "AgentArn", &agents),
        ("ListLocations", json!({}), "Locations", "LocationArn", &locations),
        ("ListTasks", json!({}), "Tasks", "TaskArn", &tasks),
        ("ListTaskExecutions", json!({}), "TaskExecutions", "TaskExecutionArn", &executions),
        ("ListTaskExecutions", of_task, "TaskExecutions", "TaskExecutionArn", &executions),
        ("ListTagsForResource", of_resource, "Tags", "Key", &tags),
    ];
    for (operation, body, list, name, expected) in &rows {
        for (size, shape) in [(0, vec![5]), (1, vec![1; 5]), (2, vec![2, 2, 1]), (5, vec![5]), (100, vec![5])]
        {
            let found = pages(&mut kit, operation, body, size, list, name);
            assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), shape, "{operation} by {size}");
            assert_eq!(found.concat(), **expected, "{operation} by {size}");
        }
    }
    // A token is of one list, one resource, one account and region.
    let tokens: Vec<Value> = rows
        .iter()
        .map(|(operation, body, ..)| {
            let mut body = body.clone();
            body["MaxResults"] = json!(2);
            kit.ok(operation, body)["NextToken"].clone()
        })
        .collect();
    for (place, (operation, body, ..)) in rows.iter().enumerate() {
        for (other, token) in tokens.iter().enumerate() {
            let mut body = body.clone();
            body["NextToken"] = token.clone();
            if place == other {
                kit.ok(operation, body);
            } else {
                kit.refused(operation, body, "NextToken must be one that this list has given out");
            }
        }
        // Of this list, but not given out: the same with another key.
        let given = tokens[place].as_str().expect("a token is a text");
        let other_key = format!("{}{:016x}{}", &given[..16], 1_u64 << 40, &given[32..]);
        for token in [&other_key, "x", "0123456789abcdef0123456789abcdef0123456789abcdef", "\u{e9}"] {
            let mut body = body.clone();
            body["NextToken"] = json!(token);
            kit.refused(operation, body, "NextToken must");
        }
    }
    let mut elsewhere = Kit::of_region("us-west-2", datasync::Settings::default());
    elsewhere.refused("ListAgents", json!({"NextToken": tokens[0]}), "NextToken must");
    kit.refused("ListTaskExecutions", json!({"TaskArn": tasks[0].replace("task-0", "task-f")}), "not found");
}

/// A page is what comes after the key now: deleted items do not matter, new ones appear.
#[test]
fn r2_1a_1_r2_1a_5_lists_change_between_pages() {
    let mut kit = Kit::new();
    let locations: Vec<String> = (0..6).map(|number| kit.s3(&format!("b{number}"), "/")).collect();
    let first = kit.ok("ListLocations", json!({"MaxResults": 3}));
    let token = text(&first, "NextToken");
    let names = |answer: &Value| -> Vec<String> {
        answer["Locations"].as_array().unwrap().iter().map(|row| text(row, "LocationArn")).collect()
    };
    for gone in [0, 2, 3] {
        kit.ok("DeleteLocation", json!({"LocationArn": locations[gone]}));
    }
    let second = kit.ok("ListLocations", json!({"MaxResults": 2, "NextToken": token}));
    assert_eq!(names(&second), locations[4..6]);
    assert_eq!(second.get("NextToken"), None);
    let new = kit.s3("new", "/");
    let second = kit.ok("ListLocations", json!({"MaxResults": 2, "NextToken": token}));
    assert_eq!(names(&second), locations[4..6]);
    assert!(second.get("NextToken").is_some());
    for gone in [&locations[4], &locations[5], &new] {
        kit.ok("DeleteLocation", json!({"LocationArn": gone}));
    }
    let empty = kit.ok("ListLocations", json!({"NextToken": token}));
    assert_eq!(empty, json!({"Locations": []}), "the rest gone is an empty page");
}

#[test]
fn r2_1a_2_pages_hold_a_hundred_by_default() {
    let mut kit = Kit::new();
    for number in 0..101 {
        kit.s3(&format!("b{number}"), "/");
    }
    for body in [json!({}), json!({"MaxResults": 0})] {
        let answer = kit.ok("ListLocations", body);
        assert_eq!(answer["Locations"].as_array().unwrap().len(), 100);
        assert!(answer.get("NextToken").is_some());
    }
}

fn tag(key: &str, value: &str) -> Value {
    json!({"Key": key, "Value": value})
}

#[track_caller]
fn listed(kit: &mut Kit, arn: &str) -> Value {
    kit.ok("ListTagsForResource", json!({"ResourceArn": arn}))["Tags"].clone()
}

#[test]
fn r2_1b_1_r2_1b_2_r2_1b_5_tags_upsert_and_remove() {
    let mut kit = Kit::new();
    let key = kit.key();
    let given = json!([tag("b", "1"), tag("a@", ""), tag("A@", "2")]);
    let agent = text(&kit.ok("CreateAgent", json!({"ActivationKey": key, "Tags": given})), "AgentArn");
    assert_eq!(listed(&mut kit, &agent), given, "in the order given; keys are case-sensitive");
    let digest = kit.service.digest();
    kit.ok("TagResource", json!({"ResourceArn": agent, "Tags": []}));
    kit.ok("UntagResource", json!({"ResourceArn": agent, "Keys": ["none", "none"]}));
    assert_eq!(kit.service.digest(), digest);
    let given = json!([{"Key": "a@"}, tag("c", "3"), tag("b", "4")]);
    kit.ok("TagResource", json!({"ResourceArn": agent, "Tags": given}));
    let expected = json!([tag("b", "4"), {"Key": "a@"}, tag("A@", "2"), tag("c", "3")]);
    assert_eq!(listed(&mut kit, &agent), expected, "an upsert keeps the place; no value stores none");
    kit.ok("UntagResource", json!({"ResourceArn": agent, "Keys": ["b", "none", "b"]}));
    kit.ok("TagResource", json!({"ResourceArn": agent, "Tags": [tag("b", "5")]}));
    let expected = json!([{"Key": "a@"}, tag("A@", "2"), tag("c", "3"), tag("b", "5")]);
    assert_eq!(listed(&mut kit, &agent), expected, "remove and add goes to the end");
}

#[test]
fn r2_1b_3_fifty_tags() {
    let mut kit = Kit::new();
    let Ready { task, source, .. } = kit.ready();
    for arn in [&task, &source] {
        let all: Value = (0..50).map(|number| tag(&format!("k{number}"), "v")).collect();
        kit.ok("TagResource", json!({"ResourceArn": arn, "Tags": all}));
        let changed: Value = (0..50).map(|number| tag(&format!("k{number}"), "w")).collect();
        kit.ok("TagResource", json!({"ResourceArn": arn, "Tags": changed}));
        // One new key refuses the whole request (the kit checks that nothing changes).
        let more = json!([tag("k1", "x"), tag("new", "x")]);
        kit.refused("TagResource", json!({"ResourceArn": arn, "Tags": more}), "would leave 51");
        assert_eq!(listed(&mut kit, arn).as_array().unwrap().len(), 50);
    }
}

#[test]
fn r2_1b_6_r2_1a_4_tag_targets() {
    let mut kit = Kit::new();
    let Ready { task, agent, source, .. } = kit.ready();
    for arn in [&task, &agent, &source] {
        kit.ok("TagResource", json!({"ResourceArn": arn, "Tags": [tag("k", "v")]}));
        assert_eq!(listed(&mut kit, arn), json!([tag("k", "v")]));
    }
    let execution = kit.start(&task);
    for (arn, part) in [
        (agent.replace("agent/agent-0", "agent/agent-z"), "does not exist"),
        (task.replace("task/task-0", "task/task-f"), "not found"),
        (source.replace("location/loc-0", "location/loc-z"), "not found"),
        (source.replace("location/loc-0", "agent/loc-0"), "not found"),
        (agent.replace("agent/agent-0", "task/agent-0"), "not found"),
        // Executions are taggable only since 2022.
        (execution, "ResourceArn must match"),
    ] {
        kit.refused("ListTagsForResource", json!({"ResourceArn": arn}), part);
        kit.refused("TagResource", json!({"ResourceArn": arn, "Tags": []}), part);
        kit.refused("UntagResource", json!({"ResourceArn": arn, "Keys": ["k"]}), part);
    }
}
