"""After POST /_crash the slot has a new container (new ID, same name, same port) within 2 s, and no client sees a failure."""

import contextlib
import http.client
import re

from harness.client import request
from harness.faults import crash, hurt_and_wait
from harness.poller import Poller
from harness.wait import wait_until

LIMIT_S = 2.0


def test_among_three(web):
    orchestrator, service = web(3)
    with Poller(orchestrator.port, clients=2) as poller:
        hurt_and_wait(orchestrator, service, 1, crash, LIMIT_S)
    poller.assert_clean(at_least=50)


def test_the_only_one(web):
    """With one container requests are held meanwhile, not refused."""
    orchestrator, service = web(1)
    with Poller(orchestrator.port, clients=2) as poller:
        hurt_and_wait(orchestrator, service, 0, crash, LIMIT_S)
    poller.assert_clean()


def test_every_one_in_turn(web):
    orchestrator, service = web(3)
    with Poller(orchestrator.port, clients=2, keep_alive=False) as poller:
        for slot in range(3):
            hurt_and_wait(orchestrator, service, slot, crash, LIMIT_S)
    poller.assert_clean(at_least=100)


def test_again_and_again(web):
    """Three times within 30 s: its slot backs off and says so, the other one serves, and later it is tried again."""
    orchestrator, service = web(2)
    with Poller(orchestrator.port, clients=2) as poller:
        for _ in range(3):
            wait_until(lambda: orchestrator.fleet_slots(service)[0]["state"] == "ready", 20, "slot 0 is ready")
            with contextlib.suppress(OSError, http.client.HTTPException):
                request(orchestrator.slot_port(service, 0), "/die?code=3")
            wait_until(lambda: orchestrator.fleet_slots(service)[0]["state"] != "ready", 10, "its end is noticed")
        wait_until(lambda: "event=backing-off" in orchestrator.log(), 10, "it says so, once it is sure that nobody killed it")
        assert re.search(r"reason=crash-loop .*retry_ms=[1-9]", orchestrator.log())
        orchestrator.wait_slots(service, 2)
    poller.assert_clean(at_least=50)


def test_under_load(web):
    """Many requests are in flight at the moment of the crash: their 500s must not get through either."""
    orchestrator, service = web(3)
    with Poller(orchestrator.port, clients=16, every_s=0) as poller:
        for slot in range(3):
            hurt_and_wait(orchestrator, service, slot, crash, LIMIT_S)
    poller.assert_clean(at_least=500)
