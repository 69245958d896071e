"""Requests one after the other go to the ready containers in turn: A B C A B C."""

import threading

from harness import tls
from harness.client import request_on
from harness.wait import wait_until


def test_new_connections(web):
    orchestrator, _ = web(3)
    seen = [orchestrator.get("/fast").backend for _ in range(12)]
    assert len(set(seen[:3])) == 3
    assert seen == seen[:3] * 4


def test_one_connection(web):
    orchestrator, _ = web(3)
    connection = tls.connection(orchestrator.port, 10)
    seen = [request_on(connection, "/fast").backend for _ in range(12)]
    connection.close()
    assert len(set(seen[:3])) == 3
    assert seen == seen[:3] * 4


def test_turn_follows_the_slots(web):
    orchestrator, service = web(3)
    names = [identity[:12] for identity in orchestrator.ids(service).values()]
    seen = [orchestrator.get("/fast").backend for _ in range(6)]
    at = names.index(seen[0])
    assert seen[:3] == names[at:] + names[:at]


def test_busy_container_is_passed_over(web):
    """Least in flight comes first: while one container works, the other gets everything."""
    orchestrator, service = web(2)
    slow = {}

    def ask_slow():
        slow["reply"] = orchestrator.get("/slow?ms=1500")

    thread = threading.Thread(target=ask_slow)
    thread.start()
    wait_until(lambda: sum(s["in_flight"] for s in orchestrator.slots(service)) == 1, 5, "the slow request in flight")
    seen = {orchestrator.get("/fast").backend for _ in range(10)}
    thread.join()
    assert len(seen) == 1
    assert slow["reply"].backend not in seen
