"""Replies and bodies of any size pass unharmed, framed as they came, with bounded memory in both directions."""

import os
import re
import threading
import time

import pytest

from harness import tls
from harness.client import RawClient, request

pytestmark = pytest.mark.front


@pytest.fixture(scope="module")
def running(shared_orchestrate, backend_image):
    orchestrator = shared_orchestrate()
    orchestrator.add_service("web", backend_image, 1)
    return orchestrator.start()


def pattern(count):
    return (b"abcdefghijklmnopqrstuvwxyz" * (count // 26 + 1))[:count]


@pytest.mark.parametrize("size", [0, 1, 27, 4095, 4096, 16384, 65535, 65536, 65537, 1 << 20, 20 << 20])
@pytest.mark.parametrize("framing", ["bytes", "chunked", "until_close"])
def test_reply(running, framing, size):
    reply = running.get(f"/{framing}?n={size}&piece=65000")
    assert reply.status == 200
    assert reply.body == pattern(size)


@pytest.mark.parametrize("piece", [1, 2, 3, 1000])
@pytest.mark.parametrize("framing", ["bytes", "chunked"])
def test_reply_in_small_pieces(running, framing, piece):
    assert running.get(f"/{framing}?n={piece * 50}&piece={piece}&pause=1").body == pattern(piece * 50)


def test_first_piece_is_not_waited_for(running):
    """A chunked reply that trickles arrives as it trickles."""
    with RawClient(running.port) as client:
        begin = time.monotonic()
        client.send(b"GET /chunked?n=20&piece=10&pause=2000 HTTP/1.1\r\nHost: a\r\n\r\n")
        client.read_until(b"abcdefghij")
        assert time.monotonic() - begin < 1.5
        client.read_until(b"0\r\n\r\n")


@pytest.mark.parametrize("size", [0, 1, 100, 65536, 1 << 20, 16 << 20])
def test_request_body(running, size):
    body = os.urandom(size)
    reply = request(running.port, "/echo", "POST", body, timeout=60)
    assert reply.status == 200 and reply.body == body


def test_request_body_in_chunks(running):
    pieces = [os.urandom(n) for n in (1, 10, 1000, 70000, 300000)]
    connection = tls.connection(running.port, 30)
    connection.request("POST", "/echo", iter(pieces), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
    reply = connection.getresponse()
    assert reply.status == 200 and reply.read() == b"".join(pieces)
    connection.close()


def test_body_over_the_limit(running):
    assert request(running.port, "/echo", "POST", b"x" * 16777216, timeout=60).status == 200
    with RawClient(running.port) as client:
        client.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 16777217\r\n\r\n")
        assert client.read_reply().status == 413    # before a byte of it was read


def test_chunked_body_over_the_limit(running):
    with RawClient(running.port, timeout=30) as client:
        client.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        statuses = []
        reader = threading.Thread(target=lambda: statuses.append(client.read_head()[0]))
        reader.start()
        try:
            for _ in range(17 * 16 + 1):
                client.send(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        except OSError:
            pass
        reader.join(30)
        assert statuses == [413]


def _rss_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])


def test_slow_reader_costs_no_memory(running):
    """A client that does not read holds back the backend, not 200 MB in the proxy."""
    pid = running.process.pid
    before = _rss_kb(pid)
    clients = [RawClient(running.port) for _ in range(4)]
    for client in clients:
        client.send(b"GET /bytes?n=200000000&piece=65536 HTTP/1.1\r\nHost: a\r\n\r\n")
    for client in clients:
        client.read_until(b"\r\n\r\n")
    most, end = before, time.monotonic() + 2
    while time.monotonic() < end:
        most = max(most, _rss_kb(pid))
        assert running.get("/fast").status == 200
    for client in clients:
        client.close()
    assert most - before < 40000, f"{most - before} kB more"


def test_flood_behind_a_streaming_reply_costs_no_memory(running):
    """Bytes that a client pours in while its reply streams stay in the kernel."""
    pid = running.process.pid
    before = _rss_kb(pid)
    with RawClient(running.port, timeout=1) as client:
        client.send(b"GET /chunked?n=2000&piece=10&pause=10 HTTP/1.1\r\nHost: a\r\n\r\n")
        client.read_until(b"\r\n\r\n")
        sent, end = 0, time.monotonic() + 1.5
        try:
            while time.monotonic() < end:
                sent += client.socket.send(b"x" * 65536)
        except OSError:
            pass
        most = _rss_kb(pid)
    assert most - before < 40000, f"{most - before} kB more after {sent} bytes of flood"
    assert running.get("/fast").status == 200
