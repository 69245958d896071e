"""With engine process the same promises hold, and no Docker is there: serving, replacing, scaling, adopting, leaving."""

import contextlib
import os
import signal
import socket

import pytest

from harness.client import RawClient, request
from harness.poller import Poller
from harness.processes import is_alive
from harness.wait import holds_for, wait_until


@contextlib.contextmanager
def polled(port, **settings):
    """Requests before, during and after what happens inside, all of them good. Processes are replaced so quickly that
    without the two waits there would be hardly any."""
    with Poller(port, **settings) as poller:
        wait_until(lambda: len(poller.outcomes) >= 20, 10, "requests before")
        yield
        enough = len(poller.outcomes) + 20
        wait_until(lambda: len(poller.outcomes) >= enough, 10, "requests after")
    poller.assert_clean()


def test_serves_in_turn(processes):
    orchestrator, service = processes(3)
    expected = {key[:12] for key in orchestrator.ids(service).values()}
    seen = [orchestrator.get("/fast").backend for _ in range(9)]
    assert set(seen[:3]) == expected
    assert seen[:3] == seen[3:6] == seen[6:]


def test_each_slot_on_its_own_port(processes):
    orchestrator, service = processes(2)
    for slot, key in orchestrator.ids(service).items():
        assert request(orchestrator.slot_port(service, slot), "/fast").backend == key[:12]


def test_through_unix_sockets(processes):
    orchestrator, service = processes(2, reach="socket")
    assert {orchestrator.get("/fast").backend for _ in range(4)} == {
        key[:12] for key in orchestrator.ids(service).values()}
    assert all(os.path.exists(r["socket_dir"] + "/http") for r in orchestrator.containers(service).values()
               if r["state"] == "running")


@pytest.mark.parametrize("size", [1, 3])
def test_killed_it_is_replaced_within_a_second(processes, size):
    orchestrator, service = processes(size)
    before = orchestrator.ids(service)[0]
    with polled(orchestrator.port, clients=2):
        os.kill(orchestrator.pid(service, 0), signal.SIGKILL)
        orchestrator.wait_replaced(service, 0, before, 5)
        wait_until(lambda: before not in orchestrator.containers(), 5, "the dead one's record is gone")
    assert "exit_code=137" in orchestrator.log()


def tried_in_vain(orchestrator, service):
    return orchestrator.metrics()[f'selfless_replays_total{{service="{service}",reason="connect"}}']


def test_all_killed_at_once(processes):
    """Their ends are heard before the client, so the request is sent to none of them: it waits for the next."""
    orchestrator, service = processes(4, reach="socket")
    with RawClient(orchestrator.port) as client:
        client.send(b"GET /fast HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.read_reply().status == 200
        orchestrator.send_signal(signal.SIGSTOP)
        client.send(b"GET /fast HTTP/1.1\r\nHost: x\r\n\r\n")
        for pid in orchestrator.running(service).values():
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not any(is_alive(p) for p in orchestrator.running(service).values()), 5, "all are dead")
        orchestrator.send_signal(signal.SIGCONT)
        assert client.read_reply().status == 200
    orchestrator.wait_slots(service, 4)
    assert tried_in_vain(orchestrator, service) == 0


def deafen(orchestrator, service):
    """They run on, and nobody gets to them: their sockets are gone."""
    for record in orchestrator.containers(service).values():
        if record["state"] == "running":
            os.unlink(record["socket_dir"] + "/http")


def test_all_deaf_at_once(processes):
    """A request that finds one container after the other gone was sent to none of them: it waits for the next."""
    orchestrator, service = processes(4, reach="socket", health={"interval_ms": 10000})
    deafen(orchestrator, service)
    assert request(orchestrator.port, "/fast").status == 200
    assert tried_in_vain(orchestrator, service) >= 4
    orchestrator.wait_slots(service, 4)


