"""The longest path prefix at a segment's end chooses the service; the target goes on as it was written."""

import pytest

from harness.client import RawClient


@pytest.fixture(scope="module")
def running(shared_orchestrate, backend_image):
    orchestrator = shared_orchestrate()
    for short, routes in (("all", ["/"]), ("api", ["/api/v1/"]), ("users", ["/api/v1/users"])):
        orchestrator.add_service(short, backend_image, 1, routes=routes, env={"NAME": short})
    return orchestrator.start()


@pytest.mark.parametrize("target, service", [
    ("/", "all"), ("/x", "all"), ("/api", "all"), ("/api/v1x", "all"), ("/api/v2/users", "all"), ("/API/v1/x", "all"),
    ("/api/v1", "api"), ("/api/v1/", "api"), ("/api/v1/x", "api"), ("/api/v1/usersx", "api"), ("/api/v1/user", "api"),
    ("/api/v1/x/users", "api"), ("/api/v1/Users", "api"),
    ("/api/v1/users", "users"), ("/api/v1/users/", "users"), ("/api/v1/users/x", "users"), ("/api/v1/users?x=/", "users"),
    ("/api/v1/%75sers", "users"), ("/api/./v1//users", "users"), ("/api/v1/x/../users", "users"),
    ("/api/v1/users/..", "api"), ("/api/v1/users/%2e%2e/x", "api"), ("/api/v1/users%2Fx", "api"),
    ("/?a=/api/v1/users", "all"),
])
def test_route(running, target, service):
    with RawClient(running.port) as client:
        client.send(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        reply = client.read_reply()
    assert reply.status == 200
    assert reply.backend == service
    assert reply.body.startswith(f"GET {target} HTTP/1.1\r\n".encode())


def test_absolute_form(running):
    """An absolute target names its path and, as RFC 9112 section 3.2.2 has it, the host."""
    with RawClient(running.port) as client:
        client.send(b"GET http://example.org/api/v1/users/x?y HTTP/1.1\r\nHost: other\r\n\r\n")
        reply = client.read_reply()
    assert (reply.status, reply.backend) == (200, "users")
    assert reply.body.startswith(b"GET /api/v1/users/x?y HTTP/1.1\r\n")
    assert b"host: example.org\r\n" in reply.body.lower()


def test_no_service_for_the_path(orchestrate, backend_image):
    orchestrator = orchestrate()
    orchestrator.add_service("web", backend_image, 1, routes=["/only"])
    orchestrator.start()
    reply = orchestrator.get("/other")
    assert reply.status == 404
    assert reply.get("Content-Type") == "application/problem+json"
