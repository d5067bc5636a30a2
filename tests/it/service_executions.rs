//! Task executions (reference 2.5-2.7, 2.16a, 2.18, 3.4a).

use datasync::api::PhaseStatus::{Error, Pending, Success};
use datasync::report::{Counters, ErrorCode, Phase, PhaseStatuses};
use datasync::service::Command;
use datasync::settings::Settings;
use serde_json::{Value, json};

use crate::service_kit::{Kit, Ready, error, success};

fn counters(scale: u64) -> Counters {
    Counters {
        estimated_files: 3 * scale,
        estimated_bytes: 30 * scale,
        files_transferred: scale,
        bytes_written: 10 * scale,
        bytes_transferred: 11 * scale,
    }
}

/// Prepare, transfer, verify: statuses and durations of an answer.
#[track_caller]
fn check_result(shown: &Value, status: &str, phases: [(&str, u64); 3], code: Option<&str>) {
    let result = &shown["Result"];
    let found = [
        (&result["PrepareStatus"], &result["PrepareDuration"]),
        (&result["TransferStatus"], &result["TransferDuration"]),
        (&result["VerifyStatus"], &result["VerifyDuration"]),
    ];
    for ((found_status, found_ms), (status, ms)) in found.into_iter().zip(phases) {
        assert_eq!((found_status, found_ms), (&json!(status), &json!(ms)), "{shown}");
    }
    assert_eq!(shown["Status"], status, "{shown}");
    assert_eq!(result.get("ErrorCode"), code.map(|code| json!(code)).as_ref(), "{shown}");
    assert_eq!(result.get("ErrorDetail").is_some(), code.is_some(), "{shown}");
}

#[test]
fn r2_5_1_r2_5_2_r2_5_3_r2_4_1_r2_1_1_r2_7_2_a_whole_life() {
    let mut kit = Kit::new();
    let Ready { task, .. } = kit.ready();
    let body = json!({"TaskArn": task, "OverrideOptions": {"BytesPerSecond": 5}});
    let execution = kit.ok("StartTaskExecution", body)["TaskExecutionArn"].as_str().unwrap().to_owned();
    assert!(execution.starts_with(&format!("{task}/execution/exec-0")), "{execution}");
    let shown = kit.execution(&execution);
    assert_eq!((&shown["Status"], shown.get("Result")), (&json!("LAUNCHING"), None));
    assert_eq!(shown["EstimatedFilesToTransfer"], 0);
    assert_eq!(shown["StartTime"], json!(1_546_300_830.0));
    assert_eq!(shown["Options"]["BytesPerSecond"], 5);
    let described = kit.ok("DescribeTask", json!({"TaskArn": task}));
    assert_eq!(described["Status"], "RUNNING");
    assert_eq!(described["CurrentTaskExecutionArn"], json!(execution));
    assert_eq!(described["Options"]["BytesPerSecond"], -1, "an override lasts one execution");

    kit.wait(60);
    let [Command::MountExecution { .. }] = &kit.commands()[..] else { panic!("one try") };
    kit.mounted(&execution, Ok(()));
    let [Command::StartTransfer { source, destination, options, .. }] = &kit.commands()[..] else {
        panic!("one start")
    };
    assert_eq!((source.storage.as_str(), source.subdirectory.as_bytes()), ("host", &b"src"[..]));
    assert_eq!((destination.storage.as_str(), destination.subdirectory.as_bytes()), ("bucket", &b"dst"[..]));
    assert_eq!(options.bytes_per_second, 5);

    kit.wait_ns(1_999_999);
    check_result(
        &kit.execution(&execution),
        "PREPARING",
        [("PENDING", 1), ("PENDING", 0), ("PENDING", 0)],
        None,
    );
    kit.wait_ns(1);
    kit.progress(&execution, Phase::Transferring, counters(1), false);
    kit.wait(3);
    let shown = kit.execution(&execution);
    check_result(&shown, "TRANSFERRING", [("SUCCESS", 2), ("PENDING", 3000), ("PENDING", 0)], None);
    let members = [
        ("EstimatedFilesToTransfer", 3),
        ("EstimatedBytesToTransfer", 30),
        ("FilesTransferred", 1),
        ("BytesWritten", 10),
        ("BytesTransferred", 11),
    ];
    for (member, value) in members {
        assert_eq!(shown[member], value, "{member}");
    }
    kit.progress(&execution, Phase::Verifying, counters(2), false);
    kit.wait(5);
    let shown = kit.execution(&execution);
    check_result(&shown, "VERIFYING", [("SUCCESS", 2), ("SUCCESS", 3000), ("PENDING", 5000)], None);
    // Going back is no progress.
    kit.progress(&execution, Phase::Transferring, counters(1), true);
    assert_eq!(kit.execution(&execution), shown);
    kit.ended(&execution, success(counters(3)));
    kit.wait(100);
    let shown = kit.execution(&execution);
    check_result(&shown, "SUCCESS", [("SUCCESS", 2), ("SUCCESS", 3000), ("SUCCESS", 5000)], None);
    assert_eq!(shown["FilesTransferred"], 3);
    let described = kit.ok("DescribeTask", json!({"TaskArn": task}));
    assert_eq!((&described["Status"], described.get("CurrentTaskExecutionArn")), (&json!("AVAILABLE"), None));
    // Terminal is terminal.
    let digest = kit.service.digest();
    kit.progress(&execution, Phase::Verifying, counters(9), true);
    let late = PhaseStatuses { prepare: Success, transfer: Success, verify: Error };
    kit.ended(&execution, error(late, ErrorCode::VerificationFailed));
    kit.mounted(&execution, Ok(()));
    assert_eq!(kit.service.digest(), digest);
    let part = "Sync task cannot be cancelled in its current status: SUCCESS";
    kit.refused("CancelTaskExecution", json!({"TaskExecutionArn": execution}), part);
}

