"""One orchestrator and what it made, seen and hurt from outside: the same face for both engines."""

import contextlib
import http.client
import os
import re
import signal
import time

from harness import builtin
from harness.docker import Docker, DockerError, UnixConnection
from harness.dockerd import Dockerd
from harness.images import backend_binary
from harness.orchestrator import Orchestrator
from harness.processes import ProcessOrchestrator, is_alive
from harness.wait import wait_until

MEMORY_MB = 64
MOST = 4                # slots, ever
MOST_SPARES = 2
SETTINGS = {"hold_ms": 15000, "drain_ms": 2000, "stop_ms": 1000, "response_timeout_ms": 4000, "idle_timeout_ms": 3000}
SCALE = {"min": 2, "max": MOST, "spares": 1, "window_s": 3600, "requests_per_container": 1000000}
HEALTH = {"interval_ms": 300, "timeout_ms": 500, "fall": 2}


class Seen:
    """A container as its engine describes it."""

    def __init__(self, key, name, state, labels, pid=0):
        self.key, self.name, self.state, self.labels, self.pid = key, name, state, labels, pid

    @property
    def slot(self):
        return int(self.labels.get("slot", -2))

    def __repr__(self):
        return f"{self.name}({self.key[:8]}, {self.state})"


class World:
    """`service` is the one service; `down` the times (killed, dead, the next one answers) of the orchestrator."""

    engine = None
    faults = ()         # what hurt() can do to a container here
    pace = 1.0          # how slowly the storm goes: its containers must have the time to start now and then

    def __init__(self, orchestrator, image, **settings):
        self.orchestrator = orchestrator
        orchestrator.config.update(SETTINGS)
        ports = MOST + MOST_SPARES + 1
        self.service = orchestrator.add_service(
            "web", image, scale=dict(SCALE, max=ports), health=dict(HEALTH), **settings)
        orchestrator.settings(self.service)["scale"] = dict(SCALE)
        self.down = []
        self.wanted = SCALE["min"]              # as it was asked for last; None: not known
        self.max_s = time.monotonic()           # since when the maximum is what it is, and the engine there

    def start(self):
        self.orchestrator.start()
        wait_until(lambda: self.is_settled() is None, 60, "all is settled before the storm")

    def kill_orchestrator(self):
        begin = time.monotonic()
        self.down.append((begin, float("inf"), float("inf")))
        self.orchestrator.kill()
        dead = time.monotonic()                         # whom the next one takes in counts
        self.orchestrator.spawn()
        wait_until(self.orchestrator.fleet, 30, "the orchestrator is back")
        self.down[-1] = (begin, dead, time.monotonic())
        self.wanted = None                              # as many as run
        wait_until(lambda: self.orchestrator.get("/fast", timeout=20), 30, "the proxy is back")

    def reload(self, text=None):
        """Until it was read: else the next gust's file would be read in its place, and nobody would apply this one.

        text: a file that is to be refused.
        """
        seen = len(self.orchestrator.log())
        self.orchestrator.write_config()
        if text is not None:
            self.orchestrator.config_path.write_text(text, encoding="utf-8")
        self.orchestrator.send_signal(signal.SIGHUP)
        wait_until(lambda: "event=reload" in self.orchestrator.log()[seen:], 10, "the configuration was read")
        event = re.search(r"event=(reload\S*)", self.orchestrator.log()[seen:])[1]
        assert event == ("reloaded" if text is None else "reload-refused"), event
        if text is not None:
            self.orchestrator.write_config()
        elif self.wanted is not None:
            scale = self.settings()["scale"]
            self.wanted = max(scale["min"], min(scale["max"], self.wanted))

    def settings(self):
        return self.orchestrator.settings(self.service)

    def fleet(self):
        return next(s for s in self.orchestrator.fleet()["services"] if s["name"] == self.service)

    def is_ready(self, seen):
        """Does the orchestrator route to it?"""
        try:
            return any(s["state"] == "ready" and s.get("container") == seen.key for s in self.fleet()["slots"])
        except (OSError, ValueError, http.client.HTTPException):
            return False

    @staticmethod
    def call(seen, target):
        """A request to a container, past the orchestrator; the status, 0 where it did not answer, None where it is not there."""
        connection = UnixConnection(f"{seen.labels['socket']}/http", timeout=1)
        try:
            connection.request("GET", target)
            return connection.getresponse().status
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def is_settled(self):
        """None if the engine holds exactly what the configuration and the scaler want, all of it well; else what is not so."""
        fleet = self.fleet()
        slots = [s for s in fleet["slots"] if s["state"] != "empty"]
        spares = self.settings()["scale"]["spares"]
        if len(slots) != fleet["wanted"] or any(s["state"] != "ready" or not s["next_ready"] for s in slots):
            return f"wanted {fleet['wanted']}: " + ", ".join(f"{s['slot']} {s['state']} {s['message']}" for s in slots)
        if [s["state"] for s in fleet["spares"]] != ["spare"] * spares:
            return f"{spares} spares: {[(s['state'], s['message']) for s in fleet['spares']]}"
        wanted = {f"{self.service}_spare_{i}": "paused" for i in range(spares)}
        for slot in slots:
            wanted |= {f"{self.service}_{slot['slot']}": "running", f"{self.service}_{slot['slot']}.next": "created"}
        containers = self.containers()
        found = {c.name: c.state for c in containers}
        specs = {c.labels["spec"] for c in containers}
        if not self.settings()["scale"]["min"] <= fleet["wanted"] <= self.settings()["scale"]["max"]:
            return f"wanted {fleet['wanted']}, configured {self.settings()['scale']}"
        if fleet["wanted"] != (self.wanted or fleet["wanted"]):
            return f"wanted {fleet['wanted']}, asked for {self.wanted}"
        for c in containers:
            if c.state == "running" and (status := self.call(c, "/_health")) != 200:
                return f"{c} answers {status}"
        if len(specs) > 1:
            return f"made from {len(specs)} specs: {sorted((c.name, c.labels['spec']) for c in containers)}"
        return None if found == wanted else f"wanted {wanted}, found {found}"

    def left_behind(self):
        """What is there after the orchestrator was asked to remove all."""
        return [] if self.containers() == [] else [f"left behind: {self.containers()}"]

    def close(self):
        """What it left behind."""
        left = []
        try:
            if self.orchestrator.process is not None and self.orchestrator.process.poll() is None:
                self.orchestrator.stop(signal.SIGINT)
                left = self.left_behind()
        finally:
            self.orchestrator.close()
        return left


