"""The dashboard shows what is so, at once, and does what a person orders there; on any screen, by keyboard, and safely."""

import pathlib

import pytest

from dashboard_board import (SIZES, board, is_live, kill, made, made_failing,  # pylint: disable=unused-import
                             open_page, shoot_all, wait_text)
from harness import axe
from harness.client import request
from harness.ports import free_ports
from harness.prefix_proxy import PrefixProxy
from harness.poller import Poller
from harness.wait import wait_until
from test_reload import reload

FOLDER = pathlib.Path(__file__).parents[2] / "orchestrator" / "admin" / "page"
MOST_BYTES = 120 * 1024
TOKEN = "a-token-of-the-tests-0123456789"


def test_it_shows_the_fleet(board, browser):
    orchestrator, service = board(3)
    wait_text(browser, "h1", "All 3 containers are ready")
    assert is_live(browser)
    for container in orchestrator.ids(service).values():
        wait_text(browser, ".container", container[:12])
    with Poller(orchestrator.port):
        wait_text(browser, ".probe .value", "ms")
        browser.wait_until("Number(document.querySelector('.figures dd').textContent.replace(',', '')) > 5", 15)
        browser.wait_until("document.querySelector('.slot .spark .line').getAttribute('d').length > 20", 15)
        label = "document.querySelector('.slot .spark').getAttribute('aria-label')"
        assert "ms to " in browser.wait_until(f"{label}.includes(' to ') && {label}", 15)
        shoot_all(browser, "three")


def test_it_scales_when_it_is_confirmed(board, browser):
    orchestrator, service = board(None, scale={"min": 1, "max": 4, "window_s": 120, "count": ["/"]})
    wait_text(browser, "h1", "The container is ready")
    browser.click("button", "Scale")
    browser.type("#wanted", "9")
    browser.click("#order-confirm")
    assert browser.sees("#order")       # 9 is too many: the browser says so, nothing is sent
    browser.type("#wanted", "3")
    browser.click("#order-cancel")
    assert not browser.sees("#order") and orchestrator.wanted(service) == 1
    browser.click("button", "Scale")
    browser.type("#wanted", "3")
    browser.screenshot("dashboard-scale-asked")
    browser.click("#order-confirm", "Scale to 3")
    wait_text(browser, "h1", "All 3 containers are ready")
    wait_text(browser, ".headline", "1 → 3 containers, by order")
    browser.wait_until("document.querySelector('#news').textContent.includes('Order taken')", 5)
    assert orchestrator.wanted(service) == 3 and not browser.sees("#order")


def test_the_scaling_window_is_drawn(board, browser):
    orchestrator, service = board(None, scale={"min": 1, "max": 5, "window_s": 120, "requests_per_container": 10,
                                               "count": ["/"]})
    wait_text(browser, ".caption", "No window is open")
    for _ in range(25):
        assert orchestrator.get("/fast").status == 200
    wait_text(browser, ".caption", "25 requests in")
    wait_text(browser, ".caption", "With 31 there will be 4 containers")
    browser.wait_until("[...document.querySelectorAll('.thresholds text')].some(e => e.textContent === '3 containers at 21')", 5)
    assert browser.execute("return document.querySelectorAll('.thresholds .reached').length") == 2
    wait_text(browser, ".headline", "1 → 3 containers, 21 requests in the window so far")
    wait_until(lambda: len(orchestrator.slots(service)) == 3, 10, "three containers")
    shoot_all(browser, "scaling")


def test_it_replaces_a_container_by_order(board, browser):
    orchestrator, service = board(2)
    before = orchestrator.ids(service)
    wait_text(browser, "h1", "All 2 containers are ready")
    browser.click(".slot:nth-child(2) button")
    wait_text(browser, "#order-title", f"Replace slot 1 of {service}")
    browser.click("#order-confirm")
    wait_text(browser, ".headline", "replace slot 1, by order")
    wait_text(browser, ".outcome", "done in")
    after = wait_until(lambda: orchestrator.ids(service)[1] != before[1] and orchestrator.ids(service), 10, "another one")
    wait_text(browser, ".container", after[1][:12])
    assert after[0] == before[0]


def test_it_rolls_by_order(board, browser):
    orchestrator, service = board(2)
    before = orchestrator.ids(service)
    wait_text(browser, "h1", "All 2 containers are ready")
    browser.click("button", "Roll")
    browser.click("#order-confirm", "Replace them all")
    wait_text(browser, ".headline", f"{service}: roll, by order")
    wait_until(lambda: set(before.values()).isdisjoint(orchestrator.ids(service).values()), 15, "all new")


def test_a_kill_is_told_as_a_story(board, browser):
    orchestrator, service = board(2)
    wait_text(browser, "h1", "All 2 containers are ready")
    kill(orchestrator, service, 1)
    wait_text(browser, ".headline", f"{service} slot 1: exited")
    wait_text(browser, ".outcome", "replaced in")
    wait_text(browser, "h1", "All 2 containers are ready")
    browser.wait_until("document.querySelector('#news').textContent.includes('slot 1: exited')", 5)
    browser.execute("document.querySelector('#stories summary').focus()")
    browser.press("Enter")              # it opens by keyboard
    wait_text(browser, ".lines .text", "exit code 137 (SIGKILL)")
    wait_text(browser, ".lines .text", "slot 1 serves again")
    browser.screenshot("dashboard-story")
    browser.reload()                    # who comes later is told, too
    wait_text(browser, ".headline", f"{service} slot 1: exited")


