"""Scaling down never stops a container under a request: what is in flight is answered first."""

import signal
import threading
import time

import pytest

from harness import tls
from harness.client import RawClient, request_on
from harness.faults import crash
from harness.wait import wait_until

pytestmark = pytest.mark.front


def test_slow_request_on_slot_1_survives(web):
    orchestrator, service = web(None, scale={"min": 1, "max": 3})
    orchestrator.scale(service, 2)
    ids = orchestrator.wait_slots(service, 2)
    replies = []

    def ask():
        replies.append(orchestrator.get("/slow?ms=6000"))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    wait_until(lambda: [s["in_flight"] for s in orchestrator.slots(service)] == [1, 1], 5, "one in flight on each")
    orchestrator.scale(service, 1)
    wait_until(lambda: orchestrator.leaving(service) == [(1, "draining")], 3, "slot 1 drains")
    assert {orchestrator.get("/fast").backend for _ in range(4)} == {ids[0][:12]}
    for thread in threads:
        thread.join()
    assert [r.status for r in replies] == [200, 200]
    assert {r.backend for r in replies} == {ids[0][:12], ids[1][:12]}
    orchestrator.wait_slots(service, 1, 60)
    wait_until(lambda: not orchestrator.docker.exists(ids[1]), 60, "slot 1's container removed")


def test_drain_ms_bounds_it(web):
    orchestrator, service = web(None, settings={"drain_ms": 500}, scale={"min": 1, "max": 3})
    orchestrator.scale(service, 2)
    ids = orchestrator.wait_slots(service, 2)
    hanging = [threading.Thread(target=_ask_hang, args=(orchestrator,), daemon=True) for _ in range(2)]
    for thread in hanging:
        thread.start()
    wait_until(lambda: [s["in_flight"] for s in orchestrator.slots(service)] == [1, 1], 5, "one in flight on each")
    orchestrator.scale(service, 1)
    wait_until(lambda: not orchestrator.docker.exists(ids[1]), 20, "slot 1's container removed all the same")


def test_a_reply_that_the_end_cuts_does_not_look_whole(web):
    """HTTP/1.0, where the end of the connection is the end of the reply: what is not whole is reset."""
    orchestrator, _ = web(1, settings={"drain_ms": 300})
    with RawClient(orchestrator.port, timeout=20) as raw:
        client = raw.socket
        client.sendall(b"GET /until_close?n=1000000&piece=1000&pause=20 HTTP/1.0\r\nHost: a\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 200 ")
        orchestrator.send_signal(signal.SIGTERM)
        with pytest.raises(ConnectionResetError):
            while client.recv(65536):
                pass
    assert orchestrator.process.wait(20) == 0


def _ask_hang(orchestrator):
    try:
        orchestrator.get("/hang", method="POST", timeout=20)
    except OSError:
        pass


def test_falls_ill_while_it_drains(web):
    """It is asked on while it drains, so what it still has is not lost with it: another one answers that."""
    orchestrator, service = web(None, scale={"min": 1, "max": 3})
    orchestrator.scale(service, 2)
    ids = orchestrator.wait_slots(service, 2)
    replies = []
    threads = [threading.Thread(target=lambda: replies.append(orchestrator.get("/slow?ms=6000"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    wait_until(lambda: [s["in_flight"] for s in orchestrator.slots(service)] == [1, 1], 5, "one in flight on each")
    orchestrator.scale(service, 1)
    wait_until(lambda: orchestrator.leaving(service) == [(1, "draining")], 3, "slot 1 drains")
    crash(orchestrator, service, 1, ids[1])
    for thread in threads:
        thread.join()
    assert [r.status for r in replies] == [200, 200]
    assert {r.backend for r in replies} == {ids[0][:12]}


def test_nobody_waits_for_one_that_drains(web):
    """The only other container that could have answered is taken out of service: those who waited for it are told."""
    orchestrator, service = web(None, settings={"hold_ms": 30000}, health={"timeout_ms": 15000}, scale={"min": 1, "max": 2})
    orchestrator.scale(service, 2)
    ids = orchestrator.wait_slots(service, 2)
    orchestrator.docker.pause(ids[1])
    wait_until(lambda: orchestrator.slots(service)[1]["state"] == "suspect", 5, "slot 1 is in doubt")
    replies = []
    thread = threading.Thread(target=lambda: replies.append(orchestrator.get(f"/echo_unless?{ids[0][:12]}", timeout=40)))
    thread.start()
    held = f'selfless_held{{service="{service}"}}'
    wait_until(lambda: orchestrator.metrics()[held] == 1, 5, "the request waits")
    assert not replies
    orchestrator.scale(service, 1)
    wait_until(lambda: replies, 5, "the request is answered")
    thread.join()
    assert replies[0].status == 502


def test_idle_connections_do_not_hold_up_the_end(web):
    """A browser keeps some open, asked or not. One on which a request was just on its way is answered."""
    orchestrator, _ = web(1)
    connections = [tls.connection(orchestrator.port, 20) for _ in range(4)]
    for connection in connections[1:]:
        connection.connect()
    for connection in connections[:2]:
        assert request_on(connection, "/fast").status == 200
    wait_until(lambda: orchestrator.fleet()["connections"] == 4, 5, "all were accepted")
    begin = time.monotonic()
    orchestrator.send_signal(signal.SIGTERM)
    wait_until(lambda: "event=stopping" in orchestrator.log(), 5, "it was heard")
    for connection in connections[:3:2]:
        assert request_on(connection, "/fast").get("Connection") == "close"
    assert orchestrator.process.wait(20) == 0
    assert time.monotonic() - begin < 5
