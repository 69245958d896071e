"""Every code of the API, while others post pictures, upvote, and read large lists slowly; and every request is counted."""

import base64
import itertools
import os
import threading
import time

import pytest

from harness.client import RawClient
from services_native import MAX_BODY, PASSWORD, wait_reply

PASSES = 3
WRITERS, VOTERS, SLOW_READERS = 4, 2, 6
PICTURE_10K = base64.b64encode(os.urandom(10_000)).decode()
PICTURE_LARGE = base64.b64encode(os.urandom(192 << 10)).decode()
LARGE_ACTS = 40
SLOW_BYTES, SLOW_S = 64 << 10, 0.02

_ids = itertools.count(10_000_000)


class Load:
    """Clients that go on until told to stop; `asked` counts what acts counts, `wrong` keeps what should not have been."""

    def __init__(self, api, ports):
        self.api, self.ports = api, ports
        self.asked, self.wrong = 0, []
        self._lock, self._over = threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._repeat, args=(what,), daemon=True)
                         for what, count in ((self._write, WRITERS), (self._vote, VOTERS), (self._read, SLOW_READERS))
                         for _ in range(count)]

    def _repeat(self, what):
        for number in itertools.count():
            if self._over.is_set():
                return
            status = what(self.ports[number % len(self.ports)])
            with self._lock:
                self.asked += 1
                if status not in (200, 201):
                    self.wrong.append((what.__name__, status))

    def _write(self, port):
        act = self.api.act(next(_ids), username="load", categoryName="load", imgB64=PICTURE_10K)
        return self.api.call("POST", "/acts", act, port=port).status

    def _vote(self, port):
        return self.api.call("POST", "/acts/upvote", [1], port=port).status

    def _read(self, port):
        """Slower than the acts come."""
        with RawClient(port, timeout=60) as client:
            client.send(b"GET /api/v1/categories/large/acts HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            status, _ = client.read_head()
            while client.socket.recv(SLOW_BYTES):
                time.sleep(SLOW_S)
        return status

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in self._threads)


def rows(api, number):
    """(status, method, path, how) in order; what one leaves, the next ones use."""
    user, category, act = f"u{number}", f"c{number}", 1_000_000 + number * 1000
    yield from [
        (201, "POST", "/users", {"body": {"username": user, "password": PASSWORD}}),
        (400, "POST", "/users", {"body": {"username": user, "password": PASSWORD}}),
        (400, "POST", "/users", {"text": b"{"}),
        (200, "GET", "/users", {}),
        (201, "POST", "/categories", {"body": [category]}),
        (400, "POST", "/categories", {"body": [category]}),
        (400, "POST", "/categories", {"body": category}),
        (200, "GET", "/categories", {}),
        (204, "GET", f"/categories/{category}/acts", {}),
        (204, "GET", f"/categories/no{category}/acts", {}),
        (200, "GET", f"/categories/{category}/acts/size", {}),
        (204, "GET", f"/categories/no{category}/acts/size", {}),
    ]
    for one in range(3):
        yield 201, "POST", "/acts", {"body": api.act(act + one, username=user, categoryName=category)}
    yield from [
        (400, "POST", "/acts", {"body": api.act(act, username=user, categoryName=category)}),
        (400, "POST", "/acts", {"body": api.act(act + 5, username="no" + user, categoryName=category)}),
        (400, "POST", "/acts", {"body": api.act(act + 5, username=user, categoryName="no" + category)}),
        (400, "POST", "/acts", {"body": api.act(act + 5, username=user, categoryName=category, imgB64="=")}),
        (413, "POST", "/acts", {"text": b"[" + b" " * MAX_BODY + b"]"}),
        (200, "GET", f"/categories/{category}/acts", {}),
        (200, "GET", f"/categories/{category}/acts?start=1&end=3", {}),
        (204, "GET", f"/categories/{category}/acts?start=1&end=4", {}),
        (204, "GET", f"/categories/{category}/acts?start=1", {}),
        (413, "GET", f"/categories/{category}/acts?start=1&end=101", {}),
        (413, "GET", "/categories/crowded/acts", {}),
        (200, "POST", "/acts/upvote", {"body": [act]}),
        (400, "POST", "/acts/upvote", {"body": [act + 7]}),
        (200, "DELETE", f"/acts/{act}", {}),
        (400, "DELETE", f"/acts/{act}", {}),
        (200, "GET", "/acts/count", {}),
        (405, "PUT", "/categories", {}),
        (204, "OPTIONS", "/acts", {}),
        (404, "GET", "/nothing", {}),
        (200, "DELETE", f"/categories/{category}", {}),
        (400, "DELETE", f"/categories/{category}", {}),
        (200, "DELETE", f"/users/{user}", {}),
        (400, "DELETE", f"/users/{user}", {}),
    ]


NOT_COUNTED = [("OPTIONS", "/acts"), ("GET", "/nothing")]


@pytest.fixture
def staged(native):
    api = native()
    api.add_user("load")
    for category in ("load", "large", "crowded"):
        api.add_category(category)
    for number in range(LARGE_ACTS):
        api.add_act(number + 1, username="load", categoryName="large", imgB64=PICTURE_LARGE)
    for number in range(101):
        api.add_act(1000 + number, username="load", categoryName="crowded")
    return api


def test_every_code_under_load(staged):
    api = staged
    ports = [api.mode.acts_port, api.mode.more_acts().port]
    api.expect(200, "DELETE", "/_count")
    asked = 0
    with Load(api, ports) as load:
        for number in range(PASSES):
            for status, method, path, how in rows(api, number):
                reply = api.call(method, path, port=None if path.startswith("/users") else ports[asked % 2], **how)
                assert reply.status == status, (number, method, path, reply)
                asked += not path.startswith("/users") and (method, path) not in NOT_COUNTED
            for port in ports:
                assert api.call("GET", "/_health", port=port).status == 200
    assert load.wrong == []
    assert load.asked > 50, "that was no load"
    assert api.expect(200, "GET", "/_count") == [asked + load.asked]
    assert api.expect(200, "GET", "/categories/load/acts/size")[0] > 10


def test_users_away_and_a_crash_under_load(staged):
    api = staged
    other = api.mode.more_acts()
    with Load(api, [api.mode.acts_port]) as load:
        assert api.call("POST", "/_crash", port=other.port).status == 200
        for method, path in (("GET", "/categories"), ("POST", "/acts/upvote"), ("GET", "/_health"), ("GET", "/acts/count")):
            assert api.call(method, path, port=other.port).status == 500
    assert load.wrong == []
    api.mode.users.stop()
    refused = api.act(99, username="load", categoryName="load")
    wait_reply(lambda: api.call("POST", "/acts", refused), 503)
    assert 99 not in api.ids("load", "?start=1&end=1")
    assert api.call("GET", "/categories").status == 200, "what needs no user goes on"
    api.mode.users.start()
    wait_reply(lambda: api.call("POST", "/acts", refused), 201)
