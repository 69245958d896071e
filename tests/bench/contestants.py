"""Who is asked in tests/bench/services: the application, what it is measured against, and the load on each.

A contestant is a class with `name`, `runs(case)`, and `run(case, seconds)` giving an Outcome.
"""

import json
import math
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

from harness.application import PASSWORD, Application
from harness.client import request
from harness.images import build_dir
from harness.ports import free_ports
from harness.wait import wait_until

import measure

HERE = pathlib.Path(__file__).resolve().parent
SERVER_CORE, CLIENT_CORE = 0, 1
IMAGE = "A" * 13656         # 10 KB in base64, as in services.lua and store_limit.c
LISTED = 100


class Case:
    """load: for services.lua; work: for store_limit; None: only the application has such a thing."""

    def __init__(self, name, load, work, writes):
        self.name, self.load, self.work, self.writes = name, load, work, writes


CASES = [               # the last four are what --case pictures chooses
    Case("POST /acts, 10 KB picture", "post", "post", True),
    Case("upvote", "upvote", "upvote", True),
    Case("GET categories", "/api/v1/categories", "categories", False),
    Case("GET 100 acts with their pictures of 10 KB", "/api/v1/categories/garden/acts", "list", False),
    Case("GET 100 acts, pictures=0", "/api/v1/categories/garden/acts?pictures=0", None, False),
    Case("GET 12 acts, pictures=0", "/api/v1/categories/garden/acts?start=1&end=12&pictures=0", None, False),
    Case("GET one of the pictures, 10 KB", "/api/v1/acts/7/picture", None, False),
]


class Outcome:
    """Of several loads at one time: rates are added, of latencies the worst counts."""

    def __init__(self, per_second, loads=()):
        self.per_second, self.failures = per_second, sum(load.failures for load in loads)
        for what in ("p50_ms", "p99_ms", "p999_ms"):
            setattr(self, what, max((getattr(load, what) for load in loads), default=float("nan")))


_seeds = iter(range(int(time.time()), 1 << 40, 7919))


def ask(case, addresses, connections, seconds):
    """By one wrk for each address, its share of the connections."""
    each = math.ceil(connections / len(addresses))
    running = []
    for address, port in addresses:
        command = measure.wrk_command(f"http://{address}:{port}", seconds, each, HERE / "services.lua", CLIENT_CORE)
        environment = dict(os.environ, SELFLESS_LOAD=case.load, SELFLESS_SEED=str(next(_seeds)))
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment))
    texts = [process.communicate(timeout=seconds + 60)[0] for process in running]
    loads = [measure.Load(text) for text in texts]
    for load, text in zip(loads, texts):
        load.p999_ms = int(re.search(r"99.9% of all within (\d+) us", text)[1]) / 1000
    return Outcome(sum(load.per_second for load in loads), loads)


def call(port, method, path, body=None):
    text = None if body is None else json.dumps(body)
    return request(port, "/api/v1" + path, method, text, {"Content-Type": "application/json"}, timeout=60)


def stage(port):
    """A list of acts; and, each time, an empty place for uploads, which must not make the store grow from round to round."""
    call(port, "DELETE", "/categories/uploads")
    assert call(port, "POST", "/categories", ["uploads"]).status == 201
    if call(port, "POST", "/categories", ["garden"]).status != 201:
        return
    for number in range(LISTED):
        act = {"actId": number, "username": "ann", "timestamp": "01-02-2024:03-04-05", "caption": "a caption",
               "categoryName": "garden", "imgB64": IMAGE}
        reply = call(port, "POST", "/acts", act)
        assert reply.status == 201, reply


