"""Containers of others are never touched, even where they hold a name or a port that a slot needs."""

import signal

import pytest

from harness.ports import free_ports
from harness.wait import wait_until


@pytest.fixture
def foreign(docker, backend_image):
    """Makes containers that belong to nobody under test."""
    made = []

    def make(name, **kwargs):
        made.append(docker.run(name, backend_image, **kwargs))
        return made[-1]

    yield make
    for container in made:
        docker.remove(container)


def start_with_two_slots(orchestrate, backend_image):
    orchestrator = orchestrate()
    service = orchestrator.add_service("web", backend_image, 2)
    return orchestrator, service


def test_left_alone(orchestrate, backend_image, foreign, docker):
    orchestrator, service = start_with_two_slots(orchestrate, backend_image)
    stranger = foreign(f"{orchestrator.name}-stranger", host_port=free_ports(),
                       labels={"selfless.name": f"{orchestrator.name}-other"})
    orchestrator.start()
    orchestrator.scale(service, 2)
    orchestrator.stop(signal.SIGINT)
    assert docker.inspect(stranger)["State"]["Running"]


def test_name_taken(orchestrate, backend_image, foreign, docker):
    orchestrator, service = start_with_two_slots(orchestrate, backend_image)
    stranger = foreign(f"{service}_1")
    orchestrator.spawn()
    slot = _wait_failed_slot(orchestrator, service)
    assert slot["reason"] == "name-taken" and f"{service}_1" in slot["message"]
    assert orchestrator.get("/fast").status == 200
    docker.remove(stranger)
    orchestrator.wait_slots(service, 2)


def test_port_taken(orchestrate, backend_image, foreign, docker):
    orchestrator, service = start_with_two_slots(orchestrate, backend_image)
    port = orchestrator.slot_port(service, 1)
    stranger = foreign(f"{orchestrator.name}-stranger", host_port=port)
    orchestrator.spawn()
    slot = _wait_failed_slot(orchestrator, service)
    assert slot["reason"] == "port-taken" and str(port) in slot["message"]
    assert orchestrator.get("/fast").status == 200
    assert docker.inspect(stranger)["State"]["Running"]
    docker.remove(stranger)
    orchestrator.wait_slots(service, 2)


def _wait_failed_slot(orchestrator, service):
    def failed():
        slots = orchestrator.fleet_slots(service)
        return slots[0]["state"] == "ready" and slots[1].get("message") and slots[1]
    return wait_until(failed, 60, "slot 0 ready, slot 1 failed with a message")
