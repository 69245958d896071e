"""A container that hangs is noticed by the requests that it owes an answer: they go to another one as well, if that is
harmless, and one that is only slow keeps what it has.
"""

import json
import threading
import time

from harness.client import RawClient, request
from harness.flood import Lateness
from harness.poller import Poller
from harness.wait import wait_until
from test_upgrade import UPGRADE

WAIT_S = 0.6


def hedged(orchestrator, service):
    return orchestrator.metrics()[f'selfless_hedged_total{{service="{service}"}}']


def test_a_stopped_process_costs_no_second(processes):
    """No engine tells of it. The requests that it has are answered by the other one."""
    orchestrator, service = processes(2)
    before = orchestrator.ids(service)[0]
    with Lateness() as lateness, Poller(orchestrator.port, clients=8, every_s=0.02) as poller:
        wait_until(lambda: len(poller.outcomes) > 50, 10, "traffic")
        orchestrator.send_stop(service, 0)
        orchestrator.wait_replaced(service, 0, before, 20)
    poller.assert_clean(at_least=50)
    assert poller.slowest() <= WAIT_S + 4 * lateness.ms() / 1000, (poller.slowest(), lateness.ms())
    assert hedged(orchestrator, service) >= 1


def test_the_first_answer_counts(web, tmp_path):
    """Its health check hangs from now on, and it answers what it has all the same, before the other one can."""
    orchestrator, service = web(2, {"access_log": str(tmp_path / "access.log")})
    first = orchestrator.get("/fast").backend           # the next one is the other's
    slot = next(slot for slot, key in orchestrator.ids(service).items() if not key.startswith(first))
    second = orchestrator.ids(service)[slot][:12]
    assert request(orchestrator.slot_port(service, slot), "/_set?health=0").status == 200
    reply = orchestrator.get("/slow?ms=650")
    assert (reply.status, reply.backend) == (200, second)
    assert hedged(orchestrator, service) == 1
    wait_until(lambda: all(s["in_flight"] == 0 for s in orchestrator.slots(service)), 5, "the other one is cancelled")
    lines = lambda: [json.loads(line) for line in (tmp_path / "access.log").read_text().splitlines()]
    wait_until(lambda: len(lines()) == 2, 5, "the access log")
    assert [(line["hedged"], line["tries"]) for line in lines()] == [(False, 1), (True, 2)]
    assert lines()[1]["container"].startswith(second)


def test_a_slow_endpoint_is_no_hang(web):
    orchestrator, service = web(2)
    before = orchestrator.ids(service)
    assert orchestrator.get("/slow?ms=2500").status == 200
    assert hedged(orchestrator, service) == 0
    assert "event=replay" not in orchestrator.log()
    assert orchestrator.ids(service) == before


def test_an_upgrade_is_not_sent_twice(processes):
    """Each container would begin a connection. It goes to another one when the first has ended."""
    orchestrator, service = processes(2)
    orchestrator.send_stop(service, 0)
    clients = [RawClient(orchestrator.port) for _ in range(4)]
    for client in clients:
        client.send(UPGRADE)
    for client in clients:
        with client:
            assert client.read_head()[0] == 101
            client.send(b"hello")
            assert client.read_exactly(5) == b"hello"
    assert hedged(orchestrator, service) == 0


def test_what_changes_something_is_not_sent_twice(processes, tmp_path):
    """PUT goes to another one when the first has ended; each arrives once."""
    log = tmp_path / "records"
    orchestrator, service = processes(2, env={"RECORD": str(log)})
    before = orchestrator.ids(service)[0]
    statuses, threads = [], []

    def put(number):
        statuses.append(request(orchestrator.port, f"/echo?n={number}", "PUT", "a").status)
    orchestrator.send_stop(service, 0)
    begin = time.monotonic()
    for number in range(8):
        threads.append(threading.Thread(target=put, args=(number,)))
        threads[-1].start()
    for thread in threads:
        thread.join(30)
    assert statuses == [200] * 8
    assert time.monotonic() - begin > 0.5               # the verdict was waited for
    assert hedged(orchestrator, service) == 0
    orchestrator.wait_replaced(service, 0, before, 20)
    heads = [line for line in map(json.loads, log.read_text().splitlines()) if "head" in line]
    assert len(heads) == 8