def test_a_storm_of_kills(board, browser):
    orchestrator, service = board(10)
    wait_text(browser, "h1", "All 10 containers are ready")
    with Poller(orchestrator.port) as poller:
        for slot in range(0, 10, 2):
            kill(orchestrator, service, slot)
        browser.wait_until("document.querySelectorAll('#stories [data-kind=mended]').length >= 5", 20)
        wait_text(browser, "h1", "All 10 containers are ready")
        shoot_all(browser, "storm")
    poller.assert_clean()


def test_a_connection_that_is_lost_comes_back(board, browser):
    orchestrator, service = board(2)
    assert is_live(browser)
    orchestrator.stop()
    wait_text(browser, "#connection", "connection lost, trying again")
    wait_text(browser, "h1", "No word since")
    browser.screenshot("dashboard-lost")
    browser.click(".slot button")
    browser.click("#order-confirm")
    wait_text(browser, "#order-error", "does not answer")
    browser.press("Escape")
    orchestrator.start()
    assert is_live(browser)
    wait_text(browser, "h1", "All 2 containers are ready")
    for container in orchestrator.ids(service).values():
        wait_text(browser, ".container", container[:12])
    browser.expected_errors.append(r"net::ERR_")


def test_a_slot_without_a_container_says_why(board, browser, tmp_path):
    """No container, so no news of one: still the page is right. And what a program writes stays text."""
    program = tmp_path / "hostile"
    program.write_text("#!/bin/sh\necho '<img src=x onerror=alert(1)>'\nexit 3\n")
    program.chmod(0o755)
    orchestrator, service = made_failing(board, program)
    wait_text(browser, ".state", "backing off", 30)
    wait_text(browser, ".message", "it exited with code 3")
    wait_text(browser, "h1", f"{service} has no ready container")
    wait_text(browser, ".outcome", "backing off")
    browser.click("#stories summary")
    wait_text(browser, ".lines .words", "<img src=x onerror=alert(1)>")
    assert browser.execute("return document.querySelectorAll('#stories img').length") == 0
    shoot_all(browser, "failing")
    assert orchestrator.fleet_slots(service)[0]["state"] in ("backing-off", "creating", "starting", "down")


def test_the_troubles_of_the_orchestrator_itself(made, browser):
    """Its containers serve, and what it cannot write is said all the same, from the moment on when it is so."""
    orchestrator = made()
    orchestrator.add_backends("web", 1)
    orchestrator.config["access_log"] = "/dev/full"
    orchestrator.start()
    open_page(browser, orchestrator)
    wait_text(browser, "h1", "The container is ready")
    assert not browser.sees("#causes")
    assert orchestrator.get("/fast").status == 200
    wait_text(browser, "#causes li", "the access log /dev/full cannot be written")
    wait_text(browser, "#causes strong", "access log")
    wait_text(browser, "h1", "The container is ready")
    shoot_all(browser, "trouble")
    for size in SIZES.values():
        browser.set_size(*size)
        assert browser.execute("return document.documentElement.scrollWidth") <= size[0]
        assert not axe.violations(browser), size
    del orchestrator.config["access_log"]
    reload(orchestrator)
    browser.wait_until("document.querySelector('#causes').hidden", 10)


def test_a_story_has_its_newest_cause(board, browser):
    """Several entries that are remembered may belong to one story; they come with the newest first."""
    board(1)
    causes = browser.execute_async("""
        const done = arguments[arguments.length - 1];
        import('/lately.js').then(({ withLately }) => {
            const entry = (time_ms, cause) => ({ what: 'fault', service: 'web', slot: 0, incident: 'one', time_ms, cause, times: 1 });
            const story = { id: 'one', time: 1, lines: [] };
            done(withLately([story], [entry(2, 'it exited'), entry(1, 'it hangs')]).map((one) => one.cause));
        }, (error) => done([String(error)]));""")
    assert causes == ["it exited"]


def test_nothing_runs_and_nothing_happened(board, browser):
    board(None, scale={"min": 0, "max": 3})
    wait_text(browser, ".none", "the next request brings the first one")
    wait_text(browser, "h1", "No container is needed now")
    shoot_all(browser, "empty")


def test_under_a_path_prefix(made, browser):
    """Behind a proxy that serves several things under one name: the page, its files, the events and the orders."""
    orchestrator = made()
    service = orchestrator.add_backends("web", 1)
    orchestrator.start()
    with PrefixProxy("/tools/fleet", orchestrator.admin_port) as proxy:
        browser.open(f"http://127.0.0.1:{proxy.port}/tools/fleet/")
        wait_text(browser, "h1", "The container is ready")
        assert is_live(browser)
        before = orchestrator.ids(service)[0]
        browser.click(".slot button")
        browser.click("#order-confirm")
        wait_text(browser, ".outcome", "done in")
        wait_until(lambda: orchestrator.ids(service)[0] != before, 10, "another one")
        browser.screenshot("dashboard-under-a-prefix", whole=True)
        assert not proxy.strays
        browser.open("about:blank")


