"""SIGHUP reads the file again and applies it whole, or refuses it whole; what did not change is not touched."""

import json
import signal
import threading

import pytest

from harness.client import RawClient
from harness.faults import docker_kill, hurt_and_wait
from harness.images import backend_binary
from harness.poller import Poller
from harness.wait import holds_for, wait_until

UPGRADE = b"GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n"


def lines(orchestrator, event):
    return [line for line in orchestrator.log().splitlines() if f"event={event} " in line]


def hang_up(orchestrator, event):
    """Sends the signal; the line that says how it ended."""
    before = len(lines(orchestrator, event))
    orchestrator.send_signal(signal.SIGHUP)
    wait_until(lambda: len(lines(orchestrator, event)) > before, 10, f"event={event}")
    return lines(orchestrator, event)[-1]


def reload(orchestrator):
    orchestrator.write_config()
    return hang_up(orchestrator, "reloaded")


def ask(orchestrator, target, replies, **kwargs):
    """In the background; the reply comes into the list."""
    thread = threading.Thread(target=lambda: replies.append(orchestrator.get(target, **kwargs)), daemon=True)
    thread.start()
    return thread


def in_flight(orchestrator, service):
    return sum(slot["in_flight"] for slot in orchestrator.slots(service))


def containers(orchestrator, service):
    return orchestrator.docker.list(f"selfless.name={orchestrator.name}", f"selfless.service={service}")


@pytest.fixture
def other_image(docker, backend_image):
    """The same program under another name."""
    name = backend_image.replace("backend:", "backend-again:")
    if not docker.has_image(name):
        files = {"/backend": (backend_binary().read_bytes(), 0o755)}
        docker.import_image(name, files, ['ENTRYPOINT ["/backend"]', "EXPOSE 8000"])
    return name


# --- rolled, and back ---

@pytest.fixture
def broken_image(docker, backend_image):
    """One whose program is not there."""
    name = backend_image.replace("backend:", "backend-broken:")
    if not docker.has_image(name):
        docker.import_image(name, {"/backend": (b"", 0o755)}, ['ENTRYPOINT ["/no-such-program"]'])
    return name


@pytest.mark.parametrize("broken", [True, False])
def test_what_does_not_start_is_not_rolled(web, broken_image, broken):
    """Nobody is touched, the log says why, and a fault afterwards is mended with what works."""
    orchestrator, service = web(2)
    before, good = orchestrator.ids(service), orchestrator.settings(service)["image"]
    bad, says = (broken_image, "no-such-program") if broken else ("selfless-no-such-image:none", "selfless-no-such-image")
    with Poller(orchestrator.port, clients=2) as poller:
        orchestrator.settings(service)["image"] = bad
        reload(orchestrator)
        orchestrator.settings(service)["image"] = good      # what is measured with below
        wait_until(lambda: lines(orchestrator, "roll-back"), 30, "the roll goes back")
        assert says in lines(orchestrator, "roll-failed")[-1]
        holds_for(lambda: orchestrator.ids(service) == before, 1, "nobody is touched")
        hurt_and_wait(orchestrator, service, 0, docker_kill, 5)
    poller.assert_clean()
    assert orchestrator.ids(service)[1] == before[1]


# --- refused whole ---

def test_bad_files_change_nothing(web):
    orchestrator, service = web(2)
    ids = orchestrator.ids(service)
    with Poller(orchestrator.port, "/fast") as poller:
        orchestrator.config_path.write_text('{"listen": }')
        assert "config.json:1:12" in hang_up(orchestrator, "reload-refused")
        orchestrator.config_path.write_text(json.dumps(dict(orchestrator.config, hold_msec=1)))
        assert "hold_msec" in hang_up(orchestrator, "reload-refused")
        orchestrator.config_path.unlink()
        assert "cannot be opened" in hang_up(orchestrator, "reload-refused")
    poller.assert_clean(1)
    assert orchestrator.ids(service) == ids
    assert not lines(orchestrator, "reloaded")


def test_what_needs_a_restart_is_named(web):
    orchestrator, service = web(1)
    good = orchestrator.config
    changed = {"listen": f"127.0.0.1:{orchestrator.admin_port + 1}", "admin": [], "name": good["name"] + "x",
               "docker_socket": "/run/other.sock", "socket_dir": "/tmp/other", "state_dir": "/tmp/other",
               "admin_token_file": "/tmp/token"}
    for key, value in changed.items():
        orchestrator.config = dict(good, services=[dict(good["services"][0], routes=["/moved"])], **{})
        orchestrator.config[key] = value
        orchestrator.write_config()
        assert f"{key}: cannot change" in hang_up(orchestrator, "reload-refused")
        assert orchestrator.get("/fast").status == 200      # nor did the route move
    assert len(orchestrator.ids(service)) == 1


def test_access_log_that_cannot_be_opened(web):
    orchestrator, _ = web(1)
    orchestrator.config["access_log"] = "/nonexistent/access.log"
    orchestrator.config["services"][0]["routes"] = ["/moved"]
    orchestrator.write_config()
    assert "/nonexistent/access.log" in hang_up(orchestrator, "reload-refused")
    assert orchestrator.get("/fast").status == 200


