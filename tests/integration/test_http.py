"""HTTP as clients use it: keep-alive, pipelining in order, HTTP/1.0, HEAD, Expect, interim replies, trailers."""

import time

import pytest

from harness.client import RawClient, raw_target

pytestmark = pytest.mark.front


@pytest.fixture(scope="module")
def running(shared_orchestrate, backend_image):
    orchestrator = shared_orchestrate()
    orchestrator.add_service("web", backend_image, 1)
    return orchestrator.start()


@pytest.fixture
def client(running):
    with RawClient(running.port) as connection:
        yield connection


def get(target, *fields, version="1.1", method="GET"):
    lines = [f"{method} {target} HTTP/{version}", "Host: a", *fields, "", ""]
    return "\r\n".join(lines).encode()


def test_keep_alive(client):
    for _ in range(50):
        client.send(get("/fast"))
        reply = client.read_reply()
        assert reply.status == 200 and reply.get("Connection") != "close"


def test_backend_connection_is_kept(running):
    seen = {running.get("/fast").get("X-Connection") for _ in range(30)}
    assert len(seen) <= 2, f"{len(seen)} backend connections for 30 requests, one after the other"


def test_pipelining_in_order(client):
    client.send(get("/slow?ms=200") + get("/bytes?n=3") + get("/fast", method="HEAD") + get("/status?code=404") +
                b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi" + get("/bytes?n=5"))
    assert client.read_reply().body == b"slow\n"
    assert client.read_reply().body == b"abc"
    assert client.read_reply("HEAD").status == 200
    assert client.read_reply().status == 404
    assert client.read_reply().body == b"hi"
    assert client.read_reply().body == b"abcde"


def test_pipelining_many(client):
    client.send(get("/bytes?n=10") * 300)
    assert all(client.read_reply().body == b"abcdefghij" for _ in range(300))


def test_close_is_obeyed(client):
    client.send(get("/fast", "Connection: close"))
    reply = client.read_reply()
    assert reply.get("Connection") == "close" and client.is_closed()


def test_http_1_0(client):
    client.send(get("/fast", version="1.0"))
    reply = client.read_reply()
    assert reply.status == 200 and len(reply.body) == 27
    assert client.is_closed()


def test_http_1_0_keep_alive(client):
    for _ in range(3):
        client.send(get("/fast", "Connection: keep-alive", version="1.0"))
        reply = client.read_reply()
        assert len(reply.body) == 27 and reply.get("Connection", "").lower() == "keep-alive"


def test_http_1_0_gets_no_chunks(client):
    client.send(get("/chunked?n=100&piece=7", "Connection: keep-alive", version="1.0"))
    reply = client.read_reply()
    assert reply.get("Transfer-Encoding") is None
    assert len(reply.body) == 100


@pytest.mark.parametrize("target", ["/fast", "/bytes?n=1000000", "/chunked?n=100", "/status?code=404"])
def test_head(client, target):
    for _ in range(3):
        client.send(get(target, method="HEAD") + get("/bytes?n=3"))
        reply = client.read_reply("HEAD")
        assert reply.status in (200, 404)
        assert client.read_reply().body == b"abc"
    if "bytes" in target:
        assert reply.get("Content-Length") == "1000000"


def test_expect_100(client):
    client.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
    assert client.read_head()[0] == 100
    client.send(b"hello")
    assert client.read_reply().body == b"hello"


def test_expect_100_with_the_body_at_once(client):
    client.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello")
    assert client.read_reply().body == b"hello"


def test_expect_in_http_1_0_is_ignored(client):
    client.send(b"POST /echo HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello")
    status, fields = client.read_head()
    assert status == 200, fields


def test_interim_reply_is_passed_on(client):
    reply = raw_target(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    client.send(get(reply))
    status, fields = client.read_head()
    assert status == 103 and ("Link", "</a>") in fields
    assert client.read_reply().body == b"ok"


def test_interim_reply_is_not_sent_to_http_1_0(client):
    reply = raw_target(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    client.send(get(reply, version="1.0"))
    assert client.read_head()[0] == 200


def test_trailers_of_a_reply(client):
    client.send(get("/chunked?n=30&trailer=1", "TE: trailers"))
    assert client.read_reply().body == b"abcdefghijklmnopqrstuvwxyzabcd"
    assert client.trailers == ["X-Checksum: 42"]


def test_early_reply(client):
    """A backend that answers before it has the whole body: its reply is passed on."""
    client.send(b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n" + b"x" * 2000000)
    reply = client.read_reply()
    assert (reply.status, reply.body) == (200, b"early\n")
    client.send(get("/bytes?n=3"))
    assert client.read_reply().body == b"abc"


def test_status_codes_pass(client):
    for code in (200, 201, 204, 206, 301, 304, 400, 401, 404, 405, 409, 413, 418, 429, 451, 500, 501, 503, 599):
        client.send(get(f"/status?code={code}"))
        assert client.read_reply().status == code


def test_duplicate_fields_stay(client):
    first = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n"
    client.send(get(raw_target(first)))
    assert client.read_reply().all("Set-Cookie") == ["a=1", "b=2"]


def test_no_content_type_is_invented(client):
    client.send(get("/bytes?n=3"))
    assert client.read_reply().get("Content-Type") is None


def test_slow_head_gets_408(orchestrate, backend_image):
    """The deadline for a head is absolute: a byte now and then does not move it."""
    orchestrator = orchestrate(head_timeout_ms=1000)
    orchestrator.add_service("web", backend_image, 1)
    orchestrator.start()
    with RawClient(orchestrator.port) as client:
        begin = time.monotonic()
        client.socket.settimeout(0.1)
        data = b"GET /fast HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 100
        answer = b""
        for at in range(len(data)):
            try:
                client.send(data[at:at + 1])
                answer += client.socket.recv(4096)
            except TimeoutError:
                continue
            except OSError:
                break
            if answer:
                break
        assert answer.startswith(b"HTTP/1.1 408")
        assert 0.8 < time.monotonic() - begin < 3


def test_idle_connection_is_closed(orchestrate, backend_image):
    orchestrator = orchestrate(idle_timeout_ms=700)
    orchestrator.add_service("web", backend_image, 1)
    orchestrator.start()
    with RawClient(orchestrator.port) as client:
        client.send(get("/fast"))
        assert client.read_reply().status == 200
        begin = time.monotonic()
        assert client.is_closed()
        assert 0.5 < time.monotonic() - begin < 3
