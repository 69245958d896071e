"""Hop-by-hop fields stay on their hop; Via, X-Forwarded-* and X-Request-Id tell the backend where a request is from."""

import re

import pytest

from harness import tls
from harness.client import RawClient, raw_target

pytestmark = pytest.mark.front


def start(shared_orchestrate, backend_image, **settings):
    orchestrator = shared_orchestrate(**settings)
    orchestrator.add_service("web", backend_image, 1)
    return orchestrator.start()


@pytest.fixture(scope="module")
def running(shared_orchestrate, backend_image):
    return start(shared_orchestrate, backend_image)


@pytest.fixture(scope="module")
def trusting(shared_orchestrate, backend_image):
    return start(shared_orchestrate, backend_image, trusted_proxies=["127.0.0.0/8"])


def at_backend(orchestrator, *fields, host="example.org:8088"):
    """The fields of our request as the backend got them: {lower-case name: [values]}."""
    lines = ["GET /headers HTTP/1.1", f"Host: {host}", *fields, "", ""]
    with RawClient(orchestrator.port) as client:
        client.send("\r\n".join(lines).encode())
        reply = client.read_reply()
    assert reply.status == 200
    got = {}
    for line in reply.body.decode().split("\r\n")[1:]:
        if line:
            name, value = line.split(":", 1)
            got.setdefault(name.lower(), []).append(value.strip())
    return got


def test_hop_by_hop_is_removed(running):
    got = at_backend(running, "Connection: keep-alive, X-Mine, x-other", "X-Mine: 1", "X-Other: 2", "X-Kept: 3",
                     "Keep-Alive: timeout=5", "Proxy-Connection: keep-alive", "TE: gzip", "Trailer: X",
                     "Proxy-Authorization: secret", "Upgrade: x")
    assert got["x-kept"] == ["3"]
    for name in ("x-mine", "x-other", "keep-alive", "proxy-connection", "trailer", "proxy-authorization", "upgrade"):
        assert name not in got, name
    assert "x-mine" not in " ".join(got.get("connection", [])).lower()


def test_connection_may_not_remove_what_matters(running):
    got = at_backend(running, "Connection: Host, X-Forwarded-For, X-Request-Id, Via, Content-Length")
    for name in ("host", "x-forwarded-for", "x-request-id", "via"):
        assert name in got, name


def test_host_is_kept(running):
    assert at_backend(running)["host"] == ["example.org:8088"]


def test_via(running):
    assert at_backend(running, "Via: 1.0 first")["via"][-1].count("1.1 ") == 1
    assert "1.1 " in running.get("/fast").get("Via")


def test_forwarded_fields_are_replaced(running):
    """A client we do not trust cannot say it is somebody else."""
    came_by = tls.scheme(running.port)
    lie = "http" if came_by == "https" else "https"
    got = at_backend(running, "X-Forwarded-For: 6.6.6.6", f"X-Forwarded-Proto: {lie}", "X-Forwarded-Host: evil",
                     "Forwarded: for=6.6.6.6")
    assert got["x-forwarded-for"] == ["127.0.0.1"]
    assert got["x-forwarded-proto"] == [came_by]
    assert got["x-forwarded-host"] == ["example.org:8088"]
    assert "6.6.6.6" not in str(got.get("forwarded"))


STRANGE = ["X-Forwarded-Port: 443", "X-Forwarded-Prefix: /evil", "True-Client-IP: 6.6.6.6",
           "X-Forwarded-Ssl: on", "X-Original-URL: /api/v1/_crash", "X-Rewrite-URL: /api/v1/_crash", "Forwarded: for=6.6.6.6"]


def _named(fields):
    return {field.split(":")[0].lower(): [field.split(":", 1)[1].strip()] for field in fields}


def test_what_only_a_proxy_may_say_is_dropped(running):
    got = at_backend(running, *STRANGE, *(field.replace("-", "_") for field in STRANGE), "X-Real: 1", "X-Forwarded: 2")
    assert not set(got) & set(_named(STRANGE)) and not any("_" in name for name in got), got
    assert got["x-real"] == ["1"] and got["x-forwarded"] == ["2"]


def test_what_a_trusted_proxy_says_stays(trusting):
    got = at_backend(trusting, *STRANGE, "Connection: X-Real-IP, True-Client-IP")
    assert _named(STRANGE).items() <= got.items(), got


@pytest.mark.parametrize("head", ["GET /headers HTTP/1.0", "GET /headers HTTP/1.0\r\nHost:", "GET /headers HTTP/1.1\r\nHost:"])
def test_without_a_host_the_service_is_named(running, head):
    """nginx, for one, answers 400 to an empty Host."""
    with RawClient(running.port) as client:
        client.send(f"{head}\r\nConnection: close\r\n\r\n".encode())
        lines = client.read_reply().body.decode().lower().split("\r\n")
    assert lines.count(f"host: {running.config['services'][0]['name']}") == 1 and not any(line.startswith("x-forwarded-host") for line in lines), lines


def test_real_ip_is_ours(running, trusting):
    """The client's address: the peer's, or the last one in a trusted proxy's list that is no such proxy's."""
    for orchestrator, said, client in ((running, "6.6.6.6", "127.0.0.1"), (trusting, "6.6.6.6, 192.0.2.1, 127.0.0.5", "192.0.2.1"),
                                       (trusting, "6.6.6.6, x", "127.0.0.1"), (trusting, "127.0.0.4, 127.0.0.3", "127.0.0.4")):
        got = at_backend(orchestrator, f"X-Forwarded-For: {said}", "X-Real-IP: 7.7.7.7", "X_Real_IP: 7.7.7.7", "Connection: X-Real-IP")
        assert got["x-real-ip"] == [client], said
    assert at_backend(trusting, "X-Real-IP: 7.7.7.7")["x-real-ip"] == ["127.0.0.1"]


def test_forwarded_fields_of_a_trusted_proxy_stay(trusting):
    got = at_backend(trusting, "X-Forwarded-For: 6.6.6.6", "X-Forwarded-Proto: https", "X-Forwarded-Host: good.example")
    assert ", ".join(got["x-forwarded-for"]) == "6.6.6.6, 127.0.0.1"
    assert got["x-forwarded-proto"] == ["https"]
    assert got["x-forwarded-host"] == ["good.example"]


def test_request_id(running):
    made = at_backend(running)["x-request-id"]
    assert len(made) == 1 and re.fullmatch(r"[\w-]{8,}", made[0])
    assert at_backend(running)["x-request-id"] != made


def test_request_id_is_passed_on(running):
    assert at_backend(running, "X-Request-Id: abc-123")["x-request-id"] == ["abc-123"]


def test_reply_is_filtered_too(running):
    first = (b"HTTP/1.1 200 OK\r\nConnection: X-Mine\r\nX-Mine: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\n"
             b"X-Kept: 1\r\nContent-Length: 0\r\n\r\n")
    reply = running.get(raw_target(first))
    assert reply.get("X-Kept") == "1"
    assert [reply.get(n) for n in ("X-Mine", "Keep-Alive", "Proxy-Connection")] == [None, None, None]
