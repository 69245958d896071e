"""`min: 0`: a service that nobody asks is stopped after its window; the first request waits while a container starts."""

import itertools
import math
import threading
import time

import pytest

from harness.client import RawClient, request
from harness.images import backend_binary
from harness.processes import ProcessOrchestrator
from harness.wait import holds_for, wait_until

_numbers = itertools.count(300000)
COUNTED = "/api/v1/fast"


@pytest.fixture
def idle(tmp_path):
    """`idle()` is an orchestrator of processes whose service has nothing to do yet, and the service's name."""
    made = []

    def start(scale=None, settings=None, **service):
        made.append(ProcessOrchestrator(tmp_path, next(_numbers)))
        made[-1].config.update(settings or {})
        name = made[-1].add_backends("web", scale={"min": 0, "max": 3, "window_s": 1, **(scale or {})}, **service)
        return made[-1].start(), name

    yield start
    for orchestrator in made:
        orchestrator.close()


def window(orchestrator, service):
    return next(s for s in orchestrator.fleet()["services"] if s["name"] == service)["window"]


def test_nothing_runs_until_somebody_asks(idle):
    orchestrator, service = idle({"window_s": 60})
    holds_for(lambda: not orchestrator.containers(), 0.5, "no container")
    assert orchestrator.wanted(service) == 0
    reply = orchestrator.get(COUNTED)
    assert reply.status == 200
    assert list(orchestrator.wait_slots(service, 1)) == [0]
    assert window(orchestrator, service)["count"] == 1
    assert orchestrator.metrics()[f'selfless_requests_total{{service="{service}",code="200"}}'] == 1


def test_stopped_after_an_empty_window_and_started_again(idle):
    orchestrator, service = idle()
    seen = set()
    for _ in range(3):
        seen.add(orchestrator.get(COUNTED).backend)
        wait_until(lambda: orchestrator.wanted(service) == 0, 5, "an idle service wants none")
        wait_until(lambda: not orchestrator.containers(), 10, "its container is gone")
        assert orchestrator.slots(service) == []
    assert len(seen) == 3


def test_many_at_once_share_the_start(idle):
    """60 requests to nothing: all answered, all counted, and as many containers as their number asks for."""
    orchestrator, service = idle({"window_s": 60})
    replies = []
    threads = [threading.Thread(target=lambda: replies.append(orchestrator.get(COUNTED).status)) for _ in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert replies == [200] * 60
    assert window(orchestrator, service)["count"] == 60
    assert list(orchestrator.wait_slots(service, 3)) == [0, 1, 2]
    assert f"event=scale service={service} n=1 from=0 wanted=1" in orchestrator.log()


def test_a_request_that_is_not_counted_wakes_it_too(idle):
    orchestrator, service = idle(settings={"hold_ms": 5000})
    assert orchestrator.get("/fast").status == 200
    assert window(orchestrator, service)["count"] == 0
    wait_until(lambda: not orchestrator.containers(), 10, "idle again after the window")
    assert orchestrator.get("/fast", method="OPTIONS").status == 200


def test_what_is_refused_wakes_nothing(idle):
    orchestrator, service = idle({"window_s": 60})
    assert orchestrator.get("/api/v1/_count").status == 403
    holds_for(lambda: orchestrator.wanted(service) == 0, 0.5, "nothing wanted")


def test_a_start_longer_than_the_window(idle):
    """The container needs 3 s, the window after the request's is over at 2 s: it must not be taken away unused."""
    orchestrator, service = idle(command=["/bin/sh", "-c", 'sleep 3; exec "$0"', str(backend_binary())])
    begin = time.monotonic()
    assert orchestrator.get(COUNTED).status == 200
    assert 2.5 < time.monotonic() - begin < 8
    wait_until(lambda: not orchestrator.containers(), 10, "idle after it")


def test_one_that_cannot_start_is_given_up_with_the_window(idle):
    orchestrator, service = idle(settings={"hold_ms": 1000}, command=["/nonexistent/program"])
    assert orchestrator.get(COUNTED).status == 503
    wait_until(lambda: orchestrator.wanted(service) == 0 and orchestrator.slots(service) == [], 10, "given up")
    wait_until(lambda: not orchestrator.containers(), 10, "nothing is left of it")


def test_what_is_in_flight_keeps_one(idle):
    """A reply that takes longer than two windows: the service is not idle, and the next request need not wait for its end."""
    orchestrator, service = idle({"max": 1}, settings={"hold_ms": 1000})
    with RawClient(orchestrator.port) as client:
        client.send(b"GET /api/v1/slow?ms=5000 HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_until(lambda: "why=in-flight" in orchestrator.log(), 10, "an idle window")
        holds_for(lambda: orchestrator.get("/fast").status == 200, 1, "others are served")
        assert client.socket.recv(12) == b"HTTP/1.1 200"
    wait_until(lambda: not orchestrator.containers(), 15, "stopped after it")


def test_min_0_after_a_restart(idle):
    """What ran is adopted for a window, then it is idle like any other."""
    orchestrator, service = idle({"window_s": 2})
    before = orchestrator.get(COUNTED).backend
    orchestrator.stop()
    orchestrator.spawn()
    orchestrator.wait_slots(service, 1, 20)
    assert orchestrator.get(COUNTED).backend == before
    wait_until(lambda: not orchestrator.containers(), 15, "gone after an empty window")
    assert orchestrator.get(COUNTED).status == 200


def test_with_docker(web, pace):
    window_s = math.ceil(2 * pace)
    orchestrator, service = web(None, scale={"window_s": window_s, "min": 0, "max": 2})
    assert orchestrator.ids(service) == {}
    for _ in range(2):
        reply = request(orchestrator.port, COUNTED, timeout=20)
        assert reply.status == 200
        (container,) = orchestrator.ids(service).values()
        assert container.startswith(reply.backend)
        wait_until(lambda: orchestrator.ids(service) == {}, 2 * window_s + 15 * pace, "stopped when idle")
        wait_until(lambda: not orchestrator.docker.list(f"selfless.service={service}"), 15 * pace, "and removed")


@pytest.mark.parametrize("late", [False, True])
def test_its_network_was_removed_meanwhile(web, docker, late):
    """As `docker network prune` does where nothing runs; Docker misses it at the start, not before."""
    orchestrator, service = web(None, scale={"min": 0, "max": 2}, late_network=late)

    def labels():
        return [n["Labels"] for n in docker.call_json("GET", "/networks") if n["Name"] == orchestrator.name]

    wait_until(labels, 10, "its network")
    docker.call("DELETE", f"/networks/{orchestrator.name}")
    assert orchestrator.get(COUNTED).status == 200
    orchestrator.wait_slots(service, 1)
    assert [n["selfless.name"] for n in labels()] == [orchestrator.name]
