"""Requests per second of `serve` beside moto's server and a bare handler on the same HTTP stack, in turn in one run, on the
same calls: ListTasks, DescribeTask, CreateTask.

usage: bench.py PROGRAM MOTO_SERVER BARE [SECONDS]. Needs wrk, a moto_server of `pip install 'moto[server]'`, and
`cargo build --release --example bare_axum`, which is told to answer as many bytes as `serve` does. Prints a table in Markdown;
medians of five rounds, 16 connections.
"""

import contextlib
import json
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

import boto3

from server import serving

PROGRAM, MOTO, BARE = sys.argv[1:4]
SECONDS = int(sys.argv[4]) if len(sys.argv) > 4 else 3
ROUNDS = 5
PORT = 18129
HEADERS = {
    "Content-Type": "application/x-amz-json-1.1",
    "Authorization": "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/datasync/aws4_request, SignedHeaders=host, Signature=0",
}


def prepare(address, knows_agents):
    """A task to ask about: the bodies of the three calls. moto knows neither agents nor NFS."""
    sync = boto3.client("datasync", endpoint_url=address, region_name="us-east-1",
                        aws_access_key_id="A", aws_secret_access_key="b")

    def bucket(name):
        config = {"BucketAccessRoleArn": "arn:aws:iam::123456789012:role/x"}
        members = {"Subdirectory": "/", "S3BucketArn": f"arn:aws:s3:::{name}", "S3Config": config}
        return sync.create_location_s3(**members)["LocationArn"]

    source, target = None, bucket("bucket")
    if knows_agents:
        agent = sync.create_agent(ActivationKey="AAAAA-BBBBB-CCCCC-DDDDD-EEEEE")["AgentArn"]
        source = sync.create_location_nfs(ServerHostname="filer", Subdirectory="/export",
                                          OnPremConfig={"AgentArns": [agent]})["LocationArn"]
    source = source or bucket("other")
    ends = {"SourceLocationArn": source, "DestinationLocationArn": target}
    task = sync.create_task(**ends)["TaskArn"]
    return {"ListTasks": {}, "DescribeTask": {"TaskArn": task}, "CreateTask": ends}


def rate(address, operation, body, scratch):
    """Requests per second; every answer must be a success."""
    script = pathlib.Path(scratch, "call.lua")
    headers = dict(HEADERS, **{"X-Amz-Target": f"FmrsService.{operation}"})
    lines = [f'wrk.headers["{name}"] = "{value}"' for name, value in headers.items()]
    script.write_text("\n".join(['wrk.method = "POST"', f"wrk.body = [[{json.dumps(body)}]]", *lines]) + "\n")
    command = ["wrk", "-t1", "-c16", f"-d{SECONDS}s", "-s", str(script), address]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in out, out
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))


def moto():
    server = subprocess.Popen([MOTO, "-p", str(PORT)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", PORT), 1):
            return server, f"http://127.0.0.1:{PORT}"
        time.sleep(0.1)
    server.kill()
    raise RuntimeError(f"{MOTO}: not up after 20 seconds; `pip install 'moto[server]'`")


def size(address, operation, body):
    """How many bytes the answer has."""
    headers = dict(HEADERS, **{"X-Amz-Target": f"FmrsService.{operation}"})
    request = urllib.request.Request(address, data=json.dumps(body).encode(), headers=headers)
    with urllib.request.urlopen(request) as response:
        return len(response.read())


def bare(count):
    server = subprocess.Popen([BARE, str(count)], stdout=subprocess.PIPE, text=True)
    return server, server.stdout.readline().strip()


def main():
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    rates = {}
    # A clock that stands still: CreateTask would fill the first page of ListTasks with what is being made.
    options = ["--set", "tasks_max=100000000", "--clock", "manual"]
    for _ in range(ROUNDS):
        for operation in ("ListTasks", "DescribeTask", "CreateTask"):
            # A server of its own for each measurement, so that none carries what another one made.
            with serving(PROGRAM, *options) as address, tempfile.TemporaryDirectory() as scratch:
                body = prepare(address, True)[operation]
                rates.setdefault((operation, "serve"), []).append(rate(address, operation, body, scratch))
                count = size(address, operation, body)
            for who, start in (("bare", lambda: bare(count)), ("moto", moto)):
                server, address = start()
                try:
                    with tempfile.TemporaryDirectory() as scratch:
                        if who == "moto":
                            body = prepare(address, False)[operation]
                        rates.setdefault((operation, who), []).append(rate(address, operation, body, scratch))
                finally:
                    server.kill()
                    server.wait()
    print("| call | serve, requests a second | bare handler | moto_server | serve / moto_server |\n|---|---:|---:|---:|---:|")
    ratios = []
    for operation in ("ListTasks", "DescribeTask", "CreateTask"):
        ours, least, theirs = (statistics.median(rates[operation, who]) for who in ("serve", "bare", "moto"))
        ratios.append(ours / theirs)
        print(f"| {operation} | {ours:,.0f} | {least:,.0f} | {theirs:,.0f} | {ours / theirs:.0f} |")
    print(f"\nMedian ratio {statistics.median(ratios):.0f}.")


if __name__ == "__main__":
    main()
