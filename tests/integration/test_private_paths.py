"""Private paths answer 403 through the orchestrator, however they are written, and work on the container's own port."""

import pytest

from harness.client import RawClient, request


@pytest.fixture(scope="module")
def running(shared_orchestrate, backend_image):
    orchestrator = shared_orchestrate()
    service = orchestrator.add_service("web", backend_image, 1)
    return orchestrator.start(), service


@pytest.mark.parametrize("target", [
    "/api/v1/_crash", "/api/v1/_count", "/api/v1/_health", "/api/v1/_crash?x=1", "/api/v1/_crash/", "/api/v1/_crash/x",
    "/api/v1/%5Fcrash", "/api/v1/%5fcrash", "/api/v1/_cras%68", "/api//v1/_crash", "//api/v1/_crash",
    "/api/v1/./_crash", "/api/v1/x/../_crash", "/api/v1/%2e/_crash", "/api/v1/x/%2E%2e/_crash", "/x/../api/v1/_crash",
    "/../api/v1/_crash", "/api/v1/_crash/.", "/api/v1/_crash/x/..", "/%61pi/v1/_crash",
    "http://example.org/api/v1/_crash", "/api/v1%2F_crash", "/api/v1/_crash%2fx",
])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_403(running, target, method):
    orchestrator, _ = running
    with RawClient(orchestrator.port) as client:
        client.send(f"{method} {target} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n".encode())
        reply = client.read_reply()
    assert reply.status == 403, reply
    assert reply.get("Content-Type") == "application/problem+json"


@pytest.mark.parametrize("target", ["/api/v1/_crashed", "/api/v1/x_crash", "/_crashx"])
def test_neighbours_are_not_private(running, target):
    orchestrator, _ = running
    assert orchestrator.get(target).status == 200


def test_own_port(running):
    orchestrator, service = running
    port = orchestrator.slot_port(service, 0)
    assert request(port, "/api/v1/_health").status == 200
    assert request(port, "/api/v1/_count").status == 200
