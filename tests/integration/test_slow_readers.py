"""GET of 100 acts of 1 MB each by 50 clients that read slowly: bounded memory, nobody else waits, every byte arrives."""

import base64
import os
import re
import socket
import time

import pytest

from harness import sanitizer
from harness.wait import wait_until
from services_native import elapsed

pytestmark = pytest.mark.front

CLIENTS = 50
ACTS = 100
PICTURE_BYTES = 1000000
READ_S = 5
MOST_MB = 40        # beyond what the idle process has; the whole is to stay below 64 MB

# What was freed shall go back at once: the sanitizer would keep it to find late uses of it.
ENVIRONMENT = sanitizer.ENVIRONMENT["ASAN_OPTIONS"] + ":quarantine_size_mb=0:thread_local_quarantine_size_kb=0"


def rss_mb(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1]) / 1024


def pictures(api):
    """Stages the acts; gives {actId: picture}."""
    made = {}
    for number in range(ACTS):
        made[number] = base64.b64encode(os.urandom(1000) * (PICTURE_BYTES * 3 // 4 // 1000)).decode()
        api.add_act(number, imgB64=made[number])
    return made


def slow_client(port):
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
    client.settimeout(10)
    client.connect(("127.0.0.1", port))
    client.sendall(b"GET /api/v1/categories/garden/acts HTTP/1.1\r\nHost: x\r\n\r\n")
    return client


def read_slowly(clients, process):
    """Every client takes a little now and then; gives the largest RSS meanwhile."""
    peak, end = 0, time.monotonic() + READ_S
    while time.monotonic() < end:
        for client in clients:
            assert client.recv(32768)
        peak = max(peak, rss_mb(process))
        time.sleep(0.05)
    return peak


def test_memory_stays_bounded(native):
    api = native(ASAN_OPTIONS=ENVIRONMENT).stage()
    made, process = pictures(api), api.mode.acts.process
    idle = rss_mb(process)
    clients = [slow_client(api.mode.acts_port) for _ in range(CLIENTS)]
    try:
        peak = read_slowly(clients, process)
        assert peak - idle < MOST_MB, (idle, peak)
        assert elapsed(lambda: api.expect(200, "GET", "/acts/count")) < 3
        assert elapsed(lambda: api.expect(200, "POST", "/acts/upvote", [1])) < 3
        assert {act["actId"]: act["imgB64"] for act in api.acts("garden")} == made
    finally:
        for client in clients:
            client.close()
    wait_until(lambda: rss_mb(process) - idle < MOST_MB, 5, "what the clients left behind is freed")


def stalled(process):
    """Has it stopped writing, as nobody takes more?"""
    def written():
        with open(f"/proc/{process.pid}/io", encoding="ascii") as counters:
            return re.search(r"wchar: (\d+)", counters.read())[1]
    before = written()
    time.sleep(0.2)
    return written() == before


def read_whole(client):
    data = b""
    while chunk := client.recv(1 << 20):
        data += chunk
        if data.endswith(b"0\r\n\r\n"):
            break
    return data


def test_a_deleted_act_is_never_half_of_another(native):
    """The picture that is under way is deleted, and its id taken by another one: the reply ends, cut."""
    api = native().stage()
    api.add_act(1, imgB64="A" * 8000000)
    client = slow_client(api.mode.acts_port)
    assert client.recv(1000)
    wait_until(lambda: stalled(api.mode.acts.process), 10, "the buffers are full")
    api.expect(200, "DELETE", "/acts/1")
    api.add_act(1, imgB64="B" * 8000000)
    data = read_whole(client)
    assert b"AAAA" in data and b"BBBB" not in data and not data.endswith(b"0\r\n\r\n")
    client.close()
    assert [(act["actId"], act["imgB64"] == "B" * 8000000) for act in api.acts("garden")] == [(1, True)]
