"""A client that has sent its whole request and then closes its sending side gets its reply; only a reset means that it left."""

import hashlib
import selectors
import socket

import pytest

from harness.client import RawClient
from harness.tls import ADDRESSES
from harness.wait import wait_until
from test_access_log import wait_lines
from test_limits import cpu_s

pytestmark = pytest.mark.front

GET = b"GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"
SLOW = b"GET /slow?ms=100 HTTP/1.1\r\nHost: a\r\n\r\n"
HANG = b"GET /hang HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
LARGE = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n" + b"x" * 300000
OLD = b"GET /echo HTTP/1.0\r\nHost: a\r\n\r\n"

# name -> what is sent in all, and the bodies of the replies (None: whatever it is)
FORMS = {
    "get": (GET, [None]),
    "old get": (OLD, [None]),
    "slow get": (SLOW, [b"slow\n"]),
    "post": (POST, [b"hello"]),
    "chunked": (CHUNKED, [b"hello"]),
    "large post": (LARGE, [b"x" * 300000]),
    "pipelined": (GET + POST + SLOW + CHUNKED + GET, [None, b"hello", b"slow\n", b"hello", None]),
    "large pipelined": (SLOW + LARGE + GET, [b"slow\n", b"x" * 300000, None]),
}
ROUNDS = 20


@pytest.fixture(name="served", scope="module")
def fixture_served(shared_orchestrate, backend_image):
    orchestrator = shared_orchestrate()
    service = orchestrator.add_service("web", backend_image, 1)
    return orchestrator.start(), service


def assert_replies(client, bodies):
    """All of them, in order, and then a clean end."""
    for body in bodies:
        reply = client.read_reply()
        assert reply.status == 200, reply
        assert body is None or reply.body == body
    client.socket.settimeout(5)
    assert client.held == b"" and client.socket.recv(1) == b""


@pytest.mark.parametrize("ms", [0, 1, 5, 30])
@pytest.mark.parametrize("form", FORMS)
def test_every_form(served, form, ms):
    orchestrator, _ = served
    data, bodies = FORMS[form]
    for _ in range(ROUNDS if len(data) < 10000 else 3):
        with RawClient(orchestrator.port) as client:
            client.send(data)
            if ms > 0:
                client.wait_readable(ms / 1000)
            client.end()
            assert_replies(client, bodies)


def test_the_reply_says_that_it_is_the_last(served):
    orchestrator, _ = served
    with RawClient(orchestrator.port) as client:
        client.send(SLOW)
        client.end()
        assert client.read_reply().get("Connection") == "close"


