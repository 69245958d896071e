"""The acts page does what people want from it, and says in words where it cannot."""

import base64
import hashlib
import struct

import pytest

from harness import pictures
from harness.client import request
from web_people import Person, base64_of, post_many, stamp
from web_site import shared_site, site  # pylint: disable=unused-import

HOSTILE = "<img src=x onerror=alert(1)>"
REFUSED = r"status of 400"


@pytest.fixture(name="picture", scope="module")
def _picture(tmp_path_factory):
    path = tmp_path_factory.mktemp("pictures") / "large.png"
    path.write_bytes(pictures.landscape(1, 1600, 1000))
    return path


@pytest.fixture(name="stage")
def _stage(site):
    """ann, the category garden, and three acts in it."""
    site.stage()
    for number in (1, 2, 3):
        site.add_act(number, caption=f"deed {number}", timestamp=stamp(1700000000 + number), imgB64=base64_of(pictures.TINY))
    return site


def jpeg_size(data):
    """(width, height) from the first frame header."""
    at = 2
    while data[at + 1] not in (0xC0, 0xC2):
        at += 2 + struct.unpack(">H", data[at + 2:at + 4])[0]
    height, width = struct.unpack(">HH", data[at + 5:at + 9])
    return width, height


# --- from nothing to an act and back ----------------------------------------------------------------------------------

def test_a_first_visit(browser, site, picture):
    """Sign up, add a category, post an act, see it, upvote it, remove it: each seen on the page and through the API."""
    ann = Person(browser, site)
    browser.find("#blank", "Nothing here yet")
    ann.sign_up("ann")
    ann.sees_toast("Welcome, ")
    assert site.expect(200, "GET", "/users") == ["ann"]

    browser.click("#blank-button")
    browser.type("#category-input", "Neighbours")
    browser.press("Enter")
    browser.find("#feed-title", "Neighbours")
    browser.find("#blank", "Somebody has to be first")
    assert site.expect(200, "GET", "/categories") == {"Neighbours": 0}

    browser.click("#blank-button")
    ann.draft(picture, "Mended the bench")
    browser.click("#post-submit")
    ann.sees_toast("Posted. Thank you, ann.")
    ann.sees_cards(1)
    assert ann.captions() == ["Mended the bench"] and ann.text("#feed-count") == "1 act, newest first"
    browser.wait_until("document.querySelector('#cards img').naturalWidth == 1280", 10)
    [act] = site.acts("Neighbours")
    assert (act["username"], act["caption"], act["upvotes"]) == ("ann", "Mended the bench", 0)
    assert 0 <= act["actId"] < 2 ** 52

    browser.click(".vote")
    browser.wait_until("document.querySelector('.vote').ariaLabel.startsWith('Upvoted, 1 upvote: ')", 10)
    browser.wait_until("document.querySelector('.vote').ariaBusy === null", 10)
    browser.wait_until("localStorage.getItem('selfless.votes')", 10)    # it has been counted, too
    assert site.acts("Neighbours")[0]["upvotes"] == 1
    browser.click(".vote")              # once each
    browser.reload()
    ann.sees_cards(1)
    browser.find(".vote[aria-pressed=true]", "1")
    assert site.acts("Neighbours")[0]["upvotes"] == 1

    browser.click(".remove")
    browser.click("#ask-no")
    ann.sees_cards(1)
    browser.click(".remove")
    browser.find("#ask-dialog", "Mended the bench")
    browser.click("#ask-yes")
    browser.find("#blank", "Somebody has to be first")
    assert site.expect(200, "GET", "/acts/count") == [0]


def test_what_is_sent_of_a_picture(browser, site, picture):
    """A JPEG of a sane size, its sides in proportion."""
    site.add_category("garden")
    ann = Person(browser, site)
    ann.sign_up("ann")
    browser.click("#post-button")
    ann.draft(picture, "")
    assert "1280 × 800" in ann.text("#preview-text")
    browser.click("#post-submit")
    ann.sees_cards(1)
    data = base64.b64decode(site.acts("garden")[0]["imgB64"])
    assert jpeg_size(data) == (1280, 800) and len(data) < 120000


def test_posting_without_a_name_asks_for_one_first(browser, stage, picture):
    person = Person(browser, stage)
    browser.click("#post-button")
    person.fill_account("ben")
    browser.find("#post-dialog h2", "Post an act")
    person.draft(picture, "by ben")
    browser.click("#post-submit")
    person.sees_cards(4)
    assert person.captions()[0] == "by ben"


