"""Under systemd (sd_notify): ready when the first containers were tried, status, reloads, the end, and the watchdog."""

import itertools
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from harness.orchestrator import binary
from harness.ports import free_ports
from harness.processes import ProcessOrchestrator
from harness.wait import holds_for, wait_until

_numbers = itertools.count(200000)


class Manager:
    """Stands for systemd: receives what is told, with the time."""

    def __init__(self, name):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(name.replace("@", "\0", 1) if name[0] == "@" else name)
        self.socket.setblocking(False)
        self.messages = []      # (monotonic time, text)

    def read(self):
        while True:
            try:
                text = self.socket.recv(4096).decode()
            except BlockingIOError:
                return self.messages
            self.messages.append((time.monotonic(), text))

    def texts(self):
        return [text for _, text in self.read()]

    def wait_for(self, text, deadline_s=20):
        wait_until(lambda: text in self.texts(), deadline_s, f"{text!r}, got {self.texts()}")

    def forget(self):
        self.read()
        self.messages = []


@pytest.fixture(params=["path", "abstract"])
def notified(request, tmp_path):
    """`notified()` is an orchestrator of processes that is started, and the manager it was started by."""
    made = []

    def start(environment=None, settings=None, **service):
        name = f"/tmp/slt-notify-{os.getpid()}" if request.param == "path" else f"@slt-notify-{os.getpid()}"
        orchestrator = ProcessOrchestrator(tmp_path, next(_numbers))
        orchestrator.config.update(settings or {})
        made.append((orchestrator, Manager(name), name))
        orchestrator.environment = {"NOTIFY_SOCKET": name, **(environment or {})}
        image = service.pop("image", "")
        web = orchestrator.add_backends("web", **service)
        orchestrator.settings(web)["image"] = image
        orchestrator.spawn()
        return orchestrator, made[0][1], web

    yield start
    for orchestrator, manager, name in made:
        orchestrator.close()
        manager.socket.close()
        if name[0] == "/":
            os.unlink(name)


def test_ready_status_reload_stop(notified):
    orchestrator, manager, web = notified(size=2)
    manager.wait_for("READY=1")
    assert orchestrator.get("/fast").status == 200
    assert sorted(orchestrator.ids(web)) == [0, 1]
    manager.wait_for(f"STATUS={web} 2/2 ready")

    manager.forget()
    before = time.monotonic() * 1e6
    orchestrator.send_signal(signal.SIGHUP)
    manager.wait_for("READY=1")
    reloading, ready = [text for text in manager.texts() if not text.startswith("STATUS=")]
    assert ready == "READY=1"
    fields = dict(line.split("=", 1) for line in reloading.split("\n"))
    assert fields["RELOADING"] == "1"
    assert before <= int(fields["MONOTONIC_USEC"]) <= time.monotonic() * 1e6

    manager.forget()
    orchestrator.stop()
    assert manager.texts()[0].startswith("STOPPING=1\n")
    assert "READY=1" not in manager.texts()


def test_status_is_told_when_it_changes_and_only_then(notified):
    orchestrator, manager, web = notified(scale={"min": 1, "max": 2, "window_s": 3600})
    manager.wait_for(f"STATUS={web} 1/1 ready")
    manager.forget()
    holds_for(lambda: manager.texts() == [], 2.5, "nothing to tell")
    orchestrator.scale(web, 2)
    manager.wait_for(f"STATUS={web} 2/2 ready")
    assert len(manager.texts()) <= 2        # perhaps 1/2 in between


def test_not_ready_before_the_first_container_serves(notified):
    """Its health path says 503 for ever: start_ms later that is a first failure, and no reason to wait any longer."""
    _, manager, web = notified(size=1, health={"path": "/api/v1/status?code=503", "start_ms": 1500})
    holds_for(lambda: "READY=1" not in manager.texts(), 1.2, "not ready yet")
    manager.wait_for("READY=1", 5)
    manager.wait_for(f"STATUS={web} 0/1 ready")


def test_ready_though_a_container_cannot_start(notified):
    _, manager, web = notified(size=1, command=["/nonexistent/program"])
    manager.wait_for("READY=1", 5)
    manager.wait_for(f"STATUS={web} 0/1 ready")


def test_ready_though_the_engine_does_not_answer(notified):
    _, manager, web = notified({}, {"engine": "docker"}, image="none", size=1)
    manager.wait_for("READY=1", 5)
    manager.wait_for(f"STATUS=the engine does not answer; {web} 0/1 ready")


