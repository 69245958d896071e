"""The systemd units: nothing to complain about, little exposed, and a user in group docker is all that it takes."""

import grp
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile

import pytest

from harness.application import Application
from harness.images import build_dir
from harness.orchestrator import Orchestrator, binary
from harness.wait import wait_until

SOURCE = os.path.join(os.path.dirname(__file__), "..", "..", "orchestrator", "systemd")
SOCKETS = ["selfless.socket", "selfless-tls.socket"]
WORST_EXPOSURE = 2.5

needs_analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze: package systemd")


@pytest.fixture
def units(tmp_path):
    """The folder of the units, with the program of this build where the installed one would be."""
    text = (build_dir() / "orchestrator" / "systemd" / "selfless.service").read_text()
    text, count = re.subn(r"^(Exec\w+=)/\S+/orchestrator ", rf"\1{binary()} ", text, flags=re.MULTILINE)
    assert count == 2
    (tmp_path / "selfless.service").write_text(text)
    for name in SOCKETS:
        shutil.copy(os.path.join(SOURCE, name), tmp_path)
    return tmp_path


def analyze(folder, *args):
    return subprocess.run(["systemd-analyze", *args], cwd=folder, capture_output=True, text=True, timeout=60, check=False)


@needs_analyze
def test_verify_is_silent(units):
    done = analyze(units, "verify", "--man=no", "./selfless.service", *(f"./{name}" for name in SOCKETS))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_analyze
def test_verify_can_complain(units):
    (units / "selfless.service").write_text((units / "selfless.service").read_text().replace("WatchdogSec", "WatchdogSex"))
    assert "WatchdogSex" in analyze(units, "verify", "--man=no", "./selfless.service").stderr


@needs_analyze
def test_exposure(units):
    done = analyze(units, "security", "--offline=true", "--no-pager", "./selfless.service")
    level = float(re.search(r"Overall exposure level for selfless.service: ([\d.]+)", done.stdout)[1])
    assert level <= WORST_EXPOSURE, done.stdout


def test_the_socket_unit_has_the_default_address():
    unit = open(os.path.join(SOURCE, "selfless.socket"), encoding="utf-8").read()
    default = subprocess.run([binary(), "--print-config"], capture_output=True, text=True, timeout=30, check=True).stdout
    addresses = re.findall(r"^ListenStream=(.*)$", unit, re.MULTILINE)
    assert addresses == re.findall(r'"listen": \["(.*)"\]', default)


def test_both_socket_units_start_the_one_service():
    """By its name selfless-tls.socket would start a service of its own."""
    unit = open(os.path.join(SOURCE, "selfless-tls.socket"), encoding="utf-8").read()
    assert re.findall(r"^(?:ListenStream|Service)=(.*)$", unit, re.MULTILINE) == ["0.0.0.0:443", "selfless.service"]


# --- with what the unit leaves it ---


def free_low_port():
    for port in range(600, 1000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise AssertionError("no free port below 1024")


def as_the_unit_does():
    """The unit's user, groups and capabilities. The rest needs systemd."""
    nobody, docker_group = pwd.getpwnam("nobody"), grp.getgrnam("docker")
    return ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", f"--groups={docker_group.gr_gid}",
            "--bounding-set=-all,+net_bind_service", "--inh-caps=-all,+net_bind_service",
            "--ambient-caps=-all,+net_bind_service", "--no-new-privs", "sh", "-c", 'umask 0077; exec "$0" "$@"']


@pytest.fixture
def unprivileged(docker):
    folder = tempfile.mkdtemp(dir="/tmp")
    os.chown(folder, pwd.getpwnam("nobody").pw_uid, -1)
    os.chmod(folder, 0o755)
    orchestrator = Orchestrator(docker, pathlib.Path(folder), os.getpid())
    orchestrator.prefix = as_the_unit_does()
    yield orchestrator
    orchestrator.close()
    shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("reach", ["published", "socket"])
def test_a_user_in_group_docker_is_enough(unprivileged, service_images, reach):
    """Serves on a port below 1024, replaces a killed container, is stopped and adopts: no root, no other capability."""
    low_port = free_low_port()
    unprivileged.config["listen"] = [f"127.0.0.1:{unprivileged.port}", f"127.0.0.1:{low_port}"]
    service = Application(unprivileged, service_images, reach=reach).users
    unprivileged.start()
    with open(f"/proc/{unprivileged.process.pid}/status", encoding="ascii") as file:
        status = file.read()
    assert re.search(r"^Uid:\s+(?!0\b)", status, re.MULTILINE)
    assert re.search(r"^CapEff:\s+0*400$", status, re.MULTILINE)
    unprivileged.port = low_port
    assert unprivileged.get("/api/v1/users").status in (200, 204)
    before = unprivileged.ids(service)[0]
    unprivileged.docker.kill(before)
    wait_until(lambda: unprivileged.ids(service).get(0, before) != before, 20, "replaced")
    unprivileged.wait_slots(service, 1)
    running = unprivileged.ids(service)
    unprivileged.stop(signal.SIGTERM)
    unprivileged.start()
    assert unprivileged.ids(service) == running
    assert unprivileged.get("/api/v1/users").status in (200, 204)
