"""An orchestrator on a node of a swarm, in that node's network: who cuts the node off cuts it off, and its clients with it."""

import copy
import json

from .client import request
from .island import Island
from .orchestrator import Orchestrator

PEER_PORT = 9090


class OnNode(Orchestrator):
    """first: the one of the same name whose file it has; None: it is the first."""

    def __init__(self, node, folder, number, first=None):
        folder.mkdir()
        super().__init__(node.docker, folder, number)
        self.node, self.space = node, Island(node.pid)
        self.prefix = ["nsenter", f"--net=/proc/{node.pid}/ns/net"]
        self.config.update(engine="swarm", admin=[f"127.0.0.1:{self.admin_port}", f"{node.address}:{PEER_PORT}"],
                           admin_token_file=self._token("admin"))
        if first is not None:
            self.name = self.config["name"] = first.name
            self.config["services"] = copy.deepcopy(first.config["services"])

    def _token(self, whose):
        path = self.folder / f"{whose}.token"
        path.write_text(f"the-token-of-{whose}\n", encoding="ascii")
        path.chmod(0o600)
        return str(path)

    def know(self, peers):
        self.config["swarm"] = {"peers": [f"{one.node.address}:{PEER_PORT}" for one in peers], "token_file": self._token("peers")}

    def connect(self):
        """As a client on the same node."""
        return self.space.connect(self.port)

    def _admin(self, target, method="GET", body=None, timeout=5):
        return request(self.admin_port, target, method, body, timeout=timeout, connect=lambda: self.space.connect(self.admin_port))

    def get(self, target, **kwargs):
        return request(self.port, target, connect=self.connect, **kwargs)

    def fleet(self):
        return self._admin("/api/fleet").json()

    def scale(self, service, wanted):
        """The reply: only who leads takes it."""
        return self._admin(f"/api/services/{service}/scale", "POST", json.dumps({"wanted": wanted}), timeout=10)

    def is_up(self):
        """It runs, and Swarm answers it."""
        return self.process is not None and self.process.poll() is None and self.fleet()["engine"]["up"]

    def leads(self):
        engine = self.fleet()["engine"]
        return engine["up"] and engine["leads"]


def on_each(swarm, folder, number, configure):
    """An orchestrator on each node, all of one name, with the services that configure(the first) adds."""
    made = []
    for index, node in enumerate(swarm.nodes):
        made.append(OnNode(node, folder / f"orchestrator{index + 1}", f"{number}n{index}", made[0] if made else None))
        if index == 0:
            configure(made[0])
    for one in made:
        one.know(made)
    return made