/// A transfer that goes from PREPARING to its end in one step has no time in the phases it never told about.
#[test]
fn r2_5_2_phases_that_were_never_told_take_no_time() {
    let mut kit = Kit::new();
    let Ready { task, .. } = kit.ready();
    let execution = kit.preparing(&task);
    kit.wait(2);
    kit.progress(&execution, Phase::Verifying, counters(1), true);
    kit.wait(1);
    let shown = kit.execution(&execution);
    check_result(&shown, "VERIFYING", [("SUCCESS", 2000), ("ERROR", 0), ("PENDING", 1000)], None);
    let phases = PhaseStatuses { prepare: Success, transfer: Error, verify: Success };
    kit.ended(&execution, error(phases, ErrorCode::ItemsSkipped));
    let shown = kit.execution(&execution);
    let expected = [("SUCCESS", 2000), ("ERROR", 0), ("SUCCESS", 1000)];
    check_result(&shown, "ERROR", expected, Some("ItemsSkipped"));
}

#[test]
fn r2_6_1_r2_6_2_r2_6b_1_r2_6b_2_r2_7a_4_r2_4a_3_one_execution_per_task_and_agent() {
    let mut kit = Kit::new();
    let Ready { task, source, agent, .. } = kit.ready();
    let (s3, nfs) = (kit.s3("other", "/"), kit.nfs("other", "/", &[&agent]));
    let sibling = kit.task(&source, &s3);
    let reverse = kit.task(&s3, &nfs);
    kit.refused("StartTaskExecution", json!({"TaskArn": sibling}), "CREATING");
    kit.wait(30);
    kit.commands();
    kit.task_mounted(&sibling, Ok(()));
    let execution = kit.preparing(&task);
    kit.refused("StartTaskExecution", json!({"TaskArn": task}), "Another execution");
    for other in [&sibling, &reverse] {
        kit.refused("StartTaskExecution", json!({"TaskArn": other}), "busy");
        // Options come after the agent (2.6b).
        let body = json!({"TaskArn": other, "OverrideOptions": {"BytesPerSecond": 0}});
        kit.refused("StartTaskExecution", body, "busy");
        assert_eq!(kit.task_status(other), "AVAILABLE");
    }
    kit.refused("DeleteTask", json!({"TaskArn": task}), &execution);
    // A draining cancel keeps it busy.
    kit.ok("CancelTaskExecution", json!({"TaskExecutionArn": execution}));
    kit.refused("StartTaskExecution", json!({"TaskArn": task}), "Another execution");
    kit.refused("StartTaskExecution", json!({"TaskArn": reverse}), "busy");
    kit.refused("DeleteTask", json!({"TaskArn": task}), &execution);
    let phases = PhaseStatuses { prepare: Error, transfer: Pending, verify: Pending };
    kit.ended(&execution, error(phases, ErrorCode::Cancelled));
    kit.start(&reverse);
    kit.ok("DeleteTask", json!({"TaskArn": task}));
    kit.refused("DescribeTaskExecution", json!({"TaskExecutionArn": execution}), "not found");
    kit.refused("CancelTaskExecution", json!({"TaskExecutionArn": execution}), "not found");

    let mut kit = Kit::with(Settings { allow_busy_agent: true, ..Settings::default() });
    let Ready { task, source, .. } = kit.ready();
    let s3 = kit.s3("other", "/");
    let sibling = kit.task(&source, &s3);
    kit.wait(30);
    kit.task_mounted(&sibling, Ok(()));
    kit.start(&task);
    kit.start(&sibling);
}

