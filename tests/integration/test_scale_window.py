"""The window's count decides: 100 requests give 5 containers, 3 in the next window give 1 again, and that is slot 0."""

import math
import signal
import time

from harness.wait import wait_until

WINDOW_S = 7    # times the pace: five containers must get ready within one


def start(web, pace):
    window_s = math.ceil(WINDOW_S * pace)
    orchestrator, service = web(None, scale={"window_s": window_s, "min": 1, "max": 10, "early": False})
    return orchestrator, service, window_s


def send(orchestrator, count):
    for _ in range(count):
        assert orchestrator.get("/api/v1/fast").status == 200


def test_up_to_five_and_back_to_slot_0(web, pace):
    orchestrator, service, window_s = start(web, pace)
    first = orchestrator.ids(service)[0]
    send(orchestrator, 100)
    wait_until(lambda: orchestrator.wanted(service) == 5, window_s + 2, "five wanted at the window's end")
    send(orchestrator, 3)
    ids = orchestrator.wait_slots(service, 5, window_s)
    assert sorted(ids) == [0, 1, 2, 3, 4]
    assert ids[0] == first
    wait_until(lambda: orchestrator.wanted(service) == 1, window_s + 2, "one wanted at the next window's end")
    wait_until(lambda: orchestrator.ids(service) == {0: first}, 60, "slots 1 to 4 are gone")


def test_not_before_the_window_ends(web):
    orchestrator, service, window_s = start(web, 1)
    begin = time.monotonic()
    send(orchestrator, 100)
    wait_until(lambda: orchestrator.wanted(service) > 1, window_s + 2, "growth")
    assert time.monotonic() - begin > window_s - 0.1


def test_early_growth(web):
    """With `early` the fleet grows as soon as the count asks for it, well before the window's end."""
    orchestrator, service = web(None, scale={"window_s": 60, "min": 1, "max": 10, "early": True})
    send(orchestrator, 45)
    assert sorted(orchestrator.wait_slots(service, 3)) == [0, 1, 2]


def test_20_want_one_and_21_want_two(web):
    orchestrator, service = web(None, scale={"window_s": 60, "min": 1, "max": 10, "early": True})
    send(orchestrator, 20)
    assert orchestrator.wanted(service) == 1
    send(orchestrator, 1)
    orchestrator.wait_slots(service, 2)


def test_never_more_than_max(web):
    orchestrator, service = web(None, scale={"window_s": 60, "min": 1, "max": 2, "early": True})
    send(orchestrator, 100)
    orchestrator.wait_slots(service, 2)
    assert orchestrator.wanted(service) == 2


def test_what_is_not_counted(web):
    """Health, crash and other paths do not count; refused and unknown ones under the prefix do."""
    orchestrator, service = web(None, scale={"window_s": 60, "min": 1, "max": 10, "early": True})
    for target in ["/fast", "/api/v1/_health", "/api/v1/_crash", "/api/v1x/fast"]:
        for _ in range(30):
            orchestrator.get(target)
    for _ in range(30):
        orchestrator.get("/api/v1/fast", method="OPTIONS")
    assert orchestrator.wanted(service) == 1
    for _ in range(21):
        orchestrator.get("/api/v1/status?code=404")
    orchestrator.wait_slots(service, 2)


def test_what_would_never_scale_is_said(web):
    """By the start, and by a reload that brings it."""
    orchestrator, service = web(None, scale={"min": 1, "max": 3, "count": ["/elsewhere/"]}, routes=["/api/"])
    assert orchestrator.log().count("event=config-doubt") == 1 and "services[0].scale.count: no request is counted" in orchestrator.log()
    orchestrator.settings(service)["scale"]["count"] = ["/nowhere/"]
    orchestrator.write_config()
    orchestrator.send_signal(signal.SIGHUP)
    wait_until(lambda: "nothing under \\\"/nowhere/\\\" is a route" in orchestrator.log(), 5, "the warning of the reload")
