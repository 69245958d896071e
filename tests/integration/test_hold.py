"""With no backend ready requests wait, up to hold_ms and hold_max, and go the moment one is ready; then 503."""

import threading
import time

import pytest

from harness.client import RawClient, request
from harness.wait import wait_until
from test_access_log import wait_lines

pytestmark = pytest.mark.front


def start_never_ready(orchestrate, backend_image, **settings):
    orchestrator = orchestrate(**settings)
    orchestrator.add_service("web", backend_image, 1, health={"path": "/status?code=404"})
    orchestrator.spawn()
    wait_until(orchestrator.fleet, 20, "admin answers")
    return orchestrator


def test_503_after_hold_ms(orchestrate, backend_image):
    orchestrator = start_never_ready(orchestrate, backend_image, hold_ms=700)
    begin = time.monotonic()
    reply = orchestrator.get("/fast")
    took = time.monotonic() - begin
    assert reply.status == 503 and int(reply.get("Retry-After")) >= 1
    assert reply.get("Content-Type") == "application/problem+json"
    assert reply.json()["status"] == 503
    assert 0.6 < took < 3


def ask_ten_at_once(orchestrator, headers=None):
    """[seconds] that it took each of ten requests to be refused."""
    replies = []

    def ask():
        begin = time.monotonic()
        reply = request(orchestrator.port, "/fast", headers=headers)
        replies.append((reply.status, time.monotonic() - begin))

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [status for status, _ in replies] == [503] * 10
    return [took for _, took in replies]


def test_hold_max(orchestrate, backend_image):
    took = ask_ten_at_once(start_never_ready(orchestrate, backend_image, hold_ms=3000, hold_max=4))
    assert sum(t > 2.5 for t in took) == 4
    assert sum(t < 1.5 for t in took) == 6


def test_max_buffered_bytes(orchestrate, backend_image):
    """What waits is counted with all it has, bodies or not."""
    orchestrator = start_never_ready(orchestrate, backend_image, hold_ms=1500, max_buffered_bytes=65536)
    for _ in range(2):      # what was given back can be had again
        took = ask_ten_at_once(orchestrator, {"X-Long": "x" * 14000})
        assert sum(t > 1.2 for t in took) == 4
        assert sum(t < 0.8 for t in took) == 6


def test_bodies_beyond_max_buffered_bytes(orchestrate, backend_image):
    orchestrator = start_never_ready(orchestrate, backend_image, max_buffered_bytes=65536)
    reply = request(orchestrator.port, "/fast", "POST", b"x" * 100000)
    assert reply.status == 503 and reply.get("Retry-After") == "1"


def test_a_post_waits_too(web):
    """Nothing of it was sent to anybody, so it may wait for the replacement like any other."""
    orchestrator, service = web(1)
    killed = orchestrator.ids(service)[0]
    orchestrator.docker.kill(killed)

    def noticed():
        slot = orchestrator.slots(service)[0]
        return slot["state"] != "ready" or slot["container"] != killed
    wait_until(noticed, 5, "its death noticed")
    reply = request(orchestrator.port, "/echo", "POST", b"held")
    assert (reply.status, reply.body) == (200, b"held")


def test_clients_that_leave_free_their_place(orchestrate, backend_image):
    orchestrator = start_never_ready(orchestrate, backend_image, hold_ms=10000, hold_max=2)
    for _ in range(6):
        client = RawClient(orchestrator.port)
        client.send(b"GET /fast HTTP/1.1\r\nHost: a\r\n\r\n")
        assert not client.wait_readable(0.3), "answered at once: the places of those who left are still taken"
        client.reset()


def test_the_access_log_tells_how_long_one_that_left_was_held(orchestrate, backend_image, tmp_path):
    path = tmp_path / "access.log"
    orchestrator = start_never_ready(orchestrate, backend_image, access_log=str(path))
    with RawClient(orchestrator.port) as client:
        client.send(b"GET /fast HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_until(lambda: sum(v for k, v in orchestrator.metrics().items() if k.startswith("selfless_held{")) == 1, 5, "held")
        assert not client.wait_readable(0.3)
        client.reset()
    line = wait_lines(path, 1)[0]
    assert line["code"] == 0
    assert 300000 <= line["held_us"] <= line["total_us"]
