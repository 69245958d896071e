"""Connection: upgrade becomes a tunnel: bytes pass both ways, unharmed, and it counts as in flight."""

import os
import threading
import time

import pytest

from harness.client import RawClient, raw_target
from harness.faults import docker_kill, hurt_and_wait
from harness.relay import DockerRelay
from harness.wait import holds_for, wait_until
from test_reload import reload

UPGRADE = b"GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n"


def open_tunnel(orchestrator, behind=b"", asked=UPGRADE):
    client = RawClient(orchestrator.port)
    client.send(asked + behind)
    status, fields = client.read_head()
    assert status == 101, fields
    assert ("Upgrade", "websocket") in fields
    return client


@pytest.mark.parametrize("size", [1, 1000, 1 << 20])
def test_echo(web, size):
    orchestrator, _ = web(1)
    with open_tunnel(orchestrator) as client:
        data = os.urandom(size)
        for at in range(0, size, 65536):
            client.send(data[at:at + 65536])
            assert client.read_exactly(len(data[at:at + 65536])) == data[at:at + 65536]


def test_bytes_right_behind_the_request(web):
    orchestrator, _ = web(1)
    with open_tunnel(orchestrator, b"early bird") as client:
        assert client.read_exactly(10) == b"early bird"


def test_in_flight_until_it_ends(web):
    orchestrator, service = web(1)
    client = open_tunnel(orchestrator)
    assert orchestrator.slots(service)[0]["in_flight"] == 1
    client.close()
    wait_until(lambda: orchestrator.slots(service)[0]["in_flight"] == 0, 5, "the tunnel's end noticed")


@pytest.mark.parametrize("size", [3, 5_000_000])
def test_a_client_that_ends_still_hears(web, size):
    """Its end is passed on behind its last byte, and so is the backend's."""
    orchestrator, service = web(1)
    data = os.urandom(size)
    with open_tunnel(orchestrator) as client:
        sender = threading.Thread(target=lambda: (client.send(data), client.end()))
        sender.start()
        assert client.read_exactly(size) == data
        assert client.is_closed()
        sender.join()
    with open_tunnel(orchestrator, b"early bird") as client:
        client.end()
        assert client.read_all() == b"early bird"
    wait_until(lambda: orchestrator.slots(service)[0]["in_flight"] == 0, 5, "both tunnels' end")


def test_an_end_right_behind_the_request(web):
    orchestrator, _ = web(1)
    for _ in range(10):
        with RawClient(orchestrator.port) as client:
            client.send(UPGRADE + b"all I have to say")
            client.end()
            assert client.read_head()[0] == 101
            assert client.read_all() == b"all I have to say"


def test_a_backend_that_ends_still_hears(orchestrate, backend_image):
    orchestrator = orchestrate()
    service = orchestrator.add_service("web", backend_image, 1)
    orchestrator.add_recording(service)
    orchestrator.start()
    with open_tunnel(orchestrator, asked=UPGRADE.replace(b"/upgrade", b"/upgrade?end=1")) as client:
        assert client.read_all() == b"bye"
        for _ in range(5):
            client.send(b"x" * 10000)
            client.wait_readable(0.02)
        client.end()
        wait_until(lambda: any(r["body"] == b"x" * 50000 for r in orchestrator.records()), 5, "all of it arrives")
    wait_until(lambda: orchestrator.slots(service)[0]["in_flight"] == 0, 5, "the tunnel's end")


@pytest.mark.parametrize("ended", [True, False])
def test_a_reset_ends_it(web, ended):
    """Also of a client that has closed its sending side, and waits for what the backend may say."""
    orchestrator, service = web(1)
    asked = UPGRADE.replace(b"/upgrade", raw_target(b"HTTP/1.1 101 A\r\nConnection: upgrade\r\nUpgrade: websocket"
                                                    b"\r\n\r\n", ms=20000, then="hang").encode())
    client = open_tunnel(orchestrator, asked=asked)
    if ended:
        client.end()
    assert not client.wait_readable(0.3)
    assert orchestrator.slots(service)[0]["in_flight"] == 1
    client.reset()
    wait_until(lambda: orchestrator.slots(service)[0]["in_flight"] == 0, 2, "the tunnel's end")


