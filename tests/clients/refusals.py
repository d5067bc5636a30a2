"""Every refusal of the service and every code with which an execution fails, each provoked by boto3 and checked in full.

usage: refusals.py PROGRAM MODEL, where MODEL is the directory of the service model of 2018-11-09. Three parts:

- whatever the model of AWS says about a member (required, pattern, length, range, enum, items, the account in an ARN, its
  type) is broken, member by member, in every operation; the message expected is made from the model;
- the refusals that depend on what is there, one by one;
- the codes of docs/choices.md 3.3a, one by one.

Then the texts of all refusals are read out of the sources: each must have been heard, or stand in `CANNOT` with the reason
why nobody can hear it. Prints one line of JSON with the counts.
"""

import collections
import http.client
import json
import os
import pathlib
import re
import sys

import boto3
import botocore.exceptions
from botocore.config import Config

from server import control, serving

PROGRAM, MODEL = sys.argv[1], sys.argv[2]
os.environ["AWS_DATA_PATH"] = MODEL
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
ROOT = pathlib.Path(__file__).resolve().parents[2]

HEARD = collections.Counter()
CALLS = collections.Counter()
ACCOUNT = "123456789012"
ARN = f"arn:aws:datasync:us-east-1:{ACCOUNT}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/datasync"
SUBNET = f"arn:aws:ec2:us-east-1:{ACCOUNT}:subnet/subnet-0123"
GROUP = f"arn:aws:ec2:us-east-1:{ACCOUNT}:security-group/sg-0123"
NONE = {"Uid": "NONE", "Gid": "NONE", "PosixPermissions": "NONE"}

# What fits each shape of text of the model.
SAMPLES = {
    "ActivationKey": "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE",
    "AgentArn": f"{ARN}:agent/agent-0123456789abcdef0",
    "Ec2SecurityGroupArn": GROUP,
    "Ec2SubnetArn": SUBNET,
    "EfsFilesystemArn": f"arn:aws:elasticfilesystem:us-east-1:{ACCOUNT}:file-system/fs-00000001",
    "EfsSubdirectory": "/",
    "IamRoleArn": ROLE,
    "LocationArn": f"{ARN}:location/loc-0123456789abcdef0",
    "LogGroupArn": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:group",
    "NextToken": "token",
    "NfsSubdirectory": "/export",
    "NonEmptySubdirectory": "/export",
    "S3BucketArn": "arn:aws:s3:::bucket",
    "ServerHostname": "filer",
    "Subdirectory": "/",
    "TagKey": "key",
    "TagValue": "value",
    "TaggableResourceArn": f"{ARN}:task/task-0123456789abcdef0",
    "TaskArn": f"{ARN}:task/task-0123456789abcdef0",
    "TaskExecutionArn": f"{ARN}:task/task-0123456789abcdef0/execution/exec-0123456789abcdef0",
}
# Where docs/choices.md 2.1b says more of tags than the model: `@` may be in them, and a value may be empty.
TAG_KEY = r"^[a-zA-Z0-9\s+=._:/@-]{1,128}$"
TAG_VALUE = r"^[a-zA-Z0-9\s+=._:/@-]{0,256}$"
OWN = ("AgentArn", "LocationArn", "TaggableResourceArn", "TaskArn", "TaskExecutionArn")

# What nobody can hear from outside, and why.
CANNOT = {
    "the body did not arrive within 30 seconds": "only after half a minute of waiting",
    "the thread that has the service is gone; see the server's log": "only if the program has a bug",
}

SOURCES = {
    "src/service": r"ApiError::invalid\(",
    "src/api/validate.rs": r"ApiError::invalid\(|refuse\(",
    "src/api/codec.rs": r"ApiError::invalid\(|message: format!\(",
    "src/rules/control.rs": r"Some\(format!\(",
    "sim/src/server/wire.rs": r"refusal\(|message: format!\(",
    "sim/src/server/http.rs": r"refusal\(|let what = format!\(",
}


def in_parentheses(text, start):
    """From an opening parenthesis to its end; parentheses within string literals do not count."""
    depth, place = 0, start
    while place < len(text):
        if text[place] == '"':
            place = re.compile(r'"(?:[^"\\]|\\.)*"', re.S).match(text, place).end() - 1
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return text[start:place]
        place += 1
    raise AssertionError(text[start:start + 80])


