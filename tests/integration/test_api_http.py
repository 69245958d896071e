"""HTTP as the services speak it: methods, CORS, framing, pieces, pipelining, limits; and requests two parsers might read
differently."""

import json
import threading
import time

import pytest

from harness.wait import wait_until
from hostile_forms import FORMS, REFUSED_HEADS, SMUGGLED
from services_native import elapsed

GET = b"GET /api/v1/acts/count HTTP/1.1\r\nHost: a\r\n\r\n"


def post(body, path=b"/api/v1/categories", fields=b""):
    return b"POST " + path + b" HTTP/1.1\r\nHost: a\r\n" + fields + b"Content-Length: %d\r\n\r\n" % len(body) + body


def chunked(body, path=b"/api/v1/categories", step=3):
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[at:at + step]), body[at:at + step]) for at in range(0, len(body), step))
    return b"POST " + path + b" HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\nX: y\r\n\r\n"


# --- methods and fields -----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("path", ["/users", "/categories", "/categories/garden/acts", "/categories/garden/acts/size", "/acts/count"])
def test_head_is_get_without_a_body(api, path):
    api.stage().add_act(1)
    get = api.call("GET", path)
    head = api.call("HEAD", path)
    assert (head.status, head.body) == (200, b"")
    for field in ("Content-Length", "Content-Type", "ETag"):
        assert head.get(field) == get.get(field)


def test_head_of_other_routes(api):
    assert api.call("HEAD", "/acts").status == 405
    assert api.call("HEAD", "/nothing").status == 404
    assert api.call("HEAD", "/categories").status == 204


@pytest.mark.parametrize("path, methods", [("/users", "GET, HEAD, POST"), ("/users/x", "DELETE"), ("/categories", "GET, HEAD, POST"),
                                           ("/categories/x", "DELETE"), ("/categories/x/acts", "GET, HEAD"),
                                           ("/acts", "POST"), ("/acts/upvote", "POST"), ("/acts/1", "DELETE"), ("/acts/count", "GET, HEAD")])
def test_options(api, path, methods):
    reply = api.call("OPTIONS", path, headers={"Origin": "http://else.where", "Access-Control-Request-Method": "POST",
                                               "Access-Control-Request-Headers": "content-type"})
    assert (reply.status, reply.body) == (204, b"")
    assert reply.get("Access-Control-Allow-Origin") == "*"
    assert reply.get("Access-Control-Allow-Methods") == methods
    assert "content-type" in reply.get("Access-Control-Allow-Headers").lower()
    assert api.call("OPTIONS", "/nothing").status == 404


@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "PROPFIND", "get", "CONNECT2", "X"])
def test_other_methods(api, method):
    reply = api.call(method, "/acts/count")
    assert reply.status == 405 and reply.get("Allow") == "GET, HEAD, OPTIONS"
    assert api.call(method, "/nothing").status == 404


def test_fields_of_replies(api):
    reply = api.call("GET", "/acts/count")
    assert reply.get("Content-Type") == "application/json" and reply.get("Date").endswith(" GMT")
    assert reply.get("Content-Length") == "3"
    assert len(reply.all("Content-Length")) == len(reply.all("Access-Control-Allow-Origin")) == 1


def test_absolute_form(api):
    with api.raw() as client:
        client.send(b"GET http://any.where:80/api/v1/acts/count?x HTTP/1.1\r\nHost: any.where:80\r\n\r\n")
        assert client.read_reply().json() == [0]


# --- pieces -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("data, body", [
    (GET, b"[0]"), (b"GET /api/v1/categories/x%2Fy/acts/size?a=b&c=d HTTP/1.1\r\nHost: a\r\n\r\n", b"[0]"),
    (post(b'["x/y"]'), None), (chunked(b'["x/y"]'), None)], ids=["get", "query", "length", "chunked"])
