"""A new root in namespaces of its own: network (loopback alone), processes, mounts. What runs there ends with it.

It can be used as harness.host.Host can: by Shipped, for one.
"""

import contextlib
import os
import pathlib
import shlex
import shutil
import subprocess
import tempfile
import time

from harness.client import request
from harness.docker import Docker
from harness.images import ROOT
from harness.island import Island
from harness.wait import wait_until
from mirror import Mirror

PROXY_PORT = 3142
COMMAND_S = 60
UP_S = 1200
END_S = 30
KEPT_S = 30 * 24 * 3600
HOME = "/srv/selfie less acts"        # as somebody may call it
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8", "TERM": "dumb"}

# The first process there: bash takes in whatever loses its parent, and ends, and with it all, when its input does.
_INIT = """
set -e
mount --make-rprivate /
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
mount -t tmpfs -o mode=755 none run
mkdir run/lock
ip link set lo up
pivot_root . mnt
umount -l /mnt
cd /
echo ready
while read -r _; do :; done
"""


def _first_child(pid):
    return int(pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()[0])


def _copy_tree(to):
    """The files under version control as they are now: a clone of what was not committed yet, either."""
    to.mkdir(parents=True)
    names = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"], capture_output=True,
                           check=True).stdout
    names = b"\0".join(name for name in names.split(b"\0") if name and os.path.lexists(os.path.join(os.fsencode(ROOT), name)))
    archive = subprocess.Popen(["tar", "-C", ROOT, "--null", "--files-from=-", "-c"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with subprocess.Popen(["tar", "-C", to, "--no-same-owner", "-x"], stdin=archive.stdout) as unpacking:
        archive.stdin.write(names)
        archive.stdin.close()
    assert archive.wait() == 0 and unpacking.returncode == 0


def sweep(folder):
    """What runs that were killed have left (their mounts went with them), and packages that nobody asks for any more."""
    for path in folder.glob("space-*"):
        if not os.path.exists(f"/proc/{path.name.split('-')[1]}"):
            shutil.rmtree(path)
    for path in folder.glob("packages/*"):
        if time.time() - path.stat().st_mtime > KEPT_S:
            path.unlink()


class Space:
    def __init__(self, folder, tarball):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"space-{os.getpid()}-", dir=folder))
        self.root = self.folder / "root"
        self.root.mkdir()
        subprocess.run(["tar", "-C", self.root, "-xpf", tarball, "--numeric-owner"], check=True)
        self.home = self.root / HOME.lstrip("/")
        _copy_tree(self.home)
        (self.root / "etc/apt/apt.conf.d/90space").write_text(f'Acquire::http::Proxy "http://127.0.0.1:{PROXY_PORT}";\n')
        (self.root / "etc/apt/apt.conf.d/91yes").write_text('APT::Get::Assume-Yes "true";\n')       # what somebody answers
        (self.root / "etc/dpkg/dpkg.cfg.d/90space").write_text("force-unsafe-io\n")     # it will not outlive this machine
        (self.root / "etc/resolv.conf").write_text("nameserver 192.0.2.53\n")      # there is one on most machines; here nobody answers
        self._settle_sources()
        self._process = subprocess.Popen(
            ["unshare", "--net", "--mount", "--pid", "--fork", "bash", "-c", _INIT, "space", str(self.root)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said = self._process.stdout.readline()
        assert said == "ready\n", f"the space cannot be made: {said}{self._process.stdout.read()}"
        self.pid = _first_child(self._process.pid)
        self.space = Island(self.pid)
        self.docker = Docker(str(pathlib.Path("/proc", str(self.pid), "root", "run", "docker.sock")))
        self.mirror = Mirror(self.space.socket(), PROXY_PORT, folder / "packages")

    def _settle_sources(self):
        path = self.root / "etc/apt/sources.list"
        path.write_text(path.read_text(encoding="utf-8").replace("https://", "http://"), encoding="utf-8")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # --- programs

    def run(self, command, check=True, timeout=COMMAND_S, cwd=HOME):
        """By bash. What it wrote is in stdout, errors too; a failure shows it."""
        enter = ["nsenter", f"--target={self.pid}", "--net", "--mount", "--pid", "bash", "-c"]
        done = subprocess.run([*enter, f"cd {shlex.quote(cwd)} || exit\n{command}"], stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace", timeout=timeout, env=ENVIRONMENT,
                              check=False)
        assert not check or done.returncode == 0, f"{command}: exit code {done.returncode}\n{done.stdout[-6000:]}"
        return done

    def text(self, command):
        return self.run(command).stdout.strip()

    def script(self, name, *arguments):
        return self.run(shlex.join([f"docker/{name}", *map(str, arguments)]), timeout=UP_S).stdout

    def install(self, *lists):
        """What lists of packages name, as tests/run does it."""
        self.run("root=. && . docker/common.sh && . docker/packages.sh && "
                 f"install_missing \"$(list_packages {' '.join(lists)} | missing_packages)\"", timeout=UP_S)

    # --- clients

    def connect(self, port, address="127.0.0.1"):
        del address
        return self.space.connect(port)

    def request(self, port, target, method="GET", body=None, **kwargs):
        return request(port, target, method, body, connect=lambda: self.connect(port), **kwargs)

    # --- the end

    def _stop_docker(self):
        """While there is somebody to do it: what the kernel keeps of containers (control groups) is not the namespaces'."""
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            if self.docker.call("GET", "/_ping"):
                self.run("docker ps --all --quiet | xargs --no-run-if-empty docker rm --force --volumes", check=False)
                self.run("pid=$(cat /run/docker.pid) && kill $pid && while kill -0 $pid; do sleep 0.2; done", check=False, timeout=END_S)

    def close(self):
        self._stop_docker()
        self._process.stdin.close()
        self._process.wait(END_S)
        self._process.stdout.close()
        self.mirror.close()
        wait_until(lambda: not os.path.exists(f"/proc/{self.pid}"), END_S, "the space is gone")
        shutil.rmtree(self.folder)
