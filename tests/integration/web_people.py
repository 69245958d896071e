"""What a person does on the acts page, step by step; and much data at once, for those steps to be done in."""

import base64
import http.client
import json
import threading
import time



def stamp(seconds):
    return time.strftime("%d-%m-%Y:%S-%M-%H", time.gmtime(seconds))


def base64_of(picture):
    return base64.b64encode(picture).decode()


def post_many(site, number, make):
    """make(i): the act. Over a few connections, so that the service writes them in batches."""
    failed = []

    def send(part):
        connection = http.client.HTTPConnection("127.0.0.1", site.acts_port, timeout=60)
        for index in part:
            connection.request("POST", "/api/v1/acts", json.dumps(make(index)), {"Content-Type": "application/json"})
            reply = connection.getresponse()
            text = reply.read()
            if reply.status != 201:
                failed.append((reply.status, text))
                return
        connection.close()

    threads = [threading.Thread(target=send, args=(range(first, number, 16),)) for first in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed, failed[:3]


class Person:
    """Somebody at a browser who has opened the page."""

    def __init__(self, browser, site, fragment=""):
        self.browser, self.site = browser, site
        browser.open("about:blank")
        browser.open(site.url + fragment)
        browser.wait_until("document.readyState == 'complete'", 15)

    def sign_up(self, name):
        self.browser.click("#account-button")
        self.fill_account(name)
        self.browser.wait_until("!document.getElementById('account-dialog').open", 15)

    def fill_account(self, name):
        self.browser.type("#account-input", name)
        self.browser.click("#account-submit")

    def add_category(self, name):
        self.browser.click("#category-button")
        self.browser.type("#category-input", name)
        self.browser.press("Enter")

    def draft(self, picture, caption):
        """The dialog is open: a file, and what it shows."""
        self.browser.type("#picture-file", str(picture), clear=False)
        self.browser.find("#preview")
        self.browser.type("#post-caption", caption)

    def post(self, picture, caption):
        self.browser.click("#post-button")
        self.draft(picture, caption)
        self.browser.click("#post-submit")
        self.sees_toast("Posted")

    def sees_toast(self, text):
        self.browser.find(".toast", text, 20)

    def sees_problem(self, text):
        self.browser.find(".problem", text, 20)

    def captions(self):
        return self.browser.execute("return [...document.querySelectorAll('#cards .caption')].map(e => e.textContent)")

    def sees_cards(self, number, deadline_s=20):
        self.browser.wait_until("document.querySelectorAll('#cards .card .votes').length == arguments[0] "
                                "&& !document.querySelector('.waiting')", deadline_s, number)

    def text(self, css):
        return self.browser.find(css) and self.browser.execute("return document.querySelector(arguments[0]).textContent", css)

    def focus(self):
        return self.browser.execute("return document.activeElement.id || document.activeElement.className")
