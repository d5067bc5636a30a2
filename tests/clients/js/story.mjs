// The AWS SDK for JavaScript against `serve`: every operation of the seed, every paginator, an error, an execution.
//
// usage: node story.mjs ADDRESS. Prints one line of JSON: the client, its version, how many calls it made.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as sdk from "@aws-sdk/client-datasync";

const client = new sdk.DataSyncClient({
  endpoint: process.argv[2],
  region: "us-east-1",
  credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" },
});
const called = new Map();
let calls = 0;

async function call(operation, input = {}) {
  called.set(operation, (called.get(operation) ?? 0) + 1);
  calls += 1;
  const answer = await client.send(new sdk[`${operation}Command`](input));
  assert.match(answer.$metadata.requestId, /^[0-9a-f-]{36}$/);
  return answer;
}

async function refused(operation, input, fragment) {
  try {
    await call(operation, input);
  } catch (error) {
    assert.equal(error.name, "InvalidRequestException");
    assert.ok(error instanceof sdk.InvalidRequestException);
    assert.equal(error.errorCode, "InvalidParameter");
    assert.ok(error.message.includes(fragment), error.message);
    return;
  }
  assert.fail(`${operation} was not refused`);
}

async function all(paginate, items, input = {}) {
  const found = [];
  for await (const page of paginate({ client, pageSize: 1 }, input)) {
    calls += 1;
    assert.ok(page[items].length <= 1);
    found.push(...page[items]);
  }
  return found;
}

async function finished(execution) {
  const seen = [];
  for (let poll = 0; poll < 5000; poll += 1) {
    const { Status } = await call("DescribeTaskExecution", { TaskExecutionArn: execution });
    if (seen.at(-1) !== Status) seen.push(Status);
    if (Status === "SUCCESS" || Status === "ERROR") return seen;
  }
  assert.fail(`still ${seen}`);
}

const key = (number) => `AAAAA-BBBBB-CCCCC-DDDDD-${String(number).padStart(5, "0")}`;
const Tags = [{ Key: "team", Value: "x" }, { Key: "env", Value: "test" }];
const { AgentArn } = await call("CreateAgent", { ActivationKey: key(1), AgentName: "one", Tags });
const spare = (await call("CreateAgent", { ActivationKey: key(2) })).AgentArn;
assert.deepEqual((await all(sdk.paginateListAgents, "Agents")).map((row) => row.AgentArn), [AgentArn, spare]);
await call("ListAgents");
await call("DeleteAgent", { AgentArn: spare });
await call("UpdateAgent", { AgentArn, Name: "two" });
const agent = await call("DescribeAgent", { AgentArn });
assert.equal(agent.Name, "two");
assert.ok(agent.CreationTime instanceof Date);
const source = (await call("CreateLocationNfs", {
  Subdirectory: "/export", ServerHostname: "filer", OnPremConfig: { AgentArns: [AgentArn] },
})).LocationArn;
const target = (await call("CreateLocationS3", {
  Subdirectory: "/copy", S3BucketArn: "arn:aws:s3:::bucket",
  S3Config: { BucketAccessRoleArn: "arn:aws:iam::123456789012:role/datasync" },
})).LocationArn;
const mount = (await call("CreateLocationEfs", {
  Subdirectory: "/",
  EfsFilesystemArn: "arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-00000001",
  Ec2Config: {
    SubnetArn: "arn:aws:ec2:us-east-1:123456789012:subnet/subnet-0123",
    SecurityGroupArns: ["arn:aws:ec2:us-east-1:123456789012:security-group/sg-0123"],
  },
})).LocationArn;
assert.equal((await call("DescribeLocationNfs", { LocationArn: source })).LocationUri, "nfs://filer/export/");
assert.equal((await call("DescribeLocationS3", { LocationArn: target })).LocationUri, "s3://bucket/copy/");
assert.ok((await call("DescribeLocationEfs", { LocationArn: mount })).Ec2Config);
assert.equal((await all(sdk.paginateListLocations, "Locations")).length, 3);
await call("ListLocations");
await call("DeleteLocation", { LocationArn: mount });
const ends = { SourceLocationArn: source, DestinationLocationArn: target };
const { TaskArn } = await call("CreateTask", { ...ends, Name: "nightly" });
while ((await call("DescribeTask", { TaskArn })).Status === "CREATING");
await call("UpdateTask", { TaskArn, Options: { PreserveDeletedFiles: "REMOVE" } });
await call("ListTasks");
assert.deepEqual((await all(sdk.paginateListTasks, "Tasks")).map((row) => row.Name), ["nightly"]);
await call("TagResource", { ResourceArn: TaskArn, Tags });
assert.equal((await all(sdk.paginateListTagsForResource, "Tags", { ResourceArn: TaskArn })).length, 2);
await call("UntagResource", { ResourceArn: TaskArn, Keys: ["team"] });
assert.deepEqual((await call("ListTagsForResource", { ResourceArn: TaskArn })).Tags, [Tags[1]]);
const cancelled = (await call("StartTaskExecution", { TaskArn })).TaskExecutionArn;
await refused("StartTaskExecution", { TaskArn }, "");
await call("CancelTaskExecution", { TaskExecutionArn: cancelled });
assert.equal((await finished(cancelled)).at(-1), "ERROR");
const { TaskExecutionArn } = await call("StartTaskExecution", { TaskArn });
assert.equal((await finished(TaskExecutionArn)).at(-1), "SUCCESS");
assert.equal((await all(sdk.paginateListTaskExecutions, "TaskExecutions", { TaskArn })).length, 2);
await call("ListTaskExecutions", { TaskArn });
await refused("CreateTask", { ...ends, Excludes: [{ FilterType: "SIMPLE_PATTERN", Value: "/tmp" }] }, "2018-11-09");
await call("DeleteTask", { TaskArn });
assert.equal(called.size, 25, [...called.keys()].join(" "));
const manifest = new URL("node_modules/@aws-sdk/client-datasync/package.json", import.meta.url);
const { version } = JSON.parse(readFileSync(manifest));
console.log(JSON.stringify({ client: "@aws-sdk/client-datasync", version, calls }));
