"""The scripts in docker/ on machines that are not as they would like them: each says what is wrong and what to do."""

import fcntl
import http.server
import json
import os
import pathlib
import shutil
import signal
import socket
import socketserver
import subprocess
import threading

import pytest

from harness.images import ROOT, build_dir
from harness.mounts import small_disk
from harness.orchestrator import binary
from harness.ports import free_ports
from harness.wait import wait_until

SHIPPED_LOCK = "/run/lock/selfless-shipped-test.lock"


@pytest.fixture
def alone():
    """docker/up and docker/down refuse to run side by side, whatever the orchestrator's name."""
    with open(SHIPPED_LOCK, "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="module", autouse=True)
def same_build():
    """docker/up builds in this tree, and a first build keeps the compiler that it finds: not one that goes with a scenario. Nor is the
    note whose build it is that of a scenario."""
    subprocess.run(["cmake", "-S", ROOT, "-B", ROOT / "build"], check=True, capture_output=True)
    note = ROOT / "build" / "up.name"
    before = note.read_text() if note.exists() else None
    yield
    if before is not None:
        note.write_text(before)
    else:
        note.unlink(missing_ok=True)
    assert "/pytest-" not in (ROOT / "build" / "CMakeCache.txt").read_text()


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


# --- docker/up ---

DOCKER_SERVICES = [{"name": "web", "image": "never", "first_port": 18000, "routes": ["/"]}]
OWN_RUN = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /run && mkdir /run/lock && exec "$@"', "sh"]


@pytest.fixture
def configuration(alone, tmp_path):
    """A maker of configurations with a name of their own."""
    name = f"selfless-scripts-{os.getpid()}"

    def make(**settings):
        config = {"name": name, "engine": "process", "listen": f"127.0.0.1:{free_ports()}", "admin": f"127.0.0.1:{free_ports()}",
                  "state_dir": f"/var/lib/{name}", "services": [{"name": "web", "command": [str(build_dir() / "tests/backend/backend")],
                                                                  "first_port": free_ports(8), "routes": ["/"],
                                                                  "health": {"path": "/_health"}}], **settings}
        path = tmp_path / "up.json"
        path.write_text(json.dumps(config))
        return path

    yield make
    call("down", "--name", name)
    shutil.rmtree(f"/var/lib/{name}", ignore_errors=True)


def refused(done, *words):
    assert done.returncode == 1, done.stdout + done.stderr
    assert [word for word in words if word not in done.stderr] == [], done.stderr


def test_up_without_apt(configuration, tmp_path):
    missing = 'case $* in *sodium*) exit 1 ;; *) exec /usr/bin/dpkg-query "$@" ;; esac\n'
    done = call("up", "-c", configuration(), path=tools(tmp_path / "bin", apt_get=None, dpkg_query=missing), NO_INSTALL="")
    refused(done, "no apt-get here", "(libsodium-dev)", "NO_INSTALL=1")


@pytest.mark.parametrize("script, words", [
    ("exit 100\n", ["apt-get update failed", "NO_INSTALL=1"]),
    ('[ "$1" = update ] || { echo "E: nothing" >&2; exit 100; }\n', ["E: nothing", "installing failed", "apt-get install libsodium-dev"])])
def test_up_where_apt_fails(configuration, tmp_path, script, words):
    missing = 'case $* in *sodium*) exit 1 ;; *) exec /usr/bin/dpkg-query "$@" ;; esac\n'
    done = call("up", "-c", configuration(), path=tools(tmp_path / "bin", apt_get=script, dpkg_query=missing), NO_INSTALL="")
    refused(done, *words)


def test_only_what_the_release_has_is_installed(tmp_path):
    """The docker command is a package of its own in some releases, and unknown in others."""
    for known, expected in ((0, "docker-cli"), (1, "")):
        path = tools(tmp_path / str(known), docker=None, apt_cache=f"[ {known} = 1 ] || echo Package: $3\n",
                     apt_get='[ "$1" = update ] || echo "installs ${*: -1}" >&2\n')
        done = subprocess.run(["bash", "-euc", '. docker/common.sh; . docker/packages.sh; install_missing "$(missing_packages <<<"$1")"',
                               "bash", "?docker-cli"], cwd=ROOT, env={**os.environ, "PATH": path}, capture_output=True, text=True,
                              timeout=60, check=False)
        assert done.returncode == 0 and done.stderr == (f"installs {expected}\n" if expected else ""), done


def test_an_installation_that_was_interrupted_is_finished_first(tmp_path):
    path = tools(tmp_path / "bin", apt_get='echo "apt-get $1" >&2\n',
                 dpkg='[ "$1" = --audit ] && echo "half-configured: gcc" || echo "dpkg $*" >&2\n')
    done = subprocess.run(["bash", "-euc", ". docker/common.sh; . docker/packages.sh; install_missing gcc"], cwd=ROOT,
                          env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr.splitlines() == ["dpkg --configure -a", "apt-get update", "apt-get install"]


@pytest.mark.parametrize("key", ["CMAKE_HOME_DIRECTORY:INTERNAL", "CMAKE_C_COMPILER:FILEPATH", "CMAKE_MAKE_PROGRAM:FILEPATH"])
def test_up_with_a_build_of_elsewhere(configuration, tmp_path, key):
    """A folder that was copied, a compiler that is gone: cmake would refuse what it once made itself."""
    copy = tmp_path / "copy"
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, files):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    subprocess.run(["cmake", "-S", copy, "-B", copy / "build"], check=True, capture_output=True)
    cache = copy / "build" / "CMakeCache.txt"
    lines = [f"{key}=/nowhere/at-all" if line.startswith(key + "=") else line for line in cache.read_text().split("\n")]
    assert f"{key}=/nowhere/at-all" in lines
    cache.write_text("\n".join(lines))
    # all but the compiling itself
    path = tools(tmp_path / "bin", cmake=f'case $1 in --build) exit 3 ;; esac; exec {shutil.which("cmake")} "$@"\n')
    done = subprocess.run([copy / "docker" / "up", "-c", configuration()], capture_output=True, text=True, timeout=240, check=False,
                          env={**os.environ, "NO_INSTALL": "1", "PATH": path})
    refused(done, "the build failed")
    assert "of another folder or compiler: building afresh" in done.stdout + done.stderr
    assert "/nowhere/at-all" not in cache.read_text()


def test_up_where_dockerd_does_not_start(configuration, tmp_path):
    path = tools(tmp_path / "bin", dockerd='echo "failed to start daemon: no disk" >&2; exit 1\n')
    done = subprocess.run([*OWN_RUN, ROOT / "docker" / "up", "-c", configuration(engine="docker", services=DOCKER_SERVICES)], capture_output=True,
                          text=True, timeout=240, env={**os.environ, "PATH": path, "NO_INSTALL": "1"}, check=False)
    refused(done, "failed to start daemon: no disk", "dockerd does not answer")


def test_up_with_another_engine_than_the_configuration(configuration, engine):
    done = call("up", "-c", configuration(engine="docker", services=DOCKER_SERVICES), DOCKER_HOST=engine)
    refused(done, f"DOCKER_HOST is {engine}", '"docker_socket": "/var/run/docker.sock"', "unset DOCKER_HOST")


@pytest.mark.parametrize("key", ["listen", "admin"])
def test_up_where_a_port_is_taken(configuration, key):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = call("up", "-c", configuration(**{key: f"127.0.0.1:{port}"}))
        refused(done, f"port {port} is held by process {os.getpid()} (", "the orchestrator ended")


def test_up_where_another_orchestrator_has_the_name(configuration, tmp_path):
    config = json.loads(configuration().read_text())
    other = tmp_path / "other.json"
    other.write_text(json.dumps({**config, "listen": f"127.0.0.1:{free_ports()}", "admin": f"127.0.0.1:{free_ports()}"}))
    with subprocess.Popen([binary(), "-c", other], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        try:
            port = int(json.loads(other.read_text())["listen"].split(":")[1])
            wait_until(lambda: socket.create_connection(("127.0.0.1", port)).close() is None, 20, "it serves")
            refused(call("up", "-c", tmp_path / "up.json"), "is held by process", "docker/down", "the orchestrator ended")
        finally:
            running.send_signal(signal.SIGINT)


@pytest.mark.skipif(shutil.which("sudo") is not None, reason="sudo would ask for a password")
def test_up_by_somebody_who_is_not_root():
    """The scripts must be readable to others, so they are copied; to a place with a space in its name."""
    copy = pathlib.Path(f"/var/tmp/selfless {os.getpid()}")
    shutil.copytree(ROOT / "docker", copy / "docker")
    copy.chmod(0o755)
    try:
        done = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", copy / "docker" / "up", "--listen", "127.0.0.1:1"],
                              capture_output=True, text=True, timeout=60, check=False)
        refused(done, f"must run as root: su -c '{str(copy).replace(' ', chr(92) + ' ')}/docker/up --listen 127.0.0.1:1'")
    finally:
        shutil.rmtree(copy)


def test_the_lines_that_up_prints_work_where_a_folder_has_a_space_in_its_name(configuration, tmp_path):
    copy = tmp_path / "a folder"
    shutil.copytree(ROOT / "docker", copy / "docker")
    (copy / "build" / "orchestrator").mkdir(parents=True)
    (copy / "build" / "orchestrator" / "orchestrator").symlink_to(binary())
    done = subprocess.run([copy / "docker" / "up", "-c", configuration(), "--tls", "self-signed", "--listen", f"127.0.0.1:{free_ports()}"],
                          capture_output=True, text=True, timeout=240, check=False,
                          env={**os.environ, "NO_INSTALL": "1", "PATH": tools(tmp_path / "bin", cmake="exit 0\n")})
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip().startswith("curl ")]
    assert len(lines) == 3
    for line in lines:
        asked = subprocess.run(["bash", "-c", f"{line} -sS -o /dev/null"], capture_output=True, text=True, check=False)
        assert asked.returncode == 0, (line, asked.stderr)
    assert "it will warn" in done.stdout


def test_up_after_one_that_was_interrupted(configuration):
    """Ctrl-C while it builds; the next one goes on."""
    config = configuration()
    first = subprocess.Popen([ROOT / "docker" / "up", "-c", config], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             env={**os.environ, "NO_INSTALL": "1"}, start_new_session=True)
    while "building in" not in first.stdout.readline():
        assert first.poll() is None
    os.killpg(first.pid, signal.SIGINT)
    first.communicate(timeout=60)
    assert first.returncode != 0
    done = call("up", "-c", config)
    assert done.returncode == 0 and "serving " in done.stdout, done.stdout + done.stderr
