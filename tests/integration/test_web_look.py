"""The acts page with 0, 3 and 500 acts, on a phone and a desk, light and dark: no grave fault of accessibility, nothing
wider than the screen; pictures of it all are kept for people to look at."""

import time

import pytest

from harness import axe, pictures
from web_people import Person, base64_of, post_many, stamp
from web_site import Site

SIZES = {"phone": (320, 640, True), "desk": (1280, 900, False)}
NAMES = ["ann", "Jonas", "mei-lin", "Ọládélé", "r.castellano", "Ida"]
CATEGORIES = ["Neighbours", "Garden", "Lost and found", "Reading aloud", "Out and about", "Baked goods"]
CAPTIONS = [
    "Carried Mrs. Okafor's shopping up four floors, and stayed for tea.", "Mended the bench by the pond.",
    "Planted forty bulbs along the school fence so that March looks like something.", "Read aloud at the home on Thursday.",
    "Walked the neighbours' dog while they were in hospital", "Gave my seat, my umbrella and in the end my bus ticket.",
    "Picked up litter: three bags between the bridge and the mill.",
    "Baked bread for the night shift at the fire station. They said it did not survive the first call.", "",
    "Found a wallet, found its owner."]


def fill(site, number):
    """Acts in most categories, most of them in the first; the newest some minutes old."""
    if number == 0:
        return site
    now, shown = time.time(), [base64_of(pictures.landscape(i)) for i in range(6)]
    for name in NAMES:
        site.add_user(name)
    for name in CATEGORIES:
        site.add_category(name)

    def act(i):
        elsewhere = i % 5 == 0 and number > 10
        return site.act(i + 1, username=NAMES[i % 6], caption=CAPTIONS[i % 10], imgB64=shown[i % 6],
                        categoryName=CATEGORIES[1 + i // 5 % 5 if elsewhere else 0],
                        timestamp=stamp(now - 200 * (number - i) ** 1.6))
    post_many(site, number, act)
    for i in range(max(0, number - 12), number):
        for _ in range((i * 7) % 4):
            site.expect(200, "POST", "/acts/upvote", [i + 1])
    return site


@pytest.fixture(scope="module", name="place", params=[0, 3, 500])
def _place(request, tmp_path_factory):
    """(how many acts, the site)"""
    site = Site(tmp_path_factory.mktemp("site"))
    try:
        yield request.param, fill(site.start(), request.param)
    finally:
        site.stop()


class Looked:
    """A page that is looked at, in one of its four looks."""

    def __init__(self, browser, acts, size, dark):
        self.browser, self.name = browser, f"acts-{acts}-{size}-{'dark' if dark else 'light'}"
        width, height, touch = SIZES[size]
        browser.set_size(width, height, touch)
        browser.set_media(dark=dark, reduced_motion=True)
        self.faults = []

    def look(self, what=""):
        name = f"{self.name}{what and '-'}{what}"
        self.browser.screenshot(name)
        wide = self.browser.execute("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            self.faults.append(f"{name}: {wide} pixels wider than the screen")
        self.faults += [f"{name}: {fault}" for fault in axe.violations(self.browser)]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_looks(browser, place, size, dark, tmp_path):
    acts, site = place
    looked = Looked(browser, acts, size, dark)
    person = Person(browser, site)
    if acts:
        browser.wait_until("document.querySelectorAll('#cards .votes').length >= arguments[0]", 20, min(acts, 12))
        browser.wait_until("document.querySelector('#cards img').naturalWidth > 0", 20)
    else:
        browser.find("#blank")
    looked.look()
    if acts == 500:
        browser.screenshot(looked.name + "-whole", whole=True)
        browser.wait_until("(scrollTo(0, document.documentElement.scrollHeight), document.querySelectorAll('#cards .cards').length > 2)"
                           " && !document.querySelector('.waiting')", 20)
        looked.look("older")
    if acts == 3:
        look_at_dialogs(browser, looked, person, tmp_path)
    assert not looked.faults, "\n".join(looked.faults)


def look_at_dialogs(browser, looked, person, tmp_path):
    path = tmp_path / "picture.png"
    path.write_bytes(pictures.landscape(4, 1200, 900))
    browser.expected_errors.append("status of 400")
    browser.click("#account-button")
    person.fill_account("ann")
    person.sees_problem("already")
    looked.look("sign-up")
    browser.click("#account-switch")
    browser.type("#account-input", "ann")
    browser.click("#account-submit")
    person.sees_toast("Welcome")
    looked.look("welcome")
    browser.click("#category-button")
    browser.find("#category-input")
    looked.look("category")
    browser.press("Escape")
    browser.click("#post-button")
    browser.find("#zone-choose")
    looked.look("post")
    person.draft(path, "Helped a cat down from the roof. Again.")
    looked.look("draft")
    browser.press("Escape")
    browser.click(".remove")
    browser.find("#ask-yes")
    looked.look("ask")
    browser.press("Escape")
    browser.click(".picture")
    browser.find("#view-caption")
    looked.look("picture")
    browser.press("Escape")
    browser.click(".categories a", "Garden")
    browser.find("#blank", "Somebody has to be first")
    looked.look("blank")


def test_no_motion_for_those_who_want_none(browser, place):
    acts, site = place
    if acts != 3:
        pytest.skip("once is enough")
    for reduced in (False, True):
        browser.set_media(reduced_motion=reduced)
        Person(browser, site).sees_cards(3)
        moving = browser.execute("return [...document.querySelectorAll('*')].filter(e => getComputedStyle(e).transitionDuration != '0s')"
                                 ".length")
        assert (moving == 0) == reduced
