"""Bodies that come slowly keep nobody else's out: too slow is 408, and where memory is full the slowest makes room."""

import threading
import time

import pytest

from harness.client import RawClient, request
from harness.sockets import unread_bytes
from harness.wait import wait_until

pytestmark = pytest.mark.front

MIB = 1 << 20
SMALL = {"max_body_bytes": MIB, "max_buffered_bytes": 16 * MIB}


def post(target, length):
    return f"POST {target} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n".encode()


class Stalled:
    """Requests that lack their last 100 bytes, and get one of them now and then."""

    def __init__(self, port, count, length):
        self.clients = [RawClient(port) for _ in range(count)]
        self.lacking = [100] * count
        for client in self.clients:
            client.send(post("/echo", length))
            client.send(b"x" * (length - 100))

    def drip(self):
        for index, client in enumerate(self.clients):
            try:
                if self.lacking[index] > 1:
                    client.send(b"x")
                    self.lacking[index] -= 1
            except OSError:
                pass        # refused, and no longer listened to

    def answered(self):
        return [c for c in self.clients if c.wait_readable(0)]

    def close(self):
        for client in self.clients:
            client.close()


def test_others_are_served_all_along(processes):
    orchestrator, _ = processes(1, SMALL)
    stalled = Stalled(orchestrator.port, 16, MIB)
    wait_until(lambda: unread_bytes(orchestrator.port) == 0, 10, "what was sent is held")
    wait_until(lambda: request(orchestrator.port, "/echo", "POST", b"x" * 4096).status == 200, 1, "room is made")
    waits, end, dripped = [], time.monotonic() + 4, 0
    while time.monotonic() < end:
        if time.monotonic() > end - 4 + dripped / 2:
            stalled.drip()
            dripped += 1
        for size in (4096, 100_000, MIB):
            begin = time.monotonic()
            reply = request(orchestrator.port, "/echo", "POST", b"x" * size)
            waits.append(time.monotonic() - begin)
            assert reply.status == 200 and len(reply.body) == size, reply
    assert max(waits) < 1 and len(waits) > 20, waits
    refused = [client.read_reply() for client in stalled.answered()]
    assert 1 <= len(refused) <= 3 and {reply.status for reply in refused} == {408}, refused
    assert all("room" in reply.json()["detail"] for reply in refused)
    assert "event=buffers-full" in orchestrator.log()
    stalled.close()


def test_many_small_ones_make_room_too(processes):
    """None of them is large enough alone."""
    orchestrator, _ = processes(1, {"max_buffered_bytes": MIB})
    stalled = Stalled(orchestrator.port, 64, 16384)
    for _ in range(20):
        wait_until(lambda: request(orchestrator.port, "/echo", "POST", b"x" * 60000).status == 200, 1, "room is made")
        assert request(orchestrator.port, "/echo", "POST", b"x" * 60000).status == 200
    stalled.close()


def test_whole_ones_never_make_room(processes):
    """What is being served is not given up; then the newcomer is refused, as it always was."""
    orchestrator, service = processes(1, {"max_body_bytes": MIB, "max_buffered_bytes": 4 * MIB})
    replies = []

    def ask():
        replies.append(request(orchestrator.port, "/slow?ms=2000", "POST", b"x" * MIB).status)
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    wait_until(lambda: orchestrator.fleet_slots(service)[0]["in_flight"] == 4, 10, "all are in work")
    reply = request(orchestrator.port, "/echo", "POST", b"x")
    assert reply.status == 503 and reply.get("Retry-After") == "1"
    for thread in threads:
        thread.join()
    assert replies == [200] * 4
    assert request(orchestrator.port, "/echo", "POST", b"x").status == 200


def test_the_slowest_one_that_asks_is_refused_itself(processes):
    orchestrator, _ = processes(1, {"max_body_bytes": MIB, "max_buffered_bytes": MIB})
    with RawClient(orchestrator.port) as slow, RawClient(orchestrator.port) as fast:
        slow.send(post("/echo", 10000) + b"x" * 100)
        assert not slow.wait_readable(0.4)
        stop = threading.Event()

        def upload():       # quick all along, and it fills what there is
            fast.send(post("/echo", MIB) + b"x" * (MIB - 400_100))
            for _ in range(100):
                if not stop.wait(0.01):
                    fast.send(b"x" * 4000)
        sender = threading.Thread(target=upload)
        sender.start()
        wait_until(lambda: slow.send(b"x") or slow.wait_readable(0), 10, "the slow one is refused")
        assert slow.read_reply().status == 408
        sender.join()
        fast.send(b"x" * 100)
        assert fast.read_reply().status == 200
        stop.set()


@pytest.mark.parametrize("chunked", [False, True])
def test_less_than_a_kilobyte_a_second(processes, chunked):
    orchestrator, _ = processes(1)
    head = post("/echo", 1000) if not chunked else post("/echo", 1).replace(b"Content-Length: 1", b"Transfer-Encoding: chunked")
    with RawClient(orchestrator.port) as slow, RawClient(orchestrator.port) as steady:
        begin = time.monotonic()
        slow.send(head)
        steady.send(post("/echo", 12 * 2048))
        for second in range(12):
            steady.send(b"y" * 2048)
            if second < 9:
                slow.send(b"x" if not chunked else b"1\r\nx\r\n")
                assert not slow.wait_readable(max(0, begin + second + 1 - time.monotonic()))
            else:
                steady.wait_readable(max(0, begin + second + 1 - time.monotonic()))
        assert slow.read_reply().status == 408
        assert steady.read_reply().body == b"y" * (12 * 2048)
