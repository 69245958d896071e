"""A container that never gets ready says what its last probe saw: in the log, /api/fleet, status and the dashboard's data; and it backs off."""

import re

import pytest

from harness.wait import wait_until

START_MS = 1500
GARBAGE = b"SSH-2.0-OpenSSH_9.2\r\n\r\n".hex()

# what is wrong -> settings of the service, what the last probe saw, and where to look
CASES = {
    "the path answers 404": (
        {"health": {"path": "/status?code=404"}}, r"status 404 on /status\?code=404", r"is health\.path right\?"),
    "the path answers 500": (
        {"health": {"path": "/status?code=500"}}, r"status 500 on /status\?code=500", r"does its own output say why\?"),
    "another port": (
        {"port": 8001}, r"connection (reset|closed) before a reply by 127\.0\.0\.1:\d+|connection refused at 127\.0\.0\.1:\d+",
        r"is `port` right, does the program listen on 0\.0\.0\.0\?"),
    "it listens on 127.0.0.1 only": (
        {"env": {"LISTEN": "127.0.0.1:8000"}}, r"connection (reset|closed) before a reply by 127\.0\.0\.1:\d+",
        r"is `port` right, does the program listen on 0\.0\.0\.0\?"),
    "it is slow": (
        {"health": {"path": "/slow?ms=60000", "timeout_ms": 200}}, r"no answer within 200 ms", r"longer health\.start_ms\?"),
    "it answers garbage": (
        {"health": {"path": f"/raw?a={GARBAGE}"}}, r'malformed reply "SSH-2\.0-OpenSSH_9\.2": malformed first line',
        r"does the program speak HTTP/1\.1 there\?"),
    "it closes": (
        {"health": {"path": "/close"}}, r"connection closed before a reply by 127\.0\.0\.1:\d+", r"is `port` right, does the program listen on 0\.0\.0\.0\?"),
    "no socket": (
        {"reach": "socket", "env": {"LISTEN": "0.0.0.0:8000"}}, r"there is no socket yet at unix:/\S+",
        r"does the program listen on the unix socket that its LISTEN names\?"),
}


@pytest.fixture(scope="module")
def orchestrator(shared_orchestrate, backend_image):
    """One service a case, all at once: most of the time is waiting."""
    made = shared_orchestrate()
    for number, (settings, _, _) in enumerate(CASES.values()):
        health = dict(settings.get("health", {}), start_ms=START_MS)
        made.add_service(f"web{number}", backend_image, 1, routes=[f"/{number}"], **dict(settings, health=health))
    made.spawn()
    return made


@pytest.mark.parametrize("case", CASES)
def test_says_what_its_probes_see(orchestrator, case):
    _, saw, hint = CASES[case]
    service = orchestrator.config["services"][list(CASES).index(case)]["name"]

    def slot():
        return next(iter(orchestrator.fleet_slots(service)), {"state": "", "message": ""})

    def log():
        return [line.replace('\\"', '"') for line in orchestrator.log().splitlines() if f"service={service} " in line]

    wait_until(lambda: any(re.search(f'event=starting .*error="{saw}"', line) for line in log()), 60, "a line while it starts")
    over = f"no good probe within 1.5 s; the last one saw: (?:{saw}): .*{hint}"
    wait_until(lambda: re.match(over, slot()["message"]), 20, "what the last probe saw")
    wait_until(lambda: slot()["state"] == "backing-off", 30, "backing off")
    assert re.match(over + r" \(start-timeout, \d+ times", slot()["message"])
    status = orchestrator.command("status")
    assert status.returncode == 3 and re.search(hint, status.stdout), status
    assert any(re.search(r"event=backend .*reason=start-timeout .*error=.*" + hint, line) for line in log())
    assert any(re.search(r"event=fault .*reason=start-timeout .*error=.*" + hint, line) for line in log())
    starts, told = (sum(f"event={event} " in line for line in log()) for event in ("started", "starting"))
    assert 1 <= told <= 2 * starts, log()       # not one a probe


def test_says_so_while_it_starts(orchestrate, backend_image):
    orchestrator = orchestrate()
    service = orchestrator.add_service("web", backend_image, 1, health={"path": "/status?code=404"})
    orchestrator.spawn()

    def slot():
        return next(iter(orchestrator.fleet_slots(service)), {"state": "", "message": ""})

    starting = wait_until(lambda: (s := slot())["state"] == "starting" and s["message"] and s, 20, "a message while it starts")
    assert (starting["reason"], starting["message"]) == ("probe-status", "status 404 on /status?code=404")
    assert starting["since_ms"] < 5000
