"""Engine swarm: an orchestrator on each of three managers. One leads, all serve."""

import pytest

from dashboard_board import open_page, shoot_all, wait_text
from harness.client import request
from harness.wait import wait_until
from swarm_managers import asked, leads, serve, serving, swarm, who_leads     # pylint: disable=unused-import

pytestmark = pytest.mark.skipif("os.geteuid() != 0", reason="namespaces take root")


def test_one_leads_and_all_serve(swarm, serve):
    orchestrators, service = serve(3, 3)
    first, *others = orchestrators
    assert [leads(one) for one in orchestrators] == [True, False, False]
    assert [one.metrics()["selfless_leader"] for one in orchestrators] == [1, 0, 0]
    assert all(serving(one, service) == serving(first, service) for one in others)
    assert len(swarm.services()) == 3
    with asked(orchestrators) as pollers:
        for poller in pollers:
            wait_until(lambda: len({o.backend for o in poller.outcomes}) == 3, 20, "all containers are asked")  # pylint: disable=cell-var-from-loop
    assert f"({swarm.nodes[0].address}) leads, and takes the orders" in others[0].status()
    for command in ("scale", service, "3"), ("roll", service), ("replace", service, "0"):
        done = others[1].command(*command)
        assert done.returncode == 1 and f"({swarm.nodes[0].address}) leads" in done.stderr, done


def test_each_hears_of_what_the_leader_mends(swarm, serve):
    orchestrators, service = serve(3, 3)
    with asked(orchestrators):
        for node in swarm.nodes:
            before = serving(orchestrators[0], service)
            node.docker.call("POST", f"/containers/{node.docker.list(every=False)[0]['Id']}/kill")
            for one in orchestrators:
                wait_until(lambda: len(now := serving(one, service)) == 3 and now != before, 30, "it is replaced")   # pylint: disable=cell-var-from-loop
    assert sum("event=created" in one.log() for one in orchestrators) == 1


def test_fewer_more_and_a_roll_lose_nothing(swarm, serve):
    orchestrators, service = serve(2, 1, scale={"min": 1, "max": 3, "window_s": 3600})
    with asked(orchestrators):
        for wanted in 3, 1, 2:
            orchestrators[0].scale(service, wanted)
            for one in orchestrators:
                wait_until(lambda: len(serving(one, service)) == wanted, 30, f"{wanted} serve")    # pylint: disable=cell-var-from-loop
        before = set(serving(orchestrators[0], service).values())
        assert orchestrators[0].command("roll", service).returncode == 0
        for one in orchestrators:
            wait_until(lambda: len(now := serving(one, service)) == 2 and not before & set(now.values()), 60, "rolled")    # pylint: disable=cell-var-from-loop
    wait_until(lambda: len(swarm.services()) == 2, 30, "none is left over")


def _ask(one, times):
    for _ in range(times):
        assert one.get("/api/v1/x").status < 500


def _window(one):
    return one.fleet()["services"][0]["window"]["count"]


SCALE = {"min": 1, "max": 3, "window_s": 3600, "count": ["/api/v1/"], "requests_per_container": 100, "early": True}


def test_the_leader_counts_the_requests_of_all(serve):
    """Also of one that was started anew, and of one that could not be asked for a while."""
    orchestrators, service = serve(3, 1, scale=SCALE)
    first, second, third = orchestrators
    for times, one in ((7, first), (11, second), (13, third)):
        _ask(one, times)
    wait_until(lambda: _window(first) == 31, 10, "all are counted")
    third.kill()
    _ask(second, 5)
    wait_until(lambda: _window(first) == 36, 10, "one is away")
    third.spawn()
    third.wait_slots(service, 1)
    _ask(third, 3)
    wait_until(lambda: _window(first) == 39, 20, "it was started anew")
    assert "event=peer-away" in first.log() and "event=peer-back" in first.log()
    assert "event=files-differ" not in first.log()


def test_what_followers_are_asked_brings_containers(serve):
    orchestrators, service = serve(2, 1, scale=SCALE)
    _ask(orchestrators[1], 101)
    for one in orchestrators:
        wait_until(lambda: len(serving(one, service)) == 2, 30, "two serve")   # pylint: disable=cell-var-from-loop


def test_from_nothing_by_a_followers_request(serve):
    orchestrators, _ = serve(2, 0, scale={**SCALE, "min": 0})
    assert orchestrators[1].get("/api/v1/x", timeout=20).status < 500
    assert orchestrators[1].get("/fast", timeout=20).status == 200


def test_peers_want_their_token(serve):
    first, _ = serve(1, 1)
    reply = request(first[0].admin_port, "/api/peer")
    assert reply.status == 403 and b"swarm.token_file" in reply.body
    reply = request(first[0].admin_port, "/api/peer", headers={"Authorization": "Bearer no-secret-at-all"})
    assert reply.status == 200 and reply.json()["services"][0]["counted"] == 0