def test_a_name_from_another_device(browser, stage):
    person = Person(browser, stage)
    browser.click("#account-button")
    browser.click("#account-switch")
    browser.type("#account-input", "Ann")
    browser.click("#account-submit")
    person.sees_problem("Nobody has signed up with this name")
    browser.type("#account-input", "ann")
    browser.click("#account-submit")
    person.sees_toast("Welcome back")
    assert browser.sees(".remove") == 3      # her acts
    browser.click("#account-button")
    browser.find("#account-lead", "ann")


def test_the_picture_enlarged(browser, stage):
    Person(browser, stage).sees_cards(3)
    browser.click(".picture")
    browser.find("#view-caption", "deed 3")
    browser.press("Escape")
    browser.wait_until("!document.getElementById('view-dialog').open", 5)


def test_categories_in_the_address(browser, stage):
    """Links, going back, and an address that somebody sent."""
    stage.add_category("b/c?d#e%41 é")
    stage.add_act(9, categoryName="b/c?d#e%41 é", caption="other")
    person = Person(browser, stage)
    browser.find("#feed-title", "garden")
    browser.click(".categories a", "b/c?")
    person.sees_cards(1)
    assert person.captions() == ["other"]
    address = browser.execute("return location.href")
    browser.execute("history.back()")
    person.sees_cards(3)
    browser.open("about:blank")
    browser.open(address)
    person.sees_cards(1)
    browser.open(stage.url + "#c=nowhere")
    browser.find("#blank", "There is no such category")
    browser.click("#blank-button")
    person.sees_cards(3)


# --- progress, and what goes wrong ------------------------------------------------------------------------------------

def test_real_progress(browser, stage, tmp_path):
    """Over a slow line the bar moves with what has been sent; stopping keeps the draft, and nothing is posted."""
    path = tmp_path / "noise.png"
    rows = [hashlib.shake_128(bytes([y & 255, y >> 8])).digest(3 * 900) for y in range(700)]
    path.write_bytes(pictures.png(900, 700, rows))
    person = Person(browser, stage)
    person.sign_up("ben")
    browser.click("#post-button")
    person.draft(path, "slow")
    browser.set_network(upload_bytes_per_s=60000)
    browser.click("#post-submit")
    browser.wait_until("document.getElementById('post-progress').value > 5", 20)
    seen = browser.execute("return document.getElementById('post-progress').value")
    assert seen < 100
    browser.wait_until("document.getElementById('post-progress').value > arguments[0]", 20, seen)
    browser.click("#post-cancel", "Stop")
    person.sees_problem("Stopped")      # the line stays slow: a faster one might carry the rest before the browser lets go
    assert stage.expect(200, "GET", "/acts/count") == [3]
    browser.click("#post-submit")
    person.sees_cards(4, 60)


def test_sending_again_posts_once(browser, stage, picture):
    """The act arrives, its answer does not: the person is told to try again, and that makes no second one."""
    person = Person(browser, stage)
    person.sign_up("ben")
    browser.click("#post-button")
    person.draft(picture, "once")
    browser.execute("""
        const send = XMLHttpRequest.prototype.send;
        XMLHttpRequest.prototype.send = function (body) {
            XMLHttpRequest.prototype.send = send;
            this.onload = this.onerror;
            send.call(this, body);
        };""")
    browser.expected_errors.append(REFUSED)
    browser.click("#post-submit")
    person.sees_problem("Try again: nothing is done twice")
    assert stage.expect(200, "GET", "/acts/count") == [4]
    browser.click("#post-submit")
    person.sees_toast("Posted")
    assert stage.expect(200, "GET", "/acts/count") == [4]


def test_refusals_in_words(browser, stage, picture, tmp_path):
    browser.expected_errors.append(REFUSED)
    person = Person(browser, stage)
    browser.click("#account-button")
    person.fill_account("ann")
    person.sees_problem("Somebody has this name already")
    assert person.focus() == "account-input"
    person.fill_account("ben")
    person.sees_toast("Welcome")

    person.add_category("garden")
    person.sees_problem("There is a category of this name already")
    for name, words in ((" ", "Give the category a name"), ("..", "cannot be used"), ("é" * 100 + "é" * 40, None)):
        browser.type("#category-input", name)
        browser.press("Enter")
        if words:
            person.sees_problem(words)
    browser.find("#feed-title", "é" * 100)      # the field takes no more than fits

    browser.click("#post-button")
    browser.click("#post-submit")
    person.sees_problem("Choose a picture first")
    text = tmp_path / "text.png"
    text.write_text("no picture at all")
    browser.type("#picture-file", str(text), clear=False)
    person.sees_problem("no picture this browser can read")

    person.draft(picture, "draft")
    stage.expect(200, "DELETE", "/users/ben")
    browser.click("#post-submit")
    person.sees_problem("Nobody has the name you post as any more")
    stage.add_user("ben")
    stage.expect(200, "DELETE", "/categories/" + "%C3%A9" * 100)
    browser.click("#post-submit")
    person.sees_problem("This category has been removed meanwhile")
    assert stage.expect(200, "GET", "/acts/count") == [3]