def test_other_containers_replacement_does_not_matter(web):
    orchestrator, service = web(2)
    with open_tunnel(orchestrator) as client:
        busy = next(s["slot"] for s in orchestrator.slots(service) if s["in_flight"] == 1)
        hurt_and_wait(orchestrator, service, 1 - busy, docker_kill, 5)
        client.send(b"still here")
        assert client.read_exactly(10) == b"still here"


def test_backend_that_refuses(web):
    """Without Upgrade the backend says 426, and that is an ordinary reply."""
    orchestrator, _ = web(1)
    reply = orchestrator.get("/upgrade")
    assert reply.status == 426
    assert orchestrator.get("/fast").status == 200


def test_death_of_the_backend_ends_it(web):
    orchestrator, service = web(1)
    with open_tunnel(orchestrator) as client:
        orchestrator.docker.kill(orchestrator.ids(service)[0])
        assert client.is_closed()


# --- an hour's worth of WebSocket messages ----------------------------------------------------------------------------

MESSAGES = 36000        # ten a second for an hour
BURST = 20              # messages under way at a time


def frame(number):
    """A masked WebSocket text frame (RFC 6455 section 5.2) whose payload, length and mask tell which one it is."""
    mask = number.to_bytes(4, "big")
    payload = b"message %d " % number + b"." * (number % 90)
    return bytes((0x81, 0x80 | len(payload))) + mask + bytes(b ^ mask[i & 3] for i, b in enumerate(payload))


class Talk:
    """One connection on which bursts of frames go out and must come back, the same and in order."""

    def __init__(self, client):
        self.client, self.done = client, 0

    def burst(self):
        data = b"".join(frame(number) for number in range(self.done, self.done + BURST))
        self.client.send(data)
        assert self.client.read_exactly(len(data)) == data
        self.done += BURST

    def meanwhile(self, action):
        """Talks on while the action runs; how many messages that were."""
        before, problems = self.done, []

        def run():
            try:
                action()
            except Exception as problem:    # pylint: disable=broad-except
                problems.append(problem)

        thread = threading.Thread(target=run)
        thread.start()
        while thread.is_alive():
            self.burst()
        thread.join()
        assert not problems, problems
        return self.done - before


def test_an_hour_of_messages(web):
    """36,000 echoes on one connection, through a reload and through the replacement of another container."""
    orchestrator, service = web(2)
    with open_tunnel(orchestrator) as client:
        talk = Talk(client)
        busy = next(s["slot"] for s in orchestrator.slots(service) if s["in_flight"] == 1)
        ids = orchestrator.ids(service)

        def change():
            orchestrator.config.update(idle_timeout_ms=50000, max_body_bytes=1000)
            orchestrator.settings(service)["health"] = {"fall": 3, "interval_ms": 500}
            reload(orchestrator)

        def replace_other():
            hurt_and_wait(orchestrator, service, 1 - busy, docker_kill, 5)

        while talk.done < MESSAGES // 4:
            talk.burst()
        assert talk.meanwhile(change) > 0
        assert talk.meanwhile(replace_other) > BURST
        while talk.done < MESSAGES:
            talk.burst()
        assert orchestrator.get("/fast", method="POST", body="x" * 1001).status == 413, "the reload did nothing"
        after = orchestrator.ids(service)
        assert after[busy] == ids[busy] and after[1 - busy] != ids[1 - busy]


# --- how a tunnel ends ------------------------------------------------------------------------------------------------

