"""A service renamed, or moved to other ports, by SIGHUP serves on: no request waits or fails, and a long stream lives on."""

import pytest

from harness.client import RawClient
from harness.poller import Poller
from harness.ports import free_ports
from harness.wait import holds_for, wait_until
from test_reload import broken_image, lines, reload  # pylint: disable=unused-import

# who waits for the port of a container that drains gets 503
IMPATIENT = {"drain_ms": 4000, "hold_ms": 1000}
STREAM = b"GET /chunked?n=1000000&piece=10&pause=50 HTTP/1.1\r\nHost: a\r\n\r\n"


def open_stream(orchestrator):
    """As of server-sent events: without an end, and not silent."""
    client = RawClient(orchestrator.port)
    client.send(STREAM)
    status, _ = client.read_head()
    assert status == 200
    return client


def rename(orchestrator, service, name, **changes):
    settings = orchestrator.settings(service)
    settings.update(name=name, **changes)
    orchestrator.first_ports[name] = settings["first_port"]
    reload(orchestrator)


def wait_only(orchestrator, service, size):
    """All containers of the name are this service's, and its slots are ready."""
    def only():
        services = {c["Labels"]["selfless.service"] for c in orchestrator.docker.list(f"selfless.name={orchestrator.name}")}
        return services == {service}
    orchestrator.wait_slots(service, size)
    wait_until(only, 60, f"only {service} is left")
    orchestrator.wait_slots(service, size)


def wait_served(orchestrator, poller, service, size):
    """Until its containers run: those of the old name serve meanwhile."""
    wait_until(lambda: poller.failures() or len(orchestrator.ids(service)) == size, 60, f"{service} runs")
    poller.assert_clean(0)


@pytest.mark.parametrize("reach", ["published", "socket"])
@pytest.mark.parametrize("ports", ["same", "moved"])
def test_renamed(web, reach, ports):
    orchestrator, service = web(1, settings=IMPATIENT, reach=reach)
    new = f"{orchestrator.name}-other"
    first_port = free_ports(2) if ports == "moved" else orchestrator.settings(service)["first_port"]
    with open_stream(orchestrator) as stream, Poller(orchestrator.port, clients=2) as poller:
        rename(orchestrator, service, new, first_port=first_port)
        wait_served(orchestrator, poller, new, 1)
        assert stream.read_exactly(100), "the stream lives on beside it, for drain_ms"
        wait_only(orchestrator, new, 1)
    poller.assert_clean()
    assert poller.slowest() < 2, "it waited"
    assert orchestrator.docker.inspect(f"{new}_0")["State"]["Running"]
    before = orchestrator.ids(new)
    orchestrator.stop()
    orchestrator.start()
    assert orchestrator.ids(new) == before, "the next start finds nothing to do"


def test_its_routes_change_too(web):
    orchestrator, service = web(2, settings=IMPATIENT)
    new = f"{orchestrator.name}-other"
    with open_stream(orchestrator), open_stream(orchestrator), Poller(orchestrator.port) as poller:
        rename(orchestrator, service, new, routes=["/", "/api"])
        wait_served(orchestrator, poller, new, 2)
        wait_only(orchestrator, new, 2)
    poller.assert_clean()