def test_acts_that_are_gone_meanwhile(browser, stage):
    browser.expected_errors.append(REFUSED)
    browser.open(stage.url)
    browser.execute("localStorage.setItem('selfless.name', 'ann')")
    person = Person(browser, stage)
    person.sees_cards(3)
    stage.expect(200, "DELETE", "/acts/3")
    browser.click(".vote")
    person.sees_toast("This act has been removed meanwhile")
    person.sees_cards(2)
    stage.expect(200, "DELETE", "/acts/2")
    browser.click(".remove")
    browser.click("#ask-yes")
    person.sees_toast("had been removed already")
    person.sees_cards(1)
    assert person.captions() == ["deed 1"] and person.text("#feed-count") == "1 act, newest first"


def test_without_a_network(browser, stage):
    browser.expected_errors.append("ERR_INTERNET_DISCONNECTED")
    stage.add_category("other")
    stage.add_act(9, categoryName="other")
    person = Person(browser, stage)
    person.sees_cards(3)
    browser.set_network(offline=True)
    browser.click(".vote")
    browser.find(".card .problem", "Not sent: you are offline")         # in the card, where it covers nothing
    assert browser.sees(".vote[aria-pressed=true]") == 0
    browser.set_network()
    browser.find(".vote[aria-pressed=true]", "1")       # by itself
    assert browser.sees(".card .problem") == 0
    browser.set_network(offline=True)
    browser.click(".categories a", "other")
    browser.find("#blank", "You are offline")
    assert browser.sees("#blank .sprout") == 1          # whatever is drawn needs no network
    browser.set_network()
    person.sees_cards(1)
    assert browser.sees("#blank") == 0


def test_posting_without_a_network(browser, stage, picture):
    """Said in words, kept, and sent by itself when there is one again."""
    browser.expected_errors.append("ERR_INTERNET_DISCONNECTED")
    person = Person(browser, stage)
    person.sign_up("ben")
    browser.click("#post-button")
    person.draft(picture, "later")
    browser.set_network(offline=True)
    browser.click("#post-submit")
    person.sees_problem("Not sent: you are offline")
    browser.set_network()
    person.sees_toast("Posted")
    person.sees_cards(4)
    assert person.captions()[0] == "later"


def test_a_draft_survives_a_reload(browser, stage, picture):
    person = Person(browser, stage)
    person.sign_up("ben")
    browser.click("#post-button")
    person.draft(picture, "half a sentence")
    note = person.text("#preview-text")
    browser.reload()
    person.sees_cards(3)
    browser.click("#post-button")
    browser.wait_until("document.getElementById('preview').naturalWidth == 1280", 10)
    assert person.text("#preview-text") == note
    assert browser.execute("return document.getElementById('post-caption').value") == "half a sentence"
    browser.click("#post-submit")
    person.sees_toast("Posted")
    browser.reload()
    browser.click("#post-button")
    browser.find("#zone-choose")
    assert browser.execute("return document.getElementById('post-caption').value") == ""


def test_an_upvote_that_is_refused_is_taken_back(browser, stage):
    """Shown at once; gone again when the server says no."""
    browser.expected_errors.append("status of 503")
    person = Person(browser, stage)
    person.sees_cards(3)
    browser.execute("""
        const real = window.fetch;
        window.fetch = (...args) => new Promise((resolve) => {
            window.answer = (status) => {
                window.fetch = real;
                resolve(new Response('{"error": "x"}', { status }));
            };
        });""")
    browser.click(".vote")
    browser.find(".vote[aria-pressed=true]", "1")
    browser.execute("answer(503)")
    browser.find(".card .problem", "The server is busy")
    browser.find(".vote[aria-pressed=false]", "0")
    browser.click(".vote")
    browser.find(".vote[aria-pressed=true]", "1")
    browser.wait_until("localStorage.getItem('selfless.votes') == '3'", 10)


def test_a_service_that_fails_under_it(browser, stage):
    """The container behind the page crashes; who uses the page notices nothing."""
    person = Person(browser, stage)
    person.sees_cards(3)
    port = stage.orchestrator.slot_port(stage.acts_service, 0)
    assert request(port, "/api/v1/_crash", "POST").status == 200
    browser.reload()
    person.sees_cards(3)


