"""docker/up serves the whole application, by either engine, and says how to try it; docker/down takes it away, data stays."""

import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess

import pytest

from harness.client import request
from harness.docker import Docker
from harness.ports import free_ports
from harness.processes import is_alive
from harness.wait import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXED_PORTS = [8000, 8080, 9090]    # of docker/up --engine process


def call(script, *args):
    """What it printed. Packages are left alone: they are there, or nothing here was built."""
    done = subprocess.run([ROOT / "docker" / script, *map(str, args)], capture_output=True, text=True, timeout=240,
                          env=dict(os.environ, NO_INSTALL="1"), check=False)
    assert done.returncode == 0, f"{script} {args}: {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def try_printed_lines(text):
    """Each of the curl lines, as somebody who reads them would; the replies' status codes."""
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith("curl ")]
    assert len(lines) == 3, text
    return [subprocess.run([*shlex.split(line), "-s", "-o", "/dev/null", "-w", "%{http_code}"], capture_output=True, text=True,
                           timeout=30, check=True).stdout for line in lines]


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def children_of(pid):
    return [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def running_pid(text):
    return int(re.search(r"already running \(pid (\d+)\)", text)[1])


def test_process_engine():
    if os.geteuid() != 0 or not all(map(is_free, FIXED_PORTS)) or pathlib.Path("/var/lib/selfless/up/pid").exists():
        pytest.skip(f"needs root, free ports {FIXED_PORTS}, and no docker/up of the user's own")
    port = free_ports()
    arguments = ["--engine", "process", "--listen", f"127.0.0.1:{port}"]
    try:
        assert try_printed_lines(call("up", *arguments)) == ["201", "201", "200"]
        pid = running_pid(call("up", *arguments))       # again is harmless
        victim = children_of(pid)[0]
        os.kill(victim, signal.SIGKILL)
        replies = [request(port, "/api/v1/categories") for _ in range(10)]
        assert [reply.status for reply in replies] == [200] * 10
        assert json.loads(replies[-1].body) == {"greens": 0}, "the data is in a folder that outlives the process"
        wait_until(lambda: len(children_of(pid)) == 2 and victim not in children_of(pid), 10, "a new process in its place")
        processes = children_of(pid)
    finally:
        call("down", "--name", "selfless", "--volumes")
    assert not any(map(is_alive, [pid, *processes]))


def test_docker_engine(tmp_path):
    name = f"selfless-up-{os.getpid()}"
    port, admin, first = free_ports(), free_ports(), free_ports(8)
    services = [{"name": f"{name}-acts", "image": "actscontainer", "first_port": first, "reach": "socket",
                 "volumes": [f"{name}-acts:/static"], "env": {"USERS_URL": f"http://{name}-users:8000"},
                 "routes": ["/api/v1/", "/"], "scale": {"max": 1}},
                {"name": f"{name}-users", "image": "usercontainer", "first_port": first + 4, "reach": "socket",
                 "volumes": [f"{name}-users:/static"], "routes": ["/api/v1/users"], "scale": {"max": 1}}]
    config = tmp_path / "up.json"
    config.write_text(json.dumps({"name": name, "listen": f"127.0.0.1:{port}", "admin": f"127.0.0.1:{admin}", "services": services}))
    docker = Docker()
    try:
        assert try_printed_lines(call("up", "-c", config)) == ["201", "201", "200"]
        pid = running_pid(call("up", "-c", config))
        assert len(docker.list(f"selfless.name={name}", every=False)) == 2
        call("down", "--name", name)
        assert not is_alive(pid) and docker.list(f"selfless.name={name}") == []
        call("up", "-c", config)                        # the data is still there
        assert json.loads(request(port, "/api/v1/categories").body) == {"greens": 0}
    finally:
        call("down", "--name", name, "--volumes")
        shutil.rmtree(f"/var/lib/{name}", ignore_errors=True)
    assert docker.list(f"selfless.name={name}") == []
    left = subprocess.run(["docker", "volume", "ls", "-q", "--filter", f"label=selfless.name={name}"], capture_output=True, text=True,
                          check=True).stdout
    assert left == ""
