"""With spares: 1 a killed container's stead is taken in a few ms: no client sees a failure, or waits for the engine's start."""

import re
import signal
import time

import pytest

from harness.faults import docker_kill, docker_pause, docker_remove
from harness.poller import Poller
from harness.processes import ProcessOrchestrator
from harness.wait import wait_until

NAME = "spare_0"
GAP_S = 0.15            # 0.05 on a machine of one's own
SOFT_S = 3.5            # what is in flight in a paused one is sent again at the verdict: the second probe timeout
REACHES = ["published", "bridge", "socket"]


def spares_of(orchestrator, service):
    """{name: (id, state)} as the Engine knows them."""
    containers = orchestrator.docker.list(f"selfless.name={orchestrator.name}", f"selfless.service={service}")
    return {c["Names"][0].lstrip("/").removeprefix(service + "_"): (c["Id"], c["State"]) for c in containers
            if c["Labels"]["selfless.slot"] == "-1"}


def fleet_spares(orchestrator, service):
    return next(s for s in orchestrator.fleet()["services"] if s["name"] == service)["spares"]


def wait_paused(orchestrator, service, count=1):
    """Until so many wait, paused; {name: (id, state)}."""
    def waiting():
        found = spares_of(orchestrator, service)
        told = [s["state"] for s in fleet_spares(orchestrator, service)]
        return told == ["spare"] * count and [s for _, s in found.values()] == ["paused"] * count and found or count == 0
    return wait_until(waiting, 20, f"{count} paused spares of {service}")


def gaps_ms(orchestrator):
    """From the first evidence of a fault to the spare's first good probe, each time."""
    return [float(t) for t in re.findall(r"event=standing-in .* took_ms=([0-9.]+)", orchestrator.log())]


def one_with_a_spare(web, **settings):
    scale = {"min": 1, "max": 1, "spares": 1, **settings.pop("scale", {})}
    orchestrator, service = web(None, scale=scale, **settings)
    spare = wait_paused(orchestrator, service, scale["spares"])[NAME][0]
    return orchestrator, service, spare


def stand_in_and_back(orchestrator, service, hurt, spare):
    """The seconds that the slowest request took meanwhile."""
    before = orchestrator.ids(service)[0]
    with Poller(orchestrator.port, clients=2) as poller:
        wait_until(lambda: len(poller.outcomes) >= 20, 10, "requests before")
        hurt(orchestrator, service, 0, before)
        wait_until(lambda: orchestrator.ids(service).get(0) not in (None, before), 20, "the slot has another container")
        wait_until(lambda: wait_paused(orchestrator, service)[NAME][0] == spare, 10, "the same spare waits again")
        enough = len(poller.outcomes) + 20
        wait_until(lambda: len(poller.outcomes) >= enough, 10, "requests after")
    poller.assert_clean()
    assert {o.backend for o in poller.outcomes} >= {before[:12], spare[:12], orchestrator.ids(service)[0][:12]}
    return poller.slowest()


def assert_gaps(orchestrator, service, hurt, spare, slowest_s, pace):
    """Of the slowest request, and from the fault to the spare; one of three times, for much else may hold up one of them."""
    seen = []
    for _ in range(3):
        seen.append((stand_in_and_back(orchestrator, service, hurt, spare), gaps_ms(orchestrator)[-1]))
        if seen[-1][0] < slowest_s * pace and seen[-1][1] < GAP_S * pace * 1000:
            return
    raise AssertionError(f"(slowest request s, gap ms): {seen}")


@pytest.mark.parametrize("reach", REACHES)
def test_killed(web, pace, reach):
    orchestrator, service, spare = one_with_a_spare(web, reach=reach)
    assert_gaps(orchestrator, service, docker_kill, spare, GAP_S, pace)
    assert orchestrator.metrics()[f'selfless_backends{{service="{service}",state="spare"}}'] == 1


@pytest.mark.parametrize("hurt, slowest_s", [(docker_remove, GAP_S), (docker_pause, SOFT_S)])
def test_removed_or_paused(web, pace, hurt, slowest_s):
    orchestrator, service, spare = one_with_a_spare(web)
    assert_gaps(orchestrator, service, hurt, spare, slowest_s, pace)


def test_it_waits_outside_the_slots(web):
    orchestrator, service, spare = one_with_a_spare(web, scale={"max": 2})
    labels = orchestrator.docker.inspect(spare)["Config"]["Labels"]
    assert labels["selfless.name"] == orchestrator.name and labels["selfless.service"] == service
    assert labels["selfless.port"] == str(orchestrator.slot_port(service, 2))
    assert {orchestrator.get("/fast").backend for _ in range(10)} == {orchestrator.ids(service)[0][:12]}
    assert orchestrator.wanted(service) == 1 and len(orchestrator.slots(service)) == 1