def test_it_asks_for_the_token_where_one_is_needed(made, browser, tmp_path):
    orchestrator, port = made(), free_ports()
    token_file = tmp_path / "token"
    token_file.write_text(TOKEN)
    token_file.chmod(0o600)
    orchestrator.config.update(admin_token_file=str(token_file))
    orchestrator.config["admin"] = [f"127.0.0.1:{orchestrator.admin_port}", f"0.0.0.0:{port}"]
    orchestrator.add_backends("web", scale={"min": 1, "max": 2})
    orchestrator.start()
    browser.expected_errors.append("401")
    open_page(browser, orchestrator, port)
    wait_text(browser, "#token label", "asks for a token")
    browser.screenshot("dashboard-token")
    assert not axe.violations(browser)
    browser.type("#token-field", "not-the-token-of-it")
    browser.click("#token button")
    wait_text(browser, "#token-error", "refused")
    browser.type("#token-field", TOKEN)
    browser.press("Enter")
    wait_text(browser, "h1", "The container is ready")
    assert not browser.sees("#token")
    browser.click("button", "Scale")
    browser.type("#wanted", "2")
    browser.press("Enter")              # orders carry it, too
    wait_text(browser, "h1", "All 2 containers are ready")
    assert TOKEN not in browser.execute("return document.cookie + JSON.stringify(localStorage)")


def test_by_keyboard_alone(board, browser):
    orchestrator, service = board(1)
    wait_text(browser, ".slot .state", "ready")
    browser.press("Tab")
    assert browser.execute("return document.activeElement.className") == "skip"
    for _ in range(20):
        browser.press("Tab")
        if browser.execute("return document.activeElement.innerText.startsWith('Replace')"):
            break
    browser.press("Enter")
    wait_text(browser, "#order-title", "Replace slot 0")
    browser.press("Escape")
    assert not browser.sees("#order")
    assert browser.execute("return document.activeElement.innerText.startsWith('Replace')")
    before = orchestrator.ids(service)
    browser.press("Enter")
    wait_text(browser, "#order-title", "Replace slot 0")
    browser.press("Tab")
    assert browser.execute("return document.activeElement.id") == "order-confirm"
    browser.press("Enter")
    wait_until(lambda: orchestrator.ids(service) not in ({}, before), 10, "another container")


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_is_wider_than_the_screen(board, browser, width):
    board(2)
    browser.set_size(width, 800)
    wait_text(browser, ".slot .state", "ready")
    assert browser.execute("return document.documentElement.scrollWidth") <= width


def test_axe_finds_nothing_serious(board, browser):
    orchestrator, service = board(None, scale={"min": 2, "max": 4, "count": ["/"]})
    orchestrator.get("/fast")
    wait_text(browser, ".caption", "1 request in")
    kill(orchestrator, service, 0)
    wait_text(browser, ".outcome", "replaced in")
    browser.click("#stories summary")
    for size in SIZES.values():
        for dark in (False, True):
            browser.set_size(*size)
            browser.set_media(dark=dark)
            assert not axe.violations(browser), (size, dark)
    browser.click("button", "Scale")
    assert not axe.violations(browser)


def test_its_files_and_their_policy(made):
    """All that the page loads is ours, nothing in it runs that is not a file of ours, and nobody may frame it."""
    orchestrator = made()
    orchestrator.add_backends("web", 1)
    orchestrator.start()
    reply = request(orchestrator.admin_port, "/")
    assert reply.status == 200 and reply.get("Content-Type") == "text/html; charset=utf-8"
    policy = reply.get("Content-Security-Policy")
    for part in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "frame-ancestors 'none'",
                 "require-trusted-types-for 'script'"):
        assert part in policy
    assert "unsafe" not in policy and reply.get("X-Content-Type-Options") == "nosniff"
    for name, kind in {"/main.js": "text/javascript", "/style.css": "text/css", "/icon.svg": "image/svg+xml"}.items():
        file = request(orchestrator.admin_port, name)
        assert file.status == 200 and file.get("Content-Type").startswith(kind)
        assert b"http://" not in file.body.replace(b"http://www.w3.org/", b"") and b"https://" not in file.body
    sizes = {path.name: len(request(orchestrator.admin_port, f"/{path.name}").body) for path in FOLDER.iterdir()}
    assert min(sizes.values()) > 300 and sum(sizes.values()) < MOST_BYTES, sizes
    assert request(orchestrator.admin_port, "/", headers={"Host": "evil.example"}).status == 403
    assert request(orchestrator.admin_port, "/", "POST").status in (404, 405)
    assert request(orchestrator.admin_port, "/../main.c").status == 404
