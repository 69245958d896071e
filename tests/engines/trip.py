"""The application's round trip on a space, while containers of acts are replaced."""

import contextlib
import itertools

from harness import pictures
from harness.browser import Browser
from harness.shipped import Shipped
from shipped_life import Life

OPERATORS = ("docker kill acts_0", "docker rm -f acts_0", "docker pause acts_0", "docker restart -t 1 acts_0")
# What ends by itself three times within 30 s backs off, so that happens seldom.
CAUSES = 2 * OPERATORS + ("curl -s -X POST http://127.0.0.1:8000/api/v1/_crash",) + OPERATORS


def by_clients(space, replacements):
    shipped = Shipped(space)
    trip = shipped.round_trip()
    trip.all()
    for cause in itertools.islice(itertools.cycle(CAUSES), replacements):
        shipped.hurt("acts", lambda command=cause: space.run(command))
        trip.again(lambda: shipped.connect("acts"))
    trip.end()


def by_page(space, replacements):
    picture = space.folder / "bench.png"
    picture.write_bytes(pictures.landscape(1, 640, 400))
    with Browser(space.folder) as browser, contextlib.ExitStack():
        life = Life(space, browser, picture)
        life.begin()
        life.visitor.arrive()
        for cause in itertools.islice(itertools.cycle(CAUSES), replacements):
            life.hurt("acts", lambda command=cause: space.run(command))
        assert browser.console_errors() == []
