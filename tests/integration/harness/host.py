"""A host of a scenario's own, made of namespaces: what is shipped runs there as it is, under its own names and on its own
ports, whoever else runs it on this machine.

Network, processes, mounts, /run, /var/log and the folders in KEPT are its own and empty at first; all other files are the
machine's. Docker is not there until somebody starts it, as docker/up does. It ends with the process that made it.
"""

import contextlib
import fcntl
import os
import pathlib
import shlex
import shutil
import subprocess

from . import images
from .client import request
from .docker import Docker
from .images import ROOT
from .island import Island
from .wait import wait_until

KEPT = ("/var/lib/docker", "/var/lib/selfless")
START_S = 20
UP_S = 600              # where nothing is built yet

# The first process there: bash takes in whatever loses its parent, and ends, and with it all, when its input does.
_INIT = """
set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs -o mode=755 none /run
mkdir /run/lock
for folder in "$@"; do mount --bind "$HOST_FOLDER/${folder%%:*}" "${folder#*:}"; done
[ -z "$HOST_FILE" ] || mount --bind "$HOST_FOLDER/$(basename "$HOST_FILE")" "$HOST_FILE"
ip link set lo up
echo ready
while read -r _; do :; done
"""


def _first_child(pid):
    return int(pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()[0])


class Program:
    """A program that Host.start has started. `pid` is what it is called there."""

    def __init__(self, host, process, log_path):
        self.host, self.process, self.log_path = host, process, log_path
        self.pid = int(process.stdout.readline())

    def log(self):
        return self.log_path.read_text(errors="replace")

    def signal(self, name):
        self.host.run(f"kill -{name} {self.pid}")

    def stop(self, name="INT", deadline_s=60):
        """Its exit code."""
        self.signal(name)
        return self.process.wait(deadline_s)


class Host:
    def __init__(self, folder, kept=None):
        """kept: folders besides, that are its own and empty at first: their paths, by the names that they have in the folder."""
        self.folder = pathlib.Path(folder)
        self._kept = {**{os.path.basename(path): path for path in KEPT}, **(kept or {})}
        self._made = [path for path in self._kept.values() if not os.path.exists(path)]
        mounts = {**self._kept, "log": "/var/log"}
        for name, path in mounts.items():
            os.makedirs(path, exist_ok=True)
            (self.folder / name).mkdir(parents=True)
        environment = dict(os.environ, HOST_FOLDER=str(self.folder), HOST_FILE=self._own_file())
        self._process = subprocess.Popen(
            ["unshare", "--net", "--mount", "--pid", "--fork", "bash", "-c", _INIT, "host",
             *(f"{name}:{path}" for name, path in mounts.items())],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, text=True)
        said = self._process.stdout.readline()
        assert said == "ready\n", f"no namespaces can be made here (it takes root): {said}{self._process.stdout.read()}"
        self.pid = _first_child(self._process.pid)
        self.space = Island(self.pid)
        self.docker = Docker(str(pathlib.Path("/proc", str(self.pid), "root", "run", "docker.sock")))

    def _own_file(self):
        """docker/up notes in the build whose docker/down it is; a note of the user's own stays what it is."""
        note = ROOT / "build" / "up.name"
        if not note.exists():
            return ""
        (self.folder / note.name).write_text(note.read_text(encoding="utf-8"), encoding="utf-8")
        return str(note)

    # --- programs

    def _enter(self, command):
        return ["nsenter", f"--target={self.pid}", "--net", "--mount", "--pid", "bash", "-c", command]

    @staticmethod
    def _environment(more=None):
        plain = {key: value for key, value in os.environ.items() if not key.startswith("DOCKER_")}
        return {**plain, "NO_INSTALL": "1", **(more or {})}

    def run(self, command, check=True, timeout=60, cwd=ROOT, env=None):
        """By bash. What it wrote is in stdout, errors too; a failure shows it."""
        done = subprocess.run(self._enter(f"cd {shlex.quote(str(cwd))} || exit\n{command}"), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout,
                              env=self._environment(env), check=False)
        assert not check or done.returncode == 0, f"{command}: exit code {done.returncode}\n{done.stdout[-4000:]}"
        return done

    def text(self, command):
        return self.run(command).stdout.strip()

    def start(self, log_path, *command, env=None):
        """In the background; see Program."""
        words = " ".join(shlex.quote(str(word)) for word in command)
        with open(log_path, "ab") as log:
            process = subprocess.Popen(self._enter(f"echo $$; exec {words} >&2"), stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=log, env=self._environment(env))
        return Program(self, process, pathlib.Path(log_path))

    def script(self, name, *arguments):
        """docker/up and the like. They share this tree's build, so one at a time."""
        (ROOT / "build").mkdir(exist_ok=True)
        with open(ROOT / "build" / "host.lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return self.run(shlex.join([f"docker/{name}", *map(str, arguments)]), timeout=UP_S).stdout

    def start_dockerd(self):
        """For those who do not call docker/up, which does it by itself."""
        daemon = self.start(self.folder / "log" / "dockerd.log", "dockerd")

        def answers():
            assert daemon.process.poll() is None, daemon.log()[-2000:]
            return self.docker.call("GET", "/_ping")
        wait_until(answers, 60, "dockerd answers")

    def make_images(self):
        """Of acts and users, from the build under test, under the names that they are shipped by."""
        with images.staging():
            self.run(shlex.join(["docker/images", "--quiet", "--build", str(images.build_dir())]), timeout=240)

    # --- clients

    def connect(self, port, address="127.0.0.1"):
        return self.space.connect(port, address)

    def request(self, port, target, method="GET", body=None, **kwargs):
        return request(port, target, method, body, connect=lambda: self.connect(port), **kwargs)

    # --- the end

    def _remove_containers(self):
        """While there is somebody to do it: what the kernel keeps of them (control groups) is not the namespaces'."""
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            if self.docker.call("GET", "/_ping"):
                self.run("docker ps --all --quiet | xargs --no-run-if-empty docker rm --force --volumes", check=False)

    def close(self):
        self._remove_containers()
        self._process.stdin.close()
        self._process.wait(START_S)
        self._process.stdout.close()
        for name in self._kept:       # large
            shutil.rmtree(self.folder / name, ignore_errors=True)
        for path in self._made:
            with contextlib.suppress(OSError):      # somebody else's by now
                os.rmdir(path)
