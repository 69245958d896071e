"""dockerd stopped for a while (live-restore, reach socket): no request fails, and what happened meanwhile is made good."""

import os
import shutil
import signal
import time

import pytest

from harness import images
from harness.dockerd import Dockerd
from harness.orchestrator import Orchestrator
from harness.poller import Poller
from harness.wait import holds_for, wait_until

AWAY_S = float(os.environ.get("SELFLESS_AWAY_S", "3"))     # longer by hand: 60


@pytest.fixture
def away(tmp_path):
    """`(orchestrator, service, dockerd)`: two containers that are reached through their sockets."""
    folder = tmp_path / "d"
    folder.mkdir()
    dockerd = Dockerd(folder).start()
    orchestrator = Orchestrator(dockerd.docker, tmp_path, f"{os.getpid()}d")
    orchestrator.config["hold_ms"] = 25000      # dockerd takes its time to come back on a busy machine
    try:
        image = images.backend_image(dockerd.docker)
        service = orchestrator.add_service("web", image, 2, reach="socket")
        yield orchestrator.start(), service, dockerd
    finally:
        if dockerd.process is None:
            dockerd.start()
        orchestrator.close()
        dockerd.close()
        shutil.rmtree(folder, ignore_errors=True)


def engine_up(orchestrator):
    return orchestrator.metrics()["selfless_engine_up"] == 1


def test_a_while_without_dockerd(away):
    orchestrator, service, dockerd = away
    before = orchestrator.ids(service)
    with Poller(orchestrator.port, "/fast", clients=4) as poller:
        dockerd.stop()
        wait_until(lambda: not engine_up(orchestrator), 10, "the engine's absence to be noticed")
        holds_for(lambda: len(orchestrator.slots(service)) == 2, AWAY_S, "both slots stay")
        dockerd.start()
        wait_until(lambda: engine_up(orchestrator), 40, "the engine's return to be noticed")
        assert orchestrator.wait_slots(service, 2) == before
    poller.assert_clean(100)
    assert orchestrator.log().count("event=engine-down") == 1      # one warning


def test_one_that_died_meanwhile(away):
    """Nobody could tell us, but requests and probes did; once dockerd is back there is another one in its place."""
    orchestrator, service, dockerd = away
    before = orchestrator.ids(service)
    process = dockerd.pid_of(before[1])
    with Poller(orchestrator.port, "/fast", clients=4) as poller:
        dockerd.stop()
        wait_until(lambda: not engine_up(orchestrator), 10, "the engine's absence to be noticed")
        os.kill(process, signal.SIGKILL)
        wait_until(lambda: orchestrator.fleet_slots(service)[1]["state"] != "ready", 10, "the dead one out of rotation")
        holds_for(lambda: orchestrator.fleet_slots(service)[0]["state"] == "ready", AWAY_S / 2, "the other one serves")
        dockerd.start()
        after = wait_until(lambda: orchestrator.ids(service).keys() == before.keys() and
                           orchestrator.ids(service)[1] != before[1] and orchestrator.ids(service), 60, "another container")
        assert after[0] == before[0]
        orchestrator.wait_slots(service, 2)
    poller.assert_clean(100)


def test_dockerd_killed_while_it_starts_one(away):
    """It comes back holding the port of the one it was starting; both are reached through their sockets, so they do
    without it."""
    orchestrator, service, dockerd = away
    before = orchestrator.ids(service)
    with Poller(orchestrator.port, "/fast", clients=4) as poller:
        for slot in before:
            dockerd.docker.kill(before[slot])
        wait_until(lambda: orchestrator.log().count("event=fault") == len(before), 10, "both replacements are under way")
        time.sleep(0.1)
        dockerd.stop(signal.SIGKILL)
        dockerd.start()
        after = orchestrator.wait_slots(service, 2, 60)
        assert not set(after.values()) & set(before.values())
    poller.assert_clean(100)
