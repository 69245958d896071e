"""Ways to hurt a container, and the measure of how it is replaced."""

import http.client
import os
import time

from .client import request
from .orchestrator import PREFIX
from .wait import wait_until


def crash(orchestrator, service, slot, container):
    del container
    assert request(orchestrator.slot_port(service, slot), "/api/v1/_crash", "POST").status == 200


def docker_kill(orchestrator, service, slot, container):
    del service, slot
    orchestrator.docker.kill(container)


def docker_remove(orchestrator, service, slot, container):
    del service, slot
    orchestrator.docker.remove(container)


def docker_pause(orchestrator, service, slot, container):
    del service, slot
    orchestrator.docker.pause(container)


def serving_id(orchestrator, service, slot):
    """Who answers on the slot's own port: the container's id, its first 12 digits."""
    try:
        return request(orchestrator.slot_port(service, slot), "/fast", timeout=0.5).backend
    except (OSError, http.client.HTTPException):
        return None


ENGINE_S = 0.5          # what removing a container and starting one takes where the limits were set


def engine_seconds(docker, image):
    """How long this engine takes for that now, with no help from anybody."""
    name = f"{PREFIX}{os.getpid()}x0"
    labels = {"selfless.name": name}
    old = docker.run(f"{name}-pace", image, labels=labels)
    begin = time.monotonic()
    docker.remove(old)
    new = docker.create(f"{name}-pace", image, labels=labels)
    docker.start(new)
    took = time.monotonic() - begin
    docker.remove(new)
    return took


def slowness(docker, image):
    """How many times slower than it should be the Engine is just now; 1 at least."""
    return max(1.0, engine_seconds(docker, image) / ENGINE_S)


def hurt_and_wait(orchestrator, service, slot, hurt, limit_s):
    """Hurts the container in the slot; within limit_s another one serves there, on the same port. Seconds it took.

    On a busy machine the Engine itself may take longer than the limit: then the limit grows as the Engine's own time,
    before or after.
    """
    docker, image = orchestrator.docker, orchestrator.image(service)
    before = orchestrator.ids(service)[slot]
    slow = slowness(docker, image)
    wait_until(lambda: serving_id(orchestrator, service, slot) == before[:12], 10, f"{service} slot {slot} serves")
    begin = time.monotonic()
    hurt(orchestrator, service, slot, before)

    def replaced():
        now = serving_id(orchestrator, service, slot)
        return now is not None and now != before[:12]
    wait_until(replaced, 60, f"{service} slot {slot} replaced")
    took = time.monotonic() - begin
    if took > limit_s * slow:
        slow = max(slow, slowness(docker, image))
    assert took <= limit_s * slow, f"{service} slot {slot} replaced after {took:.1f} s, the Engine is {slow:.1f} times slower"
    orchestrator.wait_slots(service, len(orchestrator.slots(service)), 10 * slow)
    # the Engine's list may lag behind what serves already
    wait_until(lambda: orchestrator.ids(service).get(slot) not in (None, before), 10, "Docker lists the new container")
    wait_until(lambda: not orchestrator.docker.exists(before), 10, "the dead one is removed meanwhile")
    return took
