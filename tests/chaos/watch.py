"""What must hold all the time, and what must be left when the storm is over."""

import collections
import http.client
import os
import re
import subprocess
import threading
import time

from harness.docker import DockerError
from harness.orchestrator import binary
from world import MOST, MOST_SPARES

EVERY_S = 0.1
MEMORY_SLACK_KB = 10 << 10
SANITIZER_SLACK_KB = 320 << 10  # what is freed waits in a quarantine
FD_SLACK = 4
MAX_S = 20              # after that a smaller maximum holds: one that was taken out of service drains, and is stopped


def is_sanitized():
    linked = subprocess.run(["ldd", str(binary())], capture_output=True, text=True, check=False).stdout
    return "asan" in linked or b"__asan_init" in binary().read_bytes()


def rss_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        found = re.search(r"VmRSS:\s+(\d+)", status.read())
    return int(found[1]) if found else 0    # none where it has ended


def descriptors(pid):
    """What is open, sorted by kind; numbers of sockets and the like left out."""
    kinds = collections.Counter()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            kinds[re.sub(r":\[\d+\]$", "", os.readlink(f"/proc/{pid}/fd/{fd}"))] += 1
        except FileNotFoundError:
            continue
    return kinds


class Watch(threading.Thread):
    """Looks at the engine's containers again and again. `broken` lists what did not hold.

    Two looks in a row must see the same, for a list of processes is not made in one instant; unless it is proven at once.
    """

    def __init__(self, world):
        super().__init__(daemon=True)
        self.world = world
        self.broken = []
        self.looks = 0
        self.rss_kb = 0
        self.proven = set()
        self._before = set()
        self._over = threading.Event()

    def run(self):
        while not self._over.wait(EVERY_S):
            try:
                now = set(self.look())
                self.broken += sorted(self.proven - set(self.broken))
                self._note_memory()
            except (OSError, ValueError, http.client.HTTPException, DockerError):
                continue        # the engine was slow or just killed, or the orchestrator was
            self.broken += sorted(now & self._before - set(self.broken))
            self._before = now
            self.looks += 1

    def stop(self):
        if not self.is_alive():
            self.broken.append("nobody watched: the watch itself failed")
        self._over.set()
        self.join(30)

    def _note_memory(self):
        process = self.world.orchestrator.process
        if process is not None and process.poll() is None:
            self.rss_kb = max(self.rss_kb, rss_kb(process.pid))

    def look(self):
        containers = self.world.containers()
        running = collections.defaultdict(list)
        for c in containers:
            yield from self._labels(c)
            if c.state == "running" and c.slot >= 0:
                running[c.slot].append(c)
        for slot, found in running.items():
            alive = [c for c in found if self.world.lives(c)] if len(found) > 1 else []
            if len(alive) > 1 and self.world.lives(alive[0]):       # so it did when the next one was looked at
                self.proven.add(f"two containers run in slot {slot}: {sorted(map(repr, found))}")
        most = self.world.settings()["scale"]["max"] if time.monotonic() - self.world.max_s > MAX_S else MOST
        if len(running) > most:
            yield f"{len(running)} slots run, {most} is the maximum"
        spares = [c for c in containers if "_spare_" in c.name]
        if len(spares) > MOST_SPARES + 1:       # one may be on its way out
            yield f"{len(spares)} spares: {sorted(map(repr, spares))}"

    def _labels(self, c):
        service, first = self.world.service, self.world.orchestrator.first_ports[self.world.service]
        if c.labels.get("name") != self.world.orchestrator.name or c.labels.get("service") != service:
            yield f"{c} is labelled {c.labels}"
        named = re.fullmatch(re.escape(service) + r"_(?:(\d+)(?:\.next)?|spare_(\d+)|roll)", c.name)
        if named is None:
            yield f"{c} has a name that is none of ours"
        elif named[1] is not None and (c.slot != int(named[1]) or int(c.labels["port"]) != first + c.slot):
            yield f"{c} is labelled slot {c.slot}, port {c.labels['port']}"
        elif named[1] is None and c.slot != -1:
            yield f"{c} is labelled slot {c.slot}"
        if not re.fullmatch(r"[0-9a-f]{16}", c.labels.get("spec", "")):
            yield f"{c} is labelled spec {c.labels.get('spec')}"


class Resources:
    """How much an orchestrator holds when nobody asks it for anything."""

    def __init__(self, orchestrator, connections):
        self.orchestrator = orchestrator
        self.kept_sockets = connections * (MOST + MOST_SPARES)      # to containers, for the next requests
        self.memory_slack_kb = SANITIZER_SLACK_KB if is_sanitized() else MEMORY_SLACK_KB
        self.fds, self.rss_kb = collections.Counter(), 0

    def note(self):
        self.fds, self.rss_kb = self._now()

    def _now(self):
        pid = self.orchestrator.process.pid
        return descriptors(pid), rss_kb(pid)

    def leaks(self):
        """None, or what it holds that it should not."""
        fds, rss = self._now()
        fleet = self.orchestrator.fleet()
        more = fds - self.fds
        sockets, processes = more.pop("socket", 0), more.pop("anon_inode:[pidfd]", 0)
        if sockets > self.kept_sockets or more.total() > FD_SLACK or processes > MOST + MOST_SPARES:
            return f"{fds.total()} descriptors are open, {fds}; {self.fds} before the storm"
        if rss > self.rss_kb + self.memory_slack_kb:
            return f"{rss} kB of memory, {self.rss_kb} before the storm"
        open_now = fleet["connections"]
        in_flight, held = (sum(service[key] for service in fleet["services"]) for key in ("in_flight", "held"))
        if open_now > 0 or in_flight > 0 or held > 0:
            return f"{open_now} connections, {in_flight} requests in flight, {held} held, and no client"
        return None


def litter(world):
    """None, or what lies about beside the containers of one host."""
    sockets = world.orchestrator.socket_dir
    # admin's socket is beside them
    folders = sum(entry.is_dir() for entry in os.scandir(sockets)) if os.path.isdir(sockets) else 0
    containers = len(world.containers())
    if folders != containers:
        return f"{folders} socket directories for {containers} containers"
    if world.left_over() not in (None, (1, 1)):
        return f"networks and volumes: {world.left_over()}, not one each"
    return None


def wait_for_none(question, deadline_s):
    """Until question() is None; (its last answer, seconds)."""
    begin = time.monotonic()
    while True:
        try:
            answer = question()
        except (OSError, ValueError) as error:
            answer = repr(error)
        if answer is None or time.monotonic() - begin > deadline_s:
            return answer, time.monotonic() - begin
        time.sleep(0.05)
