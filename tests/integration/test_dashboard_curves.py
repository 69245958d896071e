"""The dashboard's plots begin before the page was opened: the orchestrator keeps ten minutes, for whoever comes."""

import json

from dashboard_board import board, made, open_page, wait_text  # pylint: disable=unused-import
from harness.client import request
from harness.poller import Poller
from harness.wait import wait_until

STEP_MS = 5000


def curves(orchestrator):
    reply = request(orchestrator.admin_port, "/api/curves")
    assert reply.status == 200 and reply.get("Content-Type") == "application/json"
    return json.loads(reply.body)


def numbers(values):
    return [value for value in values if value is not None]


def test_what_was_before_is_drawn(made, browser):
    orchestrator = made()
    service = orchestrator.add_backends("web", scale={"min": 1, "max": 3, "window_s": 300, "requests_per_container": 100000, "count": ["/"]})
    orchestrator.start()
    with Poller(orchestrator.port):
        wait_until(lambda: curves(orchestrator)["steps"] >= 3, 30, "three steps have ended")
    kept = curves(orchestrator)
    one = kept["services"][0]
    assert kept["step_ms"] == STEP_MS and one["name"] == service and len(one["requests"]) == kept["steps"]
    assert numbers(one["requests"])[-2] > 10 and numbers(one["counted"])[-1] > 20
    assert numbers(one["wanted"])[-1] == 1 and numbers(one["ready"])[-1] == 1
    assert numbers(one["slots"][0]["probe_us"])[-1] > 0
    open_page(browser, orchestrator)
    wait_text(browser, "h1", "The container is ready")
    browser.wait_until("document.querySelector('.figures .spark .line').getAttribute('d').split(/[ML]/).length > 3", 3)
    assert "over the last 1" in browser.execute("return document.querySelector('.figures .spark').getAttribute('aria-label')")
    assert browser.execute("return document.querySelector('.slot .spark .line').getAttribute('d').split(/[ML]/).length") > 3
    browser.wait_until("document.querySelector('.window .line').getAttribute('d').split('L').length > 3", 3)
    steps = kept["steps"]
    browser.wait_until("document.querySelector('.figures .spark .line').getAttribute('d').split(/[ML]/).length > arguments[0] + 3", 20,
                       steps)     # and it goes on


