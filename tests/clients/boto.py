"""boto3 against `serve`: every operation, every paginator, every documented refusal, stories with data that moves.

usage: boto.py PROGRAM MODEL, where MODEL is `today` or the directory of another service model. Prints one line of JSON: the
client, its version, the model and how many calls it made. Exits with 1 and a traceback at the first thing that is wrong.
"""

import datetime
import filecmp
import json
import os
import pathlib
import re
import sys
import tempfile
import urllib.error
import urllib.request

import boto3
import botocore
import botocore.exceptions
from botocore.config import Config

from server import control, control_refusal, serving

PROGRAM, MODEL = sys.argv[1], sys.argv[2]
IS_SEED = MODEL != "today"
if IS_SEED:
    os.environ["AWS_DATA_PATH"] = MODEL
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"

CALLS = {}
ROLE = "arn:aws:iam::123456789012:role/datasync"
SUBNET = "arn:aws:ec2:us-east-1:123456789012:subnet/subnet-0123"
GROUP = "arn:aws:ec2:us-east-1:123456789012:security-group/sg-0123"


def fits(shape, value, where):
    """Holds a value of a response body against an output shape: names, types, required members, enums."""
    if shape.type_name == "structure":
        assert isinstance(value, dict), f"{where}: {value!r}, expected an object"
        for name, member in value.items():
            assert name in shape.members, f"{where}.{name} is not in the model"
            assert member is not None, f"{where}.{name} is null"
            fits(shape.members[name], member, f"{where}.{name}")
        for name in shape.required_members:
            assert name in value, f"{where}.{name} is missing"
    elif shape.type_name == "list":
        assert isinstance(value, list), f"{where}: {value!r}, expected a list"
        for index, item in enumerate(value):
            fits(shape.member, item, f"{where}[{index}]")
    elif shape.type_name == "string":
        assert isinstance(value, str), f"{where}: {value!r}, expected a string"
        assert not shape.enum or value in shape.enum, f"{where}: {value!r}, expected one of {shape.enum}"
        pattern = shape.metadata.get("pattern")
        # The pattern of LocationUri has no anchors, and fits the beginning of real URIs only.
        assert not pattern or re.match(pattern, value), f"{where}: {value!r} does not fit {pattern}"
    elif shape.type_name in ("integer", "long"):
        assert isinstance(value, int) and not isinstance(value, bool), f"{where}: {value!r}, expected an integer"
    elif shape.type_name == "timestamp":
        assert isinstance(value, (int, float)) and value > 1e9, f"{where}: {value!r}, expected epoch seconds"
    else:
        raise AssertionError(f"{where}: a {shape.type_name}, of which the model has none")


