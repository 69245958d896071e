"""api.md rows 7 and 8: lists of acts; order, ranges, their limits, and lists too large to be held at once."""

import json
import random
import socket

import pytest

IMAGE_BYTES = 1 << 20


def test_order_is_by_time_then_by_id(api):
    """As a time, not as text: the text starts with the day."""
    api.stage()
    times = ["02-01-2024:00-00-00", "01-02-2024:00-00-00", "31-12-2023:59-59-23", "01-02-2024:00-00-01", "01-02-2024:59-00-00",
             "01-02-2024:00-59-00", "01-02-2024:00-00-00"]
    for number, timestamp in enumerate(times):
        api.add_act(number, timestamp=timestamp)
    assert api.ids("garden") == [3, 5, 4, 6, 1, 0, 2]


@pytest.fixture(name="hundred")
def _hundred(api):
    """ann's 100 acts: act n is the n-th oldest."""
    api.stage()
    numbers = list(range(1, 101))
    random.Random(1).shuffle(numbers)
    for number in numbers:
        api.add_act(number, timestamp=f"{1 + (number - 1) % 28:02}-{1 + (number - 1) // 28:02}-2024:00-00-00")
    return api


def test_hundred_and_one(hundred):
    assert hundred.ids("garden") == list(range(100, 0, -1))
    assert hundred.expect(200, "GET", "/categories/garden/acts/size") == [100]
    ranges = [(1, 1), (100, 100), (1, 100), (2, 5), (50, 99)]
    for start, end in ranges:
        assert hundred.ids("garden", f"?start={start}&end={end}") == list(range(101 - start, 100 - end, -1))
    hundred.add_act(101, timestamp="01-01-2025:00-00-00")
    hundred.expect(413, "GET", "/categories/garden/acts")
    assert hundred.ids("garden", "?start=1&end=100") == list(range(101, 1, -1))
    assert hundred.ids("garden", "?start=2&end=101") == list(range(100, 0, -1))
    hundred.expect(413, "GET", "/categories/garden/acts?start=1&end=101")
    assert hundred.call("GET", "/categories/garden/acts?start=2&end=102").status == 413
    assert hundred.call("GET", "/categories/garden/acts?start=3&end=102").status == 204


RANGES = [
    ("start=0&end=1", 204), ("start=1&end=4", 204), ("start=4&end=4", 204), ("start=3&end=2", 204), ("start=2&end=1", 204),
    ("start=1", 204), ("end=1", 204), ("start=&end=", 204), ("start=a&end=1", 204), ("start=1&end=b", 204), ("start=1&end=-1", 204),
    ("start=-1&end=1", 204), ("start=+1&end=1", 204), ("start=1.0&end=1", 204), ("start=%201&end=1", 204),
    ("start=1&end=1&start=1", 204), ("start=1&end", 204), ("start=1&end=101", 413), ("start=0&end=100", 413),
    ("start=0&end=99", 204), ("start=1&end=99999999999999999999999999", 413), ("start=a&end=99999", 204),
    ("start=99999999999999999999&end=99999999999999999999", 204), ("start=5&end=1", 204), ("start=100000&end=1", 204),
    ("start=1&end=1", 200), ("end=2&start=1", 200), ("start=01&end=02", 200), ("x=y&start=1&end=3&z", 200),
    ("start=3&end=3", 200), ("%73tart=1&end=1", 200), ("", 200), ("x=1", 200), ("Start=1&end=1", 204),
]


@pytest.mark.parametrize("query, status", RANGES)
def test_ranges_of_three(api, query, status):
    api.stage()
    for number in (1, 2, 3):
        api.add_act(number)
    assert api.call("GET", f"/categories/garden/acts?{query}").status == status


def test_too_large_a_range_of_nothing(api):
    """413 comes before the question what is there."""
    assert api.call("GET", "/categories/none/acts?start=1&end=101").status == 413
    api.add_category("garden")
    assert api.call("GET", "/categories/garden/acts?start=1&end=101").status == 413
    assert api.call("GET", "/categories/garden/acts?start=1&end=1").status == 204
    assert api.call("GET", "/categories/garden/acts").status == 204


@pytest.fixture(name="large")
def _large(api):
    api.stage()
    for number in range(8):
        api.add_act(number, imgB64="ABCD"[number % 4] * IMAGE_BYTES)
    return api


def test_large_list(large):
    acts = large.acts("garden")
    assert [act["actId"] for act in acts] == list(range(7, -1, -1))
    assert all(act["imgB64"] == "ABCD"[act["actId"] % 4] * IMAGE_BYTES for act in acts)


@pytest.mark.parametrize("version", [b"HTTP/1.1", b"HTTP/1.0"])
def test_large_list_in_both_versions(large, version):
    """Chunked where the client knows it, else up to the end of the connection."""
    with large.raw(timeout=30) as client:
        client.send(b"GET /api/v1/categories/garden/acts " + version + b"\r\nHost: a\r\n\r\n")
        reply = client.read_reply()
        assert len(json.loads(reply.body)) == 8
        assert (reply.get("Transfer-Encoding") == "chunked") == (version == b"HTTP/1.1")
        if version == b"HTTP/1.1":
            client.send(b"GET /api/v1/acts/count HTTP/1.1\r\nHost: a\r\n\r\n")
            assert client.read_reply().json() == [8]


def test_large_list_head(large):
    with large.raw() as client:
        client.send(b"HEAD /api/v1/categories/garden/acts HTTP/1.1\r\nHost: a\r\n\r\n"
                    b"GET /api/v1/acts/count HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.read_reply("HEAD").status == 200
        assert client.read_reply().json() == [8]


def test_large_list_client_leaves(large):
    for _ in range(5):
        with large.raw() as client:
            client.send(b"GET /api/v1/categories/garden/acts HTTP/1.1\r\nHost: a\r\n\r\n")
            client.read_exactly(100)
    assert len(large.acts("garden")) == 8


def delete_while_it_is_sent(api):
    """A client asks for the list and reads on only once the category is gone; all that it then gets."""
    with api.raw(timeout=30) as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        client.send(b"GET /api/v1/categories/garden/acts HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        client.read_exactly(20)
        api.expect(200, "DELETE", "/categories/garden")
        return client.read_all()


def test_deleted_while_it_is_sent(api):
    """What is gone meanwhile is left out; the reply stays whole."""
    api.stage()
    for number in range(60):
        api.add_act(number, imgB64="ABCD"[number % 4] * 200000)
    assert delete_while_it_is_sent(api).endswith(b"]\r\n0\r\n\r\n")


def test_deleted_within_a_large_picture(large):
    """Half of it is sent, and the rest is gone: the reply is cut, and nobody can take it for the whole."""
    answer = delete_while_it_is_sent(large)
    assert len(answer) < 8 * IMAGE_BYTES and not answer.endswith(b"0\r\n\r\n")
    assert large.expect(200, "GET", "/acts/count") is not None