# --- in place ---

def test_scale_limits(web):
    orchestrator, service = web(None, scale={"min": 1, "max": 4})
    scale = orchestrator.config["services"][0]["scale"]
    first = orchestrator.ids(service)
    scale["max"] = 2
    reload(orchestrator)
    scale.update(min=3, max=4)
    reload(orchestrator)
    grown = orchestrator.wait_slots(service, 3)
    assert grown[0] == first[0]
    scale.update(min=1, max=1)
    reload(orchestrator)
    wait_until(lambda: orchestrator.ids(service) == first, 30, "the first container alone")
    assert not lines(orchestrator, "roll-begin")


def test_limits_and_timeouts(web):
    orchestrator, service = web(1)
    ids = orchestrator.ids(service)
    with RawClient(orchestrator.port) as client:
        long_target = b"/%66ast/" + b"x" * 4000
        client.send(b"GET " + long_target + b" HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.read_reply().status in (200, 404)
        orchestrator.config.update(max_body_bytes=10, response_timeout_ms=1500, max_head_bytes=1024)
        reload(orchestrator)
        assert orchestrator.get("/slow?ms=6000").status == 504
        assert orchestrator.get("/fast", method="POST", body="x" * 11).status == 413
        # this connection came under the limits of before
        client.send(b"GET " + long_target + b" HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.read_reply().status in (200, 404)
    assert orchestrator.get("/" + "x" * 2000).status in (414, 431)
    assert orchestrator.ids(service) == ids


def test_access_log_moves(web, tmp_path):
    orchestrator, _ = web(1)
    one, other = tmp_path / "one.log", tmp_path / "other.log"

    def count(path):
        return len(path.read_text().splitlines()) if path.exists() else 0

    for path, target in ((str(one), "/fast?1"), (str(other), "/fast?2"), ("off", "/fast?3"), (str(one), "/fast?4")):
        orchestrator.config["access_log"] = path
        reload(orchestrator)
        assert orchestrator.get(target).status == 200
        if path != "off":
            wait_until(lambda p=path, t=target: t in open(p, encoding="utf-8").read(), 5, f"{target} in {path}")
    assert (count(one), count(other)) == (2, 1)
    assert "?3" not in one.read_text() + other.read_text()


# --- services ---

def test_new_image_is_rolled(web, other_image):
    orchestrator, service = web(2)
    before = orchestrator.ids(service)
    with Poller(orchestrator.port, "/fast", clients=2) as poller:
        orchestrator.config["services"][0]["image"] = other_image
        reload(orchestrator)
        wait_until(lambda: lines(orchestrator, "rolled"), 60, "rolled")
        after = orchestrator.wait_slots(service, 2)
    poller.assert_clean()
    assert not set(before.values()) & set(after.values())
    assert {c["Image"] for c in containers(orchestrator, service) if c["State"] == "running"} == {other_image}


def test_routes_move(orchestrate, backend_image):
    orchestrator = orchestrate()
    names = {short: orchestrator.add_service(short, backend_image, 1, routes=[f"/{short}"], env={"NAME": short})
             for short in ("a", "b")}
    orchestrator.start()
    ids = {name: orchestrator.ids(name) for name in names.values()}
    assert (orchestrator.get("/a").backend, orchestrator.get("/b").backend) == ("a", "b")
    one, other = orchestrator.config["services"]
    one["routes"], other["routes"] = other["routes"], ["/a", "/c"]
    orchestrator.config["services"] = [other, one]
    one["private"] = ["/b/private"]
    reload(orchestrator)
    assert [orchestrator.get(f"/{path}").backend for path in "abc"] == ["b", "a", "b"]
    assert orchestrator.get("/b/private").status == 403
    assert {name: orchestrator.ids(name) for name in names.values()} == ids
    # admin knows them in their new order; the refused one is nobody's
    counts = {s["name"]: s["requests"] for s in orchestrator.fleet()["services"]}
    assert (counts[names["a"]], counts[names["b"]]) == (2, 3)


def test_services_come_and_go_under_load(orchestrate, backend_image):
    orchestrator = orchestrate()
    stays = orchestrator.add_service("stays", backend_image, 1, env={"NAME": "stays"})
    goes = orchestrator.add_service("goes", backend_image, 2, routes=["/slow"], env={"NAME": "goes"})
    added = orchestrator.config["services"].pop()
    orchestrator.start()
    ids = orchestrator.ids(stays)
    replies = []
    with Poller(orchestrator.port, "/fast") as poller:
        orchestrator.config["services"].insert(0, added)
        reload(orchestrator)
        orchestrator.wait_slots(goes, 2)
        assert orchestrator.get("/slow?ms=1").backend == "goes"
        threads = [ask(orchestrator, "/slow?ms=3000", replies) for _ in range(4)]
        wait_until(lambda: in_flight(orchestrator, goes) == 4, 5, "four in flight")
        orchestrator.config["services"].remove(added)
        reload(orchestrator)
        assert orchestrator.get("/slow?ms=1").backend == "stays"
        for thread in threads:
            thread.join()
        wait_until(lambda: not containers(orchestrator, goes), 60, "its containers removed")
    poller.assert_clean()
    assert [(r.status, r.backend) for r in replies] == [(200, "goes")] * 4
    assert orchestrator.ids(stays) == ids
    assert [s["name"] for s in orchestrator.fleet()["services"]] == [stays]


def test_service_that_comes_back_while_it_leaves(orchestrate, backend_image):
    orchestrator = orchestrate()
    orchestrator.add_service("stays", backend_image, 1, env={"NAME": "stays"})
    goes = orchestrator.add_service("goes", backend_image, 1, routes=["/slow"], env={"NAME": "goes"})
    orchestrator.start()
    before = orchestrator.ids(goes)
    replies = []
    thread = ask(orchestrator, "/slow?ms=4000", replies)
    wait_until(lambda: in_flight(orchestrator, goes) == 1, 5, "one in flight")
    removed = orchestrator.config["services"].pop()
    reload(orchestrator)
    orchestrator.config["services"].append(removed)
    reload(orchestrator)
    assert orchestrator.get("/slow?ms=1").backend == "goes"
    thread.join()
    assert [(r.status, r.backend) for r in replies] == [(200, "goes")]
    assert orchestrator.wait_slots(goes, 1) != before
    orchestrator.get("/slow?ms=1")


def test_held_requests_of_a_service_that_goes(orchestrate, backend_image):
    orchestrator = orchestrate(hold_ms=60000)
    orchestrator.add_service("stays", backend_image, 1)
    goes = orchestrator.add_service("goes", backend_image, 1, routes=["/held"], env={"LISTEN": "0.0.0.0:9"})
    removed = orchestrator.config["services"].pop()
    orchestrator.start()
    orchestrator.config["services"].append(removed)
    reload(orchestrator)
    replies = []
    thread = ask(orchestrator, "/held", replies)
    wait_until(lambda: orchestrator.metrics().get(f'selfless_held{{service="{goes}"}}') == 1, 5, "it is held")
    orchestrator.config["services"].remove(removed)
    reload(orchestrator)
    thread.join(5)
    assert [r.status for r in replies] == [503]
    wait_until(lambda: not containers(orchestrator, goes), 30, "its containers removed")


def test_tunnel_of_an_unchanged_service_lives_on(orchestrate, backend_image, other_image):
    orchestrator = orchestrate()
    kept = orchestrator.add_service("kept", backend_image, 2)
    rolled = orchestrator.add_service("rolled", backend_image, 1, routes=["/rolled"])
    orchestrator.start()
    ids = orchestrator.ids(kept)
    with RawClient(orchestrator.port) as client:
        client.send(UPGRADE)
        assert client.read_head()[0] == 101
        orchestrator.settings(rolled)["image"] = other_image
        orchestrator.settings(kept)["health"] = {"fall": 3, "interval_ms": 500}
        orchestrator.config["services"].reverse()
        reload(orchestrator)
        wait_until(lambda: lines(orchestrator, "rolled"), 60, "the other one rolled")
        assert orchestrator.ids(kept) == ids
        busy = next(s["slot"] for s in orchestrator.slots(kept) if s["in_flight"] == 1)
        hurt_and_wait(orchestrator, kept, 1 - busy, docker_kill, 5)
        client.send(b"still here")
        assert client.read_exactly(10) == b"still here"
        assert orchestrator.ids(kept)[busy] == ids[busy]


def test_reach_changes_without_a_lost_request(web):
    orchestrator, service = web(2, reach="published")
    for reach in ("bridge", "socket", "published"):
        before, done = orchestrator.ids(service), len(lines(orchestrator, "rolled"))
        with Poller(orchestrator.port, "/fast", clients=2) as poller:
            orchestrator.settings(service)["reach"] = reach
            reload(orchestrator)
            wait_until(lambda n=done: len(lines(orchestrator, "rolled")) > n, 60, f"rolled to {reach}")
            after = orchestrator.wait_slots(service, 2)
        poller.assert_clean()
        assert not set(before.values()) & set(after.values())


def test_stop_while_a_service_leaves(orchestrate, backend_image):
    orchestrator = orchestrate()
    orchestrator.add_service("stays", backend_image, 1)
    orchestrator.add_service("goes", backend_image, 1, routes=["/slow"])
    orchestrator.start()
    replies = []
    thread = ask(orchestrator, "/slow?ms=2000", replies)
    wait_until(lambda: in_flight(orchestrator, orchestrator.config["services"][1]["name"]) == 1, 5, "in flight")
    orchestrator.config["services"].pop()
    reload(orchestrator)
    orchestrator.stop(signal.SIGINT)
    thread.join()
    assert [r.status for r in replies] == [200]
    assert not orchestrator.docker.list(f"selfless.name={orchestrator.name}")
