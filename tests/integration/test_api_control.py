"""api.md rows 14 to 16 on the services' own ports: _count, _health, _crash."""

import threading

import pytest

from harness.wait import wait_until
from services_native import PASSWORD, quote


@pytest.fixture(autouse=True)
def _private_only(api):
    if not api.mode.private:
        pytest.skip("private paths are refused here")


def port(api, service):
    return api.mode.users_port if service == "users" else api.mode.acts_port


def counted(api, service="acts"):
    return api.expect(200, "GET", "/_count", port=port(api, service))[0]


@pytest.mark.parametrize("service", ["users", "acts"])
def test_count_and_reset(api, service):
    where = port(api, service)
    path = "/users" if service == "users" else "/categories"
    assert api.expect(200, "DELETE", "/_count", port=where) == {}
    assert counted(api, service) == 0
    for number in range(1, 4):
        api.call("GET", path, port=where)
        assert counted(api, service) == number
    assert api.expect(200, "DELETE", "/_count", port=where) == {}
    assert counted(api, service) == 0


@pytest.mark.parametrize("method, path, counts", [
    ("GET", "/acts/count", 1), ("GET", "/categories", 1), ("PUT", "/categories", 1), ("GET", "/categories/none/acts", 1),
    ("POST", "/acts", 1), ("POST", "/acts/upvote", 1), ("DELETE", "/acts/1", 1), ("GET", "/acts/a/b/c", 1),
    ("DELETE", "/categories/%", 1), ("HEAD", "/acts/count", 1), ("GET", "/%61cts/count", 1), ("GET", "/categories/x/acts?start=1", 1),
    ("GET", "/_count", 0), ("GET", "/_health", 0), ("PUT", "/_health", 0), ("OPTIONS", "/categories", 0), ("GET", "/other", 0),
    ("GET", "/actsx", 0), ("GET", "/users", 0), ("GET", "", 0)])
def test_what_counts(api, method, path, counts):
    """Whatever the outcome; but not the private paths, nor what browsers ask in advance."""
    api.expect(200, "DELETE", "/_count")
    api.call(method, path, port=port(api, "acts"))
    assert counted(api) == counts


def test_count_counts_too_large_bodies_and_not_bad_heads(api):
    api.expect(200, "DELETE", "/_count")
    with api.raw() as client:
        client.send(b"POST /api/v1/acts HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n")
        assert client.read_reply().status == 413
    with api.raw() as client:
        client.send(b"POST /api/v1/acts HTTP/1.1\r\nContent-Length: 5\r\n\r\n")
        assert client.read_reply().status == 400
    assert counted(api) == 1


def test_count_is_exact_over_processes(native, store):
    api = native()
    other = api.mode.more_acts()
    api.expect(200, "DELETE", "/_count")

    def work(where):
        for _ in range(100):
            api.call("GET", "/acts/count", port=where)
    threads = [threading.Thread(target=work, args=(where,)) for where in (api.mode.acts_port, other.port) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_until(lambda: counted(api) == 400, store.seconds_to_count, "what the other has counted")
    assert api.expect(200, "GET", "/_count", port=other.port) == [400]
    api.mode.acts.restart(9)
    assert counted(api) == 400


@pytest.mark.parametrize("service", ["users", "acts"])
def test_health(api, service):
    reply = api.call("GET", "/_health", port=port(api, service))
    assert (reply.status, reply.body) == (200, b"")


def test_health_says_who_it_is(native):
    api = native(SELFLESS_ID="5e1f")
    reply = api.call("GET", "/_health")
    assert (reply.status, reply.get("Selfless-Id"), reply.body) == (200, "5e1f", b"")


@pytest.mark.parametrize("service", ["users", "acts"])
def test_crash(api, service):
    where = port(api, service)
    reply = api.call("POST", "/_crash", port=where)
    assert (reply.status, reply.body) == (200, b"")
    paths = ["/_health", "/_count", "/_crash", "/users", "/categories", "/acts/count", "/nothing", "", "/categories/%"]
    for method in ("GET", "POST", "DELETE", "PUT", "OPTIONS"):
        for path in paths:
            reply = api.call(method, path, port=where)
            assert reply.status == 500 and reply.get("Access-Control-Allow-Origin") == "*", (method, path)
    other = port(api, "acts" if service == "users" else "users")
    assert api.call("GET", "/_health", port=other).status == 200
    api.mode.restart_crashed()
    assert api.call("GET", "/_health", port=where).status == 200


def test_crash_is_one_process_only(native):
    api = native()
    api.stage()
    other = api.mode.more_acts()
    api.expect(200, "GET", "/acts/count", port=other.port)
    assert api.call("POST", "/_crash").status == 200
    api.expect(500, "GET", "/acts/count")
    assert api.expect(200, "GET", "/categories", port=other.port) == {"garden": 0}


def test_crash_writes_nothing(api):
    api.stage()
    assert api.call("POST", "/_crash").status == 200
    api.expect(500, "POST", "/categories", ["beach"])
    api.expect(500, "POST", "/acts", api.act(1))
    api.mode.restart_crashed()
    assert api.expect(200, "GET", "/categories") == {"garden": 0}


@pytest.mark.parametrize("path, allow", [("/_count", "GET, HEAD, DELETE, OPTIONS"), ("/_health", "GET, HEAD, OPTIONS"),
                                         ("/_crash", "POST, OPTIONS")])
@pytest.mark.parametrize("service", ["users", "acts"])
def test_wrong_method(api, service, path, allow):
    reply = api.call("PATCH", path, port=port(api, service))
    assert reply.status == 405 and reply.get("Allow") == allow


def test_names_like_private_paths(api):
    """A user may be called _crash."""
    api.expect(201, "POST", "/users", {"username": "_crash", "password": PASSWORD})
    assert api.expect(200, "DELETE", f"/users/{quote('_crash')}") == {}
