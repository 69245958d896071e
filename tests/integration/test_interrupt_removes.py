"""SIGINT finishes what is in flight and then removes every container of its own; a second signal says what it leaves."""

import signal
import threading

import pytest

from harness import sanitizer
from harness.client import RawClient
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


# --- a second signal ---

def end_by(orchestrator, numbers, request=True):
    """Sends the signals, each once the one before is in the log, while a request is in flight; exit code and last lines."""
    client = RawClient(orchestrator.port)
    if request:
        client.send(b"GET /slow?ms=20000 HTTP/1.1\r\nHost: a\r\n\r\n")
        service = orchestrator.config["services"][0]["name"]
        wait_until(lambda: orchestrator.slots(service)[0]["in_flight"] == 1, 5, "the request in flight")
    with client:
        orchestrator.send_signal(numbers[0])
        wait_until(lambda: "event=stopping " in orchestrator.log(), 5, "the first signal")
        for number in numbers[1:]:
            orchestrator.send_signal(number)
        code = orchestrator.process.wait(20)
    orchestrator.process = None
    sanitizer.assert_none(orchestrator.log(), orchestrator.name)
    return code, next(line for line in orchestrator.log().splitlines() if "event=stopping-now" in line)


@pytest.mark.parametrize("first, second", [(signal.SIGINT, signal.SIGINT), (signal.SIGINT, signal.SIGTERM),
                                           (signal.SIGTERM, signal.SIGINT), (signal.SIGTERM, signal.SIGTERM)])
def test_a_second_signal_says_what_it_leaves(web, first, second):
    orchestrator, service = web(2)
    wait_until(lambda: all(s["next_ready"] for s in orchestrator.slots(service)), 20, "those created ahead")
    before = orchestrator.ids(service)
    code, said = end_by(orchestrator, [first, second])
    left = len(orchestrator.docker.list(f"selfless.name={orchestrator.name}"))
    assert code == 1, "a request was cut off"
    assert f"containers=kept left={left} " in said and f"docker/down --name {orchestrator.name}" in said, said
    assert "in_flight=1" in said and "containers=removed" not in orchestrator.log(), said
    assert orchestrator.ids(service) == before
    orchestrator.start()
    assert orchestrator.ids(service) == before, "the next start adopts them"


def test_a_third_signal_changes_nothing(web):
    orchestrator, service = web(1)
    before = orchestrator.ids(service)
    code, _ = end_by(orchestrator, [signal.SIGINT, signal.SIGINT, signal.SIGINT])
    assert code in (1, -signal.SIGINT), "or it came when the rest was done already"
    assert orchestrator.ids(service) == before


def test_the_last_line_counts_what_is_left(web):
    for number, left in ((signal.SIGTERM, 2), (signal.SIGINT, 0)):
        orchestrator, service = web(1)
        wait_until(lambda one=orchestrator, name=service: one.slots(name)[0]["next_ready"], 10, "the one created ahead")
        orchestrator.stop(number)
        assert f"event=stopped containers={left}" in orchestrator.log(), orchestrator.log()[-500:]