def test_killed_again_and_again(processes):
    orchestrator, service = processes(3)
    with polled(orchestrator.port, clients=2, keep_alive=False):
        for slot in (0, 1, 2):
            before = orchestrator.ids(service)[slot]
            os.kill(orchestrator.pid(service, slot), signal.SIGKILL)
            orchestrator.wait_replaced(service, slot, before, 2)


def test_stopped_it_is_replaced(processes):
    """SIGSTOP: probes time out, it is replaced at the second; no request fails."""
    orchestrator, service = processes(2, health={"interval_ms": 100, "timeout_ms": 200, "fall": 2})
    before, pid = orchestrator.ids(service)[1], orchestrator.pid(service, 1)
    with polled(orchestrator.port):
        os.kill(pid, signal.SIGSTOP)
        orchestrator.wait_replaced(service, 1, before, 5)
    wait_until(lambda: not is_alive(pid), 5, "the stopped one is gone")


def test_scales_up_and_down(processes):
    orchestrator, service = processes(None, scale={"min": 1, "max": 4, "window_s": 3600})
    first = orchestrator.ids(service)
    with polled(orchestrator.port):
        orchestrator.scale(service, 4)
        orchestrator.wait_slots(service, 4, 10)
        running = orchestrator.running(service)
        orchestrator.scale(service, 1)
        orchestrator.wait_slots(service, 1, 10)
        wait_until(lambda: sum(map(is_alive, running.values())) == 1, 10, "three processes have ended")
    assert orchestrator.ids(service) == first


def test_sigterm_leaves_them_and_the_next_start_adopts_them(processes):
    orchestrator, service = processes(3)
    before = orchestrator.running(service)
    orchestrator.stop()
    with polled(orchestrator.slot_port(service, 0)):
        assert all(map(is_alive, before.values()))
        orchestrator.start()
        holds_for(lambda: orchestrator.running(service) == before, 1.5, "adopted processes stay")


def test_kill_9_of_the_orchestrator_too(processes):
    orchestrator, service = processes(2)
    before = orchestrator.running(service)
    orchestrator.kill()
    assert all(map(is_alive, before.values()))
    orchestrator.start()
    holds_for(lambda: orchestrator.running(service) == before, 1.5, "adopted processes stay")
    assert {orchestrator.get("/fast").backend for _ in range(4)} == {key[:12] for key in before}
    key = orchestrator.ids(service)[0]      # nobody's child, and its end is seen all the same
    os.kill(before[key], signal.SIGKILL)
    orchestrator.wait_replaced(service, 0, key, 5)


def test_one_that_died_meanwhile_is_replaced(processes):
    orchestrator, service = processes(2)
    before = orchestrator.ids(service)
    victim = orchestrator.pid(service, 1)
    orchestrator.stop()
    os.kill(victim, signal.SIGKILL)
    after = orchestrator.start().ids(service)
    assert after[0] == before[0] and after[1] != before[1]


def test_sigint_removes_them(processes):
    orchestrator, _ = processes(3)
    before = orchestrator.running()
    orchestrator.stop(signal.SIGINT)
    assert not any(map(is_alive, before.values()))
    assert orchestrator.containers() == {}


def test_a_program_that_is_not_there(processes, tmp_path):
    orchestrator, service = processes(1)
    orchestrator.stop(signal.SIGINT)
    orchestrator.settings(service)["command"] = [str(tmp_path / "missing")]
    orchestrator.spawn()
    wait_until(lambda: "reason=no-image" in orchestrator.log(), 10, "the reason")
    assert f"cannot run {tmp_path}/missing" in orchestrator.log()


def test_a_port_that_somebody_else_has(processes):
    orchestrator, service = processes(2)
    orchestrator.stop(signal.SIGINT)
    with socket.create_server(("127.0.0.1", orchestrator.slot_port(service, 1))):
        orchestrator.spawn()
        wait_until(lambda: "reason=port-taken" in orchestrator.log(), 10, "the reason")
        wait_until(lambda: orchestrator.get("/fast").status == 200, 10, "the other slot serves")
    orchestrator.wait_slots(service, 2, 40)
