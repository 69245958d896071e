"""Engine swarm: an orchestrator on each of three managers. One leads, all serve."""

import contextlib
import copy

import pytest

from harness.poller import Poller
from harness.swarm import Swarm
from harness.wait import wait_until

pytestmark = pytest.mark.skipif("os.geteuid() != 0", reason="namespaces take root")


@pytest.fixture(scope="module")
def swarm(tmp_path_factory):
    made = Swarm(tmp_path_factory.mktemp("swarm"))
    try:
        made.share(made.backend_image())
        yield made
    finally:
        made.close()


@pytest.fixture
def serve(swarm, orchestrate):
    """Orchestrators of one name, one on each of so many nodes, with one service of so many containers; and its name."""
    made = []

    def start(orchestrators, size, **settings):
        for node in swarm.nodes[:orchestrators]:
            one = orchestrate()
            made.append(one)
            one.config.update(engine="swarm", docker_socket=node.docker.path, hold_ms=20000)
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
def _asked(orchestrators, at_least=3):
    """Clients of all of them, none of whom is failed."""
    with contextlib.ExitStack() as stack:
        pollers = [stack.enter_context(Poller(one.port, clients=2)) for one in orchestrators]
        yield pollers
    for poller in pollers:
        poller.assert_clean(at_least)


def _serving(one, service):
    """{slot: container} of those that are ready, as this one sees it."""
    return {slot["slot"]: slot["container"] for slot in one.slots(service) if slot["state"] == "ready"}


def _leads(one):
    engine = one.fleet()["engine"]
    return engine["up"] and engine["leads"]


def _leader(orchestrators):
    return next((one for one in orchestrators if _leads(one)), None)


def test_one_leads_and_all_serve(swarm, serve):
    orchestrators, service = serve(3, 3)
    first, *others = orchestrators
    assert [_leads(one) for one in orchestrators] == [True, False, False]
    assert [one.metrics()["selfless_leader"] for one in orchestrators] == [1, 0, 0]
    assert all(_serving(one, service) == _serving(first, service) for one in others)
    assert len(swarm.services()) == 3
    with _asked(orchestrators) as pollers:
        for poller in pollers:
            wait_until(lambda: len({o.backend for o in poller.outcomes}) == 3, 20, "all containers are asked")  # pylint: disable=cell-var-from-loop
    assert f"({swarm.nodes[0].address}) leads, and takes the orders" in others[0].status()
    for command in ("scale", service, "3"), ("roll", service), ("replace", service, "0"):
        done = others[1].command(*command)
        assert done.returncode == 1 and f"({swarm.nodes[0].address}) leads" in done.stderr, done


def test_each_hears_of_what_the_leader_mends(swarm, serve):
    orchestrators, service = serve(3, 3)
    with _asked(orchestrators):
        for node in swarm.nodes:
            before = _serving(orchestrators[0], service)
            node.docker.call("POST", f"/containers/{node.docker.list(every=False)[0]['Id']}/kill")
            for one in orchestrators:
                wait_until(lambda: len(now := _serving(one, service)) == 3 and now != before, 30, "it is replaced")   # pylint: disable=cell-var-from-loop
    assert sum("event=created" in one.log() for one in orchestrators) == 1


def test_fewer_more_and_a_roll_lose_nothing(swarm, serve):
    orchestrators, service = serve(2, 1, scale={"min": 1, "max": 3, "window_s": 3600})
    with _asked(orchestrators):
        for wanted in 3, 1, 2:
            orchestrators[0].scale(service, wanted)
            for one in orchestrators:
                wait_until(lambda: len(_serving(one, service)) == wanted, 30, f"{wanted} serve")    # pylint: disable=cell-var-from-loop
        before = set(_serving(orchestrators[0], service).values())
        assert orchestrators[0].command("roll", service).returncode == 0
        for one in orchestrators:
            wait_until(lambda: len(now := _serving(one, service)) == 2 and not before & set(now.values()), 60, "rolled")    # pylint: disable=cell-var-from-loop
    wait_until(lambda: len(swarm.services()) == 2, 30, "none is left over")


def test_an_end_removes_nothing(swarm, serve):
    orchestrators, service = serve(2, 2)
    before = _serving(orchestrators[0], service)
    for one in reversed(orchestrators):
        one.stop()
        assert sorted(before.values()) == sorted(found["ID"] for found in swarm.services())
    for one in orchestrators:
        one.spawn()
    for one in orchestrators:
        one.wait_slots(service, 2)
        assert _serving(one, service) == before


def test_a_leader_that_is_demoted_is_followed_by_another(swarm, serve):
    orchestrators, service = serve(3, 3)
    first, *others = orchestrators
    with _asked(others):
        swarm.set_role(swarm.nodes[0], "worker", swarm.nodes[1])
        try:
            wait_until(lambda: _leader(others) is not None, 30, "another one leads")
            wait_until(lambda: not first.fleet()["engine"]["up"], 30, "the first one is no manager")
            assert first.get("/fast").status == 200     # it serves on
            leader = _leader(others)
            before = _serving(leader, service)
            node = swarm.nodes[2]
            node.docker.call("POST", f"/containers/{node.docker.list(every=False)[0]['Id']}/kill")
            for one in others:
                wait_until(lambda: len(now := _serving(one, service)) == 3 and now != before, 30, "it is replaced")   # pylint: disable=cell-var-from-loop
        finally:
            swarm.set_role(swarm.nodes[0], "manager", swarm.nodes[1])
    wait_until(lambda: first.fleet()["engine"]["up"] and not _leads(first), 60, "it follows")
    wait_until(lambda: _serving(first, service) == _serving(leader, service), 30, "all of them are seen")


def test_a_leader_that_is_cut_off_is_followed_by_another(swarm, serve):
    leading = swarm.leader()
    orchestrators, service = serve(3, 3)
    first = orchestrators[swarm.nodes.index(leading)]
    others = [one for one in orchestrators if one is not first]
    with _asked(others):
        swarm.lan.cut(leading.address)
        try:
            wait_until(lambda: _leader(others) is not None, 60, "another one leads")
            for one in others:
                wait_until(lambda: len(_serving(one, service)) == 3, 90, "all of them serve")    # pylint: disable=cell-var-from-loop
            wait_until(lambda: not first.fleet()["engine"]["up"], 60, "no quorum")
        finally:
            swarm.lan.mend(leading.address)
    wait_until(lambda: first.fleet()["engine"]["up"] and not _leads(first), 60, "it follows")
    wait_until(lambda: _serving(first, service) == _serving(others[0], service), 60, "all of them are seen")
    wait_until(lambda: len(swarm.services()) == 3, 60, "no double is left")
