"""Engine process: what a program has started in sessions of its own ends with it, whatever its end was: nothing is left,
and its port is free."""

import contextlib
import os
import pathlib
import signal
import socket
import sys

import pytest

from harness.orchestrator import run_binary
from harness.poller import Poller
from harness.processes import is_alive
from harness.wait import wait_until

# Answers everything with 200. A child in a session of its own has the listening socket, too, and so holds the port.
PROGRAM = """
import http.server, os, socket, sys, time

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *args):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler)
child = os.fork()
if sys.argv[1] == "daemon" and child != 0:
    time.sleep(0.5)     # until the child is in its session
    os._exit(0)
if child == 0:
    os.setsid()
    if os.fork() != 0:
        os._exit(0)
    if sys.argv[1] != "daemon":
        while True:
            time.sleep(1000)
server.serve_forever()
"""


def all_of(ids):
    """{pid: id} of the processes whose environment names one of these."""
    found = {}
    for folder in pathlib.Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if folder.name.isdigit():
                words = (folder / "environ").read_bytes().split(b"\0")
                named = [w[12:].decode() for w in words if w.startswith(b"SELFLESS_ID=")]
                if named and named[0] in ids and is_alive(int(folder.name)):
                    found[int(folder.name)] = named[0]
    return found


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def start(processes, tmp_path, mode="helper"):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    orchestrator, service = processes(1)
    orchestrator.settings(service)["command"] = [sys.executable, str(program), mode]
    orchestrator.stop(signal.SIGINT)
    orchestrator.spawn()
    return orchestrator, service


def gone(ids, port=None):
    def nobody():
        return not all_of(ids) and (port is None or is_free(port))
    wait_until(nobody, 10, f"nobody of {ids} is left")


def running_with_helper(processes, tmp_path):
    orchestrator, service = start(processes, tmp_path)
    orchestrator.wait_ready()
    ids = set(orchestrator.ids(service).values())
    assert len(all_of(ids)) == 2, "the program and its helper"
    return orchestrator, service, ids


def test_killed(processes, tmp_path):
    orchestrator, service, ids = running_with_helper(processes, tmp_path)
    before = orchestrator.ids(service)[0]
    with Poller(orchestrator.port) as poller:
        wait_until(lambda: len(poller.outcomes) >= 10, 10, "requests before")
        os.kill(orchestrator.pid(service, 0), signal.SIGKILL)
        orchestrator.wait_replaced(service, 0, before, 10)
        enough = len(poller.outcomes) + 10
        wait_until(lambda: len(poller.outcomes) >= enough, 10, "requests after")
    poller.assert_clean()
    gone(ids)
    assert "event=strays" in orchestrator.log()


@pytest.mark.parametrize("how", ["replaced", "rolled", "scaled", "Ctrl-C"])
def test_ended_by_us(processes, tmp_path, how):
    orchestrator, service, ids = running_with_helper(processes, tmp_path)
    before, port = orchestrator.ids(service)[0], orchestrator.slot_port(service, 0)
    if how == "Ctrl-C":
        orchestrator.stop(signal.SIGINT)
        assert not all_of(ids) and is_free(port), "it has ended, and nothing of it is left"
        return
    if how == "rolled":
        orchestrator.settings(service)["env"] = {"NEW": "1"}
        orchestrator.write_config()
        orchestrator.send_signal(signal.SIGHUP)
        wait_until(lambda: "event=rolled" in orchestrator.log(), 30, "rolled")
    elif how == "replaced":
        assert run_binary("replace", service, "0", "-c", orchestrator.config_path).returncode == 0
        wait_until(lambda: "event=rolled" in orchestrator.log(), 30, "replaced")
    else:
        orchestrator.settings(service)["scale"] = {"min": 0, "max": 1, "window_s": 1}
        orchestrator.write_config()
        orchestrator.send_signal(signal.SIGHUP)
        orchestrator.scale(service, 0)
        wait_until(lambda: not orchestrator.running(service), 30, "scaled to nothing")
        gone(ids, port)
        return
    orchestrator.wait_replaced(service, 0, before, 20)
    gone(ids)


def test_ended_while_nobody_was_there(processes, tmp_path):
    orchestrator, service, ids = running_with_helper(processes, tmp_path)
    pid = orchestrator.pid(service, 0)
    orchestrator.kill()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(pid), 5, "the program has ended")
    assert len(all_of(ids)) == 1, "its helper has not"
    orchestrator.start()
    gone(ids)


def test_a_daemon(processes, tmp_path):
    """Its first process ends at once, and that is a fault; what goes on in the background holds nothing."""
    orchestrator, service = start(processes, tmp_path, "daemon")
    port = orchestrator.slot_port(service, 0)
    wait_until(lambda: "reason=crash-loop" in orchestrator.log(), 30, "it backs off")
    told = next(line for line in orchestrator.log().splitlines() if "event=strays" in line)
    assert " warn " in told and "stay in the foreground" in told and "`command`" in told, told
    wait_until(lambda: is_free(port), 10, "the port is free while it waits")
    orchestrator.stop(signal.SIGINT)
    assert is_free(port)
