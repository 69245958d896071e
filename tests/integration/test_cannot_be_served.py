"""Where no container can be made (no image, no network, no volume, a name or port that others hold), requests get 503 at once, with the reason, until that is mended."""

import os
import time

import pytest

from harness.wait import wait_until

AT_ONCE_S = 0.1


@pytest.fixture
def tags(docker, backend_image):
    """`tags(name)` gives the scripted backend's image another name."""
    made = []

    def make(name):
        repository, _, tag = name.partition(":")
        docker.call("POST", f"/images/{backend_image}/tag?repo={repository}&tag={tag}")
        made.append(name)

    yield make
    for name in made:
        docker.call("DELETE", f"/images/{name}")


def timed(orchestrator):
    began = time.monotonic()
    reply = orchestrator.get("/fast", timeout=15)
    return reply, time.monotonic() - began


def wait_refused(orchestrator, *words):
    """Until the reason is known, which takes a try or two; from then on nobody waits."""
    def refused():
        reply, took = timed(orchestrator)
        assert reply.status == 503, reply
        return took < AT_ONCE_S and all(word in reply.json()["detail"] for word in words) and reply
    return wait_until(refused, 30, f"503 with {words}")


def check_all_at_once(orchestrator, *words):
    slow = []
    for _ in range(20):
        reply, took = timed(orchestrator)
        assert reply.status == 503 and all(word in reply.json()["detail"] for word in words), reply
        assert 1 <= int(reply.get("Retry-After")) <= 30
        slow += [took] if took >= AT_ONCE_S else []
    assert len(slow) <= 1, slow         # a busy machine's


def test_no_image(orchestrate, tags):
    image = f"selfless-test-missing-{os.getpid()}:latest"
    orchestrator = orchestrate()
    service = orchestrator.add_service("web", image, 1)
    orchestrator.spawn()
    wait_refused(orchestrator, image, "not found")
    check_all_at_once(orchestrator, image, "not found")
    slot = orchestrator.slots(service)[0]
    assert slot["reason"] == "no-image" and image in slot["message"] and slot["state"] == "backing-off"
    began = time.monotonic()
    tags(image)
    orchestrator.wait_slots(service, 1, 35)             # the next try comes within the back-off
    assert orchestrator.get("/fast").status == 200
    assert time.monotonic() - began < 33
    assert orchestrator.slots(service)[0]["message"] == ""


def test_no_volume(orchestrate, backend_image, docker, tmp_path):
    """The volume is one of a folder that is not there."""
    orchestrator = orchestrate()
    volume, folder = f"{orchestrator.name}_data", tmp_path / "gone"
    docker.call_json("POST", "/volumes/create", {"Name": volume, "DriverOpts": {"type": "none", "o": "bind", "device": str(folder)}})
    try:
        service = orchestrator.add_service("web", backend_image, 1, volumes=[f"{volume}:/static"])
        orchestrator.spawn()
        wait_refused(orchestrator, volume, "docker volume inspect")
        check_all_at_once(orchestrator, volume)
        folder.mkdir()
        orchestrator.wait_slots(service, 1, 35)
        assert orchestrator.get("/fast").status == 200
    finally:
        orchestrator.close()
        docker.call("DELETE", f"/volumes/{volume}")


def test_name_of_another(orchestrate, backend_image, docker):
    orchestrator = orchestrate()
    service = orchestrator.add_service("web", backend_image, 1)
    stranger = docker.run(f"{service}_0", backend_image)
    try:
        orchestrator.spawn()
        wait_refused(orchestrator, f"{service}_0", "is already in use")
        check_all_at_once(orchestrator, f"{service}_0")
    finally:
        docker.remove(stranger)
    orchestrator.wait_slots(service, 1, 35)
    assert orchestrator.get("/fast").status == 200


def test_another_service_serves_on(orchestrate, backend_image):
    orchestrator = orchestrate()
    orchestrator.add_service("lost", f"selfless-test-missing-{os.getpid()}:latest", 1, routes=["/lost"])
    service = orchestrator.add_service("web", backend_image, 1)
    orchestrator.spawn()
    orchestrator.wait_slots(service, 1)
    assert orchestrator.get("/fast").status == 200
