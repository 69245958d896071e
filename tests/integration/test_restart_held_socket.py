"""With its socket held by systemd (LISTEN_FDS), a restart refuses no connection and fails no request."""

import os
import signal
import socket

import pytest

from harness.poller import Poller
from harness.wait import wait_until

pytestmark = pytest.mark.front


@pytest.fixture
def held(orchestrate, backend_image):
    """An orchestrator that was handed its listening socket, and the service's name."""
    orchestrator = orchestrate()
    service = orchestrator.add_service("web", backend_image, 2)
    with socket.create_server(("127.0.0.1", orchestrator.port), backlog=1024) as listener:
        orchestrator.listener = listener
        orchestrator.start()
        yield orchestrator, service


def test_no_second_socket(held):
    orchestrator, _ = held
    assert orchestrator.get("/fast").status == 200
    with open("/proc/net/tcp", encoding="ascii") as file:
        listening = [line for line in file if f":{orchestrator.port:04X} 00000000:0000 0A" in line]
    assert len(listening) == 1


@pytest.mark.parametrize("keep_alive", [True, False])
def test_restarts(held, keep_alive):
    orchestrator, service = held
    before = orchestrator.ids(service)
    with Poller(orchestrator.port, keep_alive=keep_alive, clients=4) as poller:
        for _ in range(3):
            count = len(poller.outcomes)
            wait_until(lambda c=count: len(poller.outcomes) >= c + 100, 30, "requests between two restarts")
            orchestrator.stop()
            orchestrator.start()
        wait_until(lambda: len(poller.outcomes) >= count + 200, 30, "requests after the last one")
    poller.assert_clean(400)
    assert orchestrator.ids(service) == before


def test_killed(held):
    """kill -9: connections that were open are lost; new ones wait for the next process."""
    orchestrator, service = held
    before = orchestrator.ids(service)
    os.kill(orchestrator.process.pid, signal.SIGKILL)
    orchestrator.process.wait(10)
    with Poller(orchestrator.port, keep_alive=False, clients=4) as poller:
        orchestrator.start()
        wait_until(lambda: len(poller.outcomes) >= 100, 30, "requests after the restart")
    poller.assert_clean(100)
    assert orchestrator.ids(service) == before
