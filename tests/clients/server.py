"""Starts the server as any test suite would: on a free port, stopped at the end."""

import contextlib
import json
import subprocess
import urllib.error
import urllib.request


class Refused(Exception):
    """The control interface said no: HTTP status, path, message."""


@contextlib.contextmanager
def serving(program, *options):
    """Yields the address of a fresh server."""
    command = [program, "serve", "--listen", "127.0.0.1:0", "--log", "none", *options]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        address = server.stdout.readline().strip()
        if not address:
            raise RuntimeError(f"{command}: it printed no address, exit code {server.wait()}")
        yield address
    finally:
        server.terminate()
        code = server.wait(timeout=20)
        server.stdout.close()
    if code != 0:
        raise RuntimeError(f"{command}: exit code {code} after SIGTERM")


def control(address, path, body=None):
    """Asks the control interface: a look, or with a body a change."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{address}/_sim/{path}", data=data)
    try:
        with urllib.request.urlopen(request) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        raise Refused(error.code, path, json.load(error)["message"]) from None


def control_refusal(address, path, body=None):
    """Asks for something that is refused: status and message."""
    try:
        control(address, path, body)
    except Refused as refusal:
        return refusal.args[0], refusal.args[2]
    raise AssertionError(f"{path} {body} was not refused")
