"""Many clients at once, over one and over two acts processes on the same data: unique means unique, nothing is counted
twice or lost."""

import http.client
import json
import threading

import pytest

from services_native import PASSWORD


def at_once(works):
    """Runs all of them at the same moment; their results."""
    results, gate = [None] * len(works), threading.Barrier(len(works))

    def run(index, work):
        gate.wait()
        results[index] = work()
    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.fixture(name="two")
def _two(native):
    """The application with a second acts process; `ports` names both."""
    api = native()
    api.stage()
    return api, [api.mode.acts_port, api.mode.more_acts().port]


def test_same_act_id(two):
    api, ports = two
    for number in range(20):
        bodies = [api.act(number, caption=f"by {client}") for client in range(8)]
        replies = at_once([lambda b=body, p=ports[i % 2]: api.call("POST", "/acts", b, port=p) for i, body in enumerate(bodies)])
        assert sorted(r.status for r in replies) == [201] + [400] * 7
        winner = next(i for i, r in enumerate(replies) if r.status == 201)
        stored = next(a for a in api.acts("garden") if a["actId"] == number)
        assert stored["caption"] == f"by {winner}"
    assert api.expect(200, "GET", "/acts/count") == [20]


def test_same_category(two):
    api, ports = two
    for number in range(10):
        replies = at_once([lambda p=ports[i % 2]: api.call("POST", "/categories", [f"c{number}"], port=p) for i in range(8)])
        assert sorted(r.status for r in replies) == [201] + [400] * 7
    replies = at_once([lambda p=ports[i % 2]: api.call("DELETE", "/categories/c1", port=p) for i in range(8)])
    assert sorted(r.status for r in replies) == [200] + [400] * 7


def test_same_user(api):
    body = {"username": "bob", "password": PASSWORD}
    replies = at_once([lambda: api.call("POST", "/users", body) for _ in range(8)])
    assert sorted(r.status for r in replies) == [201] + [400] * 7
    assert api.expect(200, "GET", "/users") == ["bob"]
    replies = at_once([lambda: api.call("DELETE", "/users/bob") for _ in range(8)])
    assert sorted(r.status for r in replies) == [200] + [400] * 7


def many(api, port, count, make):
    """count requests on one connection; the statuses."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    statuses = []
    for number in range(count):
        method, path, body = make(number)
        connection.request(method, "/api/v1" + path, None if body is None else json.dumps(body))
        reply = connection.getresponse()
        reply.read()
        statuses.append(reply.status)
    connection.close()
    return statuses


def test_upvotes_are_atomic(two):
    api, ports = two
    api.add_act(1)
    results = at_once([lambda p=ports[i % 2]: many(api, p, 50, lambda n: ("POST", "/acts/upvote", [1])) for i in range(8)])
    assert all(status == 200 for statuses in results for status in statuses)
    assert api.acts("garden")[0]["upvotes"] == 400


def test_mixed_writes_and_reads(two):
    """Refused ones among accepted ones in the same commit; readers meanwhile see only whole states."""
    api, ports = two

    def write(client, port):
        return many(api, port, 60, lambda n: ("POST", "/acts", api.act(client * 100 + n // 2)))

    def read(port):
        return many(api, port, 100, lambda n: ("GET", "/categories/garden/acts/size", None))
    works = [lambda c=c: write(c, ports[c % 2]) for c in range(6)] + [lambda p=p: read(p) for p in ports]
    results = at_once(works)
    for statuses in results[:6]:
        assert statuses == [201, 400] * 30
    assert all(status == 200 for statuses in results[6:] for status in statuses)
    assert api.expect(200, "GET", "/categories/garden/acts/size") == api.expect(200, "GET", "/acts/count") == [180]
    seen = api.ids("garden", "?start=1&end=100") + api.ids("garden", "?start=101&end=180")
    assert sorted(seen) == sorted(c * 100 + n for c in range(6) for n in range(30))


def test_category_deleted_under_uploads(two):
    """An act is either in a category that is there, or nowhere."""
    api, ports = two
    for _ in range(5):
        at_once([lambda p=ports[i % 2], i=i: many(api, p, 10, lambda n: ("POST", "/acts", api.act(i * 10 + n))) for i in range(4)] +
                [lambda: api.call("DELETE", "/categories/garden", port=ports[1])])
        assert api.call("GET", "/categories").status == 204
        assert api.expect(200, "GET", "/acts/count") == [0]
        api.add_category("garden")
