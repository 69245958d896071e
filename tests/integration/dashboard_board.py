"""The dashboard of an orchestrator of plain processes, open in a browser, and what is looked for there."""

import itertools
import os
import signal

import pytest

from harness.processes import ProcessOrchestrator
from harness.wait import wait_until

SIZES = {"desktop": (1280, 900, False), "phone": (390, 844, True), "narrow": (320, 640, True)}

_numbers = itertools.count(200000)


@pytest.fixture
def made(tmp_path):
    """A maker of orchestrators of plain processes, not yet started."""
    all_made = []

    def make():
        all_made.append(ProcessOrchestrator(tmp_path, next(_numbers)))
        return all_made[-1]

    yield make
    for orchestrator in all_made:
        orchestrator.close()


@pytest.fixture
def board(made, browser):
    """`board(2)`: the page of an orchestrator with two containers of one service is open, and live."""
    def start(size=2, **service):
        orchestrator = made()
        name = orchestrator.add_backends("web", size, **service)
        orchestrator.start()
        open_page(browser, orchestrator)
        return orchestrator, name

    return start


def open_page(browser, orchestrator, port=None):
    browser.open(f"http://127.0.0.1:{port or orchestrator.admin_port}/")


def is_live(browser):
    return browser.wait_until("document.querySelector('#connection').textContent === 'live'", 15)


def wait_text(browser, css, text, deadline_s=15):
    """Until an element that can be seen holds the text."""
    browser.find(css, text, deadline_s)


def kill(orchestrator, service, slot):
    os.kill(orchestrator.pid(service, slot), signal.SIGKILL)


def shoot_all(browser, name):
    """The page in all its clothes."""
    for size, (width, height, touch) in SIZES.items():
        for dark in (False, True):
            browser.set_size(width, height, touch)
            browser.set_media(dark=dark)
            browser.screenshot(f"dashboard-{name}-{size}-{'dark' if dark else 'light'}", whole=True)
    browser.set_size(*SIZES["desktop"])
    browser.set_media()


def made_failing(board, program, **service):
    """board waits for ready containers; there will be none."""
    original = ProcessOrchestrator.wait_ready
    ProcessOrchestrator.wait_ready = lambda self: wait_until(self.fleet, 10, "the admin API answers")
    try:
        return board(service.pop("size", 1), command=[str(program)], **service)
    finally:
        ProcessOrchestrator.wait_ready = original
