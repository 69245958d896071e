"""What two parsers might read differently is refused: 4xx or 501, connection closed, nothing of it at a backend."""

import re

import pytest

from harness.client import IMF_FIXDATE, RawClient
from hostile_forms import FORMS, PROXY_FORMS, REFUSED_HEADS, SMUGGLED

pytestmark = pytest.mark.front


@pytest.fixture(scope="module")
def running(shared_orchestrate, backend_image):
    orchestrator = shared_orchestrate()
    service = orchestrator.add_service("web", backend_image, 1)
    orchestrator.add_recording(service)
    return orchestrator.start()


def _exchange(orchestrator, data):
    """(status, fields, all that came behind the head). Our side stays open: a refusal must be closed by the proxy."""
    with RawClient(orchestrator.port, timeout=10) as client:
        try:
            client.send(data)
        except OSError:
            pass        # refused while we were still writing
        status, fields = client.read_head()
        if ("Connection", "close") in fields:
            return status, fields, client.read_all()
        assert status < 400 or status in (404, 405), f"{status} without Connection: close"
        length = dict(fields).get("Content-Length", "0")
        return status, fields, client.read_exactly(int(length))


def _assert_backend_unharmed(orchestrator):
    assert orchestrator.get("/fast").status == 200


@pytest.mark.parametrize("data, status, reaches", [f[1:] for f in FORMS + PROXY_FORMS],
                         ids=[f[0][:60] for f in FORMS + PROXY_FORMS])
def test_form(running, data, status, reaches):
    before = len(running.records())
    got, fields, behind = _exchange(running, data)
    allowed = status if isinstance(status, tuple) else (status,)
    assert got in allowed, (got, fields, behind[:300])
    arrived = running.records()[before:]
    assert not any(b"/smuggled" in r["head"].split(b"\r\n")[0] for r in arrived), arrived
    if got >= 400 and not reaches:
        assert arrived == [], f"refused with {got}, yet it reached a backend"
        assert ("Content-Type", "application/problem+json") in fields
        assert not re.search(rb"HTTP/1\.[01] \d\d\d", behind), f"more than one reply: {behind!r}"
    else:
        assert len(arrived) <= 1, arrived
        assert arrived == [] or got != 204, "answered by the proxy, yet it reached a backend"
    for record in arrived:
        _assert_unambiguous(record["head"])
    _assert_backend_unharmed(running)


def _assert_unambiguous(head):
    """What is sent on leaves no second reading, whatever came in."""
    names = [line.split(b":")[0].lower() for line in head.split(b"\r\n")[1:-2]]
    assert names.count(b"host") == 1 and b"\r\nHost: \r\n" not in head, head
    assert names.count(b"content-length") + names.count(b"transfer-encoding") <= 1, head
    assert b"\n" not in head.replace(b"\r\n", b"") and b"\r" not in head.replace(b"\r\n", b"") and b"\0" not in head, head


def test_refusal_closes_the_connection(running):
    """Without our end of the connection being shut: the reply says close, and the connection is closed."""
    with RawClient(running.port, timeout=10) as client:
        client.send(b"GET /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n" + SMUGGLED)
        reply = client.read_reply()
        assert reply.status == 400 and reply.get("Connection") == "close" and reply.json()["instance"]
        assert client.is_closed()


def test_refusal_names_the_request(running):
    with RawClient(running.port, timeout=10) as client:
        client.send(b"POST /x HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine\r\nContent-Length: 99999999999\r\n\r\n")
        reply = client.read_reply()
    assert reply.status == 413 and reply.json()["instance"] == "mine"


@pytest.mark.parametrize("data", REFUSED_HEADS, ids=[repr(d[:40]) for d in REFUSED_HEADS])
def test_a_refused_head_request_gets_no_body(running, data):
    """RFC 9110 section 9.3.2: whoever asked with HEAD takes what follows the head for the next reply."""
    with RawClient(running.port, timeout=10) as client:
        client.send(data + b"\r\n\r\n")
        status, fields = client.read_head()
        assert status >= 400 and int(dict(fields)["Content-Length"]) > 0
        assert client.read_all() == b""


