"""Three managers of a Docker swarm, each with an orchestrator and its clients in a network of its own."""

import contextlib
import http.client
import json
import shutil
import time
import urllib.parse

from harness.client import request
from harness.docker import DockerError
from harness.on_node import on_each
from harness.orchestrator import PREFIX
from harness.swarm import Swarm
from harness.wait import wait_until
from world import HEALTH, MOST, SCALE, SETTINGS, Seen

HOLD_MS = 20000         # longer than Docker's election
START_MS = 4000         # a dockerd that comes back takes away the port of one it has just started, now and then
UNKNOWN = (OSError, ValueError, KeyError, http.client.HTTPException, DockerError)


class OnNodeSeen(Seen):
    """A container that Swarm made: `service` is what the orchestrators call its id; address: where it is reached."""

    def __init__(self, number, node, c):
        labels = {k.removeprefix("selfless."): v for k, v in c["Labels"].items()}
        super().__init__(c["Id"], labels.get("container", "?"), c["State"], labels)
        self.number, self.node = number, node
        self.service = labels.get("com.docker.swarm.service.id", "")
        self.port = next((p["PublicPort"] for p in c["Ports"] if "PublicPort" in p), None)

    def __repr__(self):
        return f"{self.name} on node {self.number + 1} ({self.key[:8]}, {self.state})"


