"""Engine swarm: one orchestrator, containers on three nodes."""

import concurrent.futures
import contextlib
import signal

import pytest

from harness.client import request
from harness.poller import Poller
from harness.swarm import Swarm
from harness.wait import wait_until

pytestmark = pytest.mark.skipif("os.geteuid() != 0", reason="namespaces take root")


@pytest.fixture(scope="module")
def swarm(tmp_path_factory):
    made = Swarm(tmp_path_factory.mktemp("swarm"))
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def serve(swarm, orchestrate):
    """An orchestrator with one service of so many containers, on all nodes; and the service's name."""
    made = []

    def start(size, record=False, **settings):
        orchestrator = orchestrate()
        made.append(orchestrator)
        orchestrator.config.update(engine="swarm", docker_socket=swarm.docker.path)
        image = swarm.backend_image()
        swarm.share(image)
        service = orchestrator.add_service("web", image, **{"scale": {"min": size, "max": size}, **settings})
        if record:
            orchestrator.add_recording(service)
        orchestrator.start()
        orchestrator.wait_slots(service, size)
        return orchestrator, service
    yield start
    for orchestrator in made:
        orchestrator.stop()
    with contextlib.suppress(OSError):      # where a dockerd has died, whoever needs it next says so
        for found in swarm.services():
            swarm.docker.call("DELETE", f"/services/{found['ID']}")


def _ids(orchestrator, service):
    """{slot: container} of those that serve."""
    found = {slot["slot"]: slot["container"] for slot in orchestrator.slots(service) if slot["state"] == "ready"}
    assert all(found.values())
    return found


def test_containers_come_to_all_nodes_and_each_is_healed(swarm, serve):
    orchestrator, service = serve(3)
    assert [len(node.docker.list(every=False)) for node in swarm.nodes] == [1, 1, 1]
    with Poller(orchestrator.port, clients=4) as poller:
        wait_until(lambda: len({o.backend for o in poller.outcomes}) == 3, 20, "all of them are asked")
        for node in swarm.nodes:
            before = _ids(orchestrator, service)
            node.docker.call("POST", f"/containers/{node.docker.list(every=False)[0]['Id']}/kill")
            wait_until(lambda: len(now := _ids(orchestrator, service)) == 3 and now != before, 30, "it is replaced")
    poller.assert_clean(at_least=200)


def test_each_knows_itself_as_its_task(swarm, serve):
    """Another task's answers to its probes do not count."""
    orchestrator, service = serve(2)
    before = _ids(orchestrator, service)
    running = [(node, node.docker.inspect(c["Id"])) for node in swarm.nodes for c in node.docker.list(every=False)]
    for _, container in running:
        assert f"SELFLESS_ID={container['Config']['Labels']['com.docker.swarm.task.id']}" in container["Config"]["Env"]
    node, container = running[0]
    port = int(container["NetworkSettings"]["Ports"]["8000/tcp"][0]["HostPort"])
    assert request(port, "/_set?stranger=1", host=node.address).status == 200
    wait_until(lambda: len(now := _ids(orchestrator, service)) == 2 and now != before, 20, "it is replaced")
    assert "another container answers there: stranger instead of " in orchestrator.log()


def test_fewer_containers_lose_nothing(swarm, serve):
    orchestrator, service = serve(1, scale={"min": 1, "max": 3})
    orchestrator.scale(service, 3)
    orchestrator.wait_slots(service, 3)
    with Poller(orchestrator.port, clients=4) as poller:
        orchestrator.scale(service, 1)
        wait_until(lambda: len(swarm.services()) == 1, 30, "two are gone")
    poller.assert_clean(at_least=4)


def test_a_node_that_is_drained_loses_nothing(swarm, serve):
    orchestrator, service = serve(3)
    away = swarm.nodes[2]
    with Poller(orchestrator.port, clients=4) as poller:
        swarm.set_availability(away, "drain")
        try:
            wait_until(lambda: not away.docker.list(every=False), 30, "the node is empty")
            orchestrator.wait_slots(service, 3)
        finally:
            swarm.set_availability(away, "active")
    poller.assert_clean()


def test_a_put_on_what_swarm_takes_away_is_carried_out_once(swarm, serve):
    """Its node is drained while it works: it does not hear SIGTERM, and has stop_ms to finish."""
    orchestrator, _ = serve(2, record=True, env={"DEAF": "1"})
    with concurrent.futures.ThreadPoolExecutor() as pool:
        reply = pool.submit(request, orchestrator.port, "/slow?ms=3000", "PUT", b"x")
        backend = wait_until(lambda: [entry["backend"] for entry in orchestrator.records()], 10, "it is there")[0]
        node = next(node for node in swarm.nodes if any(c["Id"].startswith(backend) for c in node.docker.list(every=False)))
        swarm.set_availability(node, "drain")
        try:
            assert (reply.result().status, reply.result().backend) == (200, backend)
        finally:
            swarm.set_availability(node, "active")
    assert len(orchestrator.records()) == 1


def test_its_successor_takes_the_containers_over(swarm, serve):
    orchestrator, service = serve(2)
    before = _ids(orchestrator, service)
    assert sorted(before) == [0, 1]
    orchestrator.stop()
    orchestrator.spawn()
    orchestrator.wait_slots(service, 2)
    assert _ids(orchestrator, service) == before
    assert len(swarm.services()) == 2


def test_who_leads_is_said(swarm, serve):
    """Nodes here have one host's name."""
    orchestrator, _ = serve(1)
    engine = orchestrator.fleet()["engine"]
    assert (engine["leads"], engine["leader"].split()[-1]) == (True, f"({swarm.nodes[0].address})")
    assert f"leads: its host is {engine['leader']}\n" in orchestrator.status()
    assert "\nselfless_leader 1\n" in request(orchestrator.admin_port, "/metrics").body.decode()


def test_ctrl_c_leaves_the_containers(swarm, serve):
    orchestrator, _ = serve(2)
    orchestrator.stop(signal.SIGINT)
    assert len(swarm.services()) == 2


def test_an_image_that_a_node_lacks_is_said(swarm, serve):
    orchestrator, _ = serve(1)
    other = "selfless-test-lonely:1"
    swarm.docker.import_image(other, {"/backend": (b"#!/nothing\n", 0o755)}, ['ENTRYPOINT ["/backend"]'])
    lonely = orchestrator.add_service("lonely", other, 3, routes=["/lonely"])
    orchestrator.write_config()
    orchestrator.send_signal(signal.SIGHUP)
    wait_until(lambda: f"service={lonely}" in orchestrator.log() and "docker save IMAGE" in orchestrator.log(), 30,
               "what to do is in the log")