@pytest.mark.parametrize("what", ["names", "ports"])
def test_two_change_names_or_ports(orchestrate, backend_image, what):
    """By route each request gets to the program that it got to before."""
    orchestrator = orchestrate(drain_ms=2000)
    first = orchestrator.add_service("one", backend_image, 2, env={"NAME": "one"}, routes=["/"])
    second = orchestrator.add_service("two", backend_image, 1, env={"NAME": "two"}, routes=["/api/v1/fast"])
    orchestrator.start()
    one, two_ = orchestrator.settings(first), orchestrator.settings(second)
    with Poller(orchestrator.port, "/fast") as ones, Poller(orchestrator.port, "/api/v1/fast") as twos:
        def astray():
            return [o for o in ones.outcomes if o.backend != "one"] + [o for o in twos.outcomes if o.backend != "two"]
        if what == "names":
            one["name"], two_["name"] = second, first
        else:
            one["first_port"], two_["first_port"] = two_["first_port"], one["first_port"]
            one["scale"] = {"min": 1, "max": 1}
        reload(orchestrator)
        wait_until(lambda: astray() or len(lines(orchestrator, "rolled")) == 2, 60, "both are rolled")
        assert not astray()
        for settings in (one, two_):
            orchestrator.first_ports[settings["name"]] = settings["first_port"]
            orchestrator.wait_slots(settings["name"], settings["scale"]["min"])
    ones.assert_clean()
    twos.assert_clean()
    assert not astray()
    for settings in (one, two_):
        container = orchestrator.docker.inspect(f"{settings['name']}_0")
        assert f"NAME={settings['env']['NAME']}" in container["Config"]["Env"]
        port = container["HostConfig"]["PortBindings"]["8000/tcp"][0]["HostPort"]
        assert int(port) == settings["first_port"]


@pytest.mark.parametrize("why", ["image", "port"])
def test_a_new_one_that_does_not_get_ready(web, broken_image, docker, backend_image, why):
    """The old one serves on, and the log and /api/fleet say why."""
    orchestrator, service = web(1)
    before = orchestrator.ids(service)
    new = f"{orchestrator.name}-other"
    settings = orchestrator.settings(service)
    stranger = None
    if why == "port":
        stranger = docker.run(f"{orchestrator.name}-stranger", backend_image, host_port=settings["first_port"] + 1)
    try:
        with Poller(orchestrator.port) as poller:
            rename(orchestrator, service, new, image=broken_image if why == "image" else settings["image"])
            wait_until(lambda: lines(orchestrator, "roll-failed"), 30, "it is told")
            holds_for(lambda: orchestrator.ids(service) == before, 2, "the old one serves on")
        poller.assert_clean()
        fleet = next(s for s in orchestrator.fleet()["services"] if s["name"] == new)
        assert ("no-such-program" if why == "image" else "port") in fleet["roll_failed"], fleet
    finally:
        if stranger is not None:
            docker.remove(stranger)
    rename(orchestrator, new, new, image=backend_image, env={"AGAIN": "1"})
    wait_only(orchestrator, new, 1)
    assert next(s for s in orchestrator.fleet()["services"] if s["name"] == new)["roll_failed"] == ""


def test_another_service_takes_the_ports_of_one_that_drains(web):
    """No route in common, so nobody serves it before; but it need not wait until the stream of the other one has ended."""
    orchestrator, service = web(1, settings={"drain_ms": 10000})
    new = f"{orchestrator.name}-other"
    settings = orchestrator.settings(service)
    with open_stream(orchestrator) as stream:
        rename(orchestrator, service, new, routes=["/api"], env={"NAME": "new"}, command=["/backend"])
        assert orchestrator.get("/api/v1/fast", timeout=20).status == 200
        assert stream.read_exactly(100)
    assert settings["name"] == new
    wait_only(orchestrator, new, 1)


def test_renamed_while_nobody_ran(web):
    """What is left of the old name is kept for drain_ms, with its port; the new one serves on the spare port until then."""
    orchestrator, service = web(1, settings={"drain_ms": 6000})
    old = orchestrator.ids(service)[0]
    new = f"{orchestrator.name}-other"
    orchestrator.stop()
    settings = orchestrator.settings(service)
    settings["name"] = new
    orchestrator.first_ports[new] = settings["first_port"]
    orchestrator.spawn()
    wait_until(lambda: f"name={service}_0 " in orchestrator.log().rsplit("event=stopped", 1)[-1], 10, "it is back")
    with Poller(orchestrator.port) as poller:
        wait_until(lambda: len(poller.outcomes) > 20, 10, "it is served")
        assert orchestrator.docker.exists(old), "left alone for drain_ms"
        wait_only(orchestrator, new, 1)
    poller.assert_clean()
    assert orchestrator.slots(new)[0]["state"] == "ready" and not orchestrator.docker.exists(old)
