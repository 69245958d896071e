"""Clients of every kind at once, over containers that stop, hang and end at random, leave nothing behind: no request, no
connection, no byte; and nothing of it makes the loop late.

Other rounds, and longer ones: TORTURE_SEED, TORTURE_SECONDS.
"""

import json
import os
import random
import signal
import socket
import threading
import time

from harness.client import RawClient, request
from harness.flood import Lateness
from harness.wait import wait_until
from test_reload import reload

SEED = int(os.environ.get("TORTURE_SEED", "1"))
SECONDS = float(os.environ.get("TORTURE_SECONDS", "20"))
CLIENTS = 24
BUFFERED = 1 << 20
LAG_S = 0.3

SETTINGS = {
    "max_connections": 32, "max_buffered_bytes": BUFFERED, "max_body_bytes": BUFFERED, "hold_max": 12, "hold_ms": 3000,
    "response_timeout_ms": 2500, "idle_timeout_ms": 2500, "head_timeout_ms": 1500, "stop_ms": 500, "drain_ms": 1500,
}
TARGETS = ["/fast", "/fast", "/echo", "/slow?ms=20", "/slow?ms=400", "/status?code=500", "/status?code=503", "/status?code=204",
           "/status?code=304", "/bytes?n=5", "/bytes?n=70000", "/bytes?n=600000", "/bytes?n=4000&piece=500&pause=30",
           "/chunked?n=9000", "/chunked?n=300000&trailer=1", "/until_close?n=20000", "/until_close?n=200000", "/reset", "/close",
           "/hang", "/early", "/reset_early", "/big_head?n=70000", "/raw?a=58585858", "/raw?a=485454502f312e3120313030200d0a0d0a"
           "485454502f312e3120313033200d0a0d0a&ms=300&b=485454502f312e3120323030200d0a436f6e74656e742d4c656e6774683a20330d0a0d0a"
           "616263", "/raw?a=485454502f312e3120323030200d0a436f6e74656e742d4c656e6774683a20390d0a0d0a616263&then=close", "/nowhere",
           "//host/fast", "/%66ast"]
METHODS = ["GET"] * 8 + ["HEAD", "HEAD", "PUT", "PUT", "POST", "POST", "DELETE", "OPTIONS", "TRACE"]


class Dice(random.Random):
    def chance(self, share):
        return self.random() < share

    def pause(self):
        time.sleep(self.choice((0, 0, 0.001, 0.01, 0.05, 0.3)))


def head(dice, method, target, fields):
    version = "HTTP/1.0" if dice.chance(0.1) else "HTTP/1.1"
    if dice.chance(0.05):
        fields.append("Connection: close")
    return "\r\n".join([f"{method} {target} {version}", "Host: a", *fields, "", ""]).encode()


def one(dice):
    """The bytes of one request."""
    if dice.chance(0.08):
        asked = ["Connection: upgrade", "Upgrade: websocket"]
        return head(dice, "GET", dice.choice(("/upgrade", "/upgrade", "/hang", "/fast")), asked) + b"x" * dice.choice((0, 3, 200000))
    method, target = dice.choice(METHODS), dice.choice(TARGETS)
    size = dice.choice((0, 1, 3000, 200000, 900000)) if method in ("PUT", "POST") else 0
    if size == 0:
        return head(dice, method, target, [])
    if dice.chance(0.5):
        return head(dice, method, target, [f"Content-Length: {size}"]) + b"b" * size
    chunk = b"%x\r\n%s\r\n" % (size, b"c" * size)
    return head(dice, method, target, ["Transfer-Encoding: chunked"]) + chunk + b"0\r\n\r\n"


def send(dice, client, data):
    """All of it, or not; at once, or slowly."""
    if dice.chance(0.2):
        data = data[:dice.randrange(len(data) + 1)]
    if dice.chance(0.6):
        client.send(data)
        return
    at = 0
    while at < len(data):
        step = dice.choice((1, 50, 5000, 100000))
        client.send(data[at:at + step])
        at += step
        if dice.chance(0.3):
            dice.pause()


