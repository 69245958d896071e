"""The dashboard tells once what happens again and again, says why nothing serves before all else, and hides no figure."""

import concurrent.futures

import pytest

from dashboard_board import SIZES, board, kill, made, made_failing, shoot_all, wait_text  # pylint: disable=unused-import
from harness import axe
from harness.images import backend_binary
from harness.wait import wait_until

WORDS = 20      # lines of a program's last words that are kept
# Whatever is narrower than its text, and does not scroll.
CLIPPED = """return [...document.querySelectorAll('h1, h2, h3, p, dt, dd, li, span, button, time, strong, text')]
    .filter(e => e.getClientRects().length > 0 && !e.closest('.unseen') && getComputedStyle(e).clipPath === 'none')
    .filter(e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline'
        || e.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5
        || e.getBoundingClientRect().left < -0.5)
    .map(e => [e.className.baseVal ?? e.className, e.textContent])"""


def count(browser, css):
    return browser.execute("return document.querySelectorAll(arguments[0]).length", css)


def test_what_is_missing_is_one_story_and_stands_on_top(board, browser, tmp_path):
    """However often it is tried; and once it is there, that is the end of the story."""
    program = tmp_path / "missing"
    orchestrator, service = made_failing(board, program, scale={"min": 1, "max": 4, "count": ["/"]})
    wait_text(browser, "h1", f"{service} has no ready container")
    wait_text(browser, "#causes li", str(program))
    assert browser.execute("return document.querySelector('h1').nextElementSibling.id") == "causes"
    wait_until(lambda: orchestrator.log().count("event=slot-down") >= 4, 20, "it was tried four times")
    wait_text(browser, ".outcome", "tried 4 times")
    assert count(browser, "#stories [data-kind=fault]") == 1
    assert not browser.sees(".window"), "there is nothing to plot"
    where = "return document.querySelector(arguments[0]).getBoundingClientRect().top"
    assert browser.execute(where, ".slots, .none") < browser.execute(where, ".figures")
    browser.click("#stories summary")
    wait_text(browser, ".times", "times, until +")
    assert count(browser, ".lines li") < 12
    assert not axe.violations(browser)
    shoot_all(browser, "missing")
    browser.set_size(*SIZES["narrow"])
    wait_until(lambda: not browser.execute(CLIPPED), 5, "nothing is cut off, once it is laid out")
    program.symlink_to(backend_binary())
    wait_text(browser, "#stories [data-kind=mended] .outcome", "serves after", 30)


def test_a_crash_loop_is_one_story(board, browser, tmp_path):
    """With one line for each of its steps, and the last words as a block that scrolls."""
    program = tmp_path / "talker"
    program.write_text("#!/bin/sh\nfor i in $(seq 100); do echo \"$i: cannot open /nowhere/config.yaml: no such file or directory,"
                       " and this line is a long one\"; done\nexit 7\n")
    program.chmod(0o755)
    orchestrator, service = made_failing(board, program)
    wait_until(lambda: orchestrator.log().count("event=backing-off") >= 3, 40, "it backed off three times")
    wait_text(browser, ".headline", f"{service} slot 0: exited")
    wait_text(browser, ".outcome", "backing off")
    assert count(browser, "#stories [data-kind=fault]") == 1
    wait_text(browser, "#causes li", "7")
    browser.click("#stories summary")
    browser.wait_until("document.querySelectorAll('.lines li').length > 3", 5)
    words = browser.execute("return document.querySelector('.lines pre').textContent").split("\n")
    assert len(words) == WORDS and words[-1].startswith("100: cannot open")
    assert not browser.sees(".lines .text", "cannot open"), "last words are no lines of their own"
    wait_text(browser, ".times", "times, until +")
    assert count(browser, ".lines li") < 25
    browser.execute("document.querySelector('.lines pre').focus()")
    assert browser.execute("return document.activeElement.className") == "words"
    assert not axe.violations(browser)
    shoot_all(browser, "crash-loop")
    browser.set_size(*SIZES["narrow"])
    wait_until(lambda: not browser.execute(CLIPPED), 5, "nothing is cut off, once it is laid out")


def test_growth_in_many_steps_is_one_line(board, browser):
    orchestrator, service = board(None, scale={"min": 1, "max": 10, "window_s": 120, "requests_per_container": 20, "count": ["/"]})
    wait_text(browser, "h1", "The container is ready")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert all(reply.status == 200 for reply in pool.map(lambda _: orchestrator.get("/fast"), range(190)))
    wait_text(browser, ".headline", f"{service}: 1 → 10 containers, 181 requests in the window so far", 20)
    wait_text(browser, ".outcome", "9 steps in")
    assert count(browser, "#stories [data-kind=scale]") == 1
    wait_text(browser, "h1", "All 10 containers are ready")
    shoot_all(browser, "grown")
    browser.set_size(*SIZES["narrow"])
    wait_until(lambda: not browser.execute(CLIPPED), 5, "nothing is cut off, once it is laid out")


def test_faults_of_one_slot_in_a_row_are_one_item(board, browser):
    orchestrator, service = board(2)
    for time in range(1, 4):
        kill(orchestrator, service, 1)
        wait_until(lambda: orchestrator.log().count("event=replaced ") == time, 20, "replaced")     # pylint: disable=cell-var-from-loop
    wait_text(browser, ".outcome", "3 times since")
    wait_text(browser, ".outcome", "the last one replaced in")
    assert count(browser, "#stories [data-kind=mended]") == 1
    browser.click("#stories summary")
    browser.wait_until("document.querySelectorAll('.members li').length === 3", 5)
    wait_text(browser, ".lines .text", "slot 1 serves again")
    shoot_all(browser, "repeated")
    kill(orchestrator, service, 0)      # another slot is another story
    browser.wait_until("document.querySelectorAll('#stories [data-kind=mended]').length === 2", 20)


@pytest.mark.parametrize("width", [320, 360])
def test_large_figures_are_whole(board, browser, width):
    """Five digits a second, thousands in flight: as a busy service has them."""
    board(2)
    browser.set_size(width, 800)
    wait_text(browser, ".slot .state", "ready")
    assert not browser.execute("""document.querySelectorAll('.figures dd:not(.plot)').forEach(e => e.textContent = '123,456');
        document.querySelectorAll('.slot .value').forEach(e => e.textContent = '12,345');""" + CLIPPED)


def test_what_was_before_a_restart_is_told(board, browser):
    """With its cause, though its lines are gone with the process that wrote them."""
    orchestrator, service = board(2)
    kill(orchestrator, service, 1)
    wait_text(browser, ".outcome", "replaced in")
    browser.click("#stories summary")
    wait_text(browser, ".cause", "it was killed (exit code 137) and nobody says by whom")
    browser.expected_errors.append(r"net::ERR_")
    orchestrator.stop()
    orchestrator.start()
    browser.wait_until("document.querySelector('#connection').textContent === 'live'", 15)
    wait_text(browser, ".headline", f"{service} slot 1: exited")
    wait_text(browser, ".outcome", "served again after")
    assert count(browser, "#stories [data-kind=mended]") == 1
    browser.click("#stories summary")
    wait_text(browser, ".cause", "it was killed (exit code 137) and nobody says by whom")
    wait_text(browser, "#stories .quiet", "Its lines are in the log")
    shoot_all(browser, "restarted")
    assert not axe.violations(browser)
