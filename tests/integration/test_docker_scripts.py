"""The scripts in docker/ on machines that are not as they would like them: each says what is wrong and what to do."""

import fcntl
import http.server
import json
import os
import pathlib
import shutil
import socketserver
import subprocess
import threading

import pytest

from harness.images import ROOT, build_dir
from harness.mounts import small_disk

SHIPPED_LOCK = "/run/lock/selfless-shipped-test.lock"


@pytest.fixture
def alone():
    """docker/up and docker/down refuse to run side by side, whatever the orchestrator's name."""
    with open(SHIPPED_LOCK, "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def tools(folder, **replaced):
    """A PATH with everything that this machine has but what is replaced: by a script, or by nothing (None)."""
    folder.mkdir()
    for place in reversed(os.environ["PATH"].split(":")):
        for path in pathlib.Path(place).glob("*"):
            link = folder / path.name
            link.unlink(missing_ok=True)
            link.symlink_to(path)
    for name, script in replaced.items():
        path = folder / name.replace("_", "-")
        path.unlink(missing_ok=True)
        if script is not None:
            path.write_text("#!/bin/bash\n" + script)
            path.chmod(0o755)
    return str(folder)


def call(script, *args, path=None, stdin="", **environment):
    environment = {**os.environ, "NO_INSTALL": "1", **({"PATH": path} if path else {}), **environment}
    return subprocess.run([ROOT / "docker" / script, *map(str, args)], capture_output=True, text=True, timeout=240,
                          env=environment, input=stdin, check=False)


class _Engine(http.server.BaseHTTPRequestHandler):
    """As much of Docker as the question whether it is there."""

    def do_GET(self):   # pylint: disable=invalid-name
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"OK")

    def address_string(self):
        return "unix"

    def log_message(self, *_):      # pylint: disable=arguments-differ
        pass


@pytest.fixture
def engine(tmp_path):
    """DOCKER_HOST of an Engine that answers, and does nothing."""
    path = tmp_path / "engine.sock"
    with socketserver.ThreadingUnixStreamServer(str(path), _Engine) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"unix://{path}"
        server.shutdown()


# --- no client is not no Engine ---

def test_an_engine_without_the_docker_command(tmp_path, engine):
    done = call("images", "--build", build_dir(), "--suffix", "-never", path=tools(tmp_path / "bin", docker=None), DOCKER_HOST=engine)
    assert done.returncode == 1
    assert "no docker command" in done.stderr and "docker-cli" in done.stderr


def test_no_engine(tmp_path):
    done = call("images", "--build", build_dir(), "--suffix", "-never", DOCKER_HOST=f"unix://{tmp_path}/none.sock")
    assert done.returncode == 1
    assert f"no Docker Engine answers at unix://{tmp_path}/none.sock" in done.stderr


# --- lists of what an image holds ---

DIVERSION = """\
case $1 in
--search) printf 'diversion by libc6 from: %s\\ndiversion by libc6 to: %s.usr-is-merged\\nlibc6:amd64, other:amd64: %s\\n' "$2" "$2" "$2" ;;
*) exec /usr/bin/dpkg-query "$@" ;;
esac
"""


def sbom(tmp_path, script):
    folder = tmp_path / "files"
    folder.mkdir()
    shutil.copy("/bin/true", folder / "true")
    return call("sbom", "image", "1.0", folder, path=tools(tmp_path / "bin", dpkg_query=script), stdin="true\t/bin/true\n")


def test_a_file_that_was_diverted_has_its_package(tmp_path):
    done = sbom(tmp_path, DIVERSION)
    assert done.returncode == 0, done.stderr
    assert [package["name"] for package in json.loads(done.stdout)["packages"]] == ["image", "libc6"]


def test_a_package_that_dpkg_does_not_know_is_told(tmp_path):
    done = sbom(tmp_path, 'case $1 in --search) echo "nonsense: $2" ;; *) exec /usr/bin/dpkg-query "$@" ;; esac\n')
    assert done.returncode != 0
    assert "sbom: dpkg knows nothing of package nonsense" in done.stderr


# --- docker/down ---

def test_down_where_the_socket_directory_is_a_mount_point(alone, tmp_path):
    name = f"selfless-mount-{os.getpid()}"
    state = pathlib.Path("/var/lib") / name
    (state / "up").mkdir(parents=True)
    try:
        with small_disk(tmp_path / "sockets", "1m") as folder:
            (state / "up" / "effective.json").write_text(json.dumps(
                {"name": name, "engine": "process", "socket_dir": str(folder), "state_dir": str(state)}, indent=2) + "\n")
            left = folder / "acts_0.0123abcd"
            left.mkdir()
            done = call("down", "--name", name)
            assert done.returncode == 0, done.stdout + done.stderr
            assert done.stdout.splitlines()[-1] == "== down"
            assert folder.is_dir() and not left.exists()
    finally:
        shutil.rmtree(state)
