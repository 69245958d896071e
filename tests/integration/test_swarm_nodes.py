"""Engine swarm: on which nodes containers are, and what becomes of them when a node dies, leads or not, or most are away."""

import concurrent.futures
import contextlib
import signal
import time

import pytest

from harness.client import request
from harness.ports import free_ports
from harness.wait import holds_for, wait_until
from swarm_managers import asked, leads, serve, serving, swarm, who_leads     # pylint: disable=unused-import

pytestmark = pytest.mark.skipif("os.geteuid() != 0", reason="namespaces take root")

TOKEN = "no-secret-at-all"


def _labels(node):
    """Of our containers that run there, by the service's and the slot's labels."""
    return [(c["Labels"]["selfless.service"], int(c["Labels"]["selfless.slot"])) for c in node.docker.list(every=False)]


def _slots_on(node, service):
    return [slot for of, slot in _labels(node) if of == service and slot >= 0]


def _spares_on(node, service):
    return [slot for of, slot in _labels(node) if of == service and slot < 0]


@contextlib.contextmanager
def _drained(swarm, nodes):
    for node in nodes:
        swarm.set_availability(node, "drain")
    try:
        yield
    finally:
        for node in nodes:
            swarm.set_availability(node, "active")


def test_slots_share_no_node_and_spares_keep_away(swarm, serve):
    """Also where one node has much more than the others, which is what Swarm goes by."""
    with _drained(swarm, swarm.nodes[:2]):
        (first,), filler = serve(1, 3)
        assert [len(_slots_on(node, filler)) for node in swarm.nodes] == [0, 0, 3]     # they share where they must
    web = first.add_service("web2", swarm.backend_image(), routes=["/web"], scale={"min": 3, "max": 3})
    spared = first.add_service("spared", swarm.backend_image(), routes=["/spared"], scale={"min": 2, "max": 2, "spares": 1})
    first.write_config()
    first.send_signal(signal.SIGHUP)
    first.wait_slots(web, 3)
    first.wait_slots(spared, 2)
    assert [len(_slots_on(node, web)) for node in swarm.nodes] == [1, 1, 1]
    wait_until(lambda: sum(len(_spares_on(node, spared)) for node in swarm.nodes) == 1, 20, "its spare runs")
    assert sorted((len(_slots_on(node, spared)), len(_spares_on(node, spared))) for node in swarm.nodes) == [(0, 1), (1, 0), (1, 0)]
    assert first.command("roll", filler).returncode == 0
    wait_until(lambda: [len(_slots_on(node, filler)) for node in swarm.nodes] == [1, 1, 1], 60, "a roll spreads it")


def test_one_file_on_all_nodes(swarm, orchestrate, tmp_path):
    """Each listens at its node's address, and the leader finds the others there."""
    for name in "admin.token", "peers.token":
        (tmp_path / name).write_text(f"{TOKEN}-{name}\n")
        (tmp_path / name).chmod(0o600)
    port, admin_port = free_ports(), free_ports()
    made = [orchestrate() for _ in swarm.nodes[:2]]
    for one, node in zip(made, swarm.nodes):
        one.prefix = ["nsenter", f"--net=/proc/{node.pid}/ns/net"]
        one.name = made[0].name
        one.config.update(name=made[0].name, engine="swarm", docker_socket=node.docker.path, listen=f"0.0.0.0:{port}",
                          admin=f"node:{admin_port}", admin_token_file=str(tmp_path / "admin.token"),
                          swarm={"token_file": str(tmp_path / "peers.token"), "poll_ms": 100})
    service = made[0].add_service("web", swarm.backend_image(), scale={"min": 1, "max": 3, "window_s": 3600, "count": ["/api/v1/"],
                                                                       "requests_per_container": 100})
    made[1].config["services"] = made[0].config["services"]
    fields = {"Authorization": f"Bearer {TOKEN}-admin.token"}

    def fleet(node):
        return request(admin_port, "/api/fleet", headers=fields, host=node.address).json()

    def count():
        return fleet(leading)["services"][0]["window"]["count"]
    try:
        for one in made:
            one.spawn()
        leading = wait_until(lambda: next((node for node in swarm.nodes[:2] if fleet(node)["engine"]["leads"]), None), 30, "one leads")
        for node in swarm.nodes[:2]:
            wait_until(lambda: [s["state"] for s in fleet(node)["services"][0]["slots"][:1]] == ["ready"], 30, f"{service} serves")    # pylint: disable=cell-var-from-loop
            assert request(admin_port, "/api/fleet", host=node.address).status == 401
        follower = next(node for node in swarm.nodes[:2] if node is not leading)
        wait_until(lambda: request(port, "/api/v1/x", host=follower.address).status < 500 and count() >= 3, 20,
                   "the leader counts what the other one is asked")
        assert made[0].command("status").returncode == 0    # by its socket
    finally:
        for one in made:
            one.stop()
        for found in swarm.services():
            swarm.docker.call("DELETE", f"/services/{found['ID']}")
    assert not any("event=peers-off" in one.log() for one in made)


def _ids_on(swarm, node):
    """Of Swarm services with a task on the node."""
    return {task["ServiceID"] for task in swarm.docker.call_json("GET", "/tasks") if task.get("NodeID") == node.id}


def _elsewhere(one, service, before):
    """Three serve, none of which was there before."""
    now = serving(one, service)
    return len(now) == 3 and not before & set(now.values())


