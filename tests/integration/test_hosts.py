"""The host chooses first, in whatever spelling it comes, then the path among that host's services."""

import pytest

from harness.client import RawClient
from test_reload import reload

pytestmark = pytest.mark.front

SERVICES = (
    ("web", {"hosts": ["example.org", "192.0.2.1", "2001:db8::1"], "routes": ["/"]}),
    ("shop", {"hosts": ["Shop.Example.ORG."], "routes": ["/"]}),
    ("api", {"hosts": ["shop.example.org"], "routes": ["/api"]}),
    ("all", {"hosts": ["*.example.org", "bücher.de"], "routes": ["/"]}),
    ("deep", {"hosts": ["*.b.example.org"], "routes": ["/deep"]}),
    ("rest", {"routes": ["/rest"]}),
)


@pytest.fixture(scope="module")
def running(shared_orchestrate, backend_image):
    orchestrator = shared_orchestrate()
    for short, settings in SERVICES:
        orchestrator.add_service(short, backend_image, 1, env={"NAME": short}, **settings)
    return orchestrator.start()


@pytest.mark.parametrize("host, target, service", [
    ("example.org", "/", "web"), ("EXAMPLE.ORG:8080", "/x", "web"), ("example.org.", "/", "web"), ("example.org.:80", "/", "web"),
    ("192.0.2.1:80", "/", "web"), ("[2001:DB8:0::1]:80", "/", "web"),
    ("shop.example.org", "/", "shop"), ("shop.example.org", "/api/x", "api"), ("Shop.Example.Org:1", "/apix", "shop"),
    ("a.example.org", "/rest", "all"), ("a.b.c.example.org", "/", "all"), ("x.b.example.org", "/deep/x", "deep"),
    ("xn--bcher-kva.de", "/", "all"), ("XN--BCHER-KVA.DE.", "/", "all"),
    ("other.example", "/rest", "rest"), ("", "/rest", "rest"), ("127.0.0.1", "/rest/x", "rest"),
    ("example.org.example", "/rest", "rest"), ("xexample.org", "/rest", "rest"), ("exa%6dple.org", "/rest", "rest"),
])
def test_the_service(running, host, target, service):
    reply = running.ask(f"GET {target} HTTP/1.1\r\nHost: {host}")
    assert (reply.status, reply.backend) == (200, service)


@pytest.mark.parametrize("host, target", [
    ("x.b.example.org", "/"),          # *.example.org has the path, but its turn is over
    ("x.b.example.org", "/rest"),      # so has the service without hosts
    ("other.example", "/"), ("", "/"),
])
def test_the_path_does_not_fall_through(running, host, target):
    reply = running.ask(f"GET {target} HTTP/1.1\r\nHost: {host}")
    assert (reply.status, reply.get("Content-Type")) == (404, "application/problem+json")
    assert "path" in reply.json()["detail"]


def test_an_absolute_target_names_the_host(running):
    """RFC 9112 section 3.2.2: Host does not count then."""
    reply = running.ask("GET http://Shop.example.org:8080/api HTTP/1.1\r\nHost: example.org")
    assert reply.backend == "api"
    assert b"host: shop.example.org:8080\r\n" in reply.body.lower()
    assert b"x-forwarded-host: shop.example.org:8080\r\n" in reply.body.lower()


def test_a_request_without_host(running):
    assert running.ask("GET /rest HTTP/1.0").backend == "rest"
    assert running.ask("GET / HTTP/1.0").status == 404


@pytest.mark.parametrize("head", [
    "GET / HTTP/1.1\r\nHost: example.org\r\nHost: example.org", "GET / HTTP/1.1\r\nHost: example.org\r\nHost: shop.example.org",
    "GET / HTTP/1.1", "GET / HTTP/1.1\r\nHost: a@example.org", "GET http://a@example.org/ HTTP/1.1\r\nHost: example.org",
    "GET / HTTP/1.1\r\nHost: example.org/x", "GET / HTTP/1.1\r\nHost: example.org, shop.example.org",
    "GET / HTTP/1.1\r\nHost: exa mple.org", "GET / HTTP/1.1\r\nHost: bücher.de", "GET / HTTP/1.1\r\nHost: [2001:db8::1",
    "GET / HTTP/1.1\r\nHost: example.org:x", "GET http:///x HTTP/1.1\r\nHost: example.org",
])
def test_what_is_no_host(running, head):
    assert running.ask(head).status == 400


def test_every_request_of_a_connection_is_decided_anew(running):
    with RawClient(running.port) as client:
        for host, service in (("example.org", "web"), ("a.example.org", "all"), ("example.org", "web")):
            client.send(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            assert client.read_reply().backend == service


def test_where_all_services_name_hosts(orchestrate, backend_image):
    """No request by address, and no probe of a scanner, reaches a container; a reload brings hosts and takes them."""
    orchestrator = orchestrate()
    orchestrator.add_service("web", backend_image, 1, hosts=["example.org"])
    orchestrator.start()
    reply = orchestrator.ask(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{orchestrator.port}")
    assert (reply.status, reply.get("Content-Type")) == (404, "application/problem+json")
    assert "host" in reply.json()["detail"]
    assert orchestrator.ask("GET / HTTP/1.0").status == 404
    assert orchestrator.ask("GET / HTTP/1.1\r\nHost: example.org").status == 200
    orchestrator.config["services"][0]["hosts"] = ["example.net"]
    reload(orchestrator)
    assert orchestrator.ask("GET / HTTP/1.1\r\nHost: example.org").status == 404
    assert orchestrator.ask("GET / HTTP/1.1\r\nHost: example.net").status == 200


def test_a_private_path_stays_private_under_every_host(running):
    for host in ("example.org", "Shop.example.org.", "a.example.org:80"):
        for path in ("/api/v1/_crash", "/x/../api/v1/%5fcrash"):
            assert running.ask(f"GET {path} HTTP/1.1\r\nHost: {host}").status == 403
