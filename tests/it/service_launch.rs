//! LAUNCHING (reference 2.5b, 2.6a): the launch delay, then tries every 30 s for 5 minutes, all counted while every
//! agent is in contact.

use datasync::volume::Side;
use serde_json::json;

use crate::service_kit::{Kit, Ready};

#[test]
fn r2_5b_3_r2_5a_7_launching_tries_and_gives_up() {
    let mut kit = Kit::new();
    let Ready { task, source, destination, .. } = kit.ready();
    for (side, location, text) in [
        (Side::Source, &source, "mount.nfs: Connection timed out"),
        (Side::Destination, &destination, "no such bucket"),
    ] {
        let execution = kit.start(&task);
        kit.wait(59);
        assert_eq!(kit.commands(), []);
        // Nobody was asked yet.
        kit.mounted(&execution, Ok(()));
        assert_eq!(kit.execution_status(&execution), "LAUNCHING");
        kit.wait(1);
        for _ in 0..9 {
            assert_eq!(kit.commands().len(), 1);
            kit.mounted(&execution, Err((side, text)));
            kit.wait(30);
        }
        assert_eq!(kit.commands().len(), 1);
        kit.mounted(&execution, Err((side, text)));
        kit.wait(29);
        assert_eq!(kit.execution_status(&execution), "LAUNCHING");
        kit.wait(1);
        let shown = kit.execution(&execution);
        let id = location.rsplit('/').next().unwrap();
        let detail = format!("Task failed to access location {id}: x40016: {text}");
        let expected = json!({
            "PrepareStatus": "ERROR", "TransferStatus": "PENDING", "VerifyStatus": "PENDING",
            "PrepareDuration": 0, "TransferDuration": 0, "VerifyDuration": 0,
            "ErrorCode": "MountFailed", "ErrorDetail": detail,
        });
        assert_eq!((&shown["Status"], &shown["Result"]), (&json!("ERROR"), &expected));
        let described = kit.ok("DescribeTask", json!({"TaskArn": task}));
        assert_eq!((&described["Status"], described.get("ErrorCode")), (&json!("AVAILABLE"), None));
        assert_eq!(kit.commands(), [], "nothing was started, so nothing is fenced");
    }
    // A later try that succeeds is enough.
    let execution = kit.start(&task);
    kit.wait(60);
    kit.mounted(&execution, Err((Side::Source, "x")));
    kit.wait(30);
    kit.mounted(&execution, Ok(()));
    assert_eq!(kit.execution_status(&execution), "PREPARING");
    kit.wait(600);
    assert_eq!(kit.execution_status(&execution), "PREPARING");
}

#[test]
fn r2_6a_2_r2_6a_5_launching_pauses_out_of_contact() {
    let mut kit = Kit::new();
    let Ready { task, agent, .. } = kit.ready();
    let execution = kit.start(&task);
    kit.wait(50);
    kit.contact(&agent, false);
    kit.wait(200);
    assert_eq!(kit.commands(), []);
    kit.contact(&agent, true);
    kit.wait(9);
    assert_eq!(kit.commands(), []);
    kit.wait(1);
    assert_eq!(kit.commands().len(), 1, "10 s of the delay were left");
    // An answer that comes out of contact does not complete; the try is made again with contact.
    kit.contact(&agent, false);
    kit.mounted(&execution, Ok(()));
    assert_eq!(kit.execution_status(&execution), "LAUNCHING");
    kit.wait(100);
    assert_eq!(kit.commands(), []);
    kit.contact(&agent, true);
    assert_eq!(kit.service.next_deadline(), Some(kit.service.now()));
    kit.wait(0);
    assert_eq!(kit.commands().len(), 1);
    kit.mounted(&execution, Ok(()));
    assert_eq!(kit.execution_status(&execution), "PREPARING");
}

/// At OFFLINE it waits without time-out; with contact the launch delay begins again.
#[test]
fn r2_6a_4_launching_waits_for_an_offline_agent() {
    let mut kit = Kit::new();
    let Ready { task, agent, .. } = kit.ready();
    // Just after an outage began the task is still AVAILABLE: the start succeeds and hangs.
    kit.contact(&agent, false);
    kit.wait(100);
    let execution = kit.start(&task);
    kit.wait(7 * 86_400);
    assert_eq!(kit.agent_status(&agent), "OFFLINE");
    assert_eq!(kit.execution_status(&execution), "LAUNCHING");
    assert_eq!(kit.task_status(&task), "RUNNING");
    assert_eq!(kit.commands(), []);
    kit.contact(&agent, true);
    kit.wait(59);
    assert_eq!(kit.commands(), []);
    kit.wait(1);
    assert_eq!(kit.commands().len(), 1);
    for _ in 0..9 {
        kit.mounted(&execution, Err((Side::Source, "x")));
        kit.wait(30);
        assert_eq!(kit.commands().len(), 1);
    }
    // OFFLINE again in the last minute: everything begins again.
    kit.contact(&agent, false);
    kit.wait(300);
    kit.contact(&agent, true);
    kit.wait(60);
    assert_eq!(kit.commands().len(), 1);
    kit.wait(299);
    assert_eq!(kit.execution_status(&execution), "LAUNCHING");
    kit.contact(&agent, false);
    kit.wait(300);
    kit.ok("CancelTaskExecution", json!({"TaskExecutionArn": execution}));
    assert_eq!(kit.execution_status(&execution), "ERROR");
    assert_eq!(kit.task_status(&task), "UNAVAILABLE");
}
