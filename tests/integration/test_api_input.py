"""Hostile bodies on every route that takes one: 400 with a reason, nothing written, the service stays."""

import json

import pytest

from services_native import MAX_BODY, PASSWORD

ROUTES = ["/users", "/categories", "/acts", "/acts/upvote"]

BODIES = {
    "empty": b"", "space": b" ", "comma": b",", "open array": b"[", "open object": b"{", "open text": b"[\"", "cut": b"[\"a\"",
    "two values": b"[\"a\"][\"b\"]", "junk behind": b"[\"a\"]x", "junk before": b"x[\"a\"]", "trailing comma": b"[\"a\",]",
    "comment": b"[\"a\"/*x*/]", "line comment": b"[\"a\"]//x", "single quotes": b"['a']", "NaN": b"[NaN]", "hex": b"[0x1]",
    "leading zero": b"[01]", "plus": b"[+1]", "huge exponent": b"[1e400]", "huge number": b"[" + b"9" * 5000 + b"]",
    "NUL": b"\0", "NUL behind": b"[\"a\"]\0", "NUL inside": b"[\"a\0\"]", "control in text": b"[\"\x01\"]",
    "newline in text": b"[\"a\nb\"]", "form feed": b"\x0c[\"a\"]", "BOM": b"\xef\xbb\xbf[\"a\"]",
    "bad UTF-8": b"[\"\xff\"]", "overlong": b"[\"\xc0\x80\"]", "surrogate": b"[\"\xed\xa0\x80\"]", "beyond": b"[\"\xf4\x90\x80\x80\"]",
    "cut UTF-8": b"[\"\xe2\x82\"]", "UTF-16": "[\"a\"]".encode("utf-16"), "bad escape": b"[\"\\x\"]", "short escape": b"[\"\\u12\"]",
    "lone surrogate": b"[\"\\ud800\"]", "lone low surrogate": b"[\"\\udc00\"]", "swapped surrogates": b"[\"\\udc00\\ud800\"]",
    "escaped NUL": b"[\"\\u0000\"]", "deep": b"[" * 33 + b"]" * 33, "very deep": b"[" * 1000000, "deep objects": b"{\"a\":" * 100000,
    "form": b"username=a&password=b", "xml": b"<a/>", "many values": b"[" + b"1," * 500000 + b"1]",
    "duplicate key": b"{\"a\":1,\"a\":1}", "literal": b"nul", "wrong literal": b"[True]",
}


def assert_nothing_written(api):
    assert api.call("GET", "/users").status == 204
    assert api.call("GET", "/categories").status == 204
    assert api.expect(200, "GET", "/acts/count") == [0]


@pytest.mark.parametrize("name", list(BODIES))
def test_bad_json(api, name):
    for route in ROUTES:
        assert "error" in api.expect(400, "POST", route, text=BODIES[name])
    assert_nothing_written(api)


def test_duplicate_keys(api):
    api.expect(400, "POST", "/users", text=b'{"username":"a","username":"a","password":"%s"}' % PASSWORD.encode())
    api.expect(400, "POST", "/users", text=b'{"username":"a","\\u0075sername":"a","password":"%s"}' % PASSWORD.encode())
    api.stage()
    text = json.dumps(api.act(1))
    api.expect(400, "POST", "/acts", text=(text[:-1] + ', "actId": 1}').encode())
    assert api.expect(200, "GET", "/acts/count") == [0]


def test_depth_is_counted_inside_too(api):
    api.stage()
    for depth in (1, 30, 31, 32, 40):
        api.expect(400, "POST", "/acts", text=json.dumps(api.act(1)).encode().replace(b'"caption": "act 1"',
                   b'"caption": ' + b"[" * depth + b"]" * depth))
    assert api.expect(200, "GET", "/acts/count") == [0]


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "",
                                          "application/json; charset=utf-8"])
def test_any_content_type(api, content_type):
    """The body decides, not what it is called; and libevhtp is kept from reading forms."""
    assert api.expect(201, "POST", "/categories", text=b'["a=b&c=%zz"]', headers={"Content-Type": content_type}) == {}
    assert api.expect(200, "GET", "/categories") == {"a=b&c=%zz": 0}


def test_spaces_and_order_do_not_matter(api):
    api.stage()
    text = json.dumps(dict(reversed(list(api.act(1).items()))), indent=4)
    api.expect(201, "POST", "/acts", text=b"\r\n\t " + text.encode() + b" \n")
    assert api.ids("garden") == [1]


def test_escaped_keys_and_values(api):
    api.stage()
    text = "".join(f"\\u{ord(c):04x}" if c.isalpha() else c for c in json.dumps(api.act(1)))
    text = text.replace("\\u0061\\u0063\\u0074 1", "act 1")
    api.expect(201, "POST", "/acts", text=text.encode())
    assert api.acts("garden") == [dict(api.act(1), upvotes=0) | {}] or api.acts("garden")[0]["actId"] == 1


def padded(api, size, number=1):
    """An act whose body has exactly this many bytes."""
    bare = len(json.dumps(api.act(number, imgB64="")).encode())
    left = size - bare
    image = "A" * (left - left % 4)
    return json.dumps(api.act(number, imgB64=image)).encode().ljust(size)


@pytest.mark.parametrize("size", [65536, 65537, 1 << 20, MAX_BODY - 1, MAX_BODY])
def test_large_bodies_pass(api, size):
    api.stage()
    body = padded(api, size)
    assert len(body) == size
    api.expect(201, "POST", "/acts", text=body)
    assert api.acts("garden")[0]["imgB64"] == json.loads(body)["imgB64"]


def _own_limit_only(api):
    if not api.mode.private:
        pytest.skip("the orchestrator's limit, and its words, come first")


def test_one_byte_more(api):
    _own_limit_only(api)
    api.stage()
    with api.raw() as client:
        client.send(b"POST /api/v1/acts HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY + 1))
        reply = client.read_reply()       # before any of the body was sent
        assert reply.status == 413 and reply.get("Connection") == "close" and "error" in reply.json()
    assert api.call("POST", "/acts", text=padded(api, MAX_BODY + 1)).status == 413
    assert api.expect(200, "GET", "/acts/count") == [0]


def test_one_byte_more_in_chunks(api):
    api.stage()
    body = padded(api, MAX_BODY)
    head = b"POST /api/v1/acts HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    with api.raw(timeout=60) as client:
        client.send(head + b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n")
        assert client.read_reply().status == 201
        client.send(head)
        try:
            client.send(b"%x\r\n" % (len(body) + 1) + body + b" \r\n0\r\n\r\n")
        except OSError:
            pass
        assert client.read_reply().status == 413
    assert api.ids("garden") == [1]


def test_too_large_for_what_it_says_wins_over_its_content(api):
    _own_limit_only(api)
    assert api.call("POST", "/categories", text=b"x" * (MAX_BODY + 1)).status == 413
    assert api.call("POST", "/nothing", text=b"x" * (MAX_BODY + 1)).status == 404
    assert api.call("PUT", "/categories", text=b"x" * (MAX_BODY + 1)).status == 405


def test_limit_can_be_set(native):
    api = native(MAX_BODY_BYTES=100)
    api.expect(201, "POST", "/categories", text=b'["a"]'.ljust(100))
    api.expect(413, "POST", "/categories", text=b'["b"]'.ljust(101))
    assert api.expect(200, "GET", "/categories") == {"a": 0}
