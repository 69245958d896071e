"""A host that is another one answers with that one: scheme, port, path and query stay as they were written."""

import pytest

from harness import tls
from harness.client import RawClient

pytestmark = pytest.mark.front


@pytest.fixture(scope="module")
def running(shared_orchestrate, backend_image):
    orchestrator = shared_orchestrate(trusted_proxies=["127.0.0.0/8"], redirects=[
        {"from": "www.example.org", "to": "Example.ORG"}, {"from": "bücher.de", "to": "books.example.org", "code": 301},
        {"from": "192.0.2.1", "to": "2001:db8::1", "code": 302}, {"from": "tmp.example.org", "to": "example.org", "code": 307}])
    orchestrator.add_service("web", backend_image, 1, hosts=["example.org", "*.example.org"])
    return orchestrator.start()


@pytest.mark.parametrize("head, code, location", [
    ("GET / HTTP/1.1\r\nHost: www.example.org", 308, "http://example.org/"),
    ("GET /a//b/../c?d=/e&f HTTP/1.1\r\nHost: WWW.example.org.:8080", 308, "http://example.org:8080/a//b/../c?d=/e&f"),
    ("HEAD /x HTTP/1.1\r\nHost: www.example.org", 308, "http://example.org/x"),
    ("DELETE /api/v1/_crash HTTP/1.1\r\nHost: www.example.org", 308, "http://example.org/api/v1/_crash"),
    ("GET http://www.example.org?x HTTP/1.1\r\nHost: example.org", 308, "http://example.org/?x"),
    ("GET /x HTTP/1.1\r\nHost: www.example.org\r\nX-Forwarded-Proto: https", 308, "https://example.org/x"),
    ("GET //evil.example/ HTTP/1.1\r\nHost: www.example.org", 308, "http://example.org//evil.example/"),
    ("GET /\\evil HTTP/1.1\r\nHost: xn--bcher-kva.de", 301, "http://books.example.org/\\evil"),
    ("GET / HTTP/1.1\r\nHost: 192.0.2.1:80", 302, "http://[2001:db8::1]:80/"),
    ("GET / HTTP/1.0\r\nHost: tmp.example.org", 307, "http://example.org/"),
])
def test_location(running, head, code, location):
    reply = running.ask(head)
    location = location.replace("http:", f"{tls.scheme(running.port)}:", 1)
    assert (reply.status, reply.all("Location"), reply.all("Content-Length")) == (code, [location], ["0"])
    assert reply.body == b""


def test_the_connection_stays(running):
    with RawClient(running.port) as client:
        client.send(b"POST /x HTTP/1.1\r\nHost: www.example.org\r\nContent-Length: 5\r\n\r\nhello")
        assert client.read_reply().status == 308
        client.send(b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")
        assert client.read_reply().status == 200


def test_only_that_host(running):
    assert running.ask("GET / HTTP/1.1\r\nHost: example.org").status == 200
    assert running.ask("GET / HTTP/1.1\r\nHost: a.www.example.org").status == 200


def test_a_target_that_is_too_long(orchestrate, backend_image):
    orchestrator = orchestrate(max_head_bytes=65536, redirects=[{"from": "www.example.org", "to": "example.org"}])
    orchestrator.add_service("web", backend_image, 1)
    orchestrator.start()
    assert orchestrator.ask(f"GET /{'x' * 16000} HTTP/1.1\r\nHost: www.example.org").status == 308
    assert orchestrator.ask(f"GET /{'x' * 17000} HTTP/1.1\r\nHost: www.example.org").status == 414


def test_they_are_not_counted(running):
    before = running.fleet()["services"][0]
    running.ask("GET /api/v1/x HTTP/1.1\r\nHost: www.example.org")
    assert running.fleet()["services"][0]["window"] == before["window"]
