"""api.md rows 1 to 3: users, with every status they list."""

import json

import pytest

from services_native import PASSWORD, quote


def user(**changes):
    return dict({"username": "ann", "password": PASSWORD}, **changes)


NAMES = ["a", "ann", "Ann", "a b", "a/b", "a%2Fb", "%", "ä", "日本", "🌱", "'; DROP TABLE users; --", "a\tb", "\"", "\\", ".", "..",
         "x" * 256, "é" * 128, "a?b#c", "+", "a\r\nb", "\u200b", "NaN", "null"]


@pytest.mark.parametrize("name", NAMES, ids=[ascii(n)[:20] for n in NAMES])
def test_any_name(api, name):
    if name in (".", "..") and not api.mode.private:
        pytest.skip("a dot segment: the orchestrator routes by what it stands for")
    api.add_user(name)
    assert api.expect(200, "GET", "/users") == [name]
    assert "there is" in api.expect(400, "POST", "/users", user(username=name))["error"]
    assert api.expect(200, "DELETE", f"/users/{quote(name)}") == {}
    api.expect(400, "DELETE", f"/users/{quote(name)}")


def test_empty_list(api):
    reply = api.call("GET", "/users")
    assert reply.status == 204 and reply.body == b""
    assert reply.get("Content-Length") is None and reply.get("Content-Type") is None


def test_list(api):
    for name in ("bob", "ann", "Ann", "cid"):
        api.add_user(name)
    assert sorted(api.expect(200, "GET", "/users")) == ["Ann", "ann", "bob", "cid"]
    api.expect(200, "DELETE", "/users/ann")
    assert sorted(api.expect(200, "GET", "/users")) == ["Ann", "bob", "cid"]


def test_names_are_whole_and_case_sensitive(api):
    api.add_user("anna")
    for name in ("ann", "nna", "Anna", "anna ", "anna%00", "%"):
        api.expect(400, "DELETE", f"/users/{name.replace(' ', '%20')}")
    assert api.expect(200, "GET", "/users") == ["anna"]


@pytest.mark.parametrize("password", [PASSWORD.upper(), "0" * 40, "abcdefABCDEF" + "1" * 28])
def test_good_password(api, password):
    api.expect(201, "POST", "/users", user(password=password))


@pytest.mark.parametrize("password", ["", "secret", PASSWORD[:39], PASSWORD + "0", PASSWORD[:39] + "g", " " * 40, "é" * 20,
                                      PASSWORD[:39] + "\0", None, 5, [PASSWORD], {"a": 1}, True])
def test_bad_password(api, password):
    assert "password" in api.expect(400, "POST", "/users", user(password=password))["error"]
    assert api.call("GET", "/users").status == 204


@pytest.mark.parametrize("name", ["", "x" * 257, "é" * 129, "a\0b", None, 5, ["ann"], {"a": 1}, False])
def test_bad_username(api, name):
    assert "username" in api.expect(400, "POST", "/users", user(username=name))["error"]
    assert api.call("GET", "/users").status == 204


@pytest.mark.parametrize("body", [{}, {"username": "ann"}, {"password": PASSWORD}, user(email="a"), user(Username="b"),
                                  [], ["ann", PASSWORD], "ann", 5, None, True])
def test_bad_keys(api, body):
    api.expect(400, "POST", "/users", text=json.dumps(body).encode())
    assert api.call("GET", "/users").status == 204


def test_etag(api):
    first = api.call("GET", "/users")
    assert first.get("ETag")
    assert api.call("GET", "/users", headers={"If-None-Match": first.get("ETag")}).status == 304
    api.add_user("ann")
    second = api.call("GET", "/users", headers={"If-None-Match": first.get("ETag")})
    assert second.status == 200 and second.get("ETag") != first.get("ETag")
    for value in (second.get("ETag"), "*", "W/" + second.get("ETag"), f"\"x\", {second.get('ETag')}"):
        reply = api.call("GET", "/users", headers={"If-None-Match": value})
        assert (reply.status, reply.body, reply.get("Content-Length")) == (304, b"", None), value
        assert reply.get("ETag") == second.get("ETag")
    for value in ("\"\"", "x", first.get("ETag"), second.get("ETag")[1:-1]):
        assert api.call("GET", "/users", headers={"If-None-Match": value}).status == 200, value


def test_etag_after_delete_and_again(api):
    """The same list at another time has another tag: what was deleted and made again is not the same user."""
    api.add_user("ann")
    before = api.call("GET", "/users").get("ETag")
    api.expect(200, "DELETE", "/users/ann")
    api.add_user("ann")
    assert api.call("GET", "/users", headers={"If-None-Match": before}).status == 200


@pytest.mark.parametrize("method, path, allow", [
    ("PUT", "/users", "GET, HEAD, POST, OPTIONS"), ("DELETE", "/users", "GET, HEAD, POST, OPTIONS"),
    ("PATCH", "/users", "GET, HEAD, POST, OPTIONS"), ("GET", "/users/ann", "DELETE, OPTIONS"),
    ("POST", "/users/ann", "DELETE, OPTIONS"), ("PUT", "/users/ann", "DELETE, OPTIONS")])
def test_wrong_method(api, method, path, allow):
    reply = api.call(method, path)
    assert reply.status == 405 and reply.get("Allow") == allow


@pytest.mark.parametrize("path", ["/users/", "/users/ann/", "/users/ann/x", "/user", "/usersx", "/Users", "", "/"])
def test_unknown_path(api, path):
    assert api.call("GET", path, port=api.mode.users_port).status == 404


def test_password_is_not_stored_as_sent(native, store):
    api = native()
    api.add_user("ann")
    stored = store.bytes_of_users(api.mode.users)
    assert PASSWORD.encode() not in stored and b"$argon2id$" in stored
