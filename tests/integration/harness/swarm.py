"""A Docker swarm of the scenario's own: managers, each a dockerd in a network namespace of its own, on one wire, which this
machine is on, too: an orchestrator under test runs here, as if it were on the first of them."""

import os
import signal
import subprocess

from .docker import Docker
from .dockerd import end_shims, launch, unmount_below
from .images import backend_image
from .lan import Lan
from .wait import wait_until

SECOND_NS = 1_000_000_000
NETWORK = f"10.{80 + os.getpid() % 100}.0"
OURS = f"{NETWORK}.254"


class Node:
    def __init__(self, folder, lan, number):
        self.folder, self.address = folder / f"node{number}", f"{NETWORK}.{number}"
        self.folder.mkdir()
        self.space = subprocess.Popen(["unshare", "--net", "sh", "-c", "ip link set lo up && exec sleep infinity"])
        self.pid = self.space.pid
        wait_until(lambda: os.readlink(f"/proc/{self.pid}/ns/net") != os.readlink("/proc/self/ns/net"), 10, "a namespace")
        lan.join(self, self.address)
        self.docker = Docker(str(self.folder / "docker.sock"))
        self.process, self.id = None, None

    def start(self):
        """--ip: ports of containers on this node's own address and no other."""
        self.process = launch(self.folder, self.pid, self.docker, "--ip", self.address)

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """dockerd alone, and containerd with it: containers run on until the next one finds them."""
        containerd = int((self.folder / "exec" / "containerd" / "containerd.pid").read_text(encoding="ascii"))
        self.process.kill()
        self.process.wait(20)
        wait_until(lambda: not os.path.exists(f"/proc/{containerd}"), 20, "containerd ended")

    def power_off(self):
        """All that runs on it, but for what the scenario itself started there."""
        self.kill()
        end_shims(self.folder)

    def close(self):
        if self.is_running():
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
        end_shims(self.folder)
        self.space.kill()
        self.space.wait(10)
        unmount_below(self.folder)


class Swarm:
    """The first node has the image of the scripted backend; `share` gives it to the others."""

    def __init__(self, folder, size=3):
        self.lan = Lan(f"{NETWORK}.253")
        self.nodes = []
        try:
            self.lan.join_here(OURS)
            self.nodes = [Node(folder, self.lan, number) for number in range(1, size + 1)]
            for node in self.nodes:
                node.start()
            self._init()
        except BaseException:
            self.close()
            raise

    def _init(self):
        first = self.nodes[0]
        first.docker.call_json("POST", "/swarm/init", {
            "ListenAddr": f"{first.address}:2377", "AdvertiseAddr": first.address,
            "Spec": {"Dispatcher": {"HeartbeatPeriod": SECOND_NS}, "Orchestration": {"TaskHistoryRetentionLimit": 1}}})
        token = first.docker.call_json("GET", "/swarm")["JoinTokens"]["Manager"]
        for node in self.nodes[1:]:
            node.docker.call_json("POST", "/swarm/join", {
                "ListenAddr": f"{node.address}:2377", "AdvertiseAddr": node.address,
                "RemoteAddrs": [f"{first.address}:2377"], "JoinToken": token})
        for node in self.nodes:
            node.id = node.docker.call_json("GET", "/info")["Swarm"]["NodeID"]

    @property
    def docker(self):
        return self.nodes[0].docker

    def backend_image(self):
        return backend_image(self.docker)

    def share(self, image):
        """As `docker save | docker load`: by its id all nodes know it as the same."""
        content = self.docker.call("GET", f"/images/{image}/get")
        for node in self.nodes[1:]:
            node.docker.call("POST", "/images/load", content, {"Content-Type": "application/x-tar"})

    def services(self):
        return self.docker.call_json("GET", "/services")

    def _change(self, node, by, **settings):
        docker = (by or self.nodes[0]).docker
        found = docker.call_json("GET", f"/nodes/{node.id}")
        docker.call_json("POST", f"/nodes/{node.id}/update?version={found['Version']['Index']}", {**found["Spec"], **settings})

    def set_availability(self, node, availability):
        self._change(node, None, Availability=availability)

    def set_role(self, node, role, by):
        """by: another manager, who is told."""
        self._change(node, by, Role=role)

    def leader(self, by=None):
        """The node that leads, as one of them says."""
        listed = (by or self.nodes[0]).docker.call_json("GET", "/nodes")
        leader = next((n["ID"] for n in listed if n.get("ManagerStatus", {}).get("Leader")), None)
        return next((node for node in self.nodes if node.id == leader), None)

    def close(self):
        for node in self.nodes:
            if node.process is not None:
                node.close()
        self.lan.close()
