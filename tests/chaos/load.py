"""The clients: each of them asks for idempotent things again and again and keeps what went wrong."""

import re
import shutil
import signal
import subprocess
import threading
import time

from harness import tls
from harness.client import DialedConnection, request_on

TIMEOUT_S = 30
# What the orchestrator says of a request that it gives up as it is meant to: after two containers that broke under it, or
# after three tries. It cannot know that it was the storm each time.
GIVEN_UP = ("broke two containers", "the containers that the request was tried on failed")
GUSTS_FOR_ONE = 200         # so many gusts may bring one about, for all requests of that moment
MOMENT_S = 1
FAST = b'{"hello": "from backend"}\r\n'
ECHO = b"x" * 700
REQUESTS = [("GET", "/fast", None, FAST), ("PUT", "/echo", ECHO, ECHO),     # and what is answered
            ("GET", "/bytes?n=40000", None, (b"abcdefghijklmnopqrstuvwxyz" * 1539)[:40000]), ("DELETE", "/fast", None, FAST),
            ("GET", "/slow?ms=40", None, b"slow\n")]


class Client(threading.Thread):
    """dial: gives sockets, where the orchestrator is not on this host's own network."""

    def __init__(self, port, number, dial=None):
        super().__init__(daemon=True)
        self.port, self.number, self.dial = port, number, dial
        self.keep_alive = number % 2 == 0
        self.asked, self.slowest = 0, 0.0
        self.failures = []      # (since when it may have been doomed, end, what)
        self.answered = {}      # container, by its own word: (end of the first request, begin of the last) that it answered
        self._connected = 0.0
        self._over = threading.Event()

    def _connection(self):
        """From an address of its own: of one alone so many handshakes a second are taken, and no more."""
        if self.dial is not None:
            return DialedConnection(self.dial, TIMEOUT_S)
        return tls.connection(self.port, TIMEOUT_S, source=f"127.0.1.{self.number + 1}")

    def run(self):
        connection = None
        while not self._over.is_set():
            if connection is None:
                connection = self._connection()
                self._connected = time.monotonic()
            if not self._ask(connection) or not self.keep_alive:
                connection.close()
                connection = None
            self._over.wait(0.004)
        if connection is not None:
            connection.close()

    def _ask(self, connection):
        method, target, body, answer = REQUESTS[(self.asked + self.number) % len(REQUESTS)]
        begin = doomed = time.monotonic()
        try:
            reply = request_on(connection, target, method, body)
            wrong = None if reply.status == 200 else f"{reply.status} {reply.body[:300]!r}"
            if wrong is None and reply.body != answer:
                wrong = f"another body than there is: {len(reply.body)} bytes, {reply.body[:300]!r}"
        except Exception as error:      # pylint: disable=broad-exception-caught     # whatever it is, it is no good reply
            wrong, doomed = repr(error), self._connected     # it may have been broken before this request used it
        else:
            self._note(reply.backend, begin)
        self.asked += 1
        self.slowest = max(self.slowest, time.monotonic() - begin)
        if wrong is not None:
            self.failures.append((doomed, time.monotonic(), f"{method} {target}: {wrong}"))
        return wrong is None

    def _note(self, container, begin):
        if container is not None:
            first = self.answered.get(container, (time.monotonic(), begin))[0]
            self.answered[container] = first, begin

    def stop(self):
        self._over.set()


class Wrk:
    """wrk beside them. It cannot say when a request failed, so it does not run while the orchestrator is killed."""

    def __init__(self, port, connections):
        self.command = ["wrk", "-t1", f"-c{connections}", "-d600s", "--timeout", f"{TIMEOUT_S}s", f"http://127.0.0.1:{port}/fast"]
        self.process = None
        self.asked, self.failures = 0, []

    def start(self):
        if shutil.which("wrk") is None:
            raise SystemExit("--wrk: wrk is not installed (apt-get install wrk)")
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGINT)
        text = self.process.communicate(timeout=TIMEOUT_S + 10)[0]
        self.process = None
        self.asked += int(re.search(r"(\d+) requests in", text)[1])
        for line in text.splitlines():
            if "Non-2xx" in line or "Socket errors" in line:
                self.failures.append((0, 0, "wrk: " + line.strip()))


class Load:
    def __init__(self, port, clients, wrk_connections=0, dial=None):
        self.clients = [Client(port, number, dial) for number in range(clients)]
        self.wrk = Wrk(port, wrk_connections) if wrk_connections else None
        self.broken = []

    def start(self):
        for client in self.clients:
            client.start()
        if self.wrk is not None:
            self.wrk.start()

    def stop(self):
        ended = [c.number for c in self.clients if not c.is_alive()]
        for client in self.clients:
            client.stop()
        for client in self.clients:
            client.join(TIMEOUT_S + 10)
        self.broken = [f"client {n} ended by itself" for n in ended]
        self.broken += [f"client {c.number} does not end" for c in self.clients if c.is_alive()]
        if self.wrk is not None:
            self.wrk.stop()

    def asked(self):
        return sum(c.asked for c in self.clients) + (self.wrk.asked if self.wrk else 0)

    def slowest(self):
        return max(c.slowest for c in self.clients)

    def answered(self):
        """As a client's, of all of them."""
        found = {}
        for client in self.clients:
            for container, (first, last) in client.answered.items():
                known = found.get(container, (first, last))
                found[container] = min(first, known[0]), max(last, known[1])
        return found

    def judged(self, down, gusts):
        """(what failed, how many were given up as they should be, which only few may be).

        down: (when it was killed, when it was dead, when the next one answered) of each orchestrator. Nothing is said of
        requests and connections that the dead one had, and of those that were refused since.
        """
        def excused(doomed, end, what):
            return any(begin <= end and doomed <= (to if "ConnectionRefused" in what else dead) for begin, dead, to in down)
        failures = [f for c in self.clients for f in c.failures] + (self.wrk.failures if self.wrk else [])
        failures = [f for f in failures if not excused(*f)]
        given_up = [f for f in failures if any(words in f[2] for words in GIVEN_UP)]
        ends = sorted(f[1] for f in given_up)
        moments = sum(i == 0 or end - ends[i - 1] > MOMENT_S for i, end in enumerate(ends))
        few = moments <= 1 + gusts // GUSTS_FOR_ONE
        return [f for f in failures if not few or f not in given_up], len(given_up)