def is_over(client):
    """The client has noticed, without saying anything."""
    client.socket.settimeout(0.001)
    try:
        return client.socket.recv(65536) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def talk_until_over(client, deadline_s, what):
    """The client goes on talking, to nobody maybe, until it is told."""
    def told():
        time.sleep(0.02)
        try:
            client.send(b"anybody there?")
        except OSError:
            return True
        return is_over(client)
    wait_until(told, deadline_s, what)


def test_a_silent_tunnel_is_closed_and_a_talking_one_is_not(web):
    orchestrator, _ = web(1, settings={"idle_timeout_ms": 800})
    with open_tunnel(orchestrator) as silent, open_tunnel(orchestrator) as talking:
        begin = time.monotonic()
        closed_after = None
        while time.monotonic() - begin < 3:
            talking.send(b"x")
            assert talking.read_exactly(1) == b"x"
            if closed_after is None and is_over(silent):
                closed_after = time.monotonic() - begin
        assert closed_after is not None and closed_after > 0.5, closed_after


def two_tunnels(web, **settings):
    """(orchestrator, service, one tunnel to slot 1, ids); slot 0 has one, too, which the caller need not know."""
    orchestrator, service = web(None, settings=settings, scale={"min": 1, "max": 3})
    orchestrator.scale(service, 2)
    ids = orchestrator.wait_slots(service, 2)
    clients = {}
    for _ in range(2):
        client = open_tunnel(orchestrator)
        slot = next(s["slot"] for s in orchestrator.slots(service) if s["in_flight"] == 1 and s["slot"] not in clients)
        clients[slot] = client
    return orchestrator, service, clients[1], ids


def test_scaling_down_waits_for_it(web):
    orchestrator, service, client, ids = two_tunnels(web)
    orchestrator.scale(service, 1)
    wait_until(lambda: orchestrator.leaving(service) == [(1, "draining")], 3, "slot 1 drains")

    def echoes():
        client.send(b"still here")
        return client.read_exactly(10) == b"still here"
    holds_for(echoes, 2, "the draining container's tunnel lives")
    assert orchestrator.leaving(service) == [(1, "draining")]
    client.close()
    wait_until(lambda: not orchestrator.docker.exists(ids[1]), 20, "slot 1's container removed")


def test_drain_ms_bounds_it(web):
    orchestrator, service, client, ids = two_tunnels(web, drain_ms=500, stop_ms=500)
    begin = time.monotonic()
    orchestrator.scale(service, 1)
    talk_until_over(client, 10, "the client is told")
    assert time.monotonic() - begin > 0.45
    wait_until(lambda: not orchestrator.docker.exists(ids[1]), 20, "slot 1's container removed")


def test_backend_that_hangs_ends_it(web):
    """A paused container is replaced; its tunnel ends with it, although the client goes on talking."""
    orchestrator, service = web(1)
    with open_tunnel(orchestrator) as client:
        before = orchestrator.ids(service)[0]
        orchestrator.docker.pause(before)
        talk_until_over(client, 15, "the client is told")
        orchestrator.wait_slots(service, 1)
        wait_until(lambda: not orchestrator.docker.exists(before), 20, "removed")
    wait_until(lambda: orchestrator.slots(service)[0]["in_flight"] == 0, 5, "nothing in flight")


def test_backend_that_hangs_while_the_engine_is_away(orchestrate, backend_image, tmp_path):
    """Nobody can kill the container, so its kernel keeps the connection: the proxy ends the tunnel by itself."""
    orchestrator = orchestrate(stop_ms=500)
    relay = DockerRelay(tmp_path / "docker.sock", orchestrator.docker.path)
    orchestrator.config["docker_socket"] = relay.path
    service = orchestrator.add_service("web", backend_image, 1)
    orchestrator.start()
    with open_tunnel(orchestrator) as client:
        paused = orchestrator.ids(service)[0]
        relay.cut()
        orchestrator.docker.pause(paused)
        try:
            talk_until_over(client, 10, "the client is told")
            assert orchestrator.docker.inspect(paused)["State"]["Paused"]
        finally:
            orchestrator.kill()     # SIGINT would wait for the engine
