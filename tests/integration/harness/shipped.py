"""The application as it is shipped, seen through the orchestrator's own doors: port 80, the admin API, the containers' ports."""

import re

from .round_trip import RoundTrip
from .wait import wait_until

PORT, ADMIN_PORT = 80, 9090
FIRST_PORTS = {"acts": 8000, "users": 8080}
REPLACED_S = 45         # three faults within 30 s make a slot back off, and the machine may be busy


class Shipped:
    """On a Host. orchestrator: the program whose commands are used."""

    def __init__(self, host, orchestrator="build/orchestrator/orchestrator"):
        self.host, self.orchestrator = host, orchestrator

    def round_trip(self):
        return RoundTrip("http://127.0.0.1", lambda: self.host.connect(PORT))

    def connect(self, service):
        """To its first container's own port, once that one is there: the others may serve meanwhile."""
        connected = []

        def is_there():
            try:
                connected.append(self.host.connect(FIRST_PORTS[service]))
            except ConnectionRefusedError:
                return False
            return True
        wait_until(is_there, REPLACED_S, f"{service}_0 accepts at its own port")
        return connected[0]

    def order(self, *words):
        """To the orchestrator, by its own commands."""
        return self.host.run(f"{self.orchestrator} {' '.join(map(str, words))}").stdout

    def services(self):
        return self.host.request(ADMIN_PORT, "/api/fleet", timeout=5).json()["services"]

    def slots(self, service):
        found = next(s for s in self.services() if s["name"] == service)
        return [slot for slot in found["slots"] if slot["state"] != "empty"]

    def container(self, service):
        """The one in slot 0, if that is ready."""
        slot = self.slots(service)[0]
        return slot["container"] if slot["state"] == "ready" else None

    def wait_replaced(self, service, before):
        wait_until(lambda: self.container(service) not in (None, before), REPLACED_S, f"another {service}_0 than {before}")

    def scale(self, service, size):
        """And there it stays until the scaling window ends."""
        self.order("scale", service, size)
        wait_until(lambda: [slot["state"] for slot in self.slots(service)] == ["ready"] * size, REPLACED_S,
                   f"{size} containers of {service}")

    def wait_settled(self):
        """What was ordered is carried out: no container is about to end."""
        wait_until(lambda: not any(service["rolling"] or service["leaving"] for service in self.services()), REPLACED_S,
                   "no roll, and nothing on its way out")

    def wait_named(self, service):
        """Until the first container has its name: then its next one is made ahead. A process has none of that."""
        def is_named():
            slot = self.slots(service)[0]
            return slot["image"] == "" or slot["next_ready"]
        wait_until(is_named, REPLACED_S, f"a container called {service}_0, and the next one")

    def hurt(self, service, how):
        """Does that to its first container; until another one is in its place."""
        self.wait_named(service)
        before = self.container(service)
        how()
        self.wait_replaced(service, before)

    # --- docker/up and docker/down

    def up(self, *arguments):
        return self.host.script("up", *arguments)

    def down(self, *arguments):
        return self.host.script("down", *arguments)

    def pid(self):
        return int(self.host.text("cat /var/lib/selfless/up/pid"))

    def log(self):
        return (self.host.folder / "selfless" / "up" / "orchestrator.log").read_text(errors="replace")

    def reload(self):
        """What the orchestrator says to SIGHUP."""
        seen = len(self.log())
        self.host.run(f"kill -HUP {self.pid()}")
        return wait_until(lambda: re.search(r"event=reload.*", self.log()[seen:]), 10, "the signal was heard")[0]