def test_a_long_reply_to_a_slow_reader(served):
    """Longer than all buffers on the way, of known length and not."""
    orchestrator, _ = served
    size = 12_000_000
    pattern = hashlib.sha1((bytes(range(97, 123)) * (size // 26 + 1))[:size]).hexdigest()
    for target in (f"/bytes?n={size}", f"/chunked?n={size}", f"/until_close?n={size}"):
        client = RawClient(orchestrator.port)
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
        with client:
            client.send(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % target.encode())
            client.end()
            wait_until(lambda: orchestrator.fleet_slots(served[1])[0]["in_flight"] == 1, 10, "the reply is under way")
            reply = client.read_reply()
            assert hashlib.sha1(reply.body).hexdigest() == pattern
            assert client.is_closed()


@pytest.mark.parametrize("data", [b"GET /echo HTT", GET[:-2], POST[:-1], CHUNKED[:-2], POST[:-5]])
def test_an_incomplete_request_is_not_carried_out(served, data):
    orchestrator, service = served
    before = orchestrator.fleet_slots(service)[0]["requests"]
    with RawClient(orchestrator.port) as client:
        client.send(data)
        client.end()
        assert client.is_closed()
    with RawClient(orchestrator.port) as client:       # behind whole ones, which are answered
        client.send(POST + GET + data)
        client.end()
        assert_replies(client, [b"hello", None])
    assert orchestrator.fleet_slots(service)[0]["requests"] == before + 2


def in_flight(orchestrator, service):
    return orchestrator.fleet_slots(service)[0]["in_flight"]


@pytest.mark.parametrize("ended", [True, False])
def test_a_reset_in_flight_is_noticed(served, ended):
    orchestrator, service = served
    client = RawClient(orchestrator.port)
    client.send(HANG)
    if ended:
        client.end()
    wait_until(lambda: in_flight(orchestrator, service) == 1, 10, "the request at the backend")
    client.reset()
    wait_until(lambda: in_flight(orchestrator, service) == 0, 2, "its end")


def no_container(orchestrate, backend_image, **settings):
    """None that gets ready."""
    orchestrator = orchestrate(**settings)
    service = orchestrator.add_service("web", backend_image, 1, health={"path": "/status?code=404"})
    orchestrator.spawn()
    wait_until(orchestrator.fleet, 20, "admin answers")
    held = f'selfless_held{{service="{service}"}}'
    return orchestrator, lambda: orchestrator.metrics()[held]


@pytest.mark.parametrize("ended", [True, False])
def test_a_reset_while_held_is_noticed(orchestrate, backend_image, ended):
    orchestrator, held = no_container(orchestrate, backend_image, hold_ms=30000)
    clients = [RawClient(orchestrator.port) for _ in range(5)]
    for client in clients:
        client.send(GET)
        if ended:
            client.end()
    wait_until(lambda: held() == 5, 10, "all are held")
    for client in clients:
        client.reset()
    wait_until(lambda: held() == 0, 2, "all of them are gone")


def test_ended_clients_that_wait_cost_nothing(orchestrate, backend_image):
    orchestrator, held = no_container(orchestrate, backend_image, hold_ms=10000)
    clients = [RawClient(orchestrator.port, source=next(ADDRESSES)) for _ in range(200)]
    for client in clients:
        client.send(GET)
        client.end()
    wait_until(lambda: held() == 200, 9, "all are held")
    before = cpu_s(orchestrator.process.pid)
    clients[0].wait_readable(2)
    assert cpu_s(orchestrator.process.pid) - before < 0.5
    for client in clients:
        assert client.read_reply().status == 503
        client.close()


def test_what_the_access_log_says(web, tmp_path):
    path = tmp_path / "access.log"
    orchestrator, service = web(1, {"access_log": str(path)})
    with RawClient(orchestrator.port) as client:
        client.send(SLOW)
        client.end()
        client.read_all()
    left = RawClient(orchestrator.port)
    left.send(HANG)
    left.end()
    wait_until(lambda: in_flight(orchestrator, service) == 1, 10, "the request at the backend")
    left.reset()
    assert [line["code"] for line in wait_lines(path, 2)] == [200, 0]


@pytest.mark.parametrize("target", ["/api/fleet", "/metrics", "/"])
def test_admin_answers_too(served, target):
    orchestrator, _ = served
    for _ in range(ROUNDS):
        with RawClient(orchestrator.admin_port) as client:
            client.send(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            client.end()
            assert_replies(client, [None])


# --- cancel -----------------------------------------------------------------------------------------------------------

def test_cancel(web):
    """The end of what a client sends is its leaving; so a reload says, and takes back."""
    orchestrator, service = web(1, {"half_close": "cancel"})
    with RawClient(orchestrator.port) as client:
        client.send(HANG)
        wait_until(lambda: in_flight(orchestrator, service) == 1, 10, "the request at the backend")
        client.end()
        wait_until(lambda: in_flight(orchestrator, service) == 0, 2, "its end")
        assert client.is_closed()
    orchestrator.config["half_close"] = "answer"
    orchestrator.write_config()
    orchestrator.send_signal(1)
    wait_until(lambda: "event=reloaded" in orchestrator.log(), 10, "reloaded")
    with RawClient(orchestrator.port) as client:
        client.send(SLOW)
        client.end()
        assert_replies(client, [b"slow\n"])


# --- many, while the only container is being replaced --------------------------------------------------------------------

class Crowd:
    """Many clients that ask and end, a few hundred at a time; counts the replies that are whole and end cleanly."""

    def __init__(self, port, request):
        self.port, self.request = port, request
        self.selector = selectors.DefaultSelector()
        self.started = self.whole = 0
        self.wrong = []

    def _start(self):
        client = RawClient(self.port, source=next(ADDRESSES))
        client.send(self.request)
        client.end()
        self.started += 1
        self.selector.register(client.socket, selectors.EVENT_READ, [client, b""])

    def _read(self, key):
        client, data = key.data
        try:
            piece = client.socket.recv(65536)
        except OSError as error:
            piece, data = b"", data + repr(error).encode()
        key.data[1] = data = data + piece
        if piece:
            return
        self.selector.unregister(client.socket)
        client.close()
        if data.startswith(b"HTTP/1.1 200 ") and data.endswith(b"from backend\"}\r\n"):
            self.whole += 1
        else:
            self.wrong.append(data[:200])

    def run(self, count, at_once, when=None):
        """when: {number of clients started: what is done then}"""
        todo = dict(when or {})
        while self.whole + len(self.wrong) < count:
            while self.started < count and self.started - self.whole - len(self.wrong) < at_once:
                self._start()
                todo.pop(self.started, lambda: None)()
            ready = self.selector.select(30)
            assert ready, f"nothing for 30 s: {self.whole} whole of {self.started}, {self.wrong[:3]}"
            for key, _ in ready:
                self._read(key)
        assert (self.whole, self.wrong) == (count, [])


def test_a_thousand(served):
    orchestrator, _ = served
    Crowd(orchestrator.port, b"GET /fast HTTP/1.1\r\nHost: a\r\n\r\n").run(1000, 100)


def test_a_thousand_while_the_only_container_is_replaced(web):
    orchestrator, service = web(1)

    def kill():
        orchestrator.docker.kill(orchestrator.ids(service)[0])
    Crowd(orchestrator.port, b"GET /fast HTTP/1.1\r\nHost: a\r\n\r\n").run(1000, 250, {400: kill})
