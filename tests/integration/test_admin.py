"""The admin API: what it shows is so, what it is told happens, and whom it refuses; /metrics satisfies promtool."""

import http.client
import json
import time

from harness import promtool
from harness.client import RawClient, request
from harness.docker import Docker
from harness.ports import free_ports
from harness.wait import wait_until

TOKEN = "a-token-of-the-tests-0123456789"


class Events:
    """A client of /api/events; `next(name)` waits for the next event of that name and gives its data. Events that are
    passed over meanwhile are kept for later calls."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self.kept = []
        self.connection.request("GET", "/api/events")
        self.reply = self.connection.getresponse()
        assert self.reply.status == 200
        assert self.reply.getheader("Content-Type") == "text/event-stream"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def _event(self):
        name, data = None, None
        while line := self.reply.readline().decode().rstrip("\n"):
            field, _, value = line.partition(":")
            if field == "event":
                name = value.strip()
            elif field == "data":
                data = json.loads(value)
        return name, data

    def next(self, name, fits=lambda data: True, deadline_s=30):
        for event in self.kept:
            if event[0] == name and fits(event[1]):
                self.kept.remove(event)
                return event[1]
        end = time.monotonic() + deadline_s
        while time.monotonic() < end:       # heartbeats come more often than the socket's timeout
            event = self._event()
            if event[0] == name and fits(event[1]):
                return event[1]
            if event[0] is not None:
                self.kept.append(event)
        raise AssertionError(f"no event {name} within {deadline_s} s; others: {self.kept}")


def post(orchestrator, target, body=None, **kwargs):
    return request(orchestrator.admin_port, target, "POST", body, **kwargs)


def is_problem(reply, status):
    assert reply.status == status, reply
    assert reply.get("Content-Type") == "application/problem+json"
    assert reply.json()["status"] == status and reply.json()["detail"]
    return True


def test_fleet_is_what_docker_shows(web):
    orchestrator, service = web(3)
    for _ in range(6):
        assert orchestrator.get("/fast").status == 200
    fleet = orchestrator.fleet()
    assert fleet["name"] == orchestrator.name and fleet["engine"]["up"] is True and fleet["version"]
    shown = fleet["services"][0]
    assert (shown["name"], shown["wanted"], shown["requests"], shown["leaving"]) == (service, 3, 6, [])
    ids = orchestrator.ids(service)
    assert {slot["slot"]: slot["container"] for slot in shown["slots"]} == ids
    for slot in shown["slots"]:
        assert (slot["state"], slot["requests"], slot["in_flight"]) == ("ready", 2, 0)
        assert slot["probe_ms"] > 0 and slot["since_ms"] >= 0 and slot["faults"] == 0
        assert str(orchestrator.slot_port(service, slot["slot"])) in slot["address"] or "unix:" in slot["address"]


def test_metrics_count_what_was_sent(web):
    orchestrator, service = web(1)
    for _ in range(3):
        orchestrator.get("/fast")
    orchestrator.get("/status?code=404")
    metrics = orchestrator.metrics()
    assert metrics[f'selfless_requests_total{{service="{service}",code="200"}}'] == 3
    assert metrics[f'selfless_requests_total{{service="{service}",code="404"}}'] == 1
    assert metrics[f'selfless_request_seconds_count{{service="{service}"}}'] == 4
    assert metrics[f'selfless_request_seconds_bucket{{service="{service}",le="+Inf"}}'] == 4
    assert metrics[f'selfless_backends{{service="{service}",state="ready"}}'] == 1
    assert metrics["selfless_engine_up"] == 1


def test_promtool_finds_nothing(web):
    orchestrator, _ = web(1)
    orchestrator.get("/fast")
    assert promtool.run("check", "metrics", data=request(orchestrator.admin_port, "/metrics").body) == ""


def test_scale_up_and_down(web):
    orchestrator, service = web(None, scale={"window_s": 60, "min": 1, "max": 4, "early": False})
    with Events(orchestrator.admin_port) as events:
        assert events.next("fleet")["services"][0]["wanted"] == 1
        reply = post(orchestrator, f"/api/services/{service}/scale", '{"wanted": 3}')
        assert reply.status == 202 and reply.json()["wanted"] == 3
        told = events.next("scale")
        assert (told["service"], told["from"], told["wanted"]) == (service, 1, 3)
        assert sorted(orchestrator.wait_slots(service, 3, 15)) == [0, 1, 2]
        assert events.next("backend", lambda d: d["slot"] == 2)["state"] == "ready"
        assert post(orchestrator, f"/api/services/{service}/scale", '{"wanted": 1}').status == 202
        wait_until(lambda: list(orchestrator.ids(service)) == [0], 15, "slot 0 alone")
        assert events.next("backend", lambda d: d["state"] == "down")["reason"] == "scale-down"


def test_replace_one_slot_without_a_failure(web):
    orchestrator, service = web(2)
    before = orchestrator.ids(service)
    assert post(orchestrator, f"/api/services/{service}/slots/1/replace").status == 202

    def replaced():
        assert orchestrator.get("/fast").status == 200
        after = orchestrator.ids(service)
        return len(after) == 2 and after[1] != before[1] and after
    assert wait_until(replaced, 20, "a new container in slot 1")[0] == before[0]


def test_roll_replaces_all(web):
    orchestrator, service = web(2)
    before = orchestrator.ids(service)
    assert post(orchestrator, f"/api/services/{service}/roll").status == 202

    def rolled():
        assert orchestrator.get("/fast").status == 200
        after = orchestrator.ids(service)
        return len(after) == 2 and not set(after.values()) & set(before.values())
    wait_until(rolled, 30, "new containers in both slots")


def test_a_kill_is_told_as_one_incident(web):
    orchestrator, service = web(1)
    with Events(orchestrator.admin_port) as events:
        events.next("fleet")
        Docker(orchestrator.docker.path).kill(orchestrator.ids(service)[0])
        down = events.next("backend", lambda d: d["state"] == "down")
        ready = events.next("backend", lambda d: d["state"] == "ready")
        assert down["incident"] == ready["incident"] != "-"
        assert down["container"] != ready["container"]
    wait_until(lambda: orchestrator.fleet()["services"][0]["replacements"] == 1, 5, "one replacement counted")


def test_bad_orders_are_refused(web):
    orchestrator, service = web(1)
    for body in ["", "{}", "[]", '{"wanted": "2"}', '{"wanted": -1}', '{"wanted": 1, "x": 1}']:
        assert is_problem(post(orchestrator, f"/api/services/{service}/scale", body), 400)
    assert is_problem(post(orchestrator, "/api/services/nobody/roll"), 404)
    assert is_problem(post(orchestrator, f"/api/services/{service}/slots/9/replace"), 404)
    assert is_problem(request(orchestrator.admin_port, "/api/nothing"), 404)
    reply = request(orchestrator.admin_port, f"/api/services/{service}/roll")
    assert is_problem(reply, 405) and reply.get("Allow") == "POST"


def test_pages_of_strangers_are_refused(web):
    """A name that DNS could point at us, and an order from another origin."""
    orchestrator, service = web(1)
    port = orchestrator.admin_port
    assert is_problem(request(port, "/api/fleet", headers={"Host": "evil.example"}), 403)
    assert request(port, "/api/fleet", headers={"Host": f"localhost:{port}"}).status == 200
    target = f"/api/services/{service}/roll"
    assert is_problem(post(orchestrator, target, headers={"Origin": "http://evil.example"}), 403)
    assert is_problem(post(orchestrator, target, headers={"Origin": "null"}), 403)
    with RawClient(port) as client:
        client.send(b"GET /api/fleet HTTP/1.1\r\n\r\n")
        assert client.read_reply().status == 403


def test_no_page_of_a_stranger_gets_anything(web):
    """Whatever a browser can be made to send without asking: forms, pictures, frames. And nobody is let in by CORS."""
    orchestrator, service = web(1)
    port, target = orchestrator.admin_port, f"/api/services/{service}/roll"
    for site in ("cross-site", "same-site", "something-new"):
        assert is_problem(request(port, "/api/fleet", headers={"Sec-Fetch-Site": site}), 403)
        assert is_problem(request(port, "/api/events", headers={"Sec-Fetch-Site": site}), 403)
        assert is_problem(post(orchestrator, target, headers={"Sec-Fetch-Site": site}), 403)
        assert request(port, "/", headers={"Sec-Fetch-Site": site}).status == 200      # a link to the page
    form = {"Origin": f"http://127.0.0.1:{port + 1}", "Content-Type": "text/plain"}
    assert is_problem(post(orchestrator, f"/api/services/{service}/scale", '{"wanted": 1}', headers=form), 403)
    asked = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    for reply in (request(port, target, "OPTIONS", headers=asked), request(port, target, "OPTIONS"),
                  request(port, "/api/fleet", headers={"Origin": f"http://127.0.0.1:{port}"})):
        assert reply.get("Access-Control-Allow-Origin") is None and reply.status in (200, 403, 405)
    assert request(port, "/metrics", headers={"Sec-Fetch-Site": "none"}).status == 200
    assert "event=operator" not in orchestrator.log()


def test_other_addresses_need_the_token(orchestrate, backend_image, tmp_path):
    open_port = free_ports()
    token_file = tmp_path / "token"
    token_file.write_text(TOKEN + "\n")
    token_file.chmod(0o600)
    orchestrator = orchestrate(admin_token_file=str(token_file))
    orchestrator.config["admin"] = [f"127.0.0.1:{orchestrator.admin_port}", f"0.0.0.0:{open_port}"]
    orchestrator.add_service("web", backend_image, 1)
    orchestrator.start()
    assert is_problem(request(open_port, "/metrics"), 401)
    assert is_problem(request(open_port, "/metrics", headers={"Authorization": "Bearer " + TOKEN[:-1] + "x"}), 401)
    assert request(open_port, "/metrics", headers={"Authorization": "Bearer " + TOKEN}).status == 200
    for bad in ("", "Bearer", "Bearer ", "Basic " + TOKEN, "Bearer " + TOKEN + "x", "Bearer " + TOKEN + " " + TOKEN, TOKEN):
        for path in ("/api/fleet", "/api/events", "/metrics"):
            assert is_problem(request(open_port, path, headers={"Authorization": bad}), 401)
    assert is_problem(request(open_port, f"/api/events?token={TOKEN}"), 401)        # it would be in logs and histories
    assert request(open_port, "/").status == 200        # the page, which holds nothing, and asks for it
    assert request(orchestrator.admin_port, "/metrics").status == 200
    assert TOKEN not in orchestrator.log()


def test_streams_end_with_the_orchestrator(web):
    orchestrator, _ = web(1)
    with Events(orchestrator.admin_port) as events:
        events.next("fleet")
        orchestrator.stop()
        while events.reply.readline():
            pass
