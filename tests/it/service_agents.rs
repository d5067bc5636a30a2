//! Agents (reference 2.2, 2.6a, 3.4a).

use datasync::settings::Settings;
use serde_json::json;

use crate::service_kit::{Kit, REGION, START, text};

#[test]
fn r2_2a_1_r2_2a_2_r2_1_9_a_key_activates_once() {
    let mut kit = Kit::new();
    let key = kit.key();
    // A refused request uses no key up.
    kit.refused("CreateAgent", json!({"ActivationKey": key, "AgentName": ""}), "AgentName must have 1");
    let agent = text(&kit.ok("CreateAgent", json!({"ActivationKey": key, "AgentName": "a"})), "AgentArn");
    kit.refused("CreateAgent", json!({"ActivationKey": key}), "ActivationKey must not have been used");
    kit.ok("DeleteAgent", json!({"AgentArn": agent}));
    kit.refused("CreateAgent", json!({"ActivationKey": key}), "ActivationKey must not have been used");
    for operation in ["DeleteAgent", "DescribeAgent", "UpdateAgent"] {
        kit.refused(operation, json!({"AgentArn": agent}), "does not exist");
    }
}

#[test]
fn r2_1_4_describe_and_update() {
    let mut kit = Kit::new();
    let agent = kit.agent();
    let shown = kit.ok("DescribeAgent", json!({"AgentArn": agent}));
    let expected = json!({
        "AgentArn": agent, "Status": "ONLINE",
        "LastConnectionTime": 1_546_300_800.0, "CreationTime": 1_546_300_800.0,
    });
    assert_eq!(shown, expected);
    let digest = kit.service.digest();
    kit.ok("UpdateAgent", json!({"AgentArn": agent}));
    assert_eq!(kit.service.digest(), digest);
    kit.ok("UpdateAgent", json!({"AgentArn": agent, "Name": "new name"}));
    assert_ne!(kit.service.digest(), digest);
    assert_eq!(kit.ok("DescribeAgent", json!({"AgentArn": agent}))["Name"], "new name");
}

#[test]
fn r2_1_1_r2_1d_2_arns_are_of_the_region_and_partition() {
    for (region, partition) in [(REGION, "aws"), ("cn-north-1", "aws-cn")] {
        let mut kit = Kit::of_region(region, Settings::default());
        let agent = kit.agent();
        let prefix = format!("arn:{partition}:datasync:{region}:123456789012:agent/agent-0");
        let id = agent.strip_prefix(&prefix).unwrap_or_else(|| panic!("{agent}"));
        assert!(id.len() == 16 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{id}");
        kit.ok("DescribeAgent", json!({"AgentArn": agent}));
    }
}

/// Out of contact it stays ONLINE for 5 minutes; contact makes it ONLINE at once.
#[test]
fn r2_6a_1_r2_2_1_contact() {
    let mut kit = Kit::new();
    let agent = kit.agent();
    let last =
        |kit: &mut Kit| kit.ok("DescribeAgent", json!({"AgentArn": agent}))["LastConnectionTime"].clone();
    kit.wait(10);
    assert_eq!(last(&mut kit), json!(1_546_300_810.0), "now, while in contact");
    kit.contact(&agent, false);
    assert_eq!(kit.service.next_deadline(), Some(START.after_ns(310_000_000_000)));
    kit.wait_ns(299_999_999_999);
    assert_eq!(kit.agent_status(&agent), "ONLINE");
    assert_eq!(last(&mut kit), json!(1_546_300_810.0), "the moment of loss");
    let changes = kit.service.changes();
    kit.wait_ns(1);
    assert_eq!(kit.agent_status(&agent), "OFFLINE");
    assert!(kit.service.changes() > changes);
    kit.ok("UpdateAgent", json!({"AgentArn": agent, "Name": "offline too"}));
    kit.wait(1000);
    kit.contact(&agent, true);
    assert_eq!(kit.agent_status(&agent), "ONLINE");
    assert_eq!(kit.service.next_deadline(), None);
    // A loss shorter than the limit leaves no trace, and telling the same twice neither restarts it.
    kit.contact(&agent, false);
    kit.wait(200);
    kit.contact(&agent, false);
    kit.wait(100);
    assert_eq!(kit.agent_status(&agent), "OFFLINE");
    kit.contact(&agent, true);
    kit.contact(&agent, false);
    kit.wait(299);
    kit.contact(&agent, true);
    kit.wait(1000);
    assert_eq!(kit.agent_status(&agent), "ONLINE");
}

/// A jump makes nobody OFFLINE who is in contact (2.18).
#[test]
fn a_jump_forward_is_no_loss() {
    let mut kit = Kit::new();
    let agent = kit.agent();
    kit.wait(100 * 86_400);
    assert_eq!(kit.agent_status(&agent), "ONLINE");
}

#[test]
fn r2_2_2_delete_is_refused_while_a_location_lists_it() {
    let mut kit = Kit::new();
    let agent = kit.agent();
    let location = kit.nfs("h", "/", &[&agent]);
    kit.contact(&agent, false);
    kit.refused("DeleteAgent", json!({"AgentArn": agent}), "in-use by these location(s)");
    kit.refused("DeleteAgent", json!({"AgentArn": agent}), &location);
    kit.ok("DeleteLocation", json!({"LocationArn": location}));
    kit.ok("DeleteAgent", json!({"AgentArn": agent}));
    assert_eq!(kit.service.next_deadline(), None, "its timer went with it");
}