def test_an_end_removes_nothing(swarm, serve):
    orchestrators, service = serve(2, 2)
    before = serving(orchestrators[0], service)
    for one in reversed(orchestrators):
        one.stop()
        assert sorted(before.values()) == sorted(found["ID"] for found in swarm.services())
    for one in orchestrators:
        one.spawn()
    for one in orchestrators:
        one.wait_slots(service, 2)
        assert serving(one, service) == before


def _loss(one):
    return one.fleet()["engine"]["node_loss"]


def test_what_a_nodes_loss_would_cost(swarm, serve, browser):
    """By the status, the metrics and the dashboard, live, while containers and nodes come and go."""
    (one,), service = serve(1, 2, scale={"min": 2, "max": 4, "window_s": 3600})
    nodes = one.fleet()["engine"]["nodes"]
    assert [node["address"] for node in nodes] == [node.address for node in swarm.nodes]
    assert [node["self"] for node in nodes] == [True, False, False] and [node["leader"] for node in nodes].count(True) == 1
    slots = one.slots(service)[:2]
    assert len({slot["node"] for slot in slots}) == 2
    assert all(slot["address"].startswith(slot["node"].split("(")[1][:-1] + ":") for slot in slots)
    assert _loss(one) == {"covered": True, "text": "the loss of any node is covered"}
    status = one.status()
    assert "the loss of any node is covered\n" in status and "READY CONTAINERS" in status and f"{service} 1" in status
    metrics = one.metrics()
    assert metrics["selfless_node_loss_covered"] == 1
    assert sum(value for name, value in metrics.items() if name.startswith("selfless_node_backends{")) == 2
    open_page(browser, one)
    wait_text(browser, "#node-loss", "The loss of any node is covered")     # as it looks
    for node in nodes:
        wait_text(browser, "#nodes .name", node["node"])
    wait_text(browser, "#nodes .has", f"{service} 1")
    wait_text(browser, "#process dt", "leads")
    shoot_all(browser, "nodes")
    lost = swarm.nodes[1]
    swarm.lan.cut(lost.address)
    try:
        wait_text(browser, "#node-loss", "2 of 3 managers are there, and without one more nothing is replaced", 30)
        wait_text(browser, "#nodes .state", "down", 30)
        assert "manager, away" in one.status() and one.metrics()["selfless_node_loss_covered"] == 0
        browser.screenshot("dashboard-node-lost", whole=True)
    finally:
        swarm.lan.mend(lost.address)
    wait_until(lambda: _loss(one)["covered"], 60, "it is back")


def test_a_service_on_one_node_is_named(serve):
    (one,), service = serve(1, 1)
    where = one.slots(service)[0]["node"]
    assert f"{service} has its only ready container on {where}: `scale.min` 2, or a spare, covers it" in _loss(one)["text"]


def test_a_leader_that_is_demoted_is_followed_by_another(swarm, serve):
    orchestrators, service = serve(3, 3)
    first, *others = orchestrators
    with asked(others):
        swarm.set_role(swarm.nodes[0], "worker", swarm.nodes[1])
        try:
            wait_until(lambda: who_leads(others) is not None, 30, "another one leads")
            wait_until(lambda: not first.fleet()["engine"]["up"], 30, "the first one is no manager")
            assert first.get("/fast").status == 200     # it serves on
            leader = who_leads(others)
            before = serving(leader, service)
            node = swarm.nodes[2]
            node.docker.call("POST", f"/containers/{node.docker.list(every=False)[0]['Id']}/kill")
            for one in others:
                wait_until(lambda: len(now := serving(one, service)) == 3 and now != before, 30, "it is replaced")   # pylint: disable=cell-var-from-loop
        finally:
            swarm.set_role(swarm.nodes[0], "manager", swarm.nodes[1])
    wait_until(lambda: first.fleet()["engine"]["up"] and not leads(first), 60, "it follows")
    wait_until(lambda: serving(first, service) == serving(leader, service), 30, "all of them are seen")


def test_a_leader_that_is_cut_off_is_followed_by_another(swarm, serve):
    leading = swarm.leader()
    orchestrators, service = serve(3, 3)
    first = orchestrators[swarm.nodes.index(leading)]
    others = [one for one in orchestrators if one is not first]
    with asked(others):
        swarm.lan.cut(leading.address)
        try:
            wait_until(lambda: who_leads(others) is not None, 60, "another one leads")
            for one in others:
                wait_until(lambda: len(serving(one, service)) == 3, 90, "all of them serve")    # pylint: disable=cell-var-from-loop
            wait_until(lambda: not first.fleet()["engine"]["up"], 60, "no quorum")
        finally:
            swarm.lan.mend(leading.address)
    # Docker elects once more, maybe more than once: the one that returns has a higher term of Raft's
    wait_until(lambda: all(one.fleet()["engine"]["up"] for one in orchestrators) and sum(map(leads, orchestrators)) == 1, 150,
               "one leads")
    wait_until(lambda: serving(first, service) == serving(others[0], service) and len(swarm.services()) == 3, 90,
               "all see the same, and no double is left")