def check_body(http_response, parsed, model, **_):
    """After each call: the body as it was sent, against the model."""
    CALLS[model.name] = CALLS.get(model.name, 0) + 1
    headers = http_response.headers
    assert re.fullmatch(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", headers["x-amzn-RequestId"]), headers
    assert headers["content-type"] == "application/x-amz-json-1.1", headers
    body = json.loads(http_response.content)
    if http_response.status_code == 200:
        fits(model.output_shape, body, model.name)
    else:
        assert body["__type"] and body["message"], body


def client(address, region="us-east-1"):
    made = boto3.client(
        "datasync",
        endpoint_url=address,
        region_name=region,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
        config=Config(retries={"max_attempts": 1}),
    )
    made.meta.events.register("after-call.datasync", check_body)
    return made


def refused(call, fragment, code="InvalidRequestException", **members):
    """The call is refused with this code and a message that has the fragment in it."""
    try:
        call(**members)
    except botocore.exceptions.ClientError as error:
        said = error.response["Error"]
        assert said["Code"] == code, f"{said}; expected {code}"
        assert fragment in said["Message"], f"{said['Message']!r}; expected {fragment!r} in it"
        if code == "InvalidRequestException":
            assert error.response["message"] == said["Message"], error.response
            assert isinstance(error, call.__self__.exceptions.InvalidRequestException)
        return error.response
    raise AssertionError(f"{members} was not refused; expected {fragment!r}")


def key(number):
    return f"AAAAA-BBBBB-CCCCC-DDDDD-{number:05d}"


def nfs(sync, agent, host="filer.example.com", path="/export"):
    config = {"AgentArns": [agent]}
    return sync.create_location_nfs(Subdirectory=path, ServerHostname=host, OnPremConfig=config)["LocationArn"]


def s3(sync, bucket="bucket", path="/"):
    config = {"BucketAccessRoleArn": ROLE}
    members = {"Subdirectory": path, "S3BucketArn": f"arn:aws:s3:::{bucket}", "S3Config": config}
    return sync.create_location_s3(**members)["LocationArn"]


def efs(sync, number=1, path="/"):
    arn = f"arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-{number:08x}"
    config = {"SubnetArn": SUBNET, "SecurityGroupArns": [GROUP]}
    return sync.create_location_efs(Subdirectory=path, EfsFilesystemArn=arn, Ec2Config=config)["LocationArn"]


def available(sync, task):
    """Polls without sleeping: each request moves the clock. Answers the statuses in order."""
    seen = []
    for _ in range(1000):
        status = sync.describe_task(TaskArn=task)["Status"]
        if seen[-1:] != [status]:
            seen.append(status)
        if status != "CREATING":
            return seen
    raise AssertionError(f"still {seen} after 1000 requests")


def finished(sync, execution):
    """The statuses in order, and the last description."""
    seen = []
    for _ in range(5000):
        shown = sync.describe_task_execution(TaskExecutionArn=execution)
        if seen[-1:] != [shown["Status"]]:
            seen.append(shown["Status"])
        if shown["Status"] in ("SUCCESS", "ERROR"):
            return seen, shown
    raise AssertionError(f"still {seen} after 5000 requests")


ALL_STATUSES = ["LAUNCHING", "PREPARING", "TRANSFERRING", "VERIFYING", "SUCCESS"]


def every_operation(sync):
    """Each of the 25 once or more, and what they answer."""
    agent = sync.create_agent(ActivationKey=key(1), AgentName="one", Tags=[{"Key": "a", "Value": "1"}])["AgentArn"]
    shown = sync.describe_agent(AgentArn=agent)
    assert (shown["Name"], shown["Status"]) == ("one", "ONLINE"), shown
    assert isinstance(shown["CreationTime"], datetime.datetime), shown
    sync.update_agent(AgentArn=agent, Name="two")
    assert sync.list_agents()["Agents"] == [{"AgentArn": agent, "Name": "two", "Status": "ONLINE"}]
    source, target, mount = nfs(sync, agent), s3(sync, path="/copy"), efs(sync)
    shown = sync.describe_location_nfs(LocationArn=source)
    assert shown["LocationUri"] == "nfs://filer.example.com/export/", shown
    assert shown["OnPremConfig"] == {"AgentArns": [agent]}, shown
    assert sync.describe_location_s3(LocationArn=target)["LocationUri"] == "s3://bucket/copy/"
    assert sync.describe_location_efs(LocationArn=mount)["Ec2Config"]["SubnetArn"] == SUBNET
    assert len(sync.list_locations()["Locations"]) == 3
    task = sync.create_task(SourceLocationArn=source, DestinationLocationArn=target)["TaskArn"]
    assert "Name" not in sync.describe_task(TaskArn=task)
    assert available(sync, task) == ["CREATING", "AVAILABLE"]
    sync.update_task(TaskArn=task, Name="nightly", Options={"PreserveDeletedFiles": "REMOVE"})
    shown = sync.describe_task(TaskArn=task)
    assert shown["Name"] == "nightly" and shown["Options"]["PreserveDeletedFiles"] == "REMOVE", shown
    assert [row["TaskArn"] for row in sync.list_tasks()["Tasks"]] == [task]
    sync.tag_resource(ResourceArn=task, Tags=[{"Key": "team", "Value": "x"}, {"Key": "env", "Value": "test"}])
    sync.untag_resource(ResourceArn=task, Keys=["team"])
    assert sync.list_tags_for_resource(ResourceArn=task)["Tags"] == [{"Key": "env", "Value": "test"}]
    override = {"VerifyMode": "NONE"}
    execution = sync.start_task_execution(TaskArn=task, OverrideOptions=override)["TaskExecutionArn"]
    assert sync.describe_task(TaskArn=task)["CurrentTaskExecutionArn"] == execution
    shown = sync.describe_task_execution(TaskExecutionArn=execution)
    assert shown["Status"] == "LAUNCHING" and shown["Options"]["VerifyMode"] == "NONE", shown
    sync.cancel_task_execution(TaskExecutionArn=execution)
    assert finished(sync, execution)[1]["Status"] == "ERROR"
    rows = sync.list_task_executions(TaskArn=task)["TaskExecutions"]
    assert [row["TaskExecutionArn"] for row in rows] == [execution]
    sync.delete_task(TaskArn=task)
    for location in (source, target, mount):
        sync.delete_location(LocationArn=location)
    sync.delete_agent(AgentArn=agent)
    assert sync.list_agents()["Agents"] == [] and sync.list_tasks()["Tasks"] == []


def paginators(sync):
    """All five, with pages of one item, from the beginning and resumed."""
    agent = [sync.create_agent(ActivationKey=key(number))["AgentArn"] for number in range(10, 14)][0]
    source = nfs(sync, agent)
    targets = [s3(sync, f"bucket-{number}") for number in range(4)]
    tasks = [
        sync.create_task(SourceLocationArn=source, DestinationLocationArn=target, Name=f"t{number}")["TaskArn"]
        for number, target in enumerate(targets)
    ]
    for task in tasks:
        available(sync, task)
    for _ in range(3):
        finished(sync, sync.start_task_execution(TaskArn=tasks[0])["TaskExecutionArn"])
    sync.tag_resource(ResourceArn=agent, Tags=[{"Key": f"k{number}", "Value": "v"} for number in range(5)])
    for operation, items, members, count in (
        ("list_agents", "Agents", {}, 4),
        ("list_locations", "Locations", {}, 5),
        ("list_tasks", "Tasks", {}, 4),
        ("list_task_executions", "TaskExecutions", {"TaskArn": tasks[0]}, 3),
        ("list_tags_for_resource", "Tags", {"ResourceArn": agent}, 5),
    ):
        assert sync.can_paginate(operation), operation
        paginator = sync.get_paginator(operation)
        whole = paginator.paginate(**members).build_full_result()[items]
        assert len(whole) == count, (operation, whole)
        pages = list(paginator.paginate(**members, PaginationConfig={"PageSize": 1}))
        assert all(len(page[items]) == 1 for page in pages if page[items]), (operation, pages)
        assert [item for page in pages for item in page[items]] == whole, operation
        first = paginator.paginate(**members, PaginationConfig={"PageSize": 1, "MaxItems": 2}).build_full_result()
        resume = {"PageSize": 1, "StartingToken": first["NextToken"]}
        rest = paginator.paginate(**members, PaginationConfig=resume).build_full_result()
        assert first[items] + rest[items] == whole, operation
    for operation in ("create_task", "describe_task", "start_task_execution"):
        assert not sync.can_paginate(operation), operation
    refused(sync.list_tasks, "NextToken", NextToken="bogus")


def refusals(sync, address):
    """What the service says no to, in the words of the service."""
    nothing = "arn:aws:datasync:us-east-1:123456789012:task/task-0123456789abcdef0"
    refused(sync.describe_task, "not found", TaskArn=nothing)
    refused(sync.delete_task, "not found", TaskArn=nothing)
    refused(sync.start_task_execution, "not found", TaskArn=nothing)
    refused(sync.cancel_task_execution, "not found", TaskExecutionArn=nothing + "/execution/exec-0123456789abcdef0")
    refused(sync.describe_task, "TaskArn", TaskArn="arn:aws:datasync:us-east-1:123456789012:agent/agent-0123456789abcdef0")
    refused(sync.create_agent, "ActivationKey", ActivationKey="short")
    agent = sync.create_agent(ActivationKey=key(20))["AgentArn"]
    refused(sync.create_agent, "", ActivationKey=key(20))
    source, target = nfs(sync, agent, "refusing.example.com"), s3(sync, "refusing")
    refused(sync.delete_agent, "", AgentArn=agent)
    refused(sync.list_tasks, "MaxResults", MaxResults=1000)
    refused(sync.tag_resource, "", ResourceArn=agent, Tags=[{"Key": "aws:x", "Value": "v"}])
    mixed = {"Atime": "NONE", "Mtime": "PRESERVE"}
    ends = {"SourceLocationArn": source, "DestinationLocationArn": target}
    refused(sync.create_task, "", Options=mixed, **ends)
    refused(sync.create_task, "", SourceLocationArn=target, DestinationLocationArn=target)
    task = sync.create_task(**ends)["TaskArn"]
    refused(sync.start_task_execution, "", TaskArn=task)
    refused(sync.delete_location, "", LocationArn=source)
    available(sync, task)
    execution = sync.start_task_execution(TaskArn=task)["TaskExecutionArn"]
    refused(sync.start_task_execution, "", TaskArn=task)
    refused(sync.delete_task, "", TaskArn=task)
    finished(sync, execution)
    refused(sync.cancel_task_execution, "", TaskExecutionArn=execution)
    if IS_SEED:
        return
    # Members and operations of later versions are named, with the version that does not have them.
    version = "2018-11-09"
    refused(sync.create_task, version, Options={"OverwriteMode": "NEVER"}, **ends)
    refused(sync.create_task, version, Excludes=[{"FilterType": "SIMPLE_PATTERN", "Value": "/tmp"}], **ends)
    refused(sync.update_task_execution, version, "UnknownOperationException", TaskExecutionArn=execution, Options={})


def presigned(sync, address):
    """A call through `generate_presigned_url`: its members stand in the query."""
    agent = sync.create_agent(ActivationKey=key(30), AgentName="signed")["AgentArn"]
    url = sync.generate_presigned_url("describe_agent", Params={"AgentArn": agent}, HttpMethod="POST")
    headers = {"X-Amz-Target": "FmrsService.DescribeAgent", "Content-Type": "application/x-amz-json-1.1"}
    with urllib.request.urlopen(urllib.request.Request(url, data=b"", headers=headers)) as response:
        assert json.load(response)["Name"] == "signed"
    url = sync.generate_presigned_url("list_agents", Params={"MaxResults": 1}, HttpMethod="POST")
    headers["X-Amz-Target"] = "FmrsService.ListAgents"
    with urllib.request.urlopen(urllib.request.Request(url, data=b"", headers=headers)) as response:
        assert len(json.load(response)["Agents"]) == 1


def regions(address):
    """Each region is a service of its own, out of the credential scope."""
    east, west = client(address), client(address, "eu-west-1")
    before = len(east.list_agents()["Agents"])
    arn = west.create_agent(ActivationKey=key(40))["AgentArn"]
    assert arn.startswith("arn:aws:datasync:eu-west-1:123456789012:agent/agent-"), arn
    assert len(east.list_agents()["Agents"]) == before
    assert [row["AgentArn"] for row in west.list_agents()["Agents"]] == [arn]


def real_files():
    """Create, start, poll, describe; then the files are compared. Then a change, a cancel, a rerun."""
    with tempfile.TemporaryDirectory() as scratch:
        source, target = pathlib.Path(scratch, "source"), pathlib.Path(scratch, "target")
        (source / "deep/er").mkdir(parents=True)
        target.mkdir()
        (source / "a.txt").write_text("hello\n")
        (source / "deep/er/b.bin").write_bytes(os.urandom(3_000_000))
        (source / "empty").touch()
        (source / "link").symlink_to("a.txt")
        os.link(source / "a.txt", source / "hard")
        (source / "a.txt").chmod(0o640)
        os.utime(source / "a.txt", ns=(1_500_000_000_123_456_789, 1_500_000_000_987_654_321))
        options = ["--volume", f"nfs://filer/export={source}", "--volume", f"efs://fs-00000001={target}"]
        with serving(PROGRAM, *options, "--unmapped", "fail") as address:
            sync = client(address)
            agent = sync.create_agent(ActivationKey=key(1))["AgentArn"]
            ends = {"SourceLocationArn": nfs(sync, agent, "filer"), "DestinationLocationArn": efs(sync)}
            task = sync.create_task(**ends)["TaskArn"]
            assert available(sync, task) == ["CREATING", "AVAILABLE"]
            statuses, shown = finished(sync, sync.start_task_execution(TaskArn=task)["TaskExecutionArn"])
            assert statuses == ALL_STATUSES, statuses
            assert shown["BytesTransferred"] == shown["EstimatedBytesToTransfer"] == 3_000_006, shown
            same(source, target)
            # Something changes, something goes; cancelled in the middle, then run to the end.
            (source / "a.txt").write_text("changed\n")
            (source / "empty").unlink()
            (target / "mine").write_text("stays")
            execution = sync.start_task_execution(TaskArn=task)["TaskExecutionArn"]
            while sync.describe_task_execution(TaskExecutionArn=execution)["Status"] == "LAUNCHING":
                pass
            sync.cancel_task_execution(TaskExecutionArn=execution)
            assert finished(sync, execution)[1]["Status"] == "ERROR"
            execution = sync.start_task_execution(TaskArn=task)["TaskExecutionArn"]
            # What was copied before the cancel needs no copy now.
            ran = finished(sync, execution)
            assert ran[0][-1] == "SUCCESS", ran
            assert (target / "a.txt").read_text() == "changed\n"
            assert (target / "empty").exists() and (target / "mine").read_text() == "stays"
            override = {"PreserveDeletedFiles": "REMOVE"}
            execution = sync.start_task_execution(TaskArn=task, OverrideOptions=override)["TaskExecutionArn"]
            assert finished(sync, execution)[0][-1] == "SUCCESS"
            same(source, target)
            # A location that nothing stands for cannot be mounted.
            lost = sync.create_task(
                SourceLocationArn=nfs(sync, agent, "nowhere"), DestinationLocationArn=s3(sync)
            )["TaskArn"]
            assert available(sync, lost) == ["CREATING", "UNAVAILABLE"]


def same(left, right):
    """Names, kinds, modes, mtimes, links and bytes."""
    def listing(root):
        rows = {}
        for path in sorted(root.rglob("*")):
            stat = path.lstat()
            kind = "l" if path.is_symlink() else "d" if path.is_dir() else "f"
            what = os.readlink(path) if kind == "l" else stat.st_nlink if kind == "f" else None
            mtime = stat.st_mtime_ns if kind == "f" else None
            rows[str(path.relative_to(root))] = (kind, stat.st_mode if kind != "l" else None, mtime, what)
        return rows

    assert listing(left) == listing(right), (listing(left), listing(right))
    files = [name for name, row in listing(left).items() if row[0] == "f"]
    assert filecmp.cmpfiles(left, right, files, shallow=False)[1:] == ([], []), files


def agents_and_faults():
    """Contact with an agent is lost and comes back; steps fail, once and for good; a worker dies."""
    with serving(PROGRAM) as address:
        sync = client(address)
        agent = sync.create_agent(ActivationKey=key(1))["AgentArn"]
        ends = {"SourceLocationArn": nfs(sync, agent), "DestinationLocationArn": s3(sync, "b", "/")}
        task = sync.create_task(**ends)["TaskArn"]
        available(sync, task)
        line = "f 0644 0:0 1500000000.000000000 1500000000.000000000 4096@1 export/{}.txt"
        for name in ("one", "two"):
            control(address, "edits", {"volume": "nfs://filer.example.com", "edit": {"put": line.format(name)}})
        control(address, f"agents/{agent}", {"change": "lose"})
        control(address, "time", {"advance": "10m"})
        assert sync.describe_agent(AgentArn=agent)["Status"] == "OFFLINE"
        assert sync.describe_task(TaskArn=task)["Status"] == "UNAVAILABLE"
        refused(sync.start_task_execution, "", TaskArn=task)
        control(address, f"agents/{agent}", {"change": "regain"})
        assert sync.describe_agent(AgentArn=agent)["Status"] == "ONLINE"
        available(sync, task)

        def run(**fault):
            if fault:
                control(address, "faults", fault)
            return finished(sync, sync.start_task_execution(TaskArn=task)["TaskExecutionArn"])

        # A step that fails once is tried again; one that keeps failing is reported.
        assert run(fault={"fails": "Input/output error"}, on={"action": "chunk"})[0] == ALL_STATUSES
        control(address, "edits", {"volume": "0", "edit": {"put": line.format("three")}})
        statuses, shown = run(fault={"keeps-failing": "Permission denied"}, on={"path": "three.txt"})
        assert statuses[-1] == "ERROR" and shown["Result"]["ErrorCode"], shown
        log = control(address, f"executions/{shown['TaskExecutionArn'].rsplit('/', 1)[1]}/log")["lines"]
        assert any("three.txt" in entry["text"] for entry in log), log
        execution = sync.start_task_execution(TaskArn=task)["TaskExecutionArn"]
        while sync.describe_task_execution(TaskExecutionArn=execution)["Status"] == "LAUNCHING":
            pass
        control(address, f"executions/{execution.rsplit('/', 1)[1]}/crash", {})
        assert finished(sync, execution)[1]["Status"] == "ERROR"
        control(address, "volumes", {"volume": "s3://b", "change": "refuse-mounts"})
        statuses, shown = run()
        assert statuses == ["LAUNCHING", "ERROR"], statuses
        control(address, "volumes", {"volume": "s3://b", "change": "allow-mounts"})
        assert run()[0] == ALL_STATUSES
        keys = {row["key"] for row in control(address, "volumes/s3://b")["objects"]}
        assert keys == {"one.txt", "two.txt", "three.txt"}, keys
        assert control_refusal(address, "agents/nobody", {"change": "lose"})[0] == 404
        assert control_refusal(address, "time", {"advance": "soon"})[0] == 400


def clocks_and_snapshots():
    """Time that only the control interface moves; everything as it was; the same seed, the same ARNs."""
    arns = []
    for _ in range(2):
        with serving(PROGRAM, "--clock", "manual", "--seed", "7") as address:
            sync = client(address)
            agent = sync.create_agent(ActivationKey=key(1))["AgentArn"]
            ends = {"SourceLocationArn": nfs(sync, agent), "DestinationLocationArn": s3(sync)}
            task = sync.create_task(**ends)["TaskArn"]
            for _ in range(100):
                assert sync.describe_task(TaskArn=task)["Status"] == "CREATING"
            control(address, "snapshots/before", {})
            control(address, "time", {"until": "idle"})
            assert sync.describe_task(TaskArn=task)["Status"] == "AVAILABLE"
            digest = control(address, "state")["digest"]
            control(address, "snapshots/before/restore", {})
            assert sync.describe_task(TaskArn=task)["Status"] == "CREATING"
            control(address, "time", {"until": "idle"})
            assert control(address, "state")["digest"] == digest
            execution = sync.start_task_execution(TaskArn=task)["TaskExecutionArn"]
            assert control(address, "time", {"until": "idle"})["idle"]
            assert sync.describe_task_execution(TaskExecutionArn=execution)["Status"] == "SUCCESS"
            arns.append((agent, task, execution, control(address, "state")["digest"]))
            control(address, "reset", {})
            assert sync.list_tasks()["Tasks"] == []
    assert arns[0] == arns[1], arns
    with serving(PROGRAM, "--clock", "wall:100000") as address:
        sync = client(address)
        agent = sync.create_agent(ActivationKey=key(1))["AgentArn"]
        ends = {"SourceLocationArn": nfs(sync, agent), "DestinationLocationArn": s3(sync)}
        task = sync.create_task(**ends)["TaskArn"]
        available(sync, task)
        finished(sync, sync.start_task_execution(TaskArn=task)["TaskExecutionArn"])


def main():
    with serving(PROGRAM) as address:
        sync = client(address)
        assert sync.meta.service_model.api_version == "2018-11-09"
        operations = set(sync.meta.method_to_api_mapping.values())
        if IS_SEED:
            assert len(operations) == 25, operations
        every_operation(sync)
        missing = {name for name in operations if name not in CALLS} if IS_SEED else set()
        assert not missing, missing
        paginators(sync)
        refusals(sync, address)
        presigned(sync, address)
        regions(address)
    real_files()
    agents_and_faults()
    clocks_and_snapshots()
    model = "2018-11-09 of botocore 1.12.146" if IS_SEED else f"of botocore {botocore.__version__}"
    print(json.dumps({"client": "boto3", "version": boto3.__version__, "model": model, "calls": sum(CALLS.values())}))


if __name__ == "__main__":
    main()