def test_watchdog_at_half_the_interval_from_the_loop(notified):
    orchestrator, manager, _ = notified({"WATCHDOG_USEC": "400000"}, size=1)
    manager.wait_for("READY=1")
    manager.forget()

    def beats():
        return [at for at, text in manager.read() if text == "WATCHDOG=1"]

    wait_until(lambda: len(beats()) >= 10, 10, "ten beats")
    gaps = sorted(b - a for a, b in zip(beats(), beats()[1:]))
    assert 0.15 < gaps[len(gaps) // 2] < 0.3, gaps
    orchestrator.send_signal(signal.SIGSTOP)
    try:
        manager.forget()
        holds_for(lambda: beats() == [], 1, "no beat of a process that hangs")
    finally:
        orchestrator.send_signal(signal.SIGCONT)
    wait_until(beats, 5, "beats again")


def test_watchdog_of_another_process(notified):
    _, manager, _ = notified({"WATCHDOG_USEC": "100000", "WATCHDOG_PID": "1"}, size=1)
    manager.wait_for("READY=1")
    holds_for(lambda: "WATCHDOG=1" not in manager.texts(), 0.5, "not for us")


def test_a_manager_that_does_not_read_holds_up_nothing(notified):
    """Its queue is full within moments; requests are served all the same, and the last word comes through."""
    orchestrator, manager, web = notified({"WATCHDOG_USEC": "2000"}, size=1)
    orchestrator.wait_slots(web, 1, 20)
    wait_until(lambda: "event=notify-failed" in orchestrator.log(), 10, "a full queue")
    for _ in range(20):
        assert orchestrator.get("/fast").status == 200
    manager.wait_for("READY=1")


def test_containers_do_not_hear_of_it(notified):
    orchestrator, manager, web = notified({"WATCHDOG_USEC": "5000000"}, size=1)
    manager.wait_for("READY=1")
    with open(f"/proc/{orchestrator.pid(web, 0)}/environ", "rb") as file:
        assert b"NOTIFY_SOCKET" not in file.read()


# --- sockets handed over ---


def with_socket(orchestrator, listener, count="1"):
    """Starts it as systemd would: the listener as descriptor 3, LISTEN_PID its own."""
    orchestrator.write_config()
    command = 'LISTEN_PID=$$ exec "$0" -c "$1"'
    return subprocess.run(["sh", "-c", command, str(binary()), str(orchestrator.config_path)], capture_output=True,
                          text=True, timeout=30, check=False, close_fds=False,
                          env=dict(os.environ, LISTEN_FDS=count), preexec_fn=lambda: os.dup2(listener.fileno(), 3))


# As systemd does it: a listening socket at argv[1], as descriptor 3, for the program that follows.
HAND_OVER = """
import os, socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES="web.socket")
os.execv(sys.argv[2], sys.argv[2:])
"""


def test_a_socket_for_no_address_of_ours_is_closed(tmp_path):
    orchestrator = ProcessOrchestrator(tmp_path, next(_numbers))
    web = orchestrator.add_backends("web", 1)
    port = free_ports()
    orchestrator.prefix = [sys.executable, "-c", HAND_OVER, str(port)]
    try:
        orchestrator.start()
        assert f'event=socket-unused address="127.0.0.1:{port}" name="web.socket"' in orchestrator.log()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), 5)
        with open(f"/proc/{orchestrator.pid(web, 0)}/environ", "rb") as file:
            assert b"LISTEN_FDS" not in file.read()
    finally:
        orchestrator.close()


def test_what_is_no_listening_socket_is_refused(tmp_path):
    orchestrator = ProcessOrchestrator(tmp_path, next(_numbers))
    orchestrator.add_backends("web", 1)
    with socket.socket() as idle:
        done = with_socket(orchestrator, idle)
    assert done.returncode == 1
    assert "descriptor 3 is no listening stream socket; the socket unit needs ListenStream= and Accept=no" in done.stderr


def test_a_count_that_cannot_be_is_refused(tmp_path):
    orchestrator = ProcessOrchestrator(tmp_path, next(_numbers))
    orchestrator.add_backends("web", 1)
    with socket.socket() as idle:
        done = with_socket(orchestrator, idle, "many")
    assert done.returncode == 1
    assert "LISTEN_FDS is \\\"many\\\"" in done.stderr