#[test]
fn r2_7_1_r2_7_2_r2_7a_1_r2_5a_7_cancel_in_launching_is_terminal_at_once() {
    let mut kit = Kit::new();
    let Ready { task, .. } = kit.ready();
    let execution = kit.start(&task);
    kit.wait(10);
    kit.ok("CancelTaskExecution", json!({"TaskExecutionArn": execution}));
    check_result(
        &kit.execution(&execution),
        "ERROR",
        [("ERROR", 0), ("PENDING", 0), ("PENDING", 0)],
        Some("Cancelled"),
    );
    assert_eq!(kit.task_status(&task), "AVAILABLE");
    let part = "cannot be cancelled in its current status: ERROR";
    kit.refused("CancelTaskExecution", json!({"TaskExecutionArn": execution}), part);
    kit.wait(600);
    assert_eq!(kit.commands(), [], "no mount is tried any more");
}

#[test]
fn r2_7_1_r2_7a_2_r2_7a_3_r2_7a_5_r2_5a_10_cancel_at_work_drains() {
    let mut kit = Kit::new();
    let Ready { task, .. } = kit.ready();
    let execution = kit.preparing(&task);
    kit.progress(&execution, Phase::Transferring, counters(1), false);
    kit.ok("CancelTaskExecution", json!({"TaskExecutionArn": execution}));
    let expected =
        Command::CancelTransfer { execution: kit.execution_id(&execution), drain_ns: 5_000_000_000 };
    assert_eq!(kit.commands(), [expected]);
    assert_eq!(kit.execution_status(&execution), "TRANSFERRING");
    let digest = kit.service.digest();
    kit.ok("CancelTaskExecution", json!({"TaskExecutionArn": execution}));
    assert_eq!((kit.service.digest(), kit.commands()), (digest, vec![]));
    // All its work was done: it still cannot be a success.
    kit.wait(2);
    kit.ended(&execution, success(counters(3)));
    let shown = kit.execution(&execution);
    let expected = [("SUCCESS", 0), ("ERROR", 2000), ("PENDING", 0)];
    check_result(&shown, "ERROR", expected, Some("Cancelled"));
    assert_eq!(shown["FilesTransferred"], 3, "counters keep their last values");
    assert_eq!(kit.task_status(&task), "AVAILABLE");
}

/// A cancel that comes after the end is refused: arrival order (2.7a).
#[test]
fn r2_7_2_cancel_and_end_at_one_instant() {
    let mut kit = Kit::new();
    let Ready { task, .. } = kit.ready();
    let execution = kit.preparing(&task);
    kit.ended(&execution, success(counters(1)));
    let part = "current status: SUCCESS";
    kit.refused("CancelTaskExecution", json!({"TaskExecutionArn": execution}), part);
}

