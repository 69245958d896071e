"""An idempotent request whose backend fails before its reply began is sent to another one; a POST once sent is not."""

import concurrent.futures
import pathlib
import time

import pytest

from harness.client import RawClient, raw_target
from harness.wait import wait_until

pytestmark = pytest.mark.front

IDEMPOTENT = ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"]


def recording(orchestrate, backend_image, size):
    orchestrator = orchestrate()
    service = orchestrator.add_service("web", backend_image, size)
    orchestrator.add_recording(service)
    return orchestrator.start(), service


def reached(orchestrator, path):
    return [r["backend"] for r in orchestrator.records() if f" {path}".encode() in r["head"].split(b"\r\n")[0]]


@pytest.mark.parametrize("fault", ["/reset", "/close"])
def test_idempotent_methods_are_tried_on_two(orchestrate, backend_image, fault):
    """Two backends broken by one request are enough: it is the request's own doing, 502."""
    orchestrator, _ = recording(orchestrate, backend_image, 3)
    for method in IDEMPOTENT:
        target = f"{fault}?{method}"
        reply = orchestrator.get(target, method=method)
        assert reply.status == 502, (method, reply)
        backends = reached(orchestrator, target)
        assert len(backends) == 2 and len(set(backends)) == 2, (method, backends)


@pytest.mark.parametrize("fault", ["/reset", "/close", "/die"])
def test_kept_connections_are_no_excuse(orchestrate, backend_image, fault):
    """Where each backend has a connection that was used before, as under load, a request breaks no more of them either."""
    orchestrator, service = recording(orchestrate, backend_image, 5)
    before = orchestrator.ids(service)
    for _ in range(15):
        assert orchestrator.get("/fast").status == 200
    assert orchestrator.get(f"{fault}?kept").status == 502
    assert len(set(reached(orchestrator, f"{fault}?kept"))) == 2
    after = orchestrator.wait_slots(service, 5)
    assert len(set(before.values()) - set(after.values())) <= 2


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("fault", ["/reset", "/close", "/reset_early"])
def test_post_is_sent_once(orchestrate, backend_image, method, fault):
    orchestrator, _ = recording(orchestrate, backend_image, 3)
    reply = orchestrator.get(fault, method=method, body=b"x" * 100)
    assert reply.status == 502
    assert reply.get("Content-Type") == "application/problem+json"
    assert len(reached(orchestrator, fault)) == 1


def test_replay_brings_the_body_again(orchestrate, backend_image):
    """A PUT whose first backend dies under it arrives whole at the second, and is answered by it."""
    orchestrator, service = recording(orchestrate, backend_image, 2)
    victim = orchestrator.ids(service)[0][:12]
    body = bytes(range(256)) * 1000
    target = f"/echo_unless?{victim}"
    reply = orchestrator.get(target, method="PUT", body=body)
    other = orchestrator.get(target, method="PUT", body=body)
    assert [reply.status, other.status] == [200, 200]
    assert reply.body == other.body == body
    assert victim not in (reply.backend, other.backend)
    arrived = [r["length"] for r in orchestrator.records() if target.encode() in r["head"]]
    assert len(arrived) >= 3 and set(arrived) == {len(body)}


