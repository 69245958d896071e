"""People who use the application as it is shipped, by its API and by its page, while it is hurt; they remember everything."""

import contextlib
import time
import types

from harness import pictures
from harness.browser import Browser
from harness.host import Host
from harness.shipped import PORT, Shipped
from harness.wait import wait_until
from web_people import Person

SHOWN = 12              # the page shows older ones when asked
UPVOTED = ("document.querySelector('.vote')?.ariaLabel.startsWith('Upvoted, 1 upvote:') && "
           "document.querySelector('.vote').ariaBusy === null")         # it shows at once, and then is true


class Visitor:
    """Somebody at a browser, with a category of his own. `posted`: the acts as they came back the first time."""

    def __init__(self, browser, trip, connect, picture):
        browser.bring(PORT, connect)
        self.browser, self.trip, self.picture = browser, trip, picture
        self.person = Person(browser, types.SimpleNamespace(url="http://127.0.0.1/"))
        self.captions, self.posted = [], {}
        self.second = 0     # of the last act: those of one second have no order that a person would expect

    def arrive(self):
        self.person.sign_up("carla")
        self.person.sees_toast("Welcome, ")
        self.person.add_category("Neighbours")
        self.browser.find("#feed-title", "Neighbours")
        self.post()

    def post(self):
        wait_until(lambda: time.time() // 1 > self.second, 5, "another second")
        self.captions.insert(0, f"Mended bench {len(self.captions) + 1}")
        self.person.post(self.picture, self.captions[0])
        self.second = time.time() // 1
        self.trip.others += 1
        shown = self.captions[:SHOWN]
        self.person.sees_cards(len(shown))      # which may be as many as before, and those of before
        self.browser.wait_until("document.querySelector('#cards .caption')?.textContent === arguments[0]", 20, shown[0])
        self.browser.click(".vote")
        self.browser.wait_until(UPVOTED, 15)
        assert self.person.captions() == shown, (self.person.captions(), shown)
        self.check()

    def check(self):
        """Each has its upvote, and what was seen of it once has not changed."""
        acts = self.trip.expect(200, "GET", "/categories/Neighbours/acts")
        assert [act["caption"] for act in acts] == self.captions
        for act in acts:
            assert act["upvotes"] == 1 and act["username"] == "carla"
            assert self.posted.setdefault(act["actId"], act) == act


class Life:
    def __init__(self, host, browser, picture):
        self.shipped, self.host = Shipped(host), host
        self.trip = self.shipped.round_trip()
        self.visitor = Visitor(browser, self.trip, lambda: host.connect(PORT), picture)

    def begin(self):
        self.trip.all()

    def goes_on(self, connects=()):
        """What was there is there, and there is more of it. connects: see RoundTrip.again."""
        self.trip.again(lambda: self.shipped.connect("acts"), *connects)
        self.visitor.post()

    def hurt(self, service, how):
        """Nobody who only reads notices; afterwards all goes on."""
        def how_and_look():
            how()
            self.trip.check()
        self.shipped.scale("acts", 1)
        self.shipped.hurt(service, how_and_look)
        self.goes_on()


@contextlib.contextmanager
def life_on(folder, *arguments):
    """After docker/up with these arguments on a host of its own."""
    host = Host(folder)
    try:
        Shipped(host).up(*arguments)
        picture = folder / "bench.png"
        picture.write_bytes(pictures.landscape(1, 640, 400))
        with Browser(folder) as browser:
            yield Life(host, browser, picture)
            assert browser.console_errors() == []
    finally:
        host.close()