def _loses_nothing(swarm, serve, lose, bring_back):
    """A node that does not lead is lost: clients of the others' orchestrators do not notice."""
    orchestrators, service = serve(3, 3)
    leading = swarm.leader()
    node = next(node for node in reversed(swarm.nodes) if node is not leading)
    others = [one for one, at in zip(orchestrators, swarm.nodes) if at is not node]
    first, before = who_leads(others), _ids_on(swarm, node)
    assert len(before) == 1
    with asked(others, 50) as pollers:
        wait_until(lambda: len(pollers[0].outcomes) > 50, 20, "they are asked")
        lose(node)
        begin = time.monotonic()
        try:
            wait_until(lambda: _elsewhere(first, service, before), 60, "all serve elsewhere")
            print(f"all serve elsewhere after {time.monotonic() - begin:.1f} s, longest wait {max(p.slowest() for p in pollers):.2f} s")
            for one in others:
                wait_until(lambda: serving(one, service) == serving(first, service), 20, "all see the same")   # pylint: disable=cell-var-from-loop
        finally:
            bring_back(node)
    wait_until(lambda: len(swarm.services()) == 3 and sum(len(_slots_on(at, service)) for at in swarm.nodes) == 3, 60,
               "no double is left")
    return first, node


def test_a_node_that_is_cut_off_loses_nothing(swarm, serve):
    """The orchestrator finds it to be lost by itself."""
    first, node = _loses_nothing(swarm, serve, lambda node: swarm.lan.cut(node.address), lambda node: swarm.lan.mend(node.address))
    lost = next(line for line in first.log().splitlines() if "event=node-lost" in line)
    assert f"address={node.address} " in lost


def test_a_node_that_is_killed_loses_nothing(swarm, serve):
    _loses_nothing(swarm, serve, lambda node: node.power_off(), lambda node: node.start())


def _docker_elects(by, former):
    """When one of the others sees that another node than the former leads."""
    def elected():
        listed = by.docker.call_json("GET", "/nodes")
        return any(n.get("ManagerStatus", {}).get("Leader") and n["ID"] != former.id for n in listed)
    wait_until(elected, 120, "Docker elects")
    return time.monotonic()


def test_a_leader_that_is_killed_loses_nothing(swarm, serve):
    orchestrators, service = serve(3, 3)
    leading = swarm.leader()
    others = [one for one, at in zip(orchestrators, swarm.nodes) if at is not leading]
    survivor = next(node for node in swarm.nodes if node is not leading)
    before = _ids_on(swarm, leading)
    with asked(others, 50), concurrent.futures.ThreadPoolExecutor() as pool:
        leading.power_off()
        killed = time.monotonic()
        try:
            elected = pool.submit(_docker_elects, survivor, leading)
            wait_until(lambda: who_leads(others) is not None, 120, "another one leads")
            taken = time.monotonic()
            first = who_leads(others)
            print(f"killed the leader: Docker's election after {elected.result() - killed:.1f} s, taken over "
                  f"{taken - elected.result():.1f} s later")
            wait_until(lambda: _elsewhere(first, service, before), 60, "all serve elsewhere")
            print(f"all serve elsewhere {time.monotonic() - taken:.1f} s after that")
        finally:
            leading.start()
    wait_until(lambda: all(one.fleet()["engine"]["up"] for one in orchestrators) and sum(map(leads, orchestrators)) == 1, 150,
               "one leads")
    wait_until(lambda: serving(orchestrators[0], service) == serving(orchestrators[1], service) == serving(orchestrators[2], service) and
               len(swarm.services()) == 3, 90, "all see the same, and no double is left")


def test_without_most_managers_it_serves_on(swarm, serve):
    """What ends on its own node is started again there, and replaced once the others are back."""
    orchestrators, service = serve(3, 3)
    first, node, away = orchestrators[0], swarm.nodes[0], swarm.nodes[1:]
    [container] = [c["Id"] for c in node.docker.list(every=False)]
    begun = node.docker.inspect(container)["State"]["StartedAt"]
    slot = next(iter(_slots_on(node, service)))
    with asked([first], 50):
        for one in away:
            swarm.lan.cut(one.address)
        try:
            wait_until(lambda: not first.fleet()["engine"]["up"], 60, "no quorum")
            assert first.metrics()["selfless_engine_up"] == 0
            assert first.fleet()["engine"]["cause"]
            wait_until(lambda: list(serving(first, service)) == [slot], 60, "what can be reached serves")
            node.docker.call("POST", f"/containers/{container}/kill")
            wait_until(lambda: node.docker.inspect(container)["State"]["StartedAt"] != begun, 60, "it is started again")
            wait_until(lambda: list(serving(first, service)) == [slot], 20, "it serves again")
            holds_for(lambda: list(serving(first, service)) == [slot], 3, "it serves on")
        finally:
            for one in away:
                swarm.lan.mend(one.address)
        wait_until(lambda: all(one.fleet()["engine"]["up"] for one in orchestrators) and sum(map(leads, orchestrators)) == 1, 150,
                   "one leads")
        wait_until(lambda: not any(c["Id"] == container for c in node.docker.list(every=False)), 90, "it is replaced")
        wait_until(lambda: all(len(serving(one, service)) == 3 for one in orchestrators), 60, "all serve")
    assert "event=started-again" in first.log()