class Ours:
    """An orchestrator with so many acts containers; asked through it, and each container directly, over the bridge."""

    def __init__(self, docker, orchestrator, images, containers):
        self.docker, self.orchestrator = docker, orchestrator
        self.application = Application(orchestrator, images, containers)
        self.application.start()
        measure.pin(orchestrator.process.pid, CLIENT_CORE)
        self.addresses()
        call(self.port, "POST", "/users", {"username": "ann", "password": PASSWORD})

    def addresses(self):
        """Of the acts as they are now: one that was too busy for two probes is another. All of them get their core."""
        for service in (self.application.users, self.application.acts):
            found = [self._address(container) for container in self.orchestrator.ids(service).values()]
        return found

    def _address(self, container):
        found = self.docker.inspect(container)
        measure.pin(found["State"]["Pid"], SERVER_CORE)
        return found["NetworkSettings"]["Networks"][self.orchestrator.name]["IPAddress"], 8000

    @property
    def port(self):
        return self.orchestrator.port

    def volume(self):
        """Where the acts' volume is on the host: the other stores are put on the same disk."""
        return pathlib.Path(self.docker.call_json("GET", f"/volumes/{self.orchestrator.name}-acts_data")["Mountpoint"])

    def close(self):
        self.orchestrator.close()


class Way:
    """One way to ask one of Ours."""

    def __init__(self, ours, connections, through):
        self.containers = len(ours.addresses())
        self.ours, self.connections, self.through = ours, connections * self.containers, through
        self.name = f"{'orchestrator' if through else 'direct'}, {self.containers} acts"

    def runs(self, _):
        return True

    def run(self, case, seconds):
        stage(self.ours.port)
        addresses = [("127.0.0.1", self.ours.port)] if self.through else self.ours.addresses()
        return ask(case, addresses, self.connections, seconds)


class StoreLimit:
    """As many processes as there are containers, each with its clients' changes in every transaction."""

    def __init__(self, folder, connections, processes):
        self.path, self.processes = folder / f"limit-{processes}.db", processes
        self.group = connections
        self.name = f"store alone, {processes}"

    def runs(self, case):
        return case.work is not None

    def _command(self, *arguments):
        return ["taskset", "-c", str(SERVER_CORE), str(build_dir() / "tests" / "bench" / "store_limit"), str(self.path),
                *map(str, arguments)]

    def run(self, case, seconds):
        subprocess.run(self._command("stage"), check=True)
        running = [subprocess.Popen(self._command(case.work, self.group if case.writes else 1, seconds),
                                    stdout=subprocess.PIPE, text=True) for _ in range(self.processes)]
        said = [json.loads(process.communicate(timeout=seconds + 60)[0]) for process in running]
        return Outcome(sum(one["requests"] / one["seconds"] for one in said))


class Server:
    """A plain process that listens on a port of 127.0.0.1."""

    name = None

    def __init__(self, connections):
        self.connections, self.port, self.process = connections, free_ports(), None

    def command(self):
        raise NotImplementedError

    def start(self):
        command = ["taskset", "-c", str(SERVER_CORE), *map(str, self.command())]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self._listens, 20, f"{self.name} listens")
        return self

    def _listens(self):
        assert self.process.poll() is None, f"{self.name} ended at once: {self.command()}"
        with socket.create_connection(("127.0.0.1", self.port), timeout=0.2):
            return True

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def run(self, case, seconds):
        return ask(case, [("127.0.0.1", self.port)], self.connections, seconds)


class FixedReply(Server):
    name = "libevhtp, fixed reply"

    def command(self):
        return [build_dir() / "tests" / "bench" / "fixed_reply", self.port]

    def runs(self, case):
        return not case.writes and case.work == "categories"


class Flask(Server):
    name = "Flask + SQLite"
    program = "/usr/bin/python3"

    def __init__(self, folder, connections):
        super().__init__(connections)
        self.path = folder / "flask.db"

    @classmethod
    def available(cls):
        return subprocess.run([cls.program, "-c", "import flask"], stderr=subprocess.DEVNULL, check=False).returncode == 0

    def command(self):
        return [self.program, HERE / "flask_acts.py", self.port, self.path]

    def runs(self, case):
        return case.work is not None

    def run(self, case, seconds):
        stage(self.port)
        return super().run(case, seconds)