def test_growth_uses_it(web):
    orchestrator, service, spare = one_with_a_spare(web, scale={"max": 3})
    orchestrator.scale(service, 2)
    wait_until(lambda: orchestrator.get("/fast").backend == spare[:12], 10, "the spare serves")
    orchestrator.wait_slots(service, 2)
    assert wait_paused(orchestrator, service)[NAME][0] == spare


def test_nobody_waits_for_one_that_was_called_in_vain(web):
    """The slot's container breaks a request, and is well: the spare answers it, or was not needed, and then nobody does."""
    orchestrator, service, spare = one_with_a_spare(web)
    own = orchestrator.ids(service)[0]
    for _ in range(20):
        began = time.monotonic()
        reply = orchestrator.get(f"/echo_unless?{own[:12]}")
        assert time.monotonic() - began < SOFT_S, reply
        assert reply.status == 502 or (reply.status == 200 and reply.backend == spare[:12]), reply
    assert orchestrator.wait_slots(service, 1)[0] == own
    assert wait_paused(orchestrator, service)[NAME][0] == spare


@pytest.mark.parametrize("hurt", ["kill", "remove", "unpause", "stop"])
def test_hurt_while_it_waits(web, hurt):
    orchestrator, service, spare = one_with_a_spare(web)
    with Poller(orchestrator.port) as poller:
        getattr(orchestrator.docker, hurt)(spare)
        if hurt == "unpause":
            wait_until(lambda: wait_paused(orchestrator, service)[NAME][0] == spare, 10, "it is paused again")
        else:
            wait_until(lambda: wait_paused(orchestrator, service)[NAME][0] != spare, 10, "there is another one")
        wait_until(lambda: len(poller.outcomes) >= 20, 10, "requests")
    poller.assert_clean()


def test_adopted_after_a_kill(web):
    orchestrator, service, spare = one_with_a_spare(web)
    slot = orchestrator.ids(service)
    orchestrator.kill()
    orchestrator.start()
    assert wait_paused(orchestrator, service)[NAME][0] == spare
    assert orchestrator.ids(service) == slot
    assert "event=stand-in" not in orchestrator.log()


def test_another_spec_and_other_numbers(web):
    orchestrator, service, spare = one_with_a_spare(web)
    with Poller(orchestrator.port) as poller:
        orchestrator.settings(service)["env"] = {"NEW": "1"}
        orchestrator.write_config()
        orchestrator.send_signal(signal.SIGHUP)
        wait_until(lambda: wait_paused(orchestrator, service)[NAME][0] != spare, 20, "another spare waits")
        assert "NEW=1" in orchestrator.docker.inspect(wait_paused(orchestrator, service)[NAME][0])["Config"]["Env"]
        orchestrator.settings(service)["scale"]["spares"] = 0
        orchestrator.write_config()
        orchestrator.send_signal(signal.SIGHUP)
        wait_until(lambda: not spares_of(orchestrator, service), 10, "no spare is there")
    poller.assert_clean()


def test_removed_on_interrupt(web):
    orchestrator, _, _ = one_with_a_spare(web)
    orchestrator.stop(signal.SIGINT)
    assert not orchestrator.docker.list(f"selfless.name={orchestrator.name}")


@pytest.mark.parametrize("reach", ["published", "socket"])
def test_processes_too(tmp_path, reach):
    orchestrator = ProcessOrchestrator(tmp_path, 200000)
    try:
        service = orchestrator.add_backends("web", scale={"min": 1, "max": 1, "spares": 1}, reach=reach)
        orchestrator.start()
        wait_until(lambda: [s["state"] for s in fleet_spares(orchestrator, service)] == ["spare"], 10, "a spare waits")
        before = orchestrator.ids(service)[0]
        with Poller(orchestrator.port, clients=2) as poller:
            wait_until(lambda: len(poller.outcomes) >= 20, 10, "requests before")
            orchestrator.send_stop(service, 0)
            wait_until(lambda: gaps_ms(orchestrator), 5, "the spare stands in")
            orchestrator.wait_replaced(service, 0, before, 10)
            wait_until(lambda: fleet_spares(orchestrator, service)[0]["state"] == "spare", 10, "the spare waits again")
        poller.assert_clean()
    finally:
        orchestrator.close()