def converse(dice, port, until):
    with RawClient(port, timeout=4) as client:
        if dice.chance(0.1):
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        for _ in range(dice.choice((1, 1, 1, 3, 10))):
            if time.monotonic() > until:
                return
            send(dice, client, b"".join(one(dice) for _ in range(dice.choice((1, 1, 1, 2, 6)))))
            dice.pause()
            end = dice.random()
            if end < 0.15:
                client.reset()
                return
            if end < 0.45:
                client.end()
                dice.pause()
                if dice.chance(0.2):
                    client.reset()
                    return
                client.read_all()
                return
            if end < 0.55:
                return
            if end < 0.65:
                client.wait_readable(1)
                client.socket.recv(dice.choice((1, 100, 100000)))
            else:
                client.read_reply()


def torment(port, seed, until):
    dice = Dice(seed)
    while time.monotonic() < until:
        try:
            converse(dice, port, until)
        except (OSError, AssertionError, ValueError, IndexError):
            pass                # every end is a good one here: what counts is what is left


def hurt(dice, orchestrator, service):
    pids = list(orchestrator.running(service).values())
    if not pids:
        return
    pid, kind = dice.choice(pids), dice.random()
    try:
        if kind < 0.35:
            os.killpg(pid, signal.SIGSTOP)
            dice.pause()
            time.sleep(dice.choice((0.1, 0.5, 1.5)))
            os.killpg(pid, signal.SIGCONT)
        elif kind < 0.8:
            os.killpg(pid, dice.choice((signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP)))
        elif kind < 0.9:
            orchestrator.config["half_close"] = dice.choice(("answer", "cancel"))
            orchestrator.config["max_connections"] = dice.choice((8, 32, 64))
            reload(orchestrator)
        else:
            orchestrator.scale(service, dice.choice((2, 3)))
    except ProcessLookupError:
        pass


def lag(orchestrator):
    return orchestrator.metrics()["selfless_loop_lag_seconds"]


def test_nothing_is_left(processes, tmp_path):
    log = tmp_path / "access.log"
    orchestrator, service = processes(None, {**SETTINGS, "access_log": str(log)}, scale={"min": 1, "max": 3},
                                      private=["/headers"])
    orchestrator.scale(service, 3)
    until, dice, worst = time.monotonic() + SECONDS, Dice(SEED), 0.0
    clients = [threading.Thread(target=torment, args=(orchestrator.port, SEED * 1000 + n, until)) for n in range(CLIENTS)]
    with Lateness() as lateness:
        for client in clients:
            client.start()
        while time.monotonic() < until:
            hurt(dice, orchestrator, service)
            time.sleep(dice.choice((0.2, 0.6, 1.2)))
            worst = max(worst, lag(orchestrator))
        for client in clients:
            client.join(60)

    def is_quiet():
        metrics = orchestrator.metrics()
        left = {key: value for key, value in metrics.items() if value != 0 and
                key.startswith(("selfless_connections", "selfless_in_flight", "selfless_held"))}
        slots = [slot for slot in orchestrator.slots(service) if slot["in_flight"] != 0 or slot["state"] != "ready"]
        if left or slots:
            raise ValueError(left, slots)
        return True
    wait_until(is_quiet, 60, "all has come to its end")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert lines and all(line["code"] == 0 or 100 <= line["code"] < 600 for line in lines)
    assert all(line["held_us"] <= line["total_us"] for line in lines)
    # every byte that bodies may take is free again
    whole = request(orchestrator.port, "/echo", "POST", b"w" * BUFFERED)
    assert (whole.status, len(whole.body)) == (200, BUFFERED)
    assert worst < LAG_S + 4 * lateness.ms() / 1000, (worst, lateness.ms())
