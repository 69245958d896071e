"""A container that does not hear SIGTERM costs `stop_ms` each time it is to end: the log says so, once for each revision, and what
to do. Nobody else is blamed."""

import signal

from harness.client import request
from harness.wait import wait_until

STOP_MS = 1000


def unheeded(orchestrator):
    return [line for line in orchestrator.log().splitlines() if "event=sigterm-unheeded" in line]


def replace(orchestrator, service, slot=0):
    """Gone is the old one, too."""
    before = orchestrator.ids(service)[slot]
    assert request(orchestrator.admin_port, f"/api/services/{service}/slots/{slot}/replace", "POST").status in (200, 202)
    wait_until(lambda: not orchestrator.docker.exists(before), 60, "the old container is gone")
    wait_until(lambda: orchestrator.ids(service).get(slot) not in (None, before), 60, "another one serves")


def test_once_for_each_revision(web):
    orchestrator, service = web(1, settings={"stop_ms": STOP_MS}, env={"DEAF": "1"})
    for _ in range(2):
        replace(orchestrator, service)
    assert len(lines := unheeded(orchestrator)) == 1
    assert f"service={service} slot=0" in lines[0] and f"stop_ms={STOP_MS}" in lines[0] and "tini" in lines[0]
    orchestrator.settings(service)["env"] = {"DEAF": "2"}
    orchestrator.write_config()
    orchestrator.send_signal(signal.SIGHUP)
    wait_until(lambda: "event=rolled" in orchestrator.log().partition("what=roll")[2], 60, "what was changed is rolled")
    replace(orchestrator, service)
    assert len(unheeded(orchestrator)) == 2


def test_who_ends_in_time_is_not_blamed(web):
    orchestrator, service = web(1, settings={"stop_ms": 5000})
    replace(orchestrator, service)
    assert unheeded(orchestrator) == []
