"""Private paths answer 403 through the orchestrator, however they are written, and work on the container's own port."""

import pytest

from harness.client import RawClient, request


@pytest.fixture(scope="module")
def running(shared_orchestrate, backend_image):
    orchestrator = shared_orchestrate()
    service = orchestrator.add_service("web", backend_image, 1)
    orchestrator.add_recording(service)
    return orchestrator.start(), service


@pytest.mark.parametrize("target", [
    "/api/v1/_crash", "/api/v1/_count", "/api/v1/_health", "/api/v1/_crash?x=1", "/api/v1/_crash/", "/api/v1/_crash/x",
    "/api/v1/%5Fcrash", "/api/v1/%5fcrash", "/api/v1/_cras%68", "/api//v1/_crash", "//api/v1/_crash",
    "/api/v1/./_crash", "/api/v1/x/../_crash", "/api/v1/%2e/_crash", "/api/v1/x/%2E%2e/_crash", "/x/../api/v1/_crash",
    "/../api/v1/_crash", "/api/v1/_crash/.", "/api/v1/_crash/x/..", "/%61pi/v1/_crash",
    "http://example.org/api/v1/_crash", "/api/v1%2F_crash", "/api/v1/_crash%2fx",
    "/api/v1/_crash;x", "/api/v1/x/..;/_crash", "/api/v1/x/..%3b/_crash", "/api/v1;a=b/_crash", "/api/v1\\_crash",
    "/api/v1/x%5c..%5c_crash", "/api/v1/_crash%00.png", "/api/v1/_crash%20", "/api/v1/_crash%3fx", "/api/v1%252f_crash",
    "/api/v1/%255fcrash", "/API/V1/_CRASH", "/api/v1/_Crash", "//evil/api/v1/_crash", "/api/v1/x//../../_crash",
    "/api/v1/_crash/../x", "http://example.org//evil/api/v1/_crash;x",
])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_403(running, target, method):
    orchestrator, _ = running
    with RawClient(orchestrator.port) as client:
        client.send(f"{method} {target} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n".encode())
        reply = client.read_reply()
    assert reply.status == 403, reply
    assert reply.get("Content-Type") == "application/problem+json"


@pytest.mark.parametrize("target", ["/api/v1/_crashed", "/api/v1/x_crash", "/_crashx", "/headers/_crash;x", "/headers/API%2Fv1",
                                    "/headers/a;b/..%2f_crash", "/headers/100%25?/../_crash", "/headers\\x", "/headers/%00"])
def test_neighbours_are_not_private(running, target):
    """And what is sent on are the bytes that came."""
    orchestrator, _ = running
    with RawClient(orchestrator.port) as client:
        client.send(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert client.read_reply().status == 200
    assert orchestrator.records()[-1]["head"].startswith(f"GET {target} HTTP/1.1\r\n".encode())


def test_own_port(running):
    orchestrator, service = running
    port = orchestrator.slot_port(service, 0)
    assert request(port, "/api/v1/_health").status == 200
    assert request(port, "/api/v1/_count").status == 200
