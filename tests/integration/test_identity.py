"""Each container has an identity, which its program may say in its answers to probes: another one's answer does not count as its own."""

import json
import subprocess

from harness.client import request
from harness.faults import hurt_and_wait
from harness.poller import Poller

LIMIT_S = 4.0   # the second miss, and another container


def be_stranger(orchestrator, service, slot, container):
    del container
    assert request(orchestrator.slot_port(service, slot), "/_set?stranger=1").status == 200


def inspected(name):
    return json.loads(subprocess.run(["docker", "inspect", name], capture_output=True, check=True).stdout)[0]["Config"]


def test_each_has_its_own(web):
    orchestrator, service = web(2)
    seen = set()
    for slot in range(2):
        config = inspected(f"{service}_{slot}")
        identity = config["Labels"]["selfless.id"]
        assert f"SELFLESS_ID={identity}" in config["Env"] and len(identity) == 32
        assert request(orchestrator.slot_port(service, slot), "/_health").get("Selfless-Id") == identity
        seen.add(identity)
    assert len(seen) == 2


def test_another_ones_answer(web):
    orchestrator, service = web(3)
    with Poller(orchestrator.port, clients=2) as poller:
        hurt_and_wait(orchestrator, service, 1, be_stranger, LIMIT_S)
    poller.assert_clean(at_least=50)
    assert "reason=probe-stranger" in orchestrator.log()
    assert "another container answers there: stranger instead of " in orchestrator.log()


def test_adopted_with_its_identity(web):
    """The one that is found running is known by what it was made with."""
    orchestrator, service = web(2)
    orchestrator.kill()
    orchestrator.start()
    orchestrator.wait_slots(service, 2)
    with Poller(orchestrator.port, clients=2) as poller:
        hurt_and_wait(orchestrator, service, 0, be_stranger, LIMIT_S)
    poller.assert_clean(at_least=50)
    assert "reason=probe-stranger" in orchestrator.log()