def test_what_only_looks_like_head_gets_its_body(running):
    for data in (b"HEADS /x HTTP/1.1\r\n\r\n", b"head /x HTTP/1.1\r\n\r\n", b"HEAD\t/x HTTP/1.1\r\nHost: a\r\n\r\n"):
        with RawClient(running.port, timeout=10) as client:
            client.send(data)
            assert client.read_reply().json()["status"] == 400


def test_a_head_request_that_never_ends_gets_no_body(orchestrate, backend_image):
    orchestrator = orchestrate(head_timeout_ms=300)
    orchestrator.add_service("web", backend_image, 1)
    orchestrator.start()
    with RawClient(orchestrator.port) as client:
        client.send(b"HEAD /x HTTP/1.1\r\nHost: a\r\n")
        assert client.read_head()[0] == 408
        assert client.read_all() == b""


def test_refusal_has_a_date(running):
    with RawClient(running.port) as client:
        client.send(b"GET /x HTTP/1.1\r\n\r\n")
        assert IMF_FIXDATE.fullmatch(client.read_reply().get("Date"))


def test_refusal_after_a_good_request(running):
    """A pipelined request that is refused does not spoil the reply to the one before it."""
    with RawClient(running.port, timeout=10) as client:
        client.send(b"GET /fast HTTP/1.1\r\nHost: a\r\n\r\nGET /x HTTP/1.1\r\nHost : a\r\n\r\n")
        assert client.read_reply().status == 200
        assert client.read_reply().status == 400
        assert client.is_closed()


@pytest.mark.parametrize("data", [
    b"GET /fast?split HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n",
    b"POST /echo?split HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    b"POST /echo?split HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\nT: 1\r\n\r\n",
], ids=["get", "length", "chunked"])
def test_split_at_each_byte(running, data):
    with RawClient(running.port) as client:
        for at in range(1, len(data)):
            client.send(data[:at])
            client.send(data[at:])
            reply = client.read_reply()
            assert reply.status == 200, (at, reply)
            assert reply.body in (b"hello", b"{\"hello\": \"from backend\"}\r\n"), (at, reply)


def test_byte_by_byte(running):
    data = b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    with RawClient(running.port) as client:
        for at in range(len(data)):
            client.send(data[at:at + 1])
        assert client.read_reply().body == b"hello"


def test_form_count():
    assert len(FORMS) >= 120


# --- Max-Forwards (RFC 9110 section 7.6.2) ----------------------------------------------------------------------------

@pytest.mark.parametrize("sent, arrives", [(b"1", b"0"), (b"10", b"9"), (b"300", b"299")])
def test_a_hop_is_counted(running, sent, arrives):
    before = len(running.records())
    with RawClient(running.port) as client:
        client.send(b"OPTIONS /x HTTP/1.1\r\nHost: a\r\nMax-Forwards: " + sent + b"\r\n\r\n")
        assert client.read_reply().status == 200
    head = running.records()[before]["head"]
    assert re.findall(rb"\r\nMax-Forwards: +(\d+)\r\n", head) == [arrives]


def test_the_end_of_the_way_is_answered_here(running):
    """On one connection, which stays open: what is allowed, and no echo."""
    with RawClient(running.port) as client:
        for request, status in ((b"OPTIONS * HTTP/1.1", 204), (b"OPTIONS /api HTTP/1.1\r\nMax-Forwards: 0", 204),
                                (b"TRACE /x HTTP/1.1\r\nMax-Forwards: 0", 405)):
            client.send(request + b"\r\nHost: a\r\nCookie: secret\r\n\r\n")
            reply = client.read_reply()
            assert reply.status == status
            assert set(reply.get("Allow").split(", ")) == {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
            assert b"secret" not in reply.body and reply.get("Date") is not None
            assert status != 204 or reply.get("Content-Length") is None
        client.send(b"GET /fast HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.read_reply().status == 200
