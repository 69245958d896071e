"""An act's picture as a resource of its own: its bytes and type, whole or in part, kept for a year; lists without pictures."""

import base64
import json
import random
import threading

import pytest

from harness import pictures

KINDS = {
    "image/png": pictures.TINY,
    "image/jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF and more",
    "image/gif": b"GIF89a and more",
    "image/webp": b"RIFF\x1a\0\0\0WEBPVP8 and more",
    "application/octet-stream": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
}
LARGE = random.Random(2).randbytes(2000003)     # some pieces of it
FIELDS = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff", "Accept-Ranges": "bytes",
          "Access-Control-Allow-Origin": "*"}


def text_of(data):
    return base64.b64encode(data).decode()


def get(api, number, method="GET", **headers):
    return api.call(method, f"/acts/{number}/picture", headers={name.replace("_", "-"): value for name, value in headers.items()})


def expect_bytes(reply, status, data):
    assert (reply.status, reply.get("Content-Length")) == (status, str(len(data)))
    assert reply.body == data


@pytest.mark.parametrize("kind", KINDS)
def test_types(api, kind):
    api.stage()
    api.add_act(1, imgB64=text_of(KINDS[kind]))
    reply = get(api, 1)
    expect_bytes(reply, 200, KINDS[kind])
    assert reply.get("Content-Type") == kind and reply.get("Transfer-Encoding") is None
    for name, value in FIELDS.items():
        assert reply.get(name) == value


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 48, 49, 50, 390143, 390144, 390145, 390146, 780287, 780288, 780289, 780290])
def test_every_end_of_base64(api, length):
    """Around a group of four characters, and around a piece; with padding and without."""
    data = LARGE[:length]
    api.stage()
    api.add_act(1, imgB64=text_of(data))
    api.add_act(2, imgB64=text_of(data).rstrip("="))
    expect_bytes(get(api, 1), 200, data)
    expect_bytes(get(api, 2), 200, data)


