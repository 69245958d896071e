"""response_timeout_ms and idle_timeout_ms of a service hold for it instead of the global ones; a reload changes them in place."""

import pytest

from harness.client import RawClient, request
from harness.wait import wait_until
from test_reload import reload
from test_upgrade import UPGRADE, is_over

SHORT_MS, LONG_MS = 500, 5000
GLOBAL = {"response_timeout_ms": SHORT_MS, "idle_timeout_ms": SHORT_MS}


def host(target):
    return f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


@pytest.fixture(name="two")
def fixture_two(processes):
    """A service with timeouts of its own below /api/v1, and one beside it that has the global ones."""
    def start(settings, **own):
        orchestrator, patient = processes(1, settings, routes=["/api/v1"], **own)
        return orchestrator, patient
    return start


def add_plain(orchestrator):
    orchestrator.add_backends("plain", 1, routes=["/"])
    reload(orchestrator)
    orchestrator.wait_ready()


def test_longer_for_a_reply(two):
    orchestrator, _ = two(GLOBAL, response_timeout_ms=LONG_MS)
    add_plain(orchestrator)
    assert request(orchestrator.port, "/slow?ms=1500").status == 504
    assert request(orchestrator.port, "/api/v1/slow?ms=1500").status == 200
    pieces = "chunked?n=2000&piece=1000&pause=1500"
    reply = request(orchestrator.port, f"/api/v1/{pieces}")
    assert reply.status == 200 and len(reply.body) == 2000
    with RawClient(orchestrator.port) as client:
        client.send(host(f"/{pieces}"))
        assert not client.read_all().endswith(b"0\r\n\r\n")


def test_shorter_for_a_reply_and_reloaded(two):
    orchestrator, service = two({}, response_timeout_ms=SHORT_MS)
    before = orchestrator.ids(service)
    assert request(orchestrator.port, "/api/v1/slow?ms=1500").status == 504
    orchestrator.settings(service)["response_timeout_ms"] = 0
    reload(orchestrator)
    assert request(orchestrator.port, "/api/v1/slow?ms=1500").status == 200
    assert orchestrator.ids(service) == before


def open_tunnel(orchestrator, path):
    client = RawClient(orchestrator.port)
    client.send(UPGRADE.replace(b"/upgrade", path))
    assert client.read_head()[0] == 101
    return client


def test_a_silent_tunnel(two):
    orchestrator, _ = two(GLOBAL, idle_timeout_ms=LONG_MS)
    add_plain(orchestrator)
    with open_tunnel(orchestrator, b"/api/v1/upgrade") as patient, open_tunnel(orchestrator, b"/upgrade") as plain:
        wait_until(lambda: is_over(plain), 3, "the tunnel of the other service is closed")
        assert not patient.wait_readable(1)
        patient.send(b"still here")
        assert patient.read_exactly(10) == b"still here"


def test_a_silent_tunnel_that_is_closed_sooner(two):
    orchestrator, service = two({}, idle_timeout_ms=SHORT_MS)
    with open_tunnel(orchestrator, b"/api/v1/upgrade") as client:
        wait_until(lambda: is_over(client), 3, "closed")
    orchestrator.settings(service)["idle_timeout_ms"] = LONG_MS
    reload(orchestrator)
    with open_tunnel(orchestrator, b"/api/v1/upgrade") as client:
        assert not client.wait_readable(1.5)


def test_a_client_that_does_not_read_for_a_while(two):
    orchestrator, _ = two(GLOBAL, idle_timeout_ms=LONG_MS, response_timeout_ms=LONG_MS)
    add_plain(orchestrator)
    size = 12_000_000
    with RawClient(orchestrator.port) as patient, RawClient(orchestrator.port) as plain, RawClient(orchestrator.port) as next_one:
        patient.send(host(f"/api/v1/bytes?n={size}"))
        plain.send(host(f"/bytes?n={size}"))
        assert not next_one.wait_readable(0.4)
        next_one.send(host("/api/v1/slow?ms=1500"))
        assert next_one.read_reply().status == 200
        assert len(patient.read_reply().body) == size
        assert len(plain.read_all()) < size