def test_split_at_each_byte(api, data, body):
    """libevhtp alone loses or invents bytes here."""
    api.add_category("x/y")
    with api.raw() as client:
        for at in range(1, len(data)):
            client.send(data[:at])
            time.sleep(0.001)
            client.send(data[at:])
            reply = client.read_reply()
            assert reply.status == (200 if body else 400), (at, reply)
            assert body is None or reply.body == body, (at, reply)
            assert body or "already" in reply.json()["error"], (at, reply)


def test_byte_by_byte(api):
    with api.raw() as client:
        for data in (GET, post(b'["a"]'), chunked(b'["b"]')):
            for at in range(len(data)):
                client.send(data[at:at + 1])
            assert client.read_reply().status in (200, 201)
    assert api.expect(200, "GET", "/categories") == {"a": 0, "b": 0}


@pytest.mark.parametrize("size", [4000, 4090, 4096, 4097, 8000, 8192, 12000])
def test_long_paths(api, size):
    """Read exactly as sent: a name that long is nobody's, and that is all that is wrong with it."""
    start = "/api/v1/categories/"
    name = "n" * (size - len(start))
    assert api.call("GET", f"/categories/{name}/acts/size").status == 204
    api.expect(400, "DELETE", f"/categories/{name}")
    assert api.call("GET", f"/acts/count?{name}").json() == [0]
    assert api.call("GET", f"/{name}").status == 404


def test_too_long(api):
    api.expect(414, "GET", "/" + "a" * 20000)
    api.expect(431, "GET", "/acts/count", headers={"X": "a" * 40000})
    api.expect(431, "GET", "/acts/count", headers={f"X{i}": "a" for i in range(200)})
    assert api.expect(200, "GET", "/acts/count", headers={"X": "a" * 20000}) == [0]


# --- one after the other ----------------------------------------------------------------------------------------------

def test_keep_alive(api):
    with api.raw() as client:
        for number in range(1000):
            client.send(GET)
            assert client.read_reply().status == 200, number


@pytest.mark.parametrize("count", [2, 3, 50, 500])
def test_pipelining_in_order(api, count):
    """Answers that take a thread and answers that do not, large and small, in the order of the requests."""
    requests = [b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n", GET, post(b'["a"]'), b"OPTIONS /api/v1/acts HTTP/1.1\r\nHost: a\r\n\r\n",
                chunked(b'["a"]'), b"HEAD /api/v1/acts/count HTTP/1.1\r\nHost: a\r\n\r\n", post(b"x" * 5000)]
    expected = [404, 200, 201, 204, 400, 200, 400]
    with api.raw(timeout=60) as client:
        sender = threading.Thread(target=client.send, args=(b"".join(requests[n % 7] for n in range(count)),))
        sender.start()
        for number in range(count):
            reply = client.read_reply("HEAD" if number % 7 == 5 else "GET")
            wanted = 400 if number % 7 == 2 and number > 2 else expected[number % 7]
            assert reply.status == wanted, (number, reply)
        sender.join()


def test_pipelined_then_end_of_sending(api):
    """A client that has said all it has to say still gets every answer."""
    with api.raw() as client:
        client.send(GET * 5)
        client.end()
        for _ in range(5):
            assert client.read_reply().json() == [0]
        assert client.read_all() == b""


def test_end_of_sending_in_the_middle(api):
    for data in (GET[:20], post(b'["a"]')[:-1], chunked(b'["a"]')[:-3], b""):
        with api.raw() as client:
            client.send(data)
            client.end()
            assert client.read_all() == b""
    assert api.call("GET", "/categories").status == 204


@pytest.mark.parametrize("version, fields, closes", [
    (b"1.1", b"", False), (b"1.1", b"Connection: close\r\n", True), (b"1.1", b"Connection: x, CLOSE\r\n", True), (b"1.0", b"", True),
    (b"1.0", b"Connection: keep-alive\r\n", False), (b"1.0", b"Connection: Keep-Alive, close\r\n", True)])