def templates():
    """The texts of all refusals, as the sources have them, with the files they are in."""
    found = {}
    for place, marker in SOURCES.items():
        files = sorted((ROOT / place).glob("*.rs")) if (ROOT / place).is_dir() else [ROOT / place]
        for file in files:
            text = file.read_text().split("#[cfg(test)]")[0]
            for match in re.finditer(marker, text):
                within = in_parentheses(text, match.end() - 1)
                for literal in re.findall(r'"((?:[^"\\]|\\.)*)"', within, re.S):
                    literal = re.sub(r"\\\n\s*", "", literal).replace('\\"', '"')
                    # The others are names of members and of exceptions, and the words of them that vary.
                    if " " in literal.strip() and literal != "Invalid parameter: {} {expected}":
                        found.setdefault(literal, str(file.relative_to(ROOT)))
    return found


def as_pattern(template):
    return re.compile(".*" + ".*".join(re.escape(part) for part in re.split(r"\{[^{}]*\}", template)), re.S)


def client(address, checked=False):
    return boto3.client(
        "datasync", endpoint_url=address, region_name="us-east-1", aws_access_key_id="any", aws_secret_access_key="any",
        config=Config(retries={"max_attempts": 1}, parameter_validation=checked),
    )


def refused(call, message, members, code="InvalidRequestException"):
    """The call is refused with this code, with HTTP status 400 and with this message, to the letter; `...` is anything."""
    CALLS[call.__name__] += 1
    try:
        answer = call(**members)
    except botocore.exceptions.ClientError as error:
        said, status = error.response["Error"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        HEARD[said["Message"]] += 1
        assert (said["Code"], status) == (code, 400), f"{members}: {said}, {status}; expected {code}, 400"
        expected = ".*".join(re.escape(part) for part in message.split("..."))
        assert re.fullmatch(expected, said["Message"], re.S), f"{members}:\n  {said['Message']!r}\n  expected {message!r}"
        return
    raise AssertionError(f"{call.__name__} {members}: {answer}, expected {message!r}")


def valid(shape):
    """A value that fits a shape, with all members."""
    if shape.type_name == "structure":
        return {name: valid(member) for name, member in shape.members.items()}
    if shape.type_name == "list":
        least = shape.metadata.get("min", 0)
        return [valid(shape.member)] * max(1, least)
    if shape.type_name in ("integer", "long"):
        return max(1, shape.metadata.get("min", 1))
    if shape.enum:
        return shape.enum[0]
    return SAMPLES[shape.name]


def broken(shape, path, is_required):
    """What is wrong with a value of a shape, in every way that the model knows: value (`None`: no value), message."""
    metadata = dict(shape.metadata)
    if shape.name == "TagKey":
        metadata["pattern"] = TAG_KEY
    elif path.endswith("].Value"):
        metadata.update(min=0, pattern=TAG_VALUE)
    if is_required:
        yield None, f"Invalid parameter: {path} is required"
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            below = f"{path}.{name}" if path else name
            for value, message in broken(member, below, name in shape.required_members):
                whole = valid(shape)
                if value is None:
                    del whole[name]
                else:
                    whole[name] = value
                yield whole, message
    elif shape.type_name == "list":
        least, most = metadata.get("min", 0), metadata.get("max")
        for count in ([least - 1] if least > 0 else []) + ([most + 1] if most else []):
            yield [valid(shape.member)] * count, f"Invalid parameter: {path} must have {least} to {most} items, has {count}"
        for value, message in broken(shape.member, f"{path}[0]", False):
            if value is not None:
                yield [value] + [valid(shape.member)] * (max(least, 1) - 1), message
    elif shape.type_name in ("integer", "long"):
        least, most = metadata.get("min"), metadata.get("max")
        for number in ([least - 1] if least is not None else []) + ([most + 1] if most is not None else []):
            limits = f"{least} to {most}" if most is not None else f"{least} or more"
            yield number, f"Invalid parameter: {path} must be {limits}, is {number}"
    elif shape.enum:
        yield "NO_SUCH", f"Invalid parameter: {path} must be one of {', '.join(shape.enum)}"
    else:
        least, most = metadata.get("min", 0), metadata.get("max")
        for count in ([least - 1] if least > 0 else []) + ([most + 1] if most else []):
            yield "a" * count, f"Invalid parameter: {path} must have {least} to {most} characters, has {count}"
        if "pattern" in metadata:
            yield "\u2603", f"Invalid parameter: {path} must match {metadata['pattern']}"
        if shape.name in OWN:
            foreign = SAMPLES[shape.name].replace(ACCOUNT, "999999999999")
            yield foreign, "Invalid parameter: ARN account (999999999999) must match authenticated user."


def by_the_model(address):
    """Each member of each operation, broken in each way."""
    sync = client(address)
    model, count = sync.meta.service_model, 0
    wrong_types = 0
    for method, operation in sync.meta.method_to_api_mapping.items():
        call, shape = getattr(sync, method), model.operation_model(operation).input_shape
        for members, message in broken(shape, "", False):
            refused(call, message, members)
            count += 1
        for name, member in shape.members.items():
            wrong = "text" if member.type_name in ("integer", "long") else 7
            if member.type_name in ("structure", "list"):
                # boto3 cannot say a text where there is a structure.
                continue
            refused(call, "invalid type: ...", {**valid(shape), name: wrong}, "SerializationException")
            wrong_types += 1
    return count, wrong_types


def key(number):
    return f"AAAAA-BBBBB-CCCCC-DDDDD-{number:05d}"


def nfs(sync, agents, host="filer", path="/export"):
    config = {"AgentArns": agents}
    return sync.create_location_nfs(Subdirectory=path, ServerHostname=host, OnPremConfig=config)["LocationArn"]


def s3(sync, bucket="bucket", path="/"):
    members = {"Subdirectory": path, "S3BucketArn": f"arn:aws:s3:::{bucket}", "S3Config": {"BucketAccessRoleArn": ROLE}}
    return sync.create_location_s3(**members)["LocationArn"]


def efs_members(**changed):
    config = {"SubnetArn": SUBNET, "SecurityGroupArns": [GROUP], **changed.pop("Ec2Config", {})}
    return {"Subdirectory": "/", "EfsFilesystemArn": SAMPLES["EfsFilesystemArn"], "Ec2Config": config, **changed}


def ends(source, target):
    return {"SourceLocationArn": source, "DestinationLocationArn": target}


def wait(sync, address, task, status="AVAILABLE"):
    control(address, "time", {"until": "idle"})
    assert sync.describe_task(TaskArn=task)["Status"] == status


def by_what_is_there(address):
    """What depends on what is there: who is missing, what is in use, what does not go together."""
    sync = client(address)
    count = sum(CALLS.values())
    agent = sync.create_agent(ActivationKey=key(1))["AgentArn"]
    refused(sync.create_agent, "Invalid parameter: ActivationKey must not have been used to activate an agent before", {"ActivationKey": key(1)})
    gone = SAMPLES["AgentArn"]
    for call in (sync.describe_agent, sync.delete_agent, sync.update_agent):
        refused(call, f"Agent {gone} does not exist.", {"AgentArn": gone})
    refused(sync.create_location_nfs, f"Agent {gone} does not exist.", {"Subdirectory": "/", "ServerHostname": "filer", "OnPremConfig": {"AgentArns": [gone]}})
    twice = {"Subdirectory": "/", "ServerHostname": "filer", "OnPremConfig": {"AgentArns": [agent, agent]}}
    refused(sync.create_location_nfs, "Invalid parameter: OnPremConfig.AgentArns[1] must not repeat an agent", twice)
    for call, members in (
        (sync.create_location_nfs, {**twice, "OnPremConfig": {"AgentArns": [agent]}}),
        (sync.create_location_s3, {"S3BucketArn": "arn:aws:s3:::bucket", "S3Config": {"BucketAccessRoleArn": ROLE}}),
        (sync.create_location_efs, efs_members()),
    ):
        refused(call, "Invalid parameter: Subdirectory must not have a component `..`", {**members, "Subdirectory": "/a/../b"})
    for name, members in (
        ("EfsFilesystemArn", efs_members(EfsFilesystemArn=SAMPLES["EfsFilesystemArn"].replace("us-east-1", "eu-west-1"))),
        ("Ec2Config.SubnetArn", efs_members(Ec2Config={"SubnetArn": SUBNET.replace("us-east-1", "eu-west-1")})),
        ("Ec2Config.SecurityGroupArns[1]", efs_members(Ec2Config={"SecurityGroupArns": [GROUP, GROUP.replace("us-east-1", "eu-west-1")]})),
    ):
        refused(sync.create_location_efs, f"Invalid parameter: {name} must be of Region us-east-1, names `eu-west-1`", members)
    source, target, efs = nfs(sync, [agent]), s3(sync), sync.create_location_efs(**efs_members())["LocationArn"]
    refused(sync.describe_location_s3, "Invalid Location type: NFS", {"LocationArn": source})
    refused(sync.describe_location_nfs, "Invalid Location type: S3", {"LocationArn": target})
    refused(sync.describe_location_efs, "Invalid Location type: S3", {"LocationArn": target})
    refused(sync.delete_agent, f"Agent {agent} is in-use by these location(s): {source}", {"AgentArn": agent})
    gone = SAMPLES["LocationArn"]
    for call in (sync.describe_location_nfs, sync.describe_location_s3, sync.describe_location_efs, sync.delete_location):
        refused(call, f"Location {gone} not found.", {"LocationArn": gone})
    refused(sync.create_task, f"Location {gone} not found.", ends(gone, target))
    refused(sync.create_task, f"Location {gone} not found.", ends(source, gone))
    gone = SAMPLES["TaskArn"]
    for call in (sync.describe_task, sync.delete_task, sync.update_task, sync.start_task_execution, sync.list_task_executions):
        refused(call, f"Task {gone} not found.", {"TaskArn": gone})
    for call, members in ((sync.tag_resource, {"Tags": [{"Key": "a"}]}), (sync.untag_resource, {"Keys": ["a"]}), (sync.list_tags_for_resource, {})):
        refused(call, f"Resource {gone} not found.", {"ResourceArn": gone, **members})
    gone = SAMPLES["TaskExecutionArn"]
    for call in (sync.describe_task_execution, sync.cancel_task_execution):
        refused(call, f"Task execution {gone} not found.", {"TaskExecutionArn": gone})
    # Pairs and options.
    refused(sync.create_task, "Invalid parameter: source and destination types S3 and EFS are not supported together", ends(target, efs))
    refused(sync.create_task, "Invalid parameter: source and destination types NFS and NFS are not supported together", ends(source, source))
    invalid = "Invalid SyncOption value. Option: {}, Value: {}."
    for options, option, value in (
        ({"Atime": "NONE", "Mtime": "PRESERVE"}, "Atime,Mtime", "NONE,PRESERVE"),
        ({"Uid": "NAME"}, "Uid", "NAME"),
        ({"Gid": "BOTH"}, "Gid", "BOTH"),
        ({"BytesPerSecond": 0}, "BytesPerSecond", "0"),
    ):
        refused(sync.create_task, invalid.format(option, value), {**ends(source, target), "Options": options})
    refused(sync.create_task, invalid.format("PreserveDevices", "PRESERVE"), {**ends(source, efs), "Options": {"PreserveDevices": "PRESERVE"}})
    # Tags.
    tag = sync.tag_resource
    refused(tag, "Invalid parameter: Tags[1].Key must not repeat a key of the same request", {"ResourceArn": agent, "Tags": [{"Key": "a"}, {"Key": "a"}]})
    refused(tag, "Invalid parameter: Tags[0].Key must not begin with aws:", {"ResourceArn": agent, "Tags": [{"Key": "aws:a"}]})
    many = [{"Key": f"k{number}"} for number in range(51)]
    refused(sync.create_agent, "Invalid parameter: Tags must have ... items or fewer, has 51", {"ActivationKey": key(2), "Tags": many})
    tag(ResourceArn=agent, Tags=many[:30])
    refused(tag, "Invalid parameter: Tags must leave the resource with 50 tags or fewer, would leave 51", {"ResourceArn": agent, "Tags": many[30:]})
    # Pages.
    for call in (sync.list_agents, sync.list_locations, sync.list_tasks, sync.list_task_executions):
        refused(call, "Invalid parameter: NextToken must be one that this list has given out", {"NextToken": "bogus"})
    refused(sync.list_tags_for_resource, "Invalid parameter: NextToken must be one that this list has given out", {"ResourceArn": agent, "NextToken": "bogus"})
    # Tasks and executions.
    task = sync.create_task(**ends(source, target))["TaskArn"]
    refused(sync.update_task, invalid.format("Gid", "NAME"), {"TaskArn": task, "Options": {"Gid": "NAME"}})
    refused(sync.delete_location, f"Location {source} is in use by these task(s): {task}", {"LocationArn": source})
    refused(sync.start_task_execution, f"Task {task} cannot be started in its current status: CREATING", {"TaskArn": task})
    refused(sync.create_task, "Invalid parameter: the quota of 2 tasks in this account and Region is reached", two_tasks(sync, source, efs))
    wait(sync, address, task)
    refused(sync.start_task_execution, invalid.format("Uid", "BOTH"), {"TaskArn": task, "OverrideOptions": {"Uid": "BOTH"}})
    execution = sync.start_task_execution(TaskArn=task)["TaskExecutionArn"]
    refused(sync.start_task_execution, f"Another execution of task {task} is active.", {"TaskArn": task})
    refused(sync.delete_task, f"Task {task} has an active execution: {execution}", {"TaskArn": task})
    other = next(row["TaskArn"] for row in sync.list_tasks()["Tasks"] if row["TaskArn"] != task)
    refused(sync.start_task_execution, f"An agent of task {other} is busy with an execution of another task.", {"TaskArn": other})
    control(address, "time", {"until": "idle"})
    refused(sync.cancel_task_execution, "Sync task cannot be cancelled in its current status: SUCCESS", {"TaskExecutionArn": execution})
    return sum(CALLS.values()) - count


def two_tasks(sync, source, target):
    """The quota is two here: makes the second and answers with the members of a third."""
    sync.create_task(**ends(source, target))
    return ends(source, target)


def where_more_is_allowed():
    """Refusals of services whose settings allow more."""
    count = sum(CALLS.values())
    with serving(PROGRAM, "--clock", "manual", "--set", "allow_agentless=yes", "--set", "allow_nfs_to_nfs=yes") as address:
        sync = client(address)
        agent = sync.create_agent(ActivationKey=key(1))["AgentArn"]
        inside = "Invalid parameter: DestinationLocationArn must not overlap with the source location"
        refused(sync.create_task, inside, {**ends(s3(sync, "b", "/a"), s3(sync, "b", "/a/c")), "Options": NONE})
        refused(sync.create_task, inside, ends(nfs(sync, [agent]), nfs(sync, [agent])))
        for option, value in (("Uid", "INT_VALUE"), ("Gid", "INT_VALUE"), ("PosixPermissions", "PRESERVE")):
            message = f"Invalid SyncOption value. Option: {option}, Value: {value} invalid for non-POSIX transfer. please use NONE."
            refused(sync.create_task, message, {**ends(s3(sync, "b"), s3(sync, "c")), "Options": {**NONE, option: value}})
    return sum(CALLS.values()) - count


def by_the_protocol(address):
    """What no client of AWS would send; boto3 does not send it either."""
    sync = client(address)
    host = address.removeprefix("http://")
    target = {"X-Amz-Target": "FmrsService.ListTasks"}
    signed = "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&"
    rows = [
        ("POST", "/", {"X-Amz-Target": "FmrsService.CreateLocationSmb"}, b"{}", 400, "UnknownOperationException",
         "X-Amz-Target `FmrsService.CreateLocationSmb` names no operation of API version 2018-11-09"),
        ("POST", "/", target, b'{"Filters": []}', 400, "InvalidRequestException",
         "Invalid parameter: Filters is not a member of ListTasks in API version 2018-11-09"),
        ("POST", "/", target, b"{", 400, "SerializationException", "EOF while parsing an object at line 1 column 1"),
        ("POST", "/", target, b" " * (2 << 20), 413, "RequestEntityTooLargeException", "the body is larger than 1048576 bytes"),
        ("GET", "/", {}, b"", 405, "MethodNotAllowed",
         "every operation is POST / with X-Amz-Target; GET /health answers whether the server is up"),
        ("GET", "/else", {}, b"", 404, "NotFound",
         "nothing is at /else; operations are POST /, the control interface is below /_sim/"),
        ("POST", "/service/FmrsService/operation/ListTasks", {}, b"\xa0", 415, "UnsupportedMediaType",
         "the Smithy RPC v2 CBOR protocol is not spoken here; let the client use AWS JSON 1.1, POST / with X-Amz-Target"),
        ("POST", signed + "MaxResults=many", target, b"", 400, "SerializationException",
         "MaxResults in the query: `many`; expected an integer"),
        ("POST", signed + "Tags=x", {"X-Amz-Target": "FmrsService.CreateAgent"}, b"", 400, "SerializationException",
         "Tags in the query of a presigned request: expected it in the body, structures and lists have no form in a query"),
        ("POST", "/", {**target, "Transfer-Encoding": "chunked"}, b"no size\r\n", 400, "SerializationException",
         "the body could not be read: ..."),
    ]
    for method, path, headers, body, status, kind, message in rows:
        CALLS["(no client)"] += 1
        connection = http.client.HTTPConnection(host, timeout=20)
        connection.putrequest(method, path)
        for name, value in headers.items():
            connection.putheader(name, value)
        if "Transfer-Encoding" not in headers:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders()
        if len(body) < 1 << 20:
            connection.send(body)
        response = connection.getresponse()
        answer = json.loads(response.read())
        HEARD[answer["message"]] += 1
        expected = ".*".join(re.escape(part) for part in message.split("..."))
        assert (response.status, answer["__type"]) == (status, kind), (path, response.status, answer)
        assert re.fullmatch(expected, answer["message"]), (path, answer)
        connection.close()
    return len(rows)


def codes():
    """The codes with which executions and tasks fail (docs/choices.md 3.3a), each once."""
    text = (ROOT / "docs/choices.md").read_text()
    listed = re.search(r"\*\*3\.3a Codes of executions\.\*\*(.*?)\n- ", text, re.S).group(1)
    wanted, seen = set(re.findall(r"`(\w+)`", listed)), {}
    with serving(PROGRAM, "--clock", "manual", "--set", "items_max=3") as address:
        sync = client(address)
        agent = sync.create_agent(ActivationKey=key(1))["AgentArn"]
        task = sync.create_task(**ends(nfs(sync, [agent]), s3(sync)))["TaskArn"]
        wait(sync, address, task)

        def put(name, pattern=1):
            line = f"f 0644 0:0 1500000000.000000000 1500000000.000000000 4096@{pattern} export/{name}"
            control(address, "edits", {"volume": "nfs://filer", "edit": {"put": line}})

        def ended(during=None, **fault):
            if fault:
                control(address, "faults", fault)
            execution = sync.start_task_execution(TaskArn=task)["TaskExecutionArn"]
            if during:
                while sync.describe_task_execution(TaskExecutionArn=execution)["Status"] == "LAUNCHING":
                    control(address, "time", {"advance": "100ms"})
                during(execution)
            control(address, "time", {"until": "idle"})
            shown = sync.describe_task_execution(TaskExecutionArn=execution)
            result = shown["Result"]
            seen[result.get("ErrorCode")] = result.get("ErrorDetail")
            return shown["Status"]

        put("a")
        sync.update_task(TaskArn=task, Options={"BytesPerSecond": 1024})
        assert ended(lambda it: sync.cancel_task_execution(TaskExecutionArn=it)) == "ERROR"
        assert ended(lambda it: control(address, f"executions/{it.rsplit('/', 1)[1]}/crash", {})) == "ERROR"

        def lose(_):
            control(address, f"agents/{agent}", {"change": "lose"})
            control(address, "time", {"advance": "10m"})

        assert ended(lose) == "ERROR"
        control(address, f"agents/{agent}", {"change": "regain"})
        assert ended(fault={"keeps-failing": "Permission denied"}, on={"path": "a"}) == "ERROR"
        assert ended(fault={"keeps-failing": "Permission denied"}, on={"action": "list", "path": ""}) == "ERROR"
        assert ended(lambda _: (control(address, "time", {"advance": "2s"}), put("a", 2))) == "ERROR"
        control(address, "volumes", {"volume": "s3://bucket", "change": "refuse-mounts"})
        assert ended() == "ERROR"
        control(address, "volumes", {"volume": "s3://bucket", "change": "allow-mounts"})
        for name in "bcde":
            put(name)
        assert ended() == "ERROR"
    assert wanted <= set(seen), f"never seen: {wanted - set(seen)}; seen: {seen}"
    assert all(seen[code] for code in wanted), seen
    return len(wanted)


def main():
    with serving(PROGRAM, "--clock", "manual", "--set", "tasks_max=2") as address:
        members, types = by_the_model(address)
        states = by_what_is_there(address)
        wires = by_the_protocol(address)
    states += where_more_is_allowed()
    failures = codes()
    texts = templates()
    heard = {text for text in texts if any(as_pattern(text).fullmatch(message) for message in HEARD)}
    silent = {text: file for text, file in texts.items() if text not in heard and text not in CANNOT}
    assert not silent, f"never heard, and no reason why: {json.dumps(silent, indent=1)}"
    stale = {text for text in CANNOT if text not in texts or text in heard}
    assert not stale, f"can be heard, or is not there any more: {stale}"
    print(json.dumps({
        "client": "boto3, each refusal", "version": boto3.__version__, "calls": sum(CALLS.values()),
        "members broken": members, "types broken": types, "by state": states, "by protocol": wires,
        "texts heard": len(heard), "texts that cannot be": len(CANNOT), "codes of executions": failures,
    }))


if __name__ == "__main__":
    main()
