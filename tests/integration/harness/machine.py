"""A machine that was booted: systemd as PID 1 in a container, with a Docker Engine of its own once one is installed.

Nothing of it is on the host: its containers' cgroups are below its own, its volumes in a volume that goes with it.
"""

import ctypes
import json
import os
import subprocess
import threading

import pytest

from .client import request
from .orchestrator import PREFIX
from .poller import Poller
from .wait import wait_until

CLONE_NEWNET = 0x40000000
BOOT_S = 60
OPTIONS = ["--cap-add=SYS_ADMIN", "--cap-add=NET_ADMIN", "--security-opt=seccomp=unconfined", "--cgroupns=host",
           "--tmpfs=/run", "--tmpfs=/run/lock", "--tmpfs=/tmp:exec", "--volume=/sys/fs/cgroup:/sys/fs/cgroup:rw",
           "--volume=/var/lib/docker", "--env=container=docker", "--entrypoint=/sbin/init"]


def enter_network(pid):
    """This thread's sockets are in that process' network from now on."""
    with open(f"/proc/{pid}/ns/net", encoding="ascii") as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")


class InsidePoller(Poller):
    """A poller whose clients are in the machine."""

    def __init__(self, machine, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.machine = machine

    def _run(self):
        enter_network(self.machine.pid)
        super()._run()


class Machine:
    home = "/root"

    def __init__(self, docker, image, number):
        self.docker, self.image, self.name = docker, image, f"{PREFIX}{os.getpid()}x{number}"
        self.id = self.pid = None

    def boot(self):
        """Skips where systemd cannot be PID 1 of a container, since that is nothing of ours."""
        done = subprocess.run(
            ["docker", "run", "--detach", "--name", self.name, "--hostname", "machine", "--label",
             f"selfless.name={self.name}", *OPTIONS, self.image], capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            pytest.skip(f"docker run with {' '.join(OPTIONS)}: {done.stderr}")
        self.id = done.stdout.strip()
        self.pid = self.docker.inspect(self.id)["State"]["Pid"]
        try:
            wait_until(lambda: self.run("systemctl is-system-running", check=False).stdout.strip() in ("running", "degraded"),
                       BOOT_S, "systemd is running")
        except AssertionError as error:
            pytest.skip(f"systemd does not boot in a container here ({error}): {self.docker.logs(self.id)[-2000:]}")
        self.write("/etc/docker/daemon.json", json.dumps({"cgroup-parent": f"/docker/{self.id}/inner"}))
        return self

    def run(self, command, check=True, timeout=240, stdin=None):
        """As root, at home, by bash."""
        done = subprocess.run(
            ["docker", "exec", "--interactive", "--workdir", self.home, "--env", "DEBIAN_FRONTEND=noninteractive", self.name,
             "bash", "-c", command], capture_output=True, text=not isinstance(stdin, bytes), input=stdin or "",
            timeout=timeout, check=False)
        assert not check or done.returncode == 0, f"{command}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def text(self, command):
        return self.run(command).stdout.strip()

    def write(self, path, content):
        self.run(f"mkdir -p $(dirname {path}) && cat >{path}", stdin=content)

    def copy_in(self, source, path):
        subprocess.run(["docker", "cp", str(source), f"{self.name}:{path}"], check=True, timeout=120, capture_output=True)

    def show(self, unit, name):
        return self.text(f"systemctl show --property={name} --value {unit}")

    def get(self, target, port=80, **kwargs):
        """One request from within."""
        result = []

        def ask():
            try:
                enter_network(self.pid)
                result.append(request(port, target, **kwargs))
            except OSError as error:
                result.append(error)
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
        if isinstance(result[0], OSError):
            raise result[0]
        return result[0]

    def containers(self, label="selfless.name"):
        """Ids of the running containers with that label."""
        return sorted(self.text(f"docker ps --quiet --no-trunc --filter label={label}").split())

    def close(self):
        """Its Docker first, so that no cgroup of its containers is left on the host."""
        if self.id is not None:
            self.run("systemctl stop docker.socket docker containerd", check=False)
            self.docker.remove_labelled(f"selfless.name={self.name}")