# --- what people write is text ----------------------------------------------------------------------------------------

def test_hostile_texts_are_shown_as_they_are(browser, site):
    name = f"{HOSTILE}</script>\u202eevil"
    category = f"__proto__ {HOSTILE} &amp; \u202e"
    site.add_user(name)
    site.add_category(category)
    site.add_category("__proto__")
    site.add_category("..")
    caption = HOSTILE + "<svg onload=alert(2)>{{7*7}} javascript:alert(3)"
    svg = base64_of(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(4)'/>")
    site.add_act(1, username=name, categoryName=category, caption=caption, imgB64=svg)
    site.add_act(2 ** 63 - 1, username=name, categoryName=category, caption='\\","actId":5,"', imgB64=base64_of(pictures.TINY))
    person = Person(browser, site)
    person.sees_cards(2)
    assert sorted(person.captions()) == sorted([caption, '\\","actId":5,"'])
    assert person.text("#feed-title") == category and browser.execute("return document.querySelector('.by').textContent") == name
    assert browser.execute("return document.querySelectorAll('[onerror], [onload], img[src=x]').length") == 0
    browser.find(".picture.broken", "cannot be shown", 20)
    browser.click(".vote", deadline_s=5)
    browser.wait_until("document.querySelector('.vote[aria-pressed=true]') && localStorage.getItem('selfless.votes')", 10)
    assert sorted(act["upvotes"] for act in site.acts(category)) == [0, 1]
    names = browser.execute("return [...document.querySelectorAll('.categories bdi')].map(e => e.textContent)")
    assert sorted(names) == sorted([category, "__proto__"])


def test_large_ids_are_exact(browser, site):
    """2^53 and above, where JavaScript's numbers have gaps."""
    site.stage()
    for number in (2 ** 53, 2 ** 53 + 1, 2 ** 63 - 1, 2 ** 63 - 2):
        site.add_act(number)
    browser.open(site.url)
    browser.execute("localStorage.setItem('selfless.name', 'ann')")
    person = Person(browser, site)
    person.sees_cards(4)
    browser.click(".vote")
    browser.wait_until("document.querySelector('.vote[aria-pressed=true]')", 10)
    browser.click(".remove")
    browser.click("#ask-yes")
    person.sees_cards(3)
    assert site.ids("garden") == [2 ** 63 - 2, 2 ** 53 + 1, 2 ** 53]


# --- many -------------------------------------------------------------------------------------------------------------

def scroll_to_the_end(browser, sheets):
    """Until so many sheets have been there."""
    browser.wait_until("(scrollTo(0, document.documentElement.scrollHeight), document.querySelectorAll('#cards .cards').length >= "
                       "arguments[0] && !document.querySelector('.waiting'))", 60, sheets)


MOST = 60


def test_ten_thousand_acts(browser, site):
    """The first twelve are there in seconds, and however far one reads on, the document stays small."""
    site.stage()
    tiny = base64_of(pictures.TINY)
    post_many(site, 10000, lambda i: site.act(i, timestamp=stamp(1700000000 + i), imgB64=tiny))
    person = Person(browser, site)
    browser.wait_until("document.querySelectorAll('#cards .votes').length >= 12", 10)
    assert person.captions()[:12] == [f"act {i}" for i in range(9999, 9987, -1)]
    assert person.text("#feed-count") == "10,000 acts, newest first"
    scroll_to_the_end(browser, 12)
    assert browser.execute("return document.querySelectorAll('*').length") < 3000
    captions = person.captions()
    assert len(captions) <= MOST and captions == [f"act {i}" for i in range(int(captions[0][4:]), int(captions[0][4:]) - len(captions), -1)]
    site.add_act(20000, timestamp=stamp(1800000000), imgB64=tiny)       # shifts every rank by one
    shown = len(browser.execute("return [...document.querySelectorAll('#cards .cards')]"))
    scroll_to_the_end(browser, shown + 1)
    browser.wait_until("document.getElementById('feed-count').textContent.startsWith('10,001')", 10)
    captions = person.captions()
    assert captions == [f"act {i}" for i in range(int(captions[0][4:]), int(captions[0][4:]) - len(captions), -1)]
    browser.click("#newer", "Show 1 newer act")
    browser.wait_until("document.querySelector('#cards .caption')?.textContent == 'act 20000'", 10)
    assert not browser.sees("#newer") and person.captions()[1] == "act 9999"


def test_many_categories(browser, site):
    for number in range(130):
        site.add_category(f"place {number}")
    person = Person(browser, site)
    browser.find("#categories-note", "and 30 more")
    browser.type("#category-filter", "place 129")
    browser.wait_until("document.querySelectorAll('.categories a').length == 1", 5)
    browser.click(".categories a", "place 129")
    browser.find("#feed-title", "place 129")
    assert person.text("#feed-title") == "place 129"


# --- the keyboard -----------------------------------------------------------------------------------------------------

def test_by_keyboard_alone(browser, stage):
    """Skip link, dialog opened and closed, the focus back where it was, and the next act after one is gone."""
    browser.open(stage.url)
    browser.execute("localStorage.setItem('selfless.name', 'ann')")
    person = Person(browser, stage)
    person.sees_cards(3)
    browser.press("Tab")
    assert person.focus() == "skip"
    browser.press("Enter")
    browser.wait_until("document.activeElement.id == 'feed-title'", 5)
    assert browser.execute("return location.hash") == ""        # that would be another category
    browser.press("Tab")
    assert person.focus() == "picture"
    browser.press("Tab")
    assert person.focus() == "vote"
    browser.press("Enter")
    browser.find(".vote[aria-pressed=true]", "1")
    assert person.focus() == "vote"
    browser.press("Tab")
    browser.press("Enter")
    assert person.focus() == "ask-no"
    browser.press("Escape")
    browser.wait_until("document.activeElement.classList.contains('remove') && !document.querySelector('dialog[open]') && "
                       "document.activeElement.ariaDisabled !== 'true'", 5)     # the question has been answered, too
    browser.press("Enter")
    browser.wait_until("document.activeElement.id == 'ask-no'", 5)      # a busy browser takes the next key for the page's
    browser.press("Tab")
    browser.press("Enter")
    person.sees_cards(2)
    browser.wait_until("document.activeElement.className == 'card' && "
                       "document.activeElement.querySelector('.caption').textContent == 'deed 2'", 5)
    browser.execute("document.getElementById('category-button').focus()")
    browser.press("Enter")
    assert person.focus() == "category-input"
    browser.press("Escape")
    browser.wait_until("document.activeElement.id == 'category-button'", 5)


# --- modules that can be asked alone ----------------------------------------------------------------------------------

def ask_module(browser, name, expression, *args):
    """Of the page's own script, which gives its modules under their names."""
    return browser.execute_async(f"const done = arguments[arguments.length - 1]; const args = [...arguments];"
                                 f"import(document.querySelector('script').src).then(all => {{ const m = all.module_{name};"
                                 f" done({expression}); }}).catch(error => done(String(error)))", *args)


def test_times(browser, site):
    browser.open(site.url)
    assert ask_module(browser, "stamps", "m.stampOf(new Date(Date.UTC(2024, 1, 29, 7, 8, 9)))") == "29-02-2024:09-08-07"
    assert ask_module(browser, "stamps", "m.dateOf('29-02-2024:09-08-07').toISOString()") == "2024-02-29T07:08:09.000Z"
    ago = "[0, 59, 60, 3599, 3600, 86400, 6 * 86400, 7 * 86400, -3600].map(s => m.told(new Date(1.7e12 - s * 1000), new Date(1.7e12)))"
    assert ask_module(browser, "stamps", ago) == ["now", "now", "1 minute ago", "59 minutes ago", "1 hour ago", "yesterday",
                                                     "6 days ago", "November 7, 2023", "November 14, 2023"]
    assert ask_module(browser, "stamps", "m.told(m.dateOf('nonsense'))") == ""


def test_every_failure_has_words(browser, site):
    """Whatever is done and whatever status comes: a sentence, and none of the server's inner words."""
    browser.open(site.url)
    doing = ["picture", "categories", "addCategory", "acts", "size", "upvote", "remove", "signUp", "isUser", "upload"]
    statuses = [0, 400, 403, 404, 405, 408, 413, 414, 431, 500, 502, 503, 504]
    said = ask_module(browser, "words", "args[0].map(d => args[1].map(s => m.inWords(d, {status: s, detail: 'zzz'})))", doing, statuses)
    for what, row in zip(doing, said):
        for status, words in zip(statuses, row):
            assert words.endswith((".", "”.")) and len(words) > 20, (what, status)
            assert "undefined" not in words and ("zzz" not in words or status == 400), (what, status)
    offline = ask_module(browser, "words", "args[0].map(d => m.inWords(d, {status: 0, detail: 'offline'}))", doing)
    assert all("offline" in words for words in offline)
    assert "418" in ask_module(browser, "words", "m.inWords('acts', {status: 418, detail: ''})")