class SwarmWorld:
    """Nodes and orchestrators by number. `lost`: nodes whose containers are not to be counted on. `silent`: orchestrators whose clients
    are nobody's: they are cut off with them, or it is dead. `down`: as World's, for each orchestrator."""

    engine = "swarm"
    faults = ("kill", "pause", "stop", "remove", "die", "ill", "hang")
    pace = 3.0

    def __init__(self, folder, number):
        self.swarm = Swarm(folder)
        self.orchestrators, self.lost, self.silent = [], set(), set()
        self.down = [[] for _ in self.swarm.nodes]
        self.wanted, self._writes, self.service = SCALE["min"], 0, None
        try:
            self.swarm.share(self.swarm.backend_image())
            self.orchestrators = on_each(self.swarm, folder, number, self._configure)
        except BaseException:
            self.swarm.close()
            raise
        for one in self.orchestrators:
            one.config.update(SETTINGS, hold_ms=HOLD_MS)

    def _configure(self, first):
        self.service = first.add_service("web", self.swarm.backend_image(), scale=dict(SCALE), health=dict(HEALTH, start_ms=START_MS))

    def start(self):
        for one in self.orchestrators:
            one.spawn()
        wait_until(lambda: self.is_settled() is None, 60, "all is settled before the storm")

    # --- what there is ---

    def containers(self):
        """Of all nodes whose dockerd answers, those that are cut off, too."""
        found = []
        for number, node in enumerate(self.swarm.nodes):
            with contextlib.suppress(*UNKNOWN):
                found += [OnNodeSeen(number, node, c) for c in node.docker.list(f"selfless.name={self.orchestrators[0].name}")]
        return found

    def view(self, one):
        """The service, as this orchestrator has it."""
        return next(s for s in one.fleet()["services"] if s["name"] == self.service)

    def survivors(self):
        return [one for number, one in enumerate(self.orchestrators) if number not in self.silent]

    def ready_at(self, one):
        """What it sends requests to, or would at once."""
        view = self.view(one)
        return ({s["container"] for s in view["slots"] if s["state"] == "ready"} |
                {s["container"] for s in view["spares"] if s["state"] in ("ready", "spare")})

    def serving(self):
        """The containers that all who are left can go on with."""
        ready = None
        for one in self.survivors():
            with contextlib.suppress(*UNKNOWN):
                ready = self.ready_at(one) if ready is None else ready & self.ready_at(one)
        return [c for c in self.containers() if c.number not in self.lost and c.state == "running" and c.service in (ready or ())]

    def is_ready(self, seen):
        return any(c.key == seen.key for c in self.serving())

    def leader(self):
        """The orchestrator that leads, where there is one and it is up."""
        for one in self.survivors():
            with contextlib.suppress(*UNKNOWN):
                if one.leads():
                    return one
        return None

    def calm_leader(self):
        """The one that leads, where all of them have Swarm's answers; else None."""
        try:
            engines = [one.fleet()["engine"] for one in self.orchestrators]
        except UNKNOWN:
            return None
        leading = [one for one, engine in zip(self.orchestrators, engines) if engine["leads"]]
        return leading[0] if len(leading) == 1 and all(engine["up"] for engine in engines) else None

    def counted(self, one):
        return self.view(one)["window"]["count"]

    # --- what is done to it ---

    @staticmethod
    def call(seen, target):
        """As World's."""
        try:
            return request(seen.port, target, timeout=1, host=seen.node.address).status
        except ConnectionRefusedError:
            return None
        except (OSError, http.client.HTTPException):
            return 0

    @staticmethod
    def hurt(seen, how):
        try:
            getattr(seen.node.docker, how)(seen.key)
        except DockerError as error:
            if error.status not in (404, 409, 500):
                raise
            return False
        except OSError:
            return False
        return True

    def writes(self):
        """None, or why Swarm does not take a write, told to any manager."""
        for node in self.swarm.nodes:
            self._writes += 1
            try:
                made = node.docker.call_json("POST", "/configs/create", {"Name": f"{PREFIX}-{self._writes}", "Data": "eA=="})
                node.docker.call("DELETE", f"/configs/{made['ID']}")
            except UNKNOWN as error:
                return f"{node.address}: {error}"
        return None

    # --- what is left ---

    def _unsettled_view(self, view):
        slots = [s for s in view["slots"] if s["state"] != "empty"]
        if len(slots) != view["wanted"] or any(s["state"] != "ready" for s in slots):
            return f"wanted {view['wanted']}: " + ", ".join(f"{s['slot']} {s['state']} {s['message']}" for s in slots)
        if [s["state"] for s in view["spares"]] != ["spare"] * SCALE["spares"]:
            return f"spares: {[(s['state'], s['message']) for s in view['spares']]}"
        if view["roll"] is not None:
            return f"a roll: {view['roll']}"
        return None

    def is_settled(self):
        """None if all orchestrators have the same, all of it well, and Swarm has nothing else; else what is not so."""
        leader = self.calm_leader()
        if leader is None:
            return "not one who leads: " + str([one.fleet()["engine"] for one in self.orchestrators])
        views = [self.view(one) for one in self.orchestrators]
        for number, view in enumerate(views, 1):
            if (unsettled := self._unsettled_view(view)) is not None:
                return f"orchestrator {number}: {unsettled}"
        theirs = [{s["container"] for s in view["slots"] + view["spares"] if s["container"]} for view in views]
        if any(one != theirs[0] for one in theirs):
            return f"they do not have the same: {theirs}"
        wanted = views[self.orchestrators.index(leader)]["wanted"]
        if not SCALE["min"] <= wanted <= MOST or wanted != (self.wanted or wanted):
            return f"wanted {wanted}, asked for {self.wanted}"
        listed = self.listed()
        if listed != theirs[0]:
            return f"Swarm has {sorted(listed)}, they have {sorted(theirs[0])}"
        return self._unwell(theirs[0])

    def listed(self):
        filters = urllib.parse.quote(json.dumps({"label": [f"selfless.name={self.orchestrators[0].name}"]}))
        return {found["ID"] for found in self.swarm.docker.call_json("GET", f"/services?filters={filters}")}

    def _unwell(self, services):
        running = [c for c in self.containers() if c.state == "running" and c.service in services]
        for c in running:
            if (status := self.call(c, "/_health")) != 200 and not self._is_double(c, running):
                return f"{c} answers {status}"
        missing = services - {c.service for c in running}
        return f"no container of {missing} runs" if missing else None

    @staticmethod
    def _is_double(seen, running):
        return sum(c.service == seen.service for c in running) > 1

    def doubles(self):
        """None, or which containers run that nobody has."""
        services, running = self.listed(), [c for c in self.containers() if c.state == "running"]
        extra = [c for c in running if c.service not in services or self._is_double(c, running)]
        return f"doubles: {extra}" if extra else None

    def close(self):
        wrong = []
        for one in self.orchestrators:
            try:
                one.stop()
            except Exception as error:      # pylint: disable=broad-exception-caught     # what its log holds, for one
                wrong.append(f"{one.folder.name}: {error}")
                if one.process is not None and one.process.poll() is None:
                    one.kill()
            shutil.rmtree(one.socket_dir, ignore_errors=True)
        begin = time.monotonic()
        with contextlib.suppress(*UNKNOWN):
            for service in self.listed():
                self.swarm.docker.call("DELETE", f"/services/{service}")
            while any(c.state == "running" for c in self.containers()) and time.monotonic() - begin < 10:
                time.sleep(0.1)
        self.swarm.close()
        return wrong