@pytest.mark.parametrize("path", [b"/api/v1/acts/count", b"/nothing"])
def test_when_connections_close(api, version, fields, closes, path):
    with api.raw() as client:
        client.send(b"GET " + path + b" HTTP/" + version + b"\r\nHost: a\r\n" + fields + b"\r\n")
        reply = client.read_reply()
        assert (reply.get("Connection") == "close") == closes
        if closes:
            assert client.read_all() == b""
        else:
            assert version == b"1.1" or reply.get("Connection") == "keep-alive"
            client.send(GET)
            assert client.read_reply().json() == [0]


def test_http_1_0_without_host(api):
    with api.raw() as client:
        client.send(b"GET /api/v1/acts/count HTTP/1.0\r\n\r\n")
        assert client.read_all().endswith(b"\r\n\r\n[0]")


# --- Expect -----------------------------------------------------------------------------------------------------------

def test_expect_continue(api):
    data = post(b'["a"]', fields=b"Expect: 100-continue\r\n")
    head, body = data[:-5], data[-5:]
    with api.raw() as client:
        client.send(head)
        assert client.read_head()[0] == 100
        client.send(body)
        assert client.read_reply().status == 201
        client.send(data)                       # body at once: no 100 needed, one may come
        assert client.read_reply().status == 400
        client.send(GET)
        assert client.read_reply().json() == [0]


@pytest.mark.parametrize("data, status", [
    (post(b"x" * 5, b"/nothing", b"Expect: 100-continue\r\n"), 404), (post(b"x" * 5, b"/api/v1/acts/count", b"Expect: 100-continue\r\n"), 405),
    (b"POST /api/v1/acts HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n", 413),
    (post(b"", fields=b"Expect: something\r\n"), 417)])
def test_expect_refused(api, data, status):
    """The final answer at once, without 100, and the connection closed: nobody knows whether the body will come."""
    with api.raw() as client:
        client.send(data.split(b"\r\n\r\n")[0] + b"\r\n\r\n")
        assert client.read_head()[0] == status


# --- bodies where none is wanted --------------------------------------------------------------------------------------

@pytest.mark.parametrize("method", [b"GET", b"DELETE", b"OPTIONS", b"PUT"])
def test_unwanted_bodies_are_skipped(api, method):
    data = method + b" /api/v1/acts/count HTTP/1.1\r\nHost: a\r\n"
    with api.raw() as client:
        for framed in (b"Content-Length: %d\r\n\r\n" % len(GET) + GET,
                       b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(GET) + GET + b"\r\n0\r\n\r\n"):
            client.send(data + framed)
            assert client.read_reply().status in (200, 204, 405)
            client.send(GET)
            assert client.read_reply().json() == [0]


# --- what two parsers might read differently --------------------------------------------------------------------------

def _service_status(name, status):
    """The table is the proxy's: what it lets through has an unknown path here, and limits differ a little."""
    allowed = status if isinstance(status, tuple) else (status,)
    if name in ("huge field", "huge name", "Content-Length over the limit"):
        return (404, 431, 400)
    return tuple(404 if code == 200 else code for code in allowed) + ((404, 405) if name == "OPTIONS *" else ())


@pytest.mark.parametrize("name, data, status", [f[:3] for f in FORMS], ids=[f[0][:60] for f in FORMS])
def test_hostile_form(api, name, data, status):
    with api.raw() as client:
        try:
            client.send(data)
        except OSError:
            pass        # refused while we were still writing
        got, fields = client.read_head()
        length = int(dict(fields).get("Content-Length", "0"))
        head_only = data.startswith(b"HEAD")
        body = b"" if head_only else client.read_exactly(length)
        assert got in _service_status(name, status), (got, fields, body)
        assert ("Access-Control-Allow-Origin", "*") in fields
        if got not in (204, 404, 405):
            assert ("Connection", "close") in fields and (head_only or "error" in json.loads(body))
            assert b"HTTP/1." not in client.read_all(), "more than one reply"
    assert api.expect(200, "GET", "/acts/count") == [0]