class DockerWorld(World):
    engine = "docker"
    pace = 1.6
    faults = ("kill", "pause", "stop", "remove", "die", "ill", "hang", "eat")

    def __init__(self, folder, number, own_dockerd=False):
        self.dockerd = None
        if own_dockerd:
            (folder / "dockerd").mkdir()
            self.dockerd = Dockerd(folder / "dockerd").start()
        self.docker = self.dockerd.docker if own_dockerd else Docker()
        orchestrator = Orchestrator(self.docker, folder, number)
        self.image = f"{orchestrator.name}:storm"
        shipped = {key: value for key, value in builtin.settings("acts").items() if key not in ("routes", "scale", "health")}
        super().__init__(orchestrator, self.image, memory_mb=MEMORY_MB, volumes=[f"{orchestrator.name}-data:/data"], **shipped)
        self.add_image()

    def add_image(self):
        self.docker.import_image(self.image, {"/backend": (backend_binary().read_bytes(), 0o755)},
                                 ['ENTRYPOINT ["/backend"]', "EXPOSE 8000"])

    def remove_image(self):
        try:
            self.docker.call("DELETE", f"/images/{self.image}?force=1")
        except DockerError as error:
            if error.status not in (404, 409):
                raise

    def containers(self):
        found = []
        for c in self.docker.list(f"selfless.name={self.orchestrator.name}"):
            labels = {k.removeprefix("selfless."): v for k, v in c["Labels"].items()}
            found.append(Seen(c["Id"], c["Names"][0].lstrip("/"), c["State"], labels))
        return found

    def hurt(self, seen, how):
        """False: in vain."""
        try:
            getattr(self.docker, how)(seen.key)
        except DockerError as error:
            if error.status not in (404, 409, 500):     # gone, or not in a state for it
                raise
            return False
        return True

    def lives(self, seen):
        """Docker's list says "running" of a dead one until its network and file system are taken apart; inspect does not."""
        try:
            state = self.docker.inspect(seen.key)["State"]
        except DockerError:
            return False
        return state["Running"] and not state["Paused"] and is_alive(state["Pid"])

    def left_over(self):
        """What carries our name and is no container: (networks, volumes)."""
        _, networks = self.docker._labelled(f"selfless.name={self.orchestrator.name}")     # pylint: disable=protected-access
        things, _ = self.docker._labelled(f"selfless.name={self.orchestrator.name}")       # pylint: disable=protected-access
        return len(networks), sum(t.startswith("/volumes/") for t in things)

    def restart_dockerd(self, number, away_s, victim):
        """Stops our own dockerd with this signal; meanwhile the process of `victim`, if any, dies unseen."""
        pid = None if victim is None else self.dockerd.pid_of(victim.key)
        self.dockerd.stop(number)
        if pid:
            with contextlib.suppress(ProcessLookupError):       # it may be ending already
                os.kill(pid, signal.SIGKILL)
        time.sleep(away_s)
        self.dockerd.start()

    def close(self):
        try:
            if self.dockerd is not None and not self.dockerd.is_running():
                self.dockerd.start()
            left = super().close()
            self.remove_image()
            return left
        finally:
            if self.dockerd is not None:
                self.dockerd.close()


class ProcessWorld(World):
    engine = "process"
    faults = ("kill", "pause", "stop", "die", "ill", "hang")

    def __init__(self, folder, number, own_dockerd=False):
        assert not own_dockerd, "--dockerd is for --engine docker"
        super().__init__(ProcessOrchestrator(folder, number), "", reach="socket", command=[str(backend_binary())])

    def containers(self):
        found = []
        for key, record in self.orchestrator.containers().items():
            state = "paused" if record["paused"] else record["state"]
            if state == "running" and not is_alive(record["pid"]):
                state = "exited"        # and the engine is about to see it
            labels = {"name": self.orchestrator.name, "service": record["service"], "slot": str(record["slot"]),
                      "spec": record["spec"], "port": str(record["port"]), "socket": record["socket_dir"]}
            found.append(Seen(key, record["name"], state, labels, record["pid"]))
        return found

    def hurt(self, seen, how):
        number = {"kill": signal.SIGKILL, "pause": signal.SIGSTOP, "stop": signal.SIGTERM}[how]
        if seen.pid > 1 and is_alive(seen.pid):
            try:
                os.killpg(seen.pid, number)
                return True
            except ProcessLookupError:
                pass
        return False

    def lives(self, seen):
        return is_alive(seen.pid)

    def left_over(self):
        """Processes of ours that no record tells of."""
        known = {record["pid"] for record in self.orchestrator.containers().values()}
        ours = f"unix:{self.orchestrator.socket_dir}/".encode()
        found = []
        for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
            with contextlib.suppress(OSError):
                with open(f"/proc/{pid}/environ", "rb") as file:
                    environment = file.read()
                if ours in environment and pid not in known and is_alive(pid):
                    found.append(pid)
        return found or None


WORLDS = {world.engine: world for world in (DockerWorld, ProcessWorld)}
