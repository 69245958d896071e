"""Whatever a backend answers, the client gets a well-formed reply, a clean 502, or a reply that is visibly cut."""

import contextlib
import email.utils
import signal
import socket
import struct
import time

import pytest

from harness.client import IMF_FIXDATE, RawClient, raw_target, request
from harness.wait import wait_until

pytestmark = pytest.mark.front

OK = b"HTTP/1.1 200 OK\r\n"

# Replies no client may see: (name, bytes of the backend, what it does then)
REFUSED = [
    ("garbage", b"\x00\x01\x02\x03 no http at all\r\n\r\n", "keep"),
    ("empty", b"", "close"),
    ("half a head", OK + b"Content-Le", "close"),
    ("half a head, reset", OK + b"Content-Le", "reset"),
    ("status 99", b"HTTP/1.1 99 Low\r\nContent-Length: 0\r\n\r\n", "keep"),
    ("status 1000", b"HTTP/1.1 1000 High\r\nContent-Length: 0\r\n\r\n", "keep"),
    ("status abc", b"HTTP/1.1 abc No\r\nContent-Length: 0\r\n\r\n", "keep"),
    ("HTTP/2.0", b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", "keep"),
    ("two lengths", OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc", "close"),
    ("length and chunked", OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "keep"),
    ("length +2", OK + b"Content-Length: +2\r\n\r\nab", "keep"),
    ("unknown coding", OK + b"Transfer-Encoding: magic\r\n\r\n0\r\n\r\n", "keep"),
    ("chunked in HTTP/1.0", b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "close"),
    ("folded field", OK + b"X: 1\r\n 2\r\nContent-Length: 0\r\n\r\n", "keep"),
    ("LF line ends", b"HTTP/1.1 200 OK\nContent-Length: 0\n\n", "close"),
    ("NUL in a value", OK + b"X: a\x00b\r\nContent-Length: 0\r\n\r\n", "keep"),
    ("space in a field's name", OK + b"Content Length: 2\r\n\r\nab", "keep"),
    ("space before a field's name", OK + b" Content-Length: 2\r\n\r\nab", "keep"),
    ("two lengths, one with a space", OK + b"Content-Length : 2\r\nContent-Length: 3\r\n\r\nab", "keep"),
    ("no chunks at the end", OK + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", "close"),
    ("an empty coding", OK + b"Transfer-Encoding:\r\n\r\nab", "close"),
    ("bare CR in a value", OK + b"X: a\rb\r\nContent-Length: 0\r\n\r\n", "keep"),
    ("short body, then closed", OK + b"Content-Length: 10\r\n\r\nabc", "close"),
    ("short body, then reset", OK + b"Content-Length: 10\r\n\r\nabc", "reset"),
    ("101 not asked for", b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", "keep"),
]

# Replies that are good, if odd: (name, bytes, then, status, body)
ACCEPTED = [
    ("space before the colon", OK + b"Content-Length : 2\r\n\r\nok", "keep", 200, b"ok"),
    ("HTTP/1.7", b"HTTP/1.7 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "keep", 200, b"ok"),
    ("leading zeros of the size", OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"0" * 40 + b"2\r\nok\r\n000\r\n\r\n", "keep",
     200, b"ok"),
    ("no reason", b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", "keep", 200, b"ok"),
    ("204", b"HTTP/1.1 204 No Content\r\n\r\n", "keep", 204, b""),
    ("304 with a length", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 50\r\n\r\n", "keep", 304, b""),
    ("to the end of the connection", OK + b"\r\nto the end", "close", 200, b"to the end"),
    ("keep-alive, no framing", OK + b"Connection: keep-alive\r\n\r\nall of it", "close", 200, b"all of it"),
    ("HTTP/1.0", b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "close", 200, b"ok"),
    ("100 and then 200", b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nok", "keep", 200, b"ok"),
    ("103 and then 200", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nok", "keep",
     200, b"ok"),
    ("chunk extension", OK + b"Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0\r\n\r\n", "keep", 200, b"ok"),
    ("more than announced", OK + b"Content-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison", "keep",
     200, b"ok"),
    ("body on 204", b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison", "keep", 204, b""),
]


@pytest.fixture(scope="module")
def running(shared_orchestrate, backend_image):
    orchestrator = shared_orchestrate(response_timeout_ms=1500, hold_ms=3000)
    service = orchestrator.add_service("web", backend_image, 2)
    orchestrator.start()
    return orchestrator, service


def _assert_all_well(orchestrator):
    """The proxy serves on, and no reply was given to the wrong request."""
    for _ in range(4):
        reply = orchestrator.get("/fast")
        assert (reply.status, reply.body) == (200, b'{"hello": "from backend"}\r\n')


@pytest.mark.parametrize("first, then", [r[1:] for r in REFUSED], ids=[r[0].replace(" ", "-") for r in REFUSED])
def test_502(running, first, then):
    orchestrator, _ = running
    reply = orchestrator.get(raw_target(first, then=then))
    assert reply.status == 502, reply
    assert reply.get("Content-Type") == "application/problem+json"
    _assert_all_well(orchestrator)

# What is said of a reply that breaks a rule: (bytes of the backend, the rule)
RULES = [
    (b"garbage\r\n\r\n", "has a malformed status line (RFC 9112 section 4)"),
    (b"HTTP/2.0 200 OK\r\n\r\n", "is not of HTTP/1.0 or HTTP/1.1 (RFC 9112 section 2.3)"),
    (b"HTTP/1.1 999 No\r\n\r\n", "has a status code that is not 100 to 599 (RFC 9110 section 15)"),
    (b"HTTP/1.1 200 OK\nContent-Length: 0\n\n", "has a line that does not end in CR LF (RFC 9112 section 2.2)"),
    (OK + b"X: 1\r\n 2\r\n\r\n", "has a header field folded over several lines (RFC 9112 section 5.2)"),
    (OK + b"X(: 1\r\n\r\n", "has a malformed header field name (RFC 9112 section 5.1)"),
    (OK + b"X: a\x00b\r\n\r\n", "has a control character in a header field (RFC 9110 section 5.5)"),
    (OK + b"".join(b"X: 1\r\n" for _ in range(200)) + b"\r\n", "has too many header fields"),
    (OK + b"Content-Length: +2\r\n\r\nab", "has a Content-Length that is no number (RFC 9112 section 6.3)"),
    (OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nab", "has two Content-Length fields (RFC 9112 section 6.3)"),
    (OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     "has two Transfer-Encoding fields (RFC 9112 section 6.1)"),
    (OK + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
     "has both Transfer-Encoding and Content-Length (RFC 9112 section 6.1)"),
    (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
     "has a Transfer-Encoding other than chunked, which was not asked for (RFC 9112 section 6.1)"),
    (OK + b"Transfer-Encoding: magic\r\n\r\n", "has a Transfer-Encoding whose last coding is not chunked (RFC 9112 section 6.3)"),
    (b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     "has a Transfer-Encoding, but is of HTTP/1.0 (RFC 9112 section 6.1)"),
    (b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
     "changes the protocol (101), which was not asked for (RFC 9110 section 15.2.2)"),
    (40 * b"HTTP/1.1 100 Continue\r\n\r\n", "follows more interim replies (1xx) than anybody needs"),
    (OK + b"Content-Length: 10\r\n\r\nabc", "ended before its body was whole (RFC 9112 section 8)"),
]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("first, rule", RULES, ids=[rule.partition(" (")[0].replace(" ", "-") for _, rule in RULES])
def test_502_names_the_rule(running, first, rule, method):
    orchestrator, _ = running
    reply = request(orchestrator.port, raw_target(first, then="close"), method)
    assert reply.status == 502 and reply.json()["detail"] == f"the container's reply {rule}"
    assert f"reason=\"the container's reply {rule}\"" in orchestrator.log()
    _assert_all_well(orchestrator)


def test_a_cut_reply_is_told_in_the_log(running):
    orchestrator, _ = running
    first = OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nxyz\r\n"
    with RawClient(orchestrator.port) as client:
        client.send(f"GET {raw_target(first, then='close')} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        client.read_all()
    wait_until(lambda: "event=reply-cut" in orchestrator.log(), 5, "the line")
    line = next(line for line in orchestrator.log().splitlines() if "event=reply-cut" in line)
    assert "the container's reply has a malformed chunk (RFC 9112 section 7.1)" in line


def test_502_for_a_huge_head(running):
    orchestrator, _ = running
    assert orchestrator.get("/big_head?n=15000").status == 200
    assert orchestrator.get("/big_head?n=300000").status == 502
    _assert_all_well(orchestrator)


def test_errors_name_the_request(running):
    """A problem document carries the request's id, the one the client gave or the one that was made."""
    orchestrator, _ = running
    target = raw_target(b"garbage\r\n\r\n")
    assert "my-id-42" in orchestrator.get(target, headers={"X-Request-Id": "my-id-42"}).body.decode()
    body = orchestrator.get(target).json()
    assert {"title", "status", "detail"} < set(body), body


@pytest.mark.parametrize("first, then, status, body", [r[1:] for r in ACCEPTED],
                         ids=[r[0].replace(" ", "-") for r in ACCEPTED])
def test_passed_on(running, first, then, status, body):
    orchestrator, _ = running
    with RawClient(orchestrator.port) as client:
        client.send(f"GET {raw_target(first, then=then)} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        reply = client.read_reply()
        assert (reply.status, reply.body) == (status, body)
    _assert_all_well(orchestrator)


def test_space_before_the_colon_is_removed(running):
    """RFC 9112 section 5.1: a proxy must."""
    orchestrator, _ = running
    reply = orchestrator.get(raw_target(OK + b"X-A : 1\r\nSet-Cookie\t: b=c\r\nContent-Length: 0\r\n\r\n"))
    assert (reply.get("X-A"), reply.get("Set-Cookie")) == ("1", "b=c")


DATE = b"Date: Tue, 15 Nov 1994 08:12:31 GMT\r\n"


@pytest.mark.parametrize("first", [OK + b"Content-Length: 2\r\n\r\nok", b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n",
                                   b"HTTP/1.1 304 Not Modified\r\n\r\n", OK + b"Connection: Date\r\nContent-Length: 0\r\n\r\n"],
                         ids=["200", "404", "304", "named"])
def test_a_reply_without_a_date_gets_one(running, first):
    """RFC 9110 section 6.6.1; one that has one keeps it, and an interim reply needs none."""
    orchestrator, _ = running
    dates = orchestrator.get(raw_target(first)).all("Date")
    assert len(dates) == 1 and abs(email.utils.parsedate_to_datetime(dates[0]).timestamp() - time.time()) < 5
    assert IMF_FIXDATE.fullmatch(dates[0])
    first = first.replace(b"\r\n", b"\r\n" + DATE, 1)
    assert orchestrator.get(raw_target(first)).all("Date") == ["Tue, 15 Nov 1994 08:12:31 GMT"]


def test_an_interim_reply_gets_no_date(running):
    orchestrator, _ = running
    with RawClient(orchestrator.port) as client:
        target = raw_target(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK + b"Content-Length: 0\r\n\r\n")
        client.send(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        status, fields = client.read_head()
        assert status == 103 and "Date" not in dict(fields)
        assert "Date" in dict(client.read_head()[1])


@pytest.mark.parametrize("size, whole", [(100, True), (500, False)])
def test_chunk_extensions_in_sum(running, size, whole):
    """A hundred of them; beyond 16 KiB the reply is cut, or one of a few bytes would bring as much as it likes."""
    orchestrator, _ = running
    with RawClient(orchestrator.port) as client:
        client.send(f"GET /chunked?n=100&piece=1&extension={size} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        assert client.read_all().endswith(b"0\r\n\r\n") == whole
    _assert_all_well(orchestrator)


@pytest.mark.parametrize("then", ["close", "reset"])
def test_begun_reply_is_cut(running, then):
    """Chunked, one chunk sent on, then the backend goes: the client must not see a proper end."""
    orchestrator, _ = running
    first = OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
    with RawClient(orchestrator.port) as client:
        client.send(f"GET {raw_target(first, ms=300, then=then)} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        answer = client.read_all()
    assert b"hello" in answer and not answer.endswith(b"0\r\n\r\n")
    _assert_all_well(orchestrator)


@pytest.mark.parametrize("body", [b"5 junk\r\nhello\r\n0\r\n\r\n", b"0x5\r\nhello\r\n0\r\n\r\n", b"5\r\nhello0\r\n\r\n"])
def test_bad_chunks_have_no_proper_end(running, body):
    orchestrator, _ = running
    with RawClient(orchestrator.port) as client:
        target = raw_target(OK + b"Transfer-Encoding: chunked\r\n\r\n" + body)
        client.send(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        answer = client.read_all()
    assert answer.startswith(b"HTTP/1.1 502") or not answer.endswith(b"0\r\n\r\n"), answer
    _assert_all_well(orchestrator)


def test_silence_is_504(running):
    """No reply within response_timeout_ms: 504, not replayed; the backend is asked how it is, and stays."""
    orchestrator, service = running
    before = orchestrator.ids(service)
    assert orchestrator.get("/hang").status == 504
    _assert_all_well(orchestrator)
    assert orchestrator.wait_slots(service, 2) == before


def test_slow_head_passes_within_the_limit(running):
    orchestrator, _ = running
    slow = raw_target(OK + b"Content-Le", ms=700, second=b"ngth: 2\r\n\r\nok")
    assert orchestrator.get(slow).body == b"ok"


def test_interim_replies_without_end(running):
    """Those that were passed on were; then it is enough, and another backend is no better."""
    orchestrator, _ = running
    with RawClient(orchestrator.port) as client:
        target = raw_target(b"HTTP/1.1 102 Processing\r\n\r\n" * 33 + OK + b"Content-Length: 2\r\n\r\nok")
        client.send(f"GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        answer = client.read_all()
    assert answer.count(b"HTTP/1.1 102 ") == 2 * 32 and b"HTTP/1.1 502 " in answer and b"ok" not in answer[-2:]
    _assert_all_well(orchestrator)


def test_a_head_that_drips_is_504(running):
    """A head has one deadline: bytes of it give the backend no more time."""
    orchestrator, _ = running
    began = time.monotonic()
    assert orchestrator.get(raw_target(OK + b"X: ", ms=1300, second=b"y")).status == 504
    assert time.monotonic() - began < 1.5 + 1.1
    _assert_all_well(orchestrator)


def test_nothing_stays_in_flight(running):
    orchestrator, service = running
    wait_until(lambda: all(s["in_flight"] == 0 for s in orchestrator.slots(service)), 5, "nothing in flight")


# --- a reset that is told together with the data before it: it is caught though epoll says nothing more of it ---

@contextlib.contextmanager
def asleep(orchestrator):
    """What comes meanwhile comes at once."""
    orchestrator.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        orchestrator.send_signal(signal.SIGCONT)


def ask_asleep(orchestrator, reply):
    """Asks for these bytes and a reset; the orchestrator hears of both at the same time."""
    client = RawClient(orchestrator.port, timeout=10)
    client.send(f"GET {raw_target(b'', ms=400, second=reply, then='reset')} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    time.sleep(0.2)
    with asleep(orchestrator):
        time.sleep(0.6)
    return client


@pytest.mark.parametrize("reply", [OK + b"Content-Le", OK + b"Content-Length: 10\r\n\r\nabc"], ids=["head", "body"])
def test_part_of_a_reply_and_a_reset(web, reply):
    orchestrator, _ = web(1, reach="bridge")    # Docker's own proxy would make a proper end of it
    with ask_asleep(orchestrator, reply) as client:
        assert client.read_reply().status == 502


def test_a_reply_and_a_reset(web):
    """The connection is of no use any more, and the next request does not wait for it."""
    orchestrator, _ = web(1, reach="bridge")
    with ask_asleep(orchestrator, OK + b"Content-Length: 2\r\n\r\nok") as client:
        assert client.read_reply().body == b"ok"
        client.send(b"GET /fast HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.read_reply().status == 200


@pytest.mark.parametrize("sent", [b"GET /", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"], ids=["head", "body"])
def test_part_of_a_request_and_a_reset(web, sent):
    orchestrator, _ = web(1)
    connections = lambda: orchestrator.metrics()["selfless_connections"]
    wait_until(lambda: connections() == 0, 5, "no connections")
    client = RawClient(orchestrator.port)
    wait_until(lambda: connections() == 1, 5, "the connection")
    client.send(b"")        # over TLS: its handshake
    with asleep(orchestrator):
        client.send(sent)
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
    wait_until(lambda: connections() == 0, 5, "its end")


def test_what_nobody_asked_for_is_no_reply(web):
    """A body where none may be, behind the answer to a HEAD, that looks like a reply: it is not the next client's. Both are
    there before the loop looks at either, the client first."""
    orchestrator, _ = web(1)
    surplus = OK + b"Content-Length: 7\r\n\r\nsurplus"
    with RawClient(orchestrator.port) as client:
        client.send(b"GET /fast HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.read_reply().status == 200
        target = raw_target(OK + b"Content-Length: 7\r\n\r\n", 300, surplus)
        assert orchestrator.get(target, method="HEAD").status == 200
        orchestrator.send_signal(signal.SIGSTOP)
        client.send(b"GET /fast HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.6)
        orchestrator.send_signal(signal.SIGCONT)
        reply = client.read_reply()
    assert reply.status == 200 and reply.backend and b"surplus" not in reply.body
