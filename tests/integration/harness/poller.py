"""A client that asks for one URL again and again in the background and keeps every outcome."""

import http.client
import threading
import time

from . import tls
from .client import DialedConnection, request_on


class Outcome:
    def __init__(self, at, took, status, backend, error):
        self.at, self.took, self.status, self.backend, self.error = at, took, status, backend, error

    def __repr__(self):
        what = self.error if self.error is not None else self.status
        return f"<at {self.at:.3f} took {self.took * 1000:.0f} ms: {what} {self.backend or ''}>"


class Poller:
    """`with Poller(port, "/fast") as poller: ...`; afterwards poller.outcomes holds all of them, in order.

    keep_alive: one connection for all requests, reopened when the server closes it between two requests. source: the clients' address.
    dial: gives connected sockets, where it is not to be one from here.
    """

    def __init__(self, port, target="/fast", method="GET", every_s=0.005, keep_alive=True, expect=(200,), clients=1, source=None, dial=None):
        self.port, self.target, self.method = port, target, method
        self.every_s, self.keep_alive, self.expect, self.source, self.dial = every_s, keep_alive, expect, source, dial
        self.outcomes = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(clients)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def _run(self):
        connection = None
        while not self._stop.is_set():
            if connection is None:
                connection = DialedConnection(self.dial, 30) if self.dial else tls.connection(self.port, 30, source=self.source)
            outcome = self._ask(connection)
            self.outcomes.append(outcome)
            if outcome.error is not None or not self.keep_alive:
                connection.close()
                connection = None
            self._stop.wait(self.every_s)
        if connection is not None:
            connection.close()

    def _ask(self, connection):
        begin = time.monotonic()
        try:
            reply = request_on(connection, self.target, self.method)
            status, backend, error = reply.status, reply.backend, None
        except (OSError, http.client.HTTPException) as problem:
            status, backend, error = None, None, repr(problem)
        return Outcome(begin, time.monotonic() - begin, status, backend, error)

    def failures(self):
        return [o for o in self.outcomes if o.error is not None or o.status not in self.expect]

    def slowest(self):
        return max((o.took for o in self.outcomes), default=0.0)

    def assert_clean(self, at_least=10):
        bad = self.failures()
        assert not bad, f"{len(bad)} of {len(self.outcomes)} requests failed, first: {bad[:5]}"
        assert len(self.outcomes) >= at_least, f"only {len(self.outcomes)} requests were made"
