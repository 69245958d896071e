"""Connection: upgrade becomes a tunnel: bytes pass both ways, unharmed, and it counts as in flight."""

import os

import pytest

from harness.client import RawClient
from harness.faults import docker_kill, hurt_and_wait
from harness.wait import wait_until

UPGRADE = b"GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n"


def open_tunnel(orchestrator, behind=b""):
    client = RawClient(orchestrator.port)
    client.send(UPGRADE + behind)
    status, fields = client.read_head()
    assert status == 101, fields
    assert ("Upgrade", "websocket") in fields
    return client


@pytest.mark.parametrize("size", [1, 1000, 1 << 20])
def test_echo(web, size):
    orchestrator, _ = web(1)
    with open_tunnel(orchestrator) as client:
        data = os.urandom(size)
        for at in range(0, size, 65536):
            client.send(data[at:at + 65536])
            assert client.read_exactly(len(data[at:at + 65536])) == data[at:at + 65536]


def test_bytes_right_behind_the_request(web):
    orchestrator, _ = web(1)
    with open_tunnel(orchestrator, b"early bird") as client:
        assert client.read_exactly(10) == b"early bird"


def test_in_flight_until_it_ends(web):
    orchestrator, service = web(1)
    client = open_tunnel(orchestrator)
    assert orchestrator.slots(service)[0]["in_flight"] == 1
    client.close()
    wait_until(lambda: orchestrator.slots(service)[0]["in_flight"] == 0, 5, "the tunnel's end noticed")


def test_other_containers_replacement_does_not_matter(web):
    orchestrator, service = web(2)
    with open_tunnel(orchestrator) as client:
        busy = next(s["slot"] for s in orchestrator.slots(service) if s["in_flight"] == 1)
        hurt_and_wait(orchestrator, service, 1 - busy, docker_kill, 5)
        client.send(b"still here")
        assert client.read_exactly(10) == b"still here"


def test_backend_that_refuses(web):
    """Without Upgrade the backend says 426, and that is an ordinary reply."""
    orchestrator, _ = web(1)
    reply = orchestrator.get("/upgrade")
    assert reply.status == 426
    assert orchestrator.get("/fast").status == 200


def test_death_of_the_backend_ends_it(web):
    orchestrator, service = web(1)
    with open_tunnel(orchestrator) as client:
        orchestrator.docker.kill(orchestrator.ids(service)[0])
        assert client.is_closed()
