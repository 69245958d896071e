"""One grep by an incident's id tells its story in order: request, first failure, engine's event, verdict, how it ended, replacement."""

import contextlib
import http.client
import os
import re
import socket
import threading

import pytest

from harness.client import request
from harness.faults import crash, docker_kill, docker_pause, docker_remove, hurt_and_wait
from harness.wait import wait_until

LIMIT_S = 10.0


def incident_of(orchestrator, service, slot):
    found = re.search(rf"event=replaced service={service} slot={slot} .*incident=([0-9a-f]{{8}})", orchestrator.log())
    return found[1]


def story(orchestrator, incident):
    return [line for line in orchestrator.log().splitlines() if f"incident={incident}" in line]


def assert_in_order(lines, *patterns):
    """Each pattern is found in a line at or behind that of the pattern before."""
    at = 0
    for pattern in patterns:
        found = [i for i in range(at, len(lines)) if re.search(pattern, lines[i])]
        assert found, f"no {pattern!r} in its place:\n" + "\n".join(lines)
        at = found[0]


def ask_in_flight(orchestrator, count, ms):
    """So many requests are in flight, on all containers; returns their threads and {request id: status}."""
    statuses = {}

    def ask(number):
        reply = request(orchestrator.port, f"/slow?ms={ms}", headers={"X-Request-Id": f"story-{number}"}, timeout=30)
        statuses[f"story-{number}"] = reply.status
    threads = [threading.Thread(target=ask, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    wait_until(lambda: sum(s["in_flight"] for s in orchestrator.fleet()["services"]) == count, 10, "all are in flight")
    return threads, statuses


@pytest.mark.parametrize("hurt", [docker_kill, docker_remove])
def test_of_a_kill(web, hurt):
    orchestrator, service = web(2, env={"RECORD": "/dev/stdout"})       # so that there is output
    asked = []

    def hurt_in_flight(*where):
        asked.extend(ask_in_flight(orchestrator, 4, 4000))
        hurt(*where)
    container = orchestrator.ids(service)[0][:12]
    hurt_and_wait(orchestrator, service, 0, hurt_in_flight, LIMIT_S)
    threads, statuses = asked
    for thread in threads:
        thread.join()
    assert set(statuses.values()) == {200}
    # a line may come a moment after its reply
    wait_until(lambda: orchestrator.log().count("event=replayed ") == len(set(re.findall(
        r"event=replay .*request=(story-\d)", orchestrator.log()))), 10, "each replay has its end")
    lines = story(orchestrator, incident_of(orchestrator, service, 0))
    assert re.search("event=exchange-failed|engine-event .*reason=die", lines[0]) and f"container={container}" in lines[0]
    failed = re.search(rf"event=replay .*request=(story-\d) .*container={container}", "\n".join(lines))[1]
    assert_in_order(lines, "event=backend .*to=down", "event=fault", "event=leaving", "event=started",
                    r"event=replaced .*took_ms=\d")
    assert_in_order(lines, "engine-event .*reason=die exit_code=137", "event=started")
    assert_in_order(lines, f"event=replay .*request={failed} .*container={container} reason=(broken|down)",
                    f"event=replayed .*request={failed} code=200 tries=2")
    if "exchange-failed" in lines[0]:
        assert_in_order(lines, "exchange-failed .*request=story-", "event=backend .*to=suspect reason=exchange-failed",
                        "event=backend .*to=down")
    if hurt is docker_kill:
        assert_in_order(lines, "event=fault", "event=ended .*exit_code=137 oom=no", "event=output .*line=")


def test_of_a_crash(web):
    """A 5xx is the first evidence; nobody's request fails."""
    orchestrator, service = web(1)
    hurt_and_wait(orchestrator, service, 0, crash, LIMIT_S)
    lines = story(orchestrator, incident_of(orchestrator, service, 0))
    assert_in_order(lines, "event=backend .*to=down reason=probe-status took_us=\\d+ ", "event=fault .*reason=probe-status",
                    "engine-event .*reason=die", "event=started", "event=replaced .*reason=probe-status")


def test_of_one_that_ate_too_much(web):
    """Why it ended, and the last 20 lines of what it said: no more, and none but those."""
    orchestrator, service = web(1, memory_mb=64, env={"RECORD": "/dev/stdout"})
    for number in range(40):
        assert orchestrator.get(f"/fast?n={number:02}").status == 200

    def eat(orchestrator, service, slot, _container):
        with contextlib.suppress(OSError, http.client.HTTPException):
            request(orchestrator.slot_port(service, slot), "/eat?mb=200", timeout=10)
    hurt_and_wait(orchestrator, service, 0, eat, LIMIT_S)
    wait_until(lambda: "event=output" in orchestrator.log(), 10, "what it said was asked for")
    lines = story(orchestrator, incident_of(orchestrator, service, 0))
    assert_in_order(lines, "event=fault .*reason=(oom-killed|exited|probe-re)", "event=ended .*exit_code=137 oom=(yes|no)")  # not every kernel tells Docker
    said = [line for line in lines if "event=output" in line]
    assert len(said) == 20
    heads = [bytes.fromhex(re.search(r'head\\":\\"((?:[0-9a-f]{2})+)', line)[1]).decode() for line in said]
    numbers = [int(found[1]) for head in heads if (found := re.search(r"n=(\d\d)", head))]
    assert numbers and numbers == list(range(numbers[0], 40))


def test_of_a_pause_with_a_spare(web):
    orchestrator, service = web(None, scale={"min": 1, "max": 1, "spares": 1})
    wait_until(lambda: orchestrator.fleet()["services"][0]["spares"][0]["state"] == "spare", 20, "a spare waits")
    hurt_and_wait(orchestrator, service, 0, docker_pause, LIMIT_S)
    wait_until(lambda: "event=stood-in" in orchestrator.log(), 10, "the spare was dismissed")
    lines = story(orchestrator, incident_of(orchestrator, service, 0))
    assert_in_order(lines, "engine-event .*reason=pause", "event=backend .*to=suspect reason=paused", "event=stand-in",
                    "event=standing-in .*took_ms=", "event=backend .*to=down reason=paused", "event=fault",
                    "event=started", "event=replaced", "event=stood-in .*requests=")


def of_incident(orchestrator, event):
    """The incidents of that event's lines, and how many lines there are."""
    found = re.findall(rf"event={event} .*incident=(\S+)", orchestrator.log())
    return set(found), len(found)


def test_of_a_missing_image(orchestrate, backend_image, docker):
    """However often it is looked for; until it is there."""
    repository, tag = f"selfless-test-story-{os.getpid()}", "latest"
    orchestrator = orchestrate()
    service = orchestrator.add_service("web", f"{repository}:{tag}", 1)
    orchestrator.spawn()
    wait_until(lambda: of_incident(orchestrator, "prepare-failed")[1] >= 3, 20, "it was looked for three times")
    incidents, _ = of_incident(orchestrator, "prepare-failed")
    assert len(incidents) == 1 and "-" not in incidents
    docker.call("POST", f"/images/{backend_image}/tag?repo={repository}&tag={tag}")
    try:
        orchestrator.wait_ready()
        lines = story(orchestrator, incidents.pop())
        assert_in_order(lines, "event=prepare-failed .*reason=no-image", r"event=prepared .*took_ms=\d")
        assert orchestrator.ids(service)
    finally:
        orchestrator.close()
        docker.call("DELETE", f"/images/{repository}:{tag}")


def test_of_a_taken_port(orchestrate, backend_image):
    """One story of all tries, which ends when it serves, and is no replacement."""
    orchestrator = orchestrate()
    service = orchestrator.add_service("web", backend_image, 1)
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", orchestrator.slot_port(service, 0)))
        holder.listen()
        orchestrator.spawn()
        wait_until(lambda: of_incident(orchestrator, "slot-down")[1] >= 3, 40, "it was tried three times")
        incidents, _ = of_incident(orchestrator, "slot-down")
        assert len(incidents) == 1 and "-" not in incidents
    orchestrator.wait_ready()
    lines = story(orchestrator, incidents.pop())
    assert_in_order(lines, "event=slot-down .*reason=port-taken", "event=backend .*to=ready", r"event=serving .*took_ms=\d")
    assert "event=replaced" not in orchestrator.log()