@pytest.mark.parametrize("data", REFUSED_HEADS, ids=[repr(d[:40]) for d in REFUSED_HEADS])
def test_refused_head_request(api, data):
    """What the client reads behind the head would be its next reply."""
    with api.raw() as client:
        client.send(data + b"\r\n\r\n" if len(data) < 20000 else data + b"a" * 20000)
        assert client.read_head()[0] >= 400
        assert client.read_all() == b""


def test_refused_after_a_good_one(api):
    with api.raw() as client:
        client.send(GET + b"GET /x HTTP/1.1\r\nHost : a\r\n\r\n" + SMUGGLED)
        assert client.read_reply().json() == [0]
        assert client.read_reply().status == 400
        assert client.read_all() == b""


def test_refused_reply_is_not_lost_to_a_reset(api):
    """The client writes on after it was refused: it must still be able to read why."""
    for _ in range(20):
        with api.raw() as client:
            client.send(b"POST /api/v1/acts HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n")
            try:
                for _ in range(200):
                    client.send(b"x" * 10000)
            except OSError:
                pass
            assert client.read_reply().status == 413


# --- clients that leave, or hang --------------------------------------------------------------------------------------

def test_clients_that_leave(api):
    api.stage()
    body = json.dumps(api.act(1)).encode()
    for data in (GET, post(body, b"/api/v1/acts"), post(b'["x"]')[:-2], GET[:10], GET * 10):
        for _ in range(10):
            with api.raw() as client:
                client.send(data)
    wait_until(lambda: api.expect(200, "GET", "/acts/count") == [1], 5, "the upload of a client that left")


@pytest.mark.parametrize("ms", [0, 1, 5, 30])
def test_clients_that_end_and_wait(api, ms):
    """They get what they asked for, all of it, and then the end."""
    api.stage()
    for number in range(10):
        act = json.dumps(api.act(number)).encode()
        for service, data, status in (("acts", GET, 200), ("acts", post(act, b"/api/v1/acts"), 201),
                                      ("acts", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 200),
                                      ("users", b"GET /api/v1/users HTTP/1.1\r\nHost: a\r\n\r\n", 200)):
            with api.raw(service) as client:
                client.send(data)
                if ms > 0:
                    client.wait_readable(ms / 1000)
                client.end()
                assert client.read_reply().status == status
                assert client.is_closed()


def test_slow_bodies(api):
    """Less than 1 KiB a second, on average after 10 s, is 408, though a byte comes every second."""
    with api.raw(timeout=20) as client:
        begin = time.monotonic()
        client.send(b"POST /api/v1/acts HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
        while not client.wait_readable(1):
            assert time.monotonic() - begin < 15
            client.send(b"x")
        assert client.read_reply().status == 408
        assert time.monotonic() - begin > 9.5


def test_idle_and_slow_heads(api):
    """A head that takes over 10 s is answered 408; one drop at a time does not help."""
    with api.raw(timeout=20) as client:
        begin = time.monotonic()
        stop = threading.Event()

        def drip():
            for byte in b"GET /api/v1/acts/count HTTP/1.1\r\nX: " + b"a" * 1000:
                if stop.wait(0.2):
                    return
                try:
                    client.send(bytes([byte]))
                except OSError:
                    return
        thread = threading.Thread(target=drip)
        thread.start()
        reply = client.read_reply()
        stop.set()
        thread.join()
        assert reply.status == 408 and 9 < time.monotonic() - begin < 13


def test_many_connections(api):
    clients = [api.raw() for _ in range(500)]
    try:
        for client in clients:
            client.send(GET)
        for client in clients:
            assert client.read_reply().json() == [0]
        assert elapsed(lambda: api.expect(200, "GET", "/acts/count")) < 2
    finally:
        for client in clients:
            client.close()
