"""At max_connections, and where descriptors run out, who has been idle longest makes place for a newcomer; nobody busy is hurt."""

import os
import resource
import threading
import time

import pytest

from harness.client import RawClient, request
from harness.poller import Poller
from harness.wait import wait_until

pytestmark = pytest.mark.front

GET = b"GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"
UPGRADE = b"GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
LIMIT = 200
SILENT_S = 0.6      # after so long without a byte a connection counts as idle, whatever the machine does


def connections(orchestrator):
    return orchestrator.metrics()["selfless_connections"]


def open_idle(orchestrator, count, spoken=True):
    clients = [RawClient(orchestrator.port) for _ in range(count)]
    for client in clients if spoken else []:
        client.send(GET)
        assert client.read_reply().status == 200
    return clients


def rest(client):
    assert not client.wait_readable(SILENT_S)


def is_open(client):
    return not client.wait_readable(0)


def close(clients):
    for client in clients:
        client.close()


@pytest.mark.parametrize("spoken", [True, False])
def test_newcomers_are_served_at_once(processes, spoken):
    orchestrator, _ = processes(1, {"max_connections": LIMIT})
    idle = open_idle(orchestrator, LIMIT, spoken)
    wait_until(lambda: connections(orchestrator) == LIMIT, 10, "all are in")
    rest(idle[-1])
    newcomers, waits = [], []
    for _ in range(100):
        begin = time.monotonic()
        newcomers += open_idle(orchestrator, 1)
        waits.append(time.monotonic() - begin)
    assert max(waits) < 0.5, waits
    assert [is_open(client) for client in idle] == [False] * 100 + [True] * 100       # the longest idle ones
    assert all(client.socket.recv(1) == b"" for client in idle[:100])                 # and cleanly
    assert all(is_open(client) for client in newcomers)
    assert connections(orchestrator) == LIMIT
    close(idle + newcomers)


def test_the_busy_ones_lose_nothing(processes):
    """Half of them ask again and again, some wait for a slow reply, some are tunnels; hundreds of newcomers come."""
    orchestrator, _ = processes(1, {"max_connections": 60})
    tunnels, slow = [RawClient(orchestrator.port) for _ in range(5)], [RawClient(orchestrator.port) for _ in range(5)]
    for client in tunnels:
        client.send(UPGRADE)
        assert client.read_head()[0] == 101
    for client in slow:
        client.send(b"GET /slow?ms=4000 HTTP/1.1\r\nHost: a\r\n\r\n")
    with Poller(orchestrator.port, clients=10) as poller:
        idle = open_idle(orchestrator, 40)
        rest(idle[-1])
        for _ in range(300):
            assert request(orchestrator.port, "/fast").status == 200
            idle += open_idle(orchestrator, 1)
    poller.assert_clean(at_least=100)
    assert all(client.read_reply().status == 200 for client in slow)
    for client in tunnels:
        client.send(b"still here")
        assert client.read_exactly(10) == b"still here"
    close(idle + slow + tunnels)


def test_who_has_just_spoken_stays(processes):
    orchestrator, _ = processes(1, {"max_connections": 3})
    first, second, third = open_idle(orchestrator, 3)
    rest(third)
    first.send(GET)
    assert first.read_reply().status == 200
    newcomer, = open_idle(orchestrator, 1)
    assert [is_open(c) for c in (first, second, third, newcomer)] == [True, False, True, True]
    close([first, second, third, newcomer])


def test_none_is_idle(processes):
    """Then newcomers wait, as they always did."""
    orchestrator, _ = processes(1, {"max_connections": 5})
    busy = [RawClient(orchestrator.port) for _ in range(5)]
    for client in busy:
        client.send(b"GET /slow?ms=1500 HTTP/1.1\r\nHost: a\r\n\r\n")
    late = RawClient(orchestrator.port)
    late.send(GET)
    assert not late.wait_readable(1)
    assert all(client.read_reply().status == 200 for client in busy)
    assert late.read_reply().status == 200      # soon after: one of the five is idle
    close([*busy, late])


def test_a_lower_limit(processes):
    orchestrator, _ = processes(1, {"max_connections": LIMIT})
    idle = open_idle(orchestrator, 100)
    orchestrator.config["max_connections"] = 50
    orchestrator.write_config()
    orchestrator.send_signal(1)
    wait_until(lambda: "event=reloaded" in orchestrator.log(), 10, "reloaded")
    rest(idle[-1])
    newcomers = open_idle(orchestrator, 10)
    assert connections(orchestrator) <= 50
    close(idle + newcomers)


def test_out_of_descriptors(processes):
    orchestrator, _ = processes(1)
    pid = orchestrator.process.pid
    assert orchestrator.get("/echo").status == 200
    idle = open_idle(orchestrator, 40)
    rest(idle[-1])
    used = len(os.listdir(f"/proc/{pid}/fd"))
    limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (used, limits[1]))
    try:
        for _ in range(20):
            begin = time.monotonic()
            assert request(orchestrator.port, "/echo").status == 200
            newcomer, = open_idle(orchestrator, 1)
            idle.append(newcomer)
            assert time.monotonic() - begin < 1
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
    close(idle)


def test_a_request_at_the_very_moment(processes):
    """Idle ones that speak while newcomers push them out: whoever was heard is answered, and none is cut in the middle."""
    orchestrator, _ = processes(1, {"max_connections": 100})
    idle = open_idle(orchestrator, 100)
    rest(idle[-1])
    answered, ended = [], []

    def speak():
        for client in idle:
            try:
                client.send(GET)
                answered.append(client.read_reply().status)
            except (OSError, AssertionError):
                ended.append(client)
    speaker = threading.Thread(target=speak)
    speaker.start()
    newcomers = open_idle(orchestrator, 60)
    speaker.join()
    assert set(answered) <= {200} and len(answered) + len(ended) == 100
    assert all(client.held == b"" for client in ended)
    close(idle + newcomers)
