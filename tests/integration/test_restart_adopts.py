"""SIGTERM leaves the containers running, and the next start adopts them: same ids, no pause in their service."""

from harness.client import request
from harness.poller import Poller
from harness.wait import holds_for, wait_until


def test_after_sigterm(web):
    orchestrator, service = web(3)
    before = orchestrator.ids(service)
    orchestrator.stop()
    assert orchestrator.ids(service) == before
    with Poller(orchestrator.slot_port(service, 0)) as poller:
        orchestrator.start()
        holds_for(lambda: orchestrator.ids(service) == before, 2, "adopted containers stay")
    poller.assert_clean()
    assert {orchestrator.get("/fast").backend for _ in range(6)} == {i[:12] for i in before.values()}


def test_after_kill_9(web):
    orchestrator, service = web(2)
    before = orchestrator.ids(service)
    orchestrator.kill()
    orchestrator.start()
    holds_for(lambda: orchestrator.ids(service) == before, 2, "adopted containers stay")
    assert len(orchestrator.docker.list(f"selfless.name={orchestrator.name}", every=False)) == 2


def test_one_that_died_meanwhile_is_replaced(web):
    orchestrator, service = web(3)
    before = orchestrator.ids(service)
    orchestrator.stop()
    orchestrator.docker.kill(before[1])
    after = orchestrator.start().wait_slots(service, 3)
    assert after[0] == before[0] and after[2] == before[2]
    assert after[1] != before[1]


def test_one_that_fell_ill_meanwhile_is_replaced(web):
    """It gets no 30 s to start: whoever asks is answered before hold_ms."""
    orchestrator, service = web(1)
    before = orchestrator.ids(service)
    orchestrator.kill()
    request(orchestrator.slot_port(service, 0), "/_crash")
    orchestrator.spawn()
    wait_until(orchestrator.fleet, 10, "it is back")
    assert orchestrator.get("/fast", timeout=30).status == 200
    assert orchestrator.wait_slots(service, 1)[0] != before[0]


def test_one_of_another_spec_is_replaced(web):
    orchestrator, service = web(2)
    before = orchestrator.ids(service)
    orchestrator.stop()
    orchestrator.config["services"][0]["env"] = {"NAME": "other"}
    orchestrator.start()
    wait_until(lambda: set(orchestrator.ids(service).values()).isdisjoint(before.values()), 60, "both replaced")
    orchestrator.wait_slots(service, 2)
    assert orchestrator.get("/fast").backend == "other"


def test_what_is_not_wanted_any_more_is_removed(web):
    orchestrator, service = web(3)
    before = orchestrator.ids(service)
    orchestrator.stop()
    orchestrator.config["services"][0]["scale"].update(min=1, max=1)
    orchestrator.start()
    wait_until(lambda: orchestrator.ids(service) == {0: before[0]}, 60, "only slot 0 is left")
