"""SIGINT finishes what is in flight and then removes every container of its own."""

import signal
import threading

from harness.wait import wait_until


def test_all_gone(web):
    orchestrator, _ = web(3)
    orchestrator.stop(signal.SIGINT)
    assert orchestrator.docker.list(f"selfless.name={orchestrator.name}") == []


def test_in_flight_first(web):
    for number in (signal.SIGTERM, signal.SIGINT):
        _finish_in_flight(web, number)


def _finish_in_flight(web, number):
    orchestrator, service = web(1)
    replies = []
    thread = threading.Thread(target=lambda: replies.append(orchestrator.get("/slow?ms=1500")))
    thread.start()
    wait_until(lambda: orchestrator.slots(service)[0]["in_flight"] == 1, 5, "the request in flight")
    orchestrator.stop(number)
    thread.join()
    assert replies[0].status == 200
    assert replies[0].get("Connection") == "close"
