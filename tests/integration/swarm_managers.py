"""Orchestrators of one name, one on each of a swarm's managers, and what scenarios ask them."""

import contextlib
import copy

import pytest

from harness.poller import Poller
from harness.swarm import Swarm


@pytest.fixture(scope="module")
def swarm(tmp_path_factory):
    made = Swarm(tmp_path_factory.mktemp("swarm"))
    try:
        made.share(made.backend_image())
        yield made
    finally:
        made.close()


@pytest.fixture
def serve(swarm, orchestrate, tmp_path):
    """Orchestrators of one name, one on each of so many nodes, with one service of so many containers; and its name."""
    made = []

    def start(orchestrators, size, **settings):
        token = tmp_path / "peers.token"
        token.write_text("no-secret-at-all\n")
        token.chmod(0o600)
        made.extend(orchestrate() for _ in range(orchestrators))
        peers = [f"127.0.0.1:{one.admin_port}" for one in made]
        for one, node in zip(made, swarm.nodes):
            one.config.update(engine="swarm", docker_socket=node.docker.path, hold_ms=20000,
                              swarm={"peers": peers, "token_file": str(token)})
            if one is made[0]:
                service = one.add_service("web", swarm.backend_image(), **{"scale": {"min": size, "max": size}, **settings})
            else:
                one.name = one.config["name"] = made[0].name
                one.config["services"] = copy.deepcopy(made[0].config["services"])
            one.spawn()
        for one in made:
            one.wait_slots(service, size)
        return made, service
    yield start
    for one in made:
        one.stop()
    for found in swarm.services():
        swarm.docker.call("DELETE", f"/services/{found['ID']}")


@contextlib.contextmanager
def asked(orchestrators, at_least=3):
    """Clients of all of them, none of whom is failed."""
    with contextlib.ExitStack() as stack:
        pollers = [stack.enter_context(Poller(one.port, clients=2)) for one in orchestrators]
        yield pollers
    for poller in pollers:
        poller.assert_clean(at_least)


def serving(one, service):
    """{slot: container} of those that are ready, as this one sees it."""
    return {slot["slot"]: slot["container"] for slot in one.slots(service) if slot["state"] == "ready"}


def leads(one):
    engine = one.fleet()["engine"]
    return engine["up"] and engine["leads"]


def who_leads(orchestrators):
    return next((one for one in orchestrators if leads(one)), None)
