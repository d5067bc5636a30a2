//! The AWS SDK for Rust, over plain HTTP, against `serve`: every operation of the seed, every paginator, an error, an
//! execution.
//!
//! usage: datasync-sim-client ADDRESS. Prints one line of JSON: the client, its version, how many calls it made.

use std::error::Error;

use aws_sdk_datasync::Client;
use aws_sdk_datasync::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_datasync::error::ProvideErrorMetadata as _;
use aws_sdk_datasync::types::{
    Ec2Config, OnPremConfig, Options, PreserveDeletedFiles, S3Config, TagListEntry, TaskExecutionStatus, TaskStatus,
};
use aws_smithy_http_client::Builder;

type Outcome<T> = Result<T, Box<dyn Error>>;

async fn finished(client: &Client, execution: &str, calls: &mut u64) -> Outcome<TaskExecutionStatus> {
    loop {
        *calls += 1;
        let shown = client.describe_task_execution().task_execution_arn(execution).send().await?;
        match shown.status() {
            Some(TaskExecutionStatus::Success | TaskExecutionStatus::Error) => {
                return Ok(shown.status().expect("just seen").clone());
            }
            _ => {}
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let address = std::env::args().nth(1).ok_or("usage: datasync-sim-client ADDRESS")?;
    let config = aws_sdk_datasync::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("AKIDEXAMPLE", "secret", None, None, "test"))
        .endpoint_url(address)
        .http_client(Builder::new().build_http())
        .build();
    let client = Client::from_conf(config);
    let mut calls = 0;
    // Counts a call and gives its answer.
    macro_rules! call {
        ($request:expr) => {{
            calls += 1;
            $request.send().await?
        }};
    }
    let tag = |key: &str| TagListEntry::builder().key(key).value("v").build();
    let agent = call!(client.create_agent().activation_key("AAAAA-BBBBB-CCCCC-DDDDD-00001").tags(tag("a")?));
    let agent = agent.agent_arn().ok_or("no ARN")?;
    let spare = call!(client.create_agent().activation_key("AAAAA-BBBBB-CCCCC-DDDDD-00002"));
    let spare = spare.agent_arn().ok_or("no ARN")?;
    let mut pages = client.list_agents().into_paginator().page_size(1).items().send();
    let mut agents = Vec::new();
    while let Some(row) = pages.next().await {
        calls += 1;
        agents.extend(row?.agent_arn);
    }
    assert_eq!(agents, [agent, spare]);
    call!(client.list_agents());
    call!(client.delete_agent().agent_arn(spare));
    call!(client.update_agent().agent_arn(agent).name("two"));
    let shown = call!(client.describe_agent().agent_arn(agent));
    assert_eq!(shown.name(), Some("two"));
    assert!(shown.creation_time().is_some());
    let on_prem = OnPremConfig::builder().agent_arns(agent).build()?;
    let source = call!(client.create_location_nfs().subdirectory("/export").server_hostname("filer").on_prem_config(on_prem));
    let source = source.location_arn().ok_or("no ARN")?;
    let access = S3Config::builder().bucket_access_role_arn("arn:aws:iam::123456789012:role/datasync").build()?;
    let target = call!(client.create_location_s3().subdirectory("/copy").s3_bucket_arn("arn:aws:s3:::bucket").s3_config(access));
    let target = target.location_arn().ok_or("no ARN")?;
    let ec2 = Ec2Config::builder()
        .subnet_arn("arn:aws:ec2:us-east-1:123456789012:subnet/subnet-0123")
        .security_group_arns("arn:aws:ec2:us-east-1:123456789012:security-group/sg-0123")
        .build()?;
    let efs = "arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-00000001";
    let mount = call!(client.create_location_efs().subdirectory("/").efs_filesystem_arn(efs).ec2_config(ec2));
    let mount = mount.location_arn().ok_or("no ARN")?;
    assert_eq!(call!(client.describe_location_nfs().location_arn(source)).location_uri(), Some("nfs://filer/export/"));
    assert_eq!(call!(client.describe_location_s3().location_arn(target)).location_uri(), Some("s3://bucket/copy/"));
    assert!(call!(client.describe_location_efs().location_arn(mount)).ec2_config().is_some());
    let mut pages = client.list_locations().into_paginator().page_size(1).items().send();
    let mut locations = 0;
    while let Some(row) = pages.next().await {
        row?;
        (calls, locations) = (calls + 1, locations + 1);
    }
    assert_eq!(locations, 3);
    call!(client.list_locations());
    call!(client.delete_location().location_arn(mount));
    let task = call!(client.create_task().source_location_arn(source).destination_location_arn(target).name("nightly"));
    let task = task.task_arn().ok_or("no ARN")?;
    while call!(client.describe_task().task_arn(task)).status() == Some(&TaskStatus::Creating) {}
    let options = Options::builder().preserve_deleted_files(PreserveDeletedFiles::Remove).build();
    call!(client.update_task().task_arn(task).options(options));
    let mut pages = client.list_tasks().into_paginator().page_size(1).items().send();
    while let Some(row) = pages.next().await {
        calls += 1;
        assert_eq!(row?.name(), Some("nightly"));
    }
    call!(client.list_tasks());
    call!(client.tag_resource().resource_arn(task).tags(tag("a")?).tags(tag("b")?));
    let mut pages = client.list_tags_for_resource().resource_arn(task).into_paginator().page_size(1).items().send();
    let mut tags = Vec::new();
    while let Some(row) = pages.next().await {
        calls += 1;
        tags.push(row?.key().to_owned());
    }
    assert_eq!(tags, ["a", "b"]);
    call!(client.untag_resource().resource_arn(task).keys("a"));
    assert_eq!(call!(client.list_tags_for_resource().resource_arn(task)).tags().len(), 1);
    let execution = call!(client.start_task_execution().task_arn(task));
    let execution = execution.task_execution_arn().ok_or("no ARN")?;
    calls += 1;
    let refused = client.start_task_execution().task_arn(task).send().await;
    let error = refused.err().ok_or("a second start was admitted")?;
    assert_eq!(error.code(), Some("InvalidRequestException"));
    let error = error.into_service_error();
    assert!(error.is_invalid_request_exception(), "{error:?}");
    call!(client.cancel_task_execution().task_execution_arn(execution));
    assert_eq!(finished(&client, execution, &mut calls).await?, TaskExecutionStatus::Error);
    let execution = call!(client.start_task_execution().task_arn(task));
    let execution = execution.task_execution_arn().ok_or("no ARN")?;
    assert_eq!(finished(&client, execution, &mut calls).await?, TaskExecutionStatus::Success);
    let mut pages = client.list_task_executions().task_arn(task).into_paginator().page_size(1).items().send();
    let mut executions = 0;
    while let Some(row) = pages.next().await {
        row?;
        (calls, executions) = (calls + 1, executions + 1);
    }
    assert_eq!(executions, 2);
    call!(client.list_task_executions().task_arn(task));
    call!(client.delete_task().task_arn(task));
    let version = aws_sdk_datasync::meta::PKG_VERSION;
    println!("{}", serde_json::json!({"client": "aws-sdk-datasync", "version": version, "calls": calls}));
    Ok(())
}
