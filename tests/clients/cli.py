"""The AWS CLI against `serve`: every operation of the seed, pages, an error, the table output.

usage: cli.py PROGRAM AWS, the program and the CLI. Prints one line of JSON: the client, its version, how many calls it made.
"""

import json
import os
import subprocess
import sys

from server import serving

PROGRAM, AWS = sys.argv[1], sys.argv[2]
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": os.environ.get("HOME", "/"),
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_PAGER": "",
    "AWS_EC2_METADATA_DISABLED": "true",
}
CALLED = []


def aws(address, operation, *arguments, code=0, output="json"):
    """Runs the CLI; its output, or for another exit code what it printed on stderr."""
    CALLED.append(operation)
    command = [AWS, "--endpoint-url", address, "--output", output, "datasync", operation, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
    assert done.returncode == code, f"{command}: exit code {done.returncode}, {done.stdout}{done.stderr}"
    if code != 0:
        return done.stderr
    if output != "json":
        return done.stdout
    return json.loads(done.stdout) if done.stdout.strip() else {}


def main():
    role = "arn:aws:iam::123456789012:role/datasync"
    efs_arn = "arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-00000001"
    subnet = "arn:aws:ec2:us-east-1:123456789012:subnet/subnet-0123"
    group = "arn:aws:ec2:us-east-1:123456789012:security-group/sg-0123"
    # Long steps, so that few calls of a slow client see an execution to its end.
    with serving(PROGRAM, "--clock", "request:30s") as address:
        def run(operation, *arguments, **how):
            return aws(address, operation, *arguments, **how)

        agents = [
            run("create-agent", "--activation-key", f"AAAAA-BBBBB-CCCCC-DDDDD-{number:05d}")["AgentArn"]
            for number in range(2)
        ]
        run("update-agent", "--agent-arn", agents[0], "--name", "filer")
        assert run("describe-agent", "--agent-arn", agents[0])["Name"] == "filer"
        pages = run("list-agents", "--page-size", "1", "--max-items", "1")
        rest = run("list-agents", "--starting-token", pages["NextToken"])
        assert [row["AgentArn"] for row in pages["Agents"] + rest["Agents"]] == agents, (pages, rest)
        run("delete-agent", "--agent-arn", agents[1])
        nfs = run("create-location-nfs", "--subdirectory", "/export", "--server-hostname", "filer",
                  "--on-prem-config", f"AgentArns={agents[0]}")["LocationArn"]
        s3 = run("create-location-s3", "--subdirectory", "/copy", "--s3-bucket-arn", "arn:aws:s3:::bucket",
                 "--s3-config", f"BucketAccessRoleArn={role}")["LocationArn"]
        efs = run("create-location-efs", "--subdirectory", "/", "--efs-filesystem-arn", efs_arn,
                  "--ec2-config", f"SubnetArn={subnet},SecurityGroupArns={group}")["LocationArn"]
        assert run("describe-location-nfs", "--location-arn", nfs)["LocationUri"] == "nfs://filer/export/"
        assert run("describe-location-s3", "--location-arn", s3)["LocationUri"] == "s3://bucket/copy/"
        assert run("describe-location-efs", "--location-arn", efs)["Ec2Config"]["SubnetArn"] == subnet
        assert len(run("list-locations", "--page-size", "1")["Locations"]) == 3
        run("delete-location", "--location-arn", efs)
        task = run("create-task", "--source-location-arn", nfs, "--destination-location-arn", s3,
                   "--name", "nightly")["TaskArn"]
        while run("describe-task", "--task-arn", task)["Status"] == "CREATING":
            pass
        assert run("list-tasks")["Tasks"] == [{"TaskArn": task, "Status": "AVAILABLE", "Name": "nightly"}]
        run("update-task", "--task-arn", task, "--options", "VerifyMode=NONE")
        run("tag-resource", "--resource-arn", task, "--tags", "Key=team,Value=x", "Key=env,Value=test")
        run("untag-resource", "--resource-arn", task, "--keys", "team")
        assert run("list-tags-for-resource", "--resource-arn", task)["Tags"] == [{"Key": "env", "Value": "test"}]
        execution = run("start-task-execution", "--task-arn", task)["TaskExecutionArn"]
        said = run("start-task-execution", "--task-arn", task, code=255)
        assert "InvalidRequestException" in said, said
        run("cancel-task-execution", "--task-execution-arn", execution)
        status = "LAUNCHING"
        while status not in ("SUCCESS", "ERROR"):
            status = run("describe-task-execution", "--task-execution-arn", execution)["Status"]
        assert status == "ERROR", status
        execution = run("start-task-execution", "--task-arn", task)["TaskExecutionArn"]
        while status != "SUCCESS":
            status = run("describe-task-execution", "--task-execution-arn", execution)["Status"]
        assert len(run("list-task-executions", "--task-arn", task, "--page-size", "1")["TaskExecutions"]) == 2
        table = run("list-tasks", output="table")
        assert "nightly" in table and "|" in table, table
        run("delete-task", "--task-arn", task)
    assert len(set(CALLED)) == 25, sorted(set(CALLED))
    version = subprocess.run([AWS, "--version"], capture_output=True, text=True, env=ENVIRONMENT).stdout.split()[0]
    print(json.dumps({"client": "AWS CLI", "version": version, "calls": len(CALLED)}))


if __name__ == "__main__":
    main()