#[test]
fn r2_6a_3_r2_5a_6_r2_5a_8_agent_offline_is_fatal_at_work() {
    for (phase, transfer_failed, expected, code) in [
        (Phase::Preparing, false, ["ERROR", "PENDING", "PENDING"], "AgentOffline"),
        (Phase::Transferring, false, ["SUCCESS", "ERROR", "PENDING"], "AgentOffline"),
        (Phase::Verifying, false, ["SUCCESS", "SUCCESS", "ERROR"], "AgentOffline"),
        // The code is that of the first phase in ERROR (2.5a).
        (Phase::Verifying, true, ["SUCCESS", "ERROR", "ERROR"], "ItemsSkipped"),
    ] {
        let mut kit = Kit::new();
        let Ready { task, agent, .. } = kit.ready();
        let execution = kit.preparing(&task);
        kit.progress(&execution, phase, counters(1), transfer_failed);
        kit.contact(&agent, false);
        kit.wait(299);
        assert_eq!(kit.execution_status(&execution), phase.as_str());
        assert_eq!(kit.task_status(&task), "RUNNING");
        kit.wait(1);
        let shown = kit.execution(&execution);
        let statuses = ["PrepareStatus", "TransferStatus", "VerifyStatus"].map(|of| &shown["Result"][of]);
        assert_eq!(statuses, expected.map(|status| json!(status)).each_ref(), "{phase}");
        assert_eq!(shown["Result"]["ErrorCode"], code, "{phase}");
        assert_eq!(shown["FilesTransferred"], 1);
        let fence = Command::FenceTransfer { execution: kit.execution_id(&execution) };
        assert_eq!(kit.commands(), [fence]);
        assert_eq!(kit.task_status(&task), "UNAVAILABLE");
        kit.contact(&agent, true);
        assert_eq!(kit.task_status(&task), "AVAILABLE");
        kit.start(&task);
    }
}

#[test]
fn r2_6a_2_contact_back_in_time_goes_on() {
    let mut kit = Kit::new();
    let Ready { task, agent, .. } = kit.ready();
    let execution = kit.preparing(&task);
    kit.contact(&agent, false);
    kit.wait(299);
    kit.contact(&agent, true);
    kit.wait(1000);
    assert_eq!(kit.execution_status(&execution), "PREPARING");
    assert_eq!(kit.commands(), []);
    // A worker crash is the transfer's own end.
    let phases = PhaseStatuses { prepare: Error, transfer: Pending, verify: Pending };
    kit.ended(&execution, error(phases, ErrorCode::InternalError));
    let shown = kit.execution(&execution);
    assert_eq!((&shown["Status"], &shown["Result"]["ErrorCode"]), (&json!("ERROR"), &json!("InternalError")));
}

#[test]
fn an_execution_keeps_its_options_when_the_task_changes() {
    let mut kit = Kit::new();
    let Ready { task, .. } = kit.ready();
    let execution = kit.preparing(&task);
    kit.ok("UpdateTask", json!({"TaskArn": task, "Options": {"VerifyMode": "NONE"}}));
    assert_eq!(kit.execution(&execution)["Options"]["VerifyMode"], "POINT_IN_TIME_CONSISTENT");
    assert_eq!(kit.ok("DescribeTask", json!({"TaskArn": task}))["Options"]["VerifyMode"], "NONE");
}

/// 30 days after its end an execution is gone (2.18).
#[test]
fn history() {
    let mut kit = Kit::new();
    let Ready { task, .. } = kit.ready();
    let execution = kit.preparing(&task);
    kit.wait(100 * 86_400);
    kit.ended(&execution, success(counters(1)));
    kit.wait_ns(30 * 86_400 * 1_000_000_000 - 1);
    assert_eq!(kit.execution_status(&execution), "SUCCESS");
    kit.wait_ns(1);
    kit.refused("DescribeTaskExecution", json!({"TaskExecutionArn": execution}), "not found");
    for body in [json!({}), json!({"TaskArn": task})] {
        assert_eq!(kit.ok("ListTaskExecutions", body), json!({"TaskExecutions": []}));
    }
    assert_eq!(kit.service.next_deadline(), None);
}
