"""api.md rows 4 to 6 and 9: categories, with every status they list."""

import json

import pytest

from services_native import quote
from test_api_users import NAMES


@pytest.mark.parametrize("name", NAMES, ids=[ascii(n)[:20] for n in NAMES])
def test_any_name(api, name):
    api.add_category(name)
    assert api.expect(200, "GET", "/categories") == {name: 0}
    assert api.expect(200, "GET", f"/categories/{quote(name)}/acts/size") == [0]
    assert "there is" in api.expect(400, "POST", "/categories", [name])["error"]
    assert api.expect(200, "DELETE", f"/categories/{quote(name)}") == {}
    api.expect(400, "DELETE", f"/categories/{quote(name)}")


def test_empty_list(api):
    reply = api.call("GET", "/categories")
    assert reply.status == 204 and reply.body == b"" and reply.get("Content-Length") is None


def test_list_counts_acts(api):
    api.stage().add_category("beach")
    for number in range(3):
        api.add_act(number)
    api.add_act(7, categoryName="beach")
    assert api.expect(200, "GET", "/categories") == {"beach": 1, "garden": 3}
    api.expect(200, "DELETE", "/acts/1")
    assert api.expect(200, "GET", "/categories") == {"beach": 1, "garden": 2}
    assert api.expect(200, "GET", "/categories/garden/acts/size") == [2]


def test_delete_takes_its_acts(api):
    api.stage().add_category("beach")
    api.add_act(1)
    api.add_act(2, categoryName="beach")
    assert api.expect(200, "DELETE", "/categories/garden") == {}
    assert api.expect(200, "GET", "/acts/count") == [1]
    api.expect(400, "DELETE", "/acts/1")
    api.expect(400, "POST", "/acts/upvote", [1])
    assert api.call("GET", "/categories/garden/acts").status == 204
    api.add_category("garden")
    assert api.expect(200, "GET", "/categories/garden/acts/size") == [0]
    api.add_act(1)


@pytest.mark.parametrize("path", ["/categories/x/acts/size", "/categories/x/acts", "/categories/x/acts?start=1&end=1",
                                  "/categories/Garden/acts/size", "/categories/garde/acts/size",
                                  f"/categories/{'x' * 300}/acts/size"])
def test_no_such_category(api, path):
    api.stage()
    assert api.call("GET", path).status == 204


@pytest.mark.parametrize("name", ["x", "Garden", "garde", "garden%20", "x" * 300])
def test_delete_no_such_category(api, name):
    api.stage()
    api.expect(400, "DELETE", f"/categories/{name}")
    assert api.expect(200, "GET", "/categories") == {"garden": 0}


@pytest.mark.parametrize("body", [[], ["a", "b"], ["a", "a"], [""], ["x" * 257], ["a\0b"], [5], [None], [True], [["a"]],
                                  [{"a": 1}], {}, {"name": "a"}, "a", 5, None, True])
def test_bad_body(api, body):
    api.expect(400, "POST", "/categories", text=json.dumps(body).encode())
    assert api.call("GET", "/categories").status == 204


@pytest.mark.parametrize("method, path, allow", [
    ("PUT", "/categories", "GET, HEAD, POST, OPTIONS"), ("DELETE", "/categories", "GET, HEAD, POST, OPTIONS"),
    ("GET", "/categories/x", "DELETE, OPTIONS"), ("POST", "/categories/x", "DELETE, OPTIONS"),
    ("POST", "/categories/x/acts", "GET, HEAD, OPTIONS"), ("DELETE", "/categories/x/acts", "GET, HEAD, OPTIONS"),
    ("POST", "/categories/x/acts/size", "GET, HEAD, OPTIONS")])
def test_wrong_method(api, method, path, allow):
    reply = api.call(method, path)
    assert reply.status == 405 and reply.get("Allow") == allow


@pytest.mark.parametrize("path", ["/categories/", "/categories//acts", "/categories/x/", "/categories/x/acts/",
                                  "/categories/x/acts/size/", "/categories/x/acts/y", "/categories/x/act", "/category"])
def test_unknown_path(api, path):
    assert api.call("GET", path).status == 404


BAD_SEGMENTS = ["%", "%4", "%zz", "a%", "a%0", "%00", "a%00b", "%ff", "%c0%80", "%ed%a0%80", "%f4%90%80%80", "%e9"]


@pytest.mark.parametrize("segment", BAD_SEGMENTS)
def test_bad_escapes_and_utf8(api, segment):
    for method, path in (("DELETE", "/categories/%s"), ("GET", "/categories/%s/acts"), ("GET", "/categories/%s/acts/size"),
                         ("DELETE", "/acts/%s"), ("DELETE", "/users/%s")):
        api.expect(400, method, path % segment)
        assert api.call("PUT", path % segment).status == 405


def test_escapes_in_literal_segments(api):
    api.add_category("a")
    assert api.expect(200, "GET", "/%63ategories/%61/act%73/size") == [0]
    assert api.call("GET", "/categories/a%2Facts/size").status == 404
