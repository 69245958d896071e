"""`late_network`: a slot's container has no network before it runs, and all of it before its program does."""

import signal
import time

import pytest

from harness import images
from harness.client import request
from harness.faults import crash, docker_kill, docker_pause, docker_remove, hurt_and_wait
from harness.poller import Poller
from harness.wait import wait_until

LIMIT_S = 2.0


def network_of(orchestrator, container):
    return orchestrator.docker.inspect(container)["NetworkSettings"]["Networks"].get(orchestrator.name)


def assert_has_its_network(orchestrator, service, slot):
    """The address, the service's name, and the port on the host."""
    network = network_of(orchestrator, orchestrator.ids(service)[slot])
    assert network["IPAddress"] and service in network["Aliases"]
    assert request(orchestrator.slot_port(service, slot), "/fast").status == 200


def wait_created_ahead(orchestrator, service):
    wait_until(lambda: all(s["next_ready"] for s in orchestrator.slots(service)), 30, "containers created ahead")


@pytest.mark.parametrize("reach", ["published", "bridge", "socket"])
def test_replacements_have_their_network(web, reach):
    orchestrator, service = web(2, reach=reach, late_network=True)
    wait_created_ahead(orchestrator, service)
    ahead = [c["Id"] for c in orchestrator.docker.list(f"selfless.name={orchestrator.name}") if c["State"] == "created"]
    assert len(ahead) == 2 and not any(network_of(orchestrator, c) for c in ahead)
    with Poller(orchestrator.port, clients=2) as poller:
        for slot, hurt in enumerate((docker_kill, docker_remove)):
            hurt_and_wait(orchestrator, service, slot, hurt, LIMIT_S)
            assert_has_its_network(orchestrator, service, slot)
        hurt_and_wait(orchestrator, service, 0, crash, LIMIT_S)
        assert_has_its_network(orchestrator, service, 0)
    poller.assert_clean()


def test_restarted_by_hand(web, docker):
    """A fault like any other: the new one serves, the one that was started again is ended, and no request is lost."""
    orchestrator, service = web(1, reach="socket", late_network=True)
    wait_created_ahead(orchestrator, service)
    before = orchestrator.ids(service)[0]
    with Poller(orchestrator.port, clients=2) as poller:
        docker.restart(before)
        wait_until(lambda: orchestrator.ids(service).get(0) not in (None, before), 20, "another container in the slot")
        wait_until(lambda: not docker.exists(before), 20, "the old one is gone")
        orchestrator.wait_slots(service, 1)
        assert_has_its_network(orchestrator, service, 0)
    poller.assert_clean(at_least=2)


def test_port_taken(orchestrate, backend_image, docker):
    """Of a container that was started, and could not have its port, nothing is left; the other slot serves."""
    orchestrator = orchestrate()
    service = orchestrator.add_service("web", backend_image, 2, late_network=True, reach="socket")
    stranger = docker.run(f"{orchestrator.name}-stranger", backend_image, host_port=orchestrator.slot_port(service, 1))
    try:
        orchestrator.spawn()

        def failed():
            slots = orchestrator.fleet_slots(service)
            return slots[0]["state"] == "ready" and slots[1].get("message") and slots[1]
        slot = wait_until(failed, 60, "slot 0 ready, slot 1 failed with a message")
        assert slot["reason"] == "port-taken" and str(orchestrator.slot_port(service, 1)) in slot["message"]
        wait_until(lambda: len(orchestrator.docker.list(f"selfless.service={service}", every=False)) == 1, 15, "one runs")
        serving = orchestrator.ids(service)[0][:12]
        begin = time.monotonic()
        reply = orchestrator.get(f"/echo_unless?{serving}")       # or by one on the port for rolls, as nobody serves then
        assert reply.status == 502 or reply.backend != serving
        assert time.monotonic() - begin < 5, "a slot that cannot be filled is nothing to wait for"
        assert orchestrator.get("/fast").status == 200
    finally:
        docker.remove(stranger)
    orchestrator.wait_slots(service, 2)
    assert_has_its_network(orchestrator, service, 1)