def test_cut_short_before_its_end_is_replayed_when_small(orchestrate, backend_image):
    """A reply of up to 64 KiB is taken whole before its first byte goes on, so its loss is no loss."""
    orchestrator, _ = recording(orchestrate, backend_image, 3)
    cut = raw_target(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this", then="close")
    reply = orchestrator.get(cut)
    assert reply.status == 502
    assert len(reached(orchestrator, "/raw")) == 2


def busy_one(orchestrator, service):
    """Id of the container that has the one request in flight."""
    slots = next(s for s in orchestrator.fleet()["services"] if s["name"] == service)["slots"]
    return next((slot["container"] for slot in slots if slot["state"] == "ready" and slot["in_flight"] == 1), None)


@pytest.mark.parametrize("how", ["kill", "stop", "remove"])
def test_a_request_is_not_to_blame_for_what_others_kill(web, docker, how):
    """One after the other, more containers than tries are ended under it; it is answered all the same. Told to stop, the
    program ends with 0."""
    orchestrator, service = web(3, settings={"hold_ms": 30000})
    with concurrent.futures.ThreadPoolExecutor() as pool:
        reply = pool.submit(orchestrator.get, "/slow?ms=4000", timeout=90)
        killed = set()
        for _ in range(5):
            victim = wait_until(lambda: busy_one(orchestrator, service), 20, "a container has the request")
            assert victim not in killed and not reply.done()
            killed.add(victim)
            getattr(docker, how)(victim)
            wait_until(lambda v=victim: busy_one(orchestrator, service) != v, 10, "it has it no more")
        assert reply.result(90).status == 200
        assert reply.result().backend not in {name[:12] for name in killed}


def test_a_kill_is_no_end_of_a_reply(web, docker):
    """A reply that ends with the connection: one that a kill cut off does not look whole."""
    orchestrator, service = web(1)
    with RawClient(orchestrator.port) as client:
        client.send(b"GET /until_close?n=1000000&piece=1000&pause=20 HTTP/1.1\r\nHost: a\r\n\r\n")
        client.read_until(b"\r\n\r\n")
        docker.kill(orchestrator.ids(service)[0])
        rest = client.read_all()
    assert 0 < len(rest) < 1000000 and not rest.endswith(b"0\r\n\r\n")


def test_one_that_is_being_replaced_is_waited_for(web, docker):
    """The only one that serves breaks the request, and is well: the other one's replacement answers it."""
    orchestrator, service = web(2)
    ids = orchestrator.ids(service)
    docker.kill(ids[1])
    reply = orchestrator.get(f"/echo_unless?{ids[0][:12]}")
    assert reply.status == 200 and reply.backend not in (ids[0][:12], ids[1][:12])
    assert orchestrator.wait_slots(service, 2)[0] == ids[0]


def test_hard_faults_do_not_kill_well_backends(orchestrate, backend_image):
    """Requests that break connections make nobody's container be replaced: the probe decides."""
    orchestrator, service = recording(orchestrate, backend_image, 2)
    before = orchestrator.ids(service)
    for _ in range(10):
        orchestrator.get("/reset")
    assert orchestrator.get("/fast").status == 200
    assert orchestrator.wait_slots(service, 2) == before


def test_a_backend_killed_by_a_request(orchestrate, backend_image):
    """POST /die is answered 502 and not sent again; the container is replaced, GETs go on."""
    orchestrator, service = recording(orchestrate, backend_image, 2)
    before = orchestrator.ids(service)
    assert orchestrator.get("/die", method="POST", body=b"x").status == 502
    assert all(orchestrator.get("/fast").status == 200 for _ in range(20))
    assert len(reached(orchestrator, "/die")) == 1
    after = orchestrator.wait_slots(service, 2)
    assert len(set(before.values()) & set(after.values())) == 1


def settled(count):
    """The least of what a changing number was within a tenth of a second."""
    end, least = time.monotonic() + 0.1, count()
    while time.monotonic() < end:
        least = min(least, count())
    return least


def test_idle_connection_closed_by_the_backend(orchestrate, backend_image):
    """A kept connection that the backend closed meanwhile costs no POST its reply."""
    orchestrator, service = recording(orchestrate, backend_image, 1)
    closing = raw_target(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", ms=0, then="close")
    descriptors = pathlib.Path(f"/proc/{orchestrator.process.pid}/fd")

    def count():
        return len(list(descriptors.iterdir()))

    wait_until(lambda: all(s["next_ready"] for s in orchestrator.slots(service)), 30, "all is there that is opened for long")
    before = settled(count)      # without that of a probe
    for _ in range(30):
        assert orchestrator.get(closing).status == 200
        # a POST that is written before the backend's close arrives is rightly answered 502
        wait_until(lambda: count() <= before, 10, "the end of the closed connection")
        assert orchestrator.get("/echo", method="POST", body=b"x").status == 200
