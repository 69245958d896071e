"""Too few descriptors, clients that leave: nothing spins, nothing is lost, nothing goes on in vain."""

import os
import resource

import pytest

from harness.client import RawClient
from harness.wait import wait_until

pytestmark = pytest.mark.front

GET = b"GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_out_of_descriptors(web):
    """Accepting pauses while there are none; afterwards everything works again."""
    orchestrator, _ = web(1)
    pid = orchestrator.process.pid
    assert orchestrator.get("/echo").status == 200
    used = len(os.listdir(f"/proc/{pid}/fd"))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 10, used + 10))
    clients = [RawClient(orchestrator.port) for _ in range(40)]
    wait_until(lambda: "event=accept-paused" in orchestrator.log(), 10, "a pause of accepting")
    before = cpu_s(pid)
    for client in clients[:3]:      # two seconds of nothing: these are slower than what a spinning loop would burn
        client.socket.settimeout(0.7)
        try:
            client.socket.recv(1)
        except TimeoutError:
            pass
    assert cpu_s(pid) - before < 1
    for client in clients:
        client.close()
    wait_until(lambda: orchestrator.get("/echo").status == 200, 10, "service")


def test_a_request_waits_for_a_descriptor(web):
    """Nothing was sent for it, and the shortage may be over in a moment."""
    orchestrator, service = web(1)
    pid = orchestrator.process.pid
    with RawClient(orchestrator.port) as busy, RawClient(orchestrator.port) as late:
        late.send(GET)
        assert late.read_reply().status == 200
        busy.send(b"GET /slow?ms=600 HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_until(lambda: orchestrator.fleet_slots(service)[0]["in_flight"] == 1, 10, "the request at the backend")
        limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, limits[1]))
        try:
            late.send(GET)
            assert busy.read_reply().status == 200
            assert late.read_reply().status == 200
        finally:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)


def test_a_client_that_leaves_ends_the_exchange(web):
    orchestrator, service = web(1)
    slot = lambda: orchestrator.fleet_slots(service)[0]["in_flight"]
    client = RawClient(orchestrator.port)
    client.send(b"GET /hang HTTP/1.1\r\nHost: a\r\n\r\n")
    wait_until(lambda: slot() == 1, 10, "the request at the backend")
    client.reset()
    wait_until(lambda: slot() == 0, 5, "its end")


def test_too_long_a_target_and_head(web):
    orchestrator, _ = web(1)
    for data, status in ((b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
                         (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 5000 + b"\r\n", 431),
                         (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 20000 + b"\r\n\r\n", 431)):
        with RawClient(orchestrator.port) as client:
            client.send(data)
            assert client.read_reply().status == status


def test_a_body_that_is_too_long_is_refused_before_it_is_read(web):
    orchestrator, _ = web(1)
    with RawClient(orchestrator.port) as client:
        client.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 16777217\r\n\r\n")
        assert client.read_reply().status == 413