def test_killed_before_the_network_was_given(orchestrate, backend_image, docker):
    """The next orchestrator finds one that runs without a network, and gives it that: same container, nothing lost."""
    orchestrator = orchestrate()
    service = orchestrator.add_service("web", backend_image, 1, late_network=True, reach="socket")
    stranger = docker.run(f"{orchestrator.name}-stranger", backend_image, host_port=orchestrator.slot_port(service, 0))
    try:
        orchestrator.spawn()        # the port is waited for: so long it runs without a network
        cut = wait_until(lambda: docker.list(f"selfless.service={service}", every=False), 30, "it runs")[0]["Id"]
        orchestrator.kill()
        assert network_of(orchestrator, cut) is None
    finally:
        docker.remove(stranger)
    orchestrator.start()
    assert orchestrator.ids(service)[0] == cut
    assert_has_its_network(orchestrator, service, 0)


def test_turned_on_and_off(web):
    """A change of the key touches nobody; what was created before it is started as it was created."""
    orchestrator, service = web(1, reach="socket")
    for late in (True, False):
        wait_created_ahead(orchestrator, service)
        before = orchestrator.ids(service)
        orchestrator.settings(service)["late_network"] = late
        seen = len(orchestrator.log())
        orchestrator.write_config()
        orchestrator.send_signal(signal.SIGHUP)
        wait_until(lambda begin=seen: "event=reload" in orchestrator.log()[begin:], 10, "the file was read")
        assert orchestrator.ids(service) == before
        for _ in range(2):
            hurt_and_wait(orchestrator, service, 0, docker_kill, LIMIT_S)
            assert_has_its_network(orchestrator, service, 0)
            wait_created_ahead(orchestrator, service)


# --- programs that need their network at once ----------------------------------------------------------------------------

NGINX_CONF = """daemon off; pid /nginx.pid; error_log stderr; user root;
events {{}}
http {{
    access_log off;
    upstream back {{ server {name}:8000; }}
    server {{ listen 8000; location / {{ proxy_pass http://back; }} location = /api/v1/_health {{ return 204; }} }}
}}
"""


def early_service(orchestrator, kind, name):
    """What needs the address of the service `name` at its first instruction."""
    if kind == "nginx":
        conf = orchestrator.folder / "nginx.conf"
        conf.write_text(NGINX_CONF.format(name=name))
        return {"image": images.nginx_image(orchestrator.docker), "volumes": [f"{conf}:/etc/nginx.conf:ro"]}
    return {"image": images.early_image(orchestrator.docker, [kind]), "command": [name]}


def replace(orchestrator, service, slot, container):
    del container
    path = f"/api/services/{service}/slots/{slot}/replace"
    assert request(orchestrator.admin_port, path, "POST").status in (200, 202, 204)


def replacements(orchestrator, service):
    return sum(v for k, v in orchestrator.metrics().items() if k.startswith("selfless_replacements_total") and service in k)


@pytest.mark.parametrize("kind", ["glibc", "cares", "nginx"])
def test_programs_that_need_it_at_once(orchestrate, backend_image, kind):
    """What ends where it finds no name at its start, and what has read resolv.conf then for good."""
    orchestrator = orchestrate()
    back = orchestrator.add_service("back", backend_image, 1, routes=["/back"], late_network=True)
    image = early_service(orchestrator, kind, back)
    front = orchestrator.add_service("front", size=1, routes=["/"], late_network=True, **image)
    orchestrator.start()
    assert orchestrator.get("/fast").status == 200
    at_first = replacements(orchestrator, front)        # it may have been quicker than the one whose name it needs
    for hurt in (docker_kill, docker_remove, docker_pause, replace):
        wait_created_ahead(orchestrator, front)
        before = orchestrator.ids(front)[0]
        hurt(orchestrator, front, 0, before)
        wait_until(lambda b=before: orchestrator.ids(front).get(0) not in (None, b), 30, f"another one after {hurt.__name__}")
        orchestrator.wait_slots(front, 1)
        assert orchestrator.get("/fast").status == 200, hurt.__name__
        assert_has_its_network(orchestrator, front, 0)
    assert replacements(orchestrator, front) - at_first <= 4, "some were in vain"