@pytest.mark.parametrize("data", [LARGE[:1000], LARGE], ids=["small", "large"])
def test_parts(api, data):
    """RFC 9110 section 14."""
    api.stage()
    api.add_act(1, imgB64=text_of(data))
    size, tag = len(data), get(api, 1).get("ETag")
    spans = [(0, 0), (0, size - 1), (1, size - 2), (size - 1, size - 1), (size // 3, size // 3 + 500), (7, size // 2), (8, size // 2)]
    for first, last in spans:
        reply = get(api, 1, Range=f"bytes={first}-{last}")
        expect_bytes(reply, 206, data[first:last + 1])
        assert reply.get("Content-Range") == f"bytes {first}-{last}/{size}" and reply.get("ETag") == tag
    expect_bytes(get(api, 1, Range="bytes=-5"), 206, data[-5:])
    expect_bytes(get(api, 1, Range="bytes=3-"), 206, data[3:])
    for value in (f"bytes={size}-", "bytes=-0"):
        reply = get(api, 1, Range=value)
        assert (reply.status, reply.get("Content-Range")) == (416, f"bytes */{size}") and reply.json()["error"]
        assert reply.get("Cache-Control") is None
    for value in ("bytes=0-1,3-4", "bytes=4-3", "lines=1-2", "bytes=x"):
        expect_bytes(get(api, 1, Range=value), 200, data)
    expect_bytes(get(api, 1, Range="bytes=1-3", If_Range=tag), 206, data[1:4])
    for other in ('"other"', f"W/{tag}", "Mon, 01 Jan 2024 00:00:00 GMT"):
        expect_bytes(get(api, 1, Range="bytes=1-3", If_Range=other), 200, data)


@pytest.mark.parametrize("data", [LARGE[:1000], LARGE], ids=["small", "large"])
def test_head(api, data):
    api.stage()
    api.add_act(1, imgB64=text_of(data))
    whole, head = get(api, 1), get(api, 1, "HEAD", Range="bytes=0-1")
    assert (head.status, head.body) == (200, b"")
    for name in ("Content-Length", "Content-Type", "ETag", *FIELDS):
        assert head.get(name) == whole.get(name)
    with api.raw() as client:       # the connection goes on behind it
        for method in ("HEAD", "GET"):
            client.send(f"{method} /api/v1/acts/1/picture HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            assert client.read_reply(method).body == (b"" if method == "HEAD" else data)


def test_tags_are_of_the_content(api):
    api.stage()
    for number, data in ((1, LARGE[:5000]), (2, LARGE[:5000]), (3, LARGE[:4999] + b"x"), (4, LARGE[:4999])):
        api.add_act(number, imgB64=text_of(data))
    tags = [get(api, number).get("ETag") for number in (1, 2, 3, 4)]
    assert tags[0] == tags[1] and len(set(tags)) == 3 and all(tag.startswith('"') for tag in tags)
    for value in (tags[0], f"W/{tags[0]}", f'"x", {tags[0]}', "*"):
        reply = get(api, 1, If_None_Match=value, Range="bytes=0-1")
        assert (reply.status, reply.body, reply.get("ETag")) == (304, b"", tags[0])
        assert reply.get("Cache-Control") == FIELDS["Cache-Control"]
    assert get(api, 1, If_None_Match=tags[2]).status == 200
    api.expect(200, "DELETE", "/acts/1")
    api.add_act(1, imgB64=text_of(LARGE[1:5001]))
    expect_bytes(get(api, 1, If_None_Match=tags[0]), 200, LARGE[1:5001])


@pytest.mark.parametrize("number", ["7", "abc", "-1", "01", "9223372036854775808", "%31", "1%20", "count"])
def test_no_such_act(api, number):
    api.stage()
    if number == "%31":
        api.add_act(1)
        assert get(api, number).status == 200
        return
    api.expect(404, "GET", f"/acts/{number}/picture")
    assert get(api, number, "HEAD").status == 404


def test_other_methods_and_paths(api):
    api.stage()
    api.add_act(1)
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        reply = get(api, 1, method)
        assert reply.status == 405 and reply.get("Allow") == "GET, HEAD, OPTIONS"
    assert get(api, 1, "OPTIONS").get("Access-Control-Allow-Methods") == "GET, HEAD"
    for path in ("/acts//picture", "/acts/1/picture/", "/acts/1/pictures"):
        api.expect(404, "GET", path)
    api.expect(405, "GET", "/acts/1")


def test_a_slow_reader_and_a_pipeline(api):
    """All of it, in order, at whatever pace it is taken; one that leaves in the middle harms nobody."""
    api.stage()
    api.add_act(1, imgB64=text_of(LARGE))
    with api.raw() as client:
        client.send(b"GET /api/v1/acts/1/picture HTTP/1.1\r\nHost: a\r\n\r\n" * 3)
        for _ in range(3):
            assert client.read_reply().body == LARGE
    for _ in range(5):
        with api.raw() as client:
            client.send(b"GET /api/v1/acts/1/picture HTTP/1.1\r\nHost: a\r\n\r\n")
    expect_bytes(get(api, 1), 200, LARGE)


def test_old_clients(api):
    api.stage()
    api.add_act(1, imgB64=text_of(LARGE))
    with api.raw() as client:
        client.send(b"GET /api/v1/acts/1/picture HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" * 2)
        for _ in range(2):
            expect_bytes(client.read_reply(), 200, LARGE)


def test_never_two_pictures_in_one_reply(api):
    """Deleted and posted anew while it is being sent: a reply is one of the two, or is cut."""
    other = bytes(reversed(LARGE))
    api.stage()
    api.add_act(1, imgB64=text_of(LARGE))
    stop = threading.Event()

    def swap():
        number = 0
        while not stop.is_set():
            api.call("DELETE", "/acts/1")
            number += 1
            api.call("POST", "/acts", api.act(1, imgB64=text_of(other if number % 2 else LARGE)))
            stop.wait(0.1)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for _ in range(30):
            with api.raw() as client:
                client.send(b"GET /api/v1/acts/1/picture HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                head, _, body = client.read_all().partition(b"\r\n\r\n")
            if head.startswith(b"HTTP/1.1 200"):
                assert LARGE.startswith(body) or other.startswith(body)
    finally:
        stop.set()
        thread.join()
    assert get(api, 1).body in (LARGE, other)


# --- lists without pictures ---------------------------------------------------------------------------------------------

def test_lists_without_pictures(api):
    api.stage()
    for number in (1, 2, 3):
        api.add_act(number, imgB64=text_of(LARGE))
    for query in ("?pictures=0", "?start=1&end=3&pictures=0", "?%70ictures=0"):
        reply = api.call("GET", f"/categories/garden/acts{query}")
        assert reply.status == 200 and len(reply.body) < 500
        acts = json.loads(reply.body)
        assert [act["actId"] for act in acts] == [3, 2, 1]
        assert all(list(act) == ["actId", "username", "timestamp", "caption", "upvotes"] for act in acts)
    assert api.ids("garden", "?start=2&end=2&pictures=0") == [2]


def test_other_values_leave_lists_as_they_are(api):
    api.stage()
    api.add_act(1)
    whole = api.call("GET", "/categories/garden/acts").body
    for query in ("pictures=1", "pictures=", "pictures", "pictures=00", "pictures=0&pictures=0", "pictures=false", "Pictures=0"):
        assert api.call("GET", f"/categories/garden/acts?{query}").body == whole, query


def test_statuses_of_lists_are_the_same(api):
    api.stage()
    for query, status in (("", 204), ("&start=1&end=1", 204), ("&start=1&end=101", 413), ("&start=1", 204)):
        assert api.call("GET", f"/categories/garden/acts?pictures=0{query}").status == status
    assert api.call("GET", "/categories/none/acts?pictures=0").status == 204
