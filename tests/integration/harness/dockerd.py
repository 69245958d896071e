"""A dockerd of the scenario's own, with live-restore, that can be stopped and started while its containers run."""

import os
import pathlib
import signal
import subprocess

from .docker import Docker
from .wait import wait_until


def launch(folder, pid, docker, *options):
    """A dockerd in the network of process `pid`, all of it in `folder`. The process."""
    command = ["nsenter", f"--net=/proc/{pid}/ns/net", "dockerd", *options, "--data-root", folder / "data", "--exec-root",
               folder / "exec", "--pidfile", folder / "dockerd.pid", "--host", f"unix://{docker.path}"]
    with open(folder / "dockerd.log", "ab") as log:
        process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                   start_new_session=True)

    def answers():
        try:
            return bool(docker.call("GET", "/_ping"))
        except OSError:
            assert process.poll() is None, (folder / "dockerd.log").read_text()[-2000:]
            return False
    try:
        wait_until(answers, 60, f"dockerd in {folder} answers")
    except BaseException:
        process.kill()
        raise
    return process


def unmount_below(folder):
    for line in open("/proc/self/mounts", encoding="utf-8").read().splitlines():
        mounted = line.split()[1]
        if mounted.startswith(f"{folder}/"):
            subprocess.run(["umount", "-l", mounted], check=False)


def end_shims(folder):
    """Those of containers that a killed dockerd was just starting, or left: nobody else knows of them. Their containers, too."""
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
            if b"containerd-shim" not in command or f"{folder}/".encode() not in command:
                continue
            for child in (entry / "task" / entry.name / "children").read_text().split():
                os.kill(int(child), signal.SIGKILL)
            os.kill(int(entry.name), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            continue


class Dockerd:
    """Everything of it is in `folder`, and its bridges in a network namespace of its own, which outlives it: two dockerds
    in one would take docker0 away from each other."""

    def __init__(self, folder):
        self.folder, self.process = folder, None
        self.space = subprocess.Popen(["unshare", "--net", "sh", "-c", "ip link set lo up && exec sleep infinity"],
                                      start_new_session=True)
        self.docker = Docker(str(folder / "docker.sock"))
        wait_until(lambda: self._space() != os.readlink("/proc/self/ns/net"), 10, "a network namespace")

    def start(self):
        self.process = launch(self.folder, self.space.pid, self.docker, "--live-restore")
        return self

    def _space(self):
        return os.readlink(f"/proc/{self.space.pid}/ns/net")

    def stop(self, number=signal.SIGTERM):
        """Containers live on. It waits, since a new one refuses to start while the old one's process lives, and takes a
        containerd that is about to die with it for its own."""
        if self.process is not None:
            containerd = int((self.folder / "exec" / "containerd" / "containerd.pid").read_text(encoding="ascii"))
            self.process.send_signal(number)
            self.process.wait(60)
            self.process = None
            wait_until(lambda: not os.path.exists(f"/proc/{containerd}"), 20, "containerd ended")

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def pid_of(self, container):
        return self.docker.inspect(container)["State"]["Pid"]

    def close(self):
        """Stops the containers, too: what they ran on is taken away with the folder."""
        if not self.is_running():
            self.start()
        for container in self.docker.list():
            self.docker.remove(container["Id"])
        self.stop()
        end_shims(self.folder)
        self.space.kill()
        self.space.wait(10)
        unmount_below(self.folder)
