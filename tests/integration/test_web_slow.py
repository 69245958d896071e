"""The acts page on a phone and a slow line: what it transfers, in which order, how still it stands, and how far one can read.

The line is the browser's own (DevTools protocol): 1.6 Mbit/s, 150 ms. What decides are bytes, requests and cards; times have
slack enough for a machine on which everything else is slow, too.
"""

import random

import pytest

from harness import pictures
from web_people import Person, base64_of, post_many, stamp
from web_site import Site

LINE = {"latency_ms": 150, "download_bytes_per_s": 200000, "upload_bytes_per_s": 200000}
PICTURE_BYTES = 100000
ACTS = 300
MOST_CARDS = 60
TEXT_MS, LCP_MS, CLS = 2 * 1500, 2 * 2500, 0.02
SECOND_VISIT_BYTES = 10000
SIZES = {"phone": (390, 844, True), "narrow": (320, 640, True), "desk": (1280, 900, False)}

# Since the page was opened: sum of layout shifts without input, largest contentful paint, when the twelfth card was there, and
# how many cards there were at most.
WATCH = """
window.seen = {cls: 0, lcp: 0, text: 0, most: 0, frames: 0, moved: []};
new PerformanceObserver(list => list.getEntries().filter(entry => !entry.hadRecentInput).forEach(entry => {
    seen.cls += entry.value;
    seen.moved.push(...entry.sources.map(source => source.node?.id || source.node?.className || source.node?.nodeName));
})).observe({type: 'layout-shift', buffered: true});
new PerformanceObserver(list => list.getEntries().forEach(entry => seen.lcp = entry.startTime))
    .observe({type: 'largest-contentful-paint', buffered: true});
new MutationObserver(() => {
    const cards = document.querySelectorAll('#cards .votes').length;
    seen.most = Math.max(seen.most, cards);
    seen.text ||= cards >= 12 ? performance.now() : 0;
}).observe(document, {childList: true, subtree: true});
"""

# The text, and the first picture: painted, too.
ARRIVED = "seen.text > 0 && [...document.querySelectorAll('#cards img')].some(e => e.complete && e.naturalWidth > 0) && seen.frames++ > 3"

TRANSFERRED = """return [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .map(entry => [new URL(entry.name).pathname, entry.transferSize])"""


def a_picture():
    """A PNG of that size: what follows its end is not looked at."""
    shown = pictures.landscape(1, 480, 360)
    return shown + random.Random(1).randbytes(PICTURE_BYTES - len(shown))


@pytest.fixture(name="many", scope="module")
def _many(tmp_path_factory):
    """300 acts in one category, one in another."""
    many = Site(tmp_path_factory.mktemp("site"))
    try:
        many.start().stage()
        picture = base64_of(a_picture())
        post_many(many, ACTS, lambda i: many.act(i, caption=f"act {i}: something that was done for somebody", imgB64=picture,
                                                 timestamp=stamp(1700000000 + i)))
        many.add_category("other")
        many.add_act(9999, categoryName="other", caption="elsewhere")
        yield many
    finally:
        many.stop()


def open_slowly(browser, many, size):
    browser.at_start(WATCH)
    browser.set_size(*SIZES[size])
    browser.forget_files()
    browser.set_network(**LINE)
    person = Person(browser, many)
    browser.wait_until(ARRIVED, 30)
    return person


@pytest.mark.parametrize("size", SIZES)
def test_first_and_second_visit(browser, many, size):
    """Text first, then the picture in view; nothing moves; and a second visit takes next to nothing."""
    open_slowly(browser, many, size)
    seen = browser.execute("return seen")
    first = browser.execute(TRANSFERRED)
    assert seen["cls"] <= CLS, seen
    assert seen["text"] < TEXT_MS and seen["lcp"] < LCP_MS, seen
    assert len([path for path, _ in first if "picture" not in path]) <= 8, first      # page, style, script, icon, API
    browser.set_network()
    browser.wait_until("[...document.querySelectorAll('#cards img')].slice(0, 3).every(image => image.naturalWidth > 0)", 30)
    browser.set_network(**LINE)
    browser.open("about:blank")
    browser.open(many.url)
    browser.wait_until(ARRIVED, 30)
    before = dict(first)
    again = [(path, bytes_) for path, bytes_ in browser.execute(TRANSFERRED) if "/picture" not in path or path in before]
    assert sum(bytes_ for _, bytes_ in again) < SECOND_VISIT_BYTES, again


def test_reading_on_and_going_back(browser, many):
    """To the end of 300 acts, never with more than 60 cards; to another category and back to the same act at the same place."""
    browser.at_start(WATCH)
    person = Person(browser, many)
    browser.wait_until("(scrollBy(0, 600), document.querySelectorAll('#cards .cards').length == 25 && !document.querySelector('.waiting'))",
                       120)
    browser.wait_until("(scrollTo(0, document.documentElement.scrollHeight), [...document.querySelectorAll('#cards .caption')].at(-1)"
                       ".textContent.startsWith('act 0:'))", 20)
    assert browser.execute("return seen.most") <= MOST_CARDS
    browser.wait_until("(scrollBy(0, -600), scrollY < document.documentElement.scrollHeight / 2 && !document.querySelector('.waiting'))", 60)
    browser.wait_until("history.state?.place", 5)
    in_view = """const card = [...document.querySelectorAll('#cards li')].find(e => e.getBoundingClientRect().bottom > 0);
        return [card.querySelector('.caption').textContent, Math.round(card.getBoundingClientRect().top)];"""
    browser.wait_until("(window.before === scrollY) || (window.before = scrollY, false)", 5)
    caption, top = browser.execute(in_view)
    browser.wait_until("Math.abs(history.state.place.top - arguments[0]) < 2", 5, top)
    browser.click(".categories a", "other")
    person.sees_cards(1)
    assert browser.execute("return scrollY") == 0
    for step in ("history.back()", "location.reload()"):
        browser.execute(step)
        browser.wait_until("[...document.querySelectorAll('#cards .caption')].some(e => e.textContent == arguments[0]) && "
                           "!document.querySelector('.waiting')", 20, caption)
        browser.wait_until("Math.abs([...document.querySelectorAll('#cards li')].find(e => e.textContent.includes(arguments[0]))"
                           ".getBoundingClientRect().top - arguments[1]) < 40", 10, caption, top)
    assert browser.execute("return seen.most") <= MOST_CARDS
