"""An orchestrator whose containers are plain processes: what its records say, and no Docker anywhere."""

import json
import os
import shutil
import signal
import types

from .images import backend_binary
from .orchestrator import Orchestrator
from .wait import wait_until


def is_alive(pid):
    """Also where the first of its threads has ended and others have not: nobody is told of the end before."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX" or len(os.listdir(f"/proc/{pid}/task")) > 1
    except OSError:
        return False


def records_in(folder):
    """{id: record} of the containers that an orchestrator with this folder has."""
    found = {}
    for path in folder.iterdir() if folder.exists() else []:
        try:
            found[path.name] = json.loads((path / "record").read_text())
        except (OSError, ValueError):
            continue        # just removed
    return found


class ProcessOrchestrator(Orchestrator):
    def __init__(self, folder, number):
        super().__init__(types.SimpleNamespace(path="/nonexistent/docker.sock"), folder, number)
        self.config["engine"] = "process"

    def add_backends(self, short, size=None, **settings):
        settings.setdefault("command", [str(backend_binary())])
        return self.add_service(short, "", size, **settings)

    def containers(self, service=None):
        """{id: record} of the containers there are, of this service or of all."""
        records = records_in(self.folder / "state" / "process")
        return {key: record for key, record in records.items() if service in (None, record["service"])}

    def running(self, service=None):
        """{id: pid} of those that run."""
        return {key: r["pid"] for key, r in self.containers(service).items()
                if r["state"] == "running" and is_alive(r["pid"])}

    def ids(self, service):
        records = self.containers(service)
        return {slot: key for slot, key in sorted((records[key]["slot"], key) for key in self.running(service))
                if slot >= 0}

    def pid(self, service, slot):
        return self.running(service)[self.ids(service)[slot]]

    def send_stop(self, service, slot):
        """It hangs from now on, as a container that somebody paused."""
        os.killpg(self.pid(service, slot), signal.SIGSTOP)

    def close(self):
        try:
            if self.process is not None and self.process.poll() is None:
                self.stop(signal.SIGINT)
        finally:
            if self.process is not None:
                self.kill()
            left = self.running()
            for pid in left.values():
                os.killpg(pid, signal.SIGKILL)
            shutil.rmtree(self.socket_dir, ignore_errors=True)

    def wait_replaced(self, service, slot, before, deadline_s):
        """Until the slot's own port is served by another container than `before`."""
        def replaced():
            now = self.ids(service).get(slot)
            return now not in (None, before) and all(s["state"] == "ready" for s in self.slots(service))
        wait_until(replaced, deadline_s, f"slot {slot} of {service} replaced")
