"""The whole round trip of the application, by somebody who remembers what was acknowledged: it must be there, byte for byte."""

import base64
import functools
import hashlib
import json
import secrets
import time
import urllib.parse

from . import pictures
from .client import request
from .wait import wait_until

PASSWORD = hashlib.sha1(b"secret").hexdigest()
USERS_TIMEOUT_S = 2     # what acts gives the users service, as shipped
SLOW_S = 3              # for the rest of a request, on a busy machine
KINDS_OF_PICTURES = 6


@functools.cache
def picture(number):
    return base64.b64encode(pictures.landscape(number % KINDS_OF_PICTURES, 96, 72)).decode()


class RoundTrip:
    """Names and numbers are its own, so that it may be used beside others' data; `others`: how many acts they have added
    since it began.

    connect: gives connections to the server of the URL, where it is not reached from here.
    """

    def __init__(self, url, connect=None):
        self.address = urllib.parse.urlsplit(url)
        self.connect = connect
        word = secrets.token_hex(4)
        self.ann, self.ben, self.category = f"ann-{word}", f"ben-{word}", f"garden-{word}"
        self.acts = []          # as they must be listed: the newest first
        self.next = int(word, 16) << 16
        self.others = 0
        self.count = None

    # --- asking

    def ask(self, method, path, body=None, connect=None):
        text = None if body is None else json.dumps(body)
        return request(self.address.port or 80, "/api/v1" + path, method, text, {"Content-Type": "application/json"},
                       timeout=60, host=self.address.hostname, connect=connect or self.connect)

    def expect(self, status, method, path, body=None, **kwargs):
        reply = self.ask(method, path, body, **kwargs)
        assert reply.status == status, f"{method} {path}: not {status} but {reply}"
        return reply.json() if reply.body else None

    # --- the steps

    def sign_up(self):
        for name in (self.ann, self.ben):
            assert self.expect(201, "POST", "/users", {"username": name, "password": PASSWORD}) == {}
            self.expect(400, "POST", "/users", {"username": name, "password": PASSWORD})
        assert {self.ann, self.ben} <= set(self.expect(200, "GET", "/users"))

    def add_category(self):
        assert self.expect(201, "POST", "/categories", [self.category]) == {}
        self.expect(400, "POST", "/categories", [self.category])
        self.count = self.expect(200, "GET", "/acts/count")[0]
        self.check()

    def _act(self, username=None):
        self.next += 1
        stamp = time.strftime("%d-%m-%Y:%S-%M-%H", time.gmtime(1700000000 + self.next % 65536))
        return {"actId": self.next, "username": username or (self.ann, self.ben)[self.next % 2], "timestamp": stamp,
                "caption": f"deed {self.next} – übrig", "categoryName": self.category, "imgB64": picture(self.next)}

    def _acknowledged(self, act):
        listed = {key: value for key, value in act.items() if key != "categoryName"}
        self.acts.insert(0, dict(listed, upvotes=0))

    def post(self, connect=None):
        """connect: to one container's own port, say."""
        act = self._act()
        assert self.expect(201, "POST", "/acts", act, connect=connect) == {}
        self._acknowledged(act)

    def upvote(self):
        self.expect(200, "POST", "/acts/upvote", [self.acts[0]["actId"]])
        self.acts[0]["upvotes"] += 1

    def check(self):
        """Everything that was acknowledged, and nothing else, by every way to ask for it."""
        path, number = f"/categories/{self.category}", len(self.acts)
        assert self.expect(200, "GET", "/categories")[self.category] == number
        assert self.expect(200, "GET", path + "/acts/size") == [number]
        assert self.expect(200, "GET", "/acts/count") == [self.count + number + self.others]
        if number == 0:
            self.expect(204, "GET", path + "/acts")
            return
        found = self.expect(200, "GET", path + "/acts")
        assert [{key: act[key] for key in self.acts[0]} for act in found] == self.acts
        last = min(3, number)
        assert self.expect(200, "GET", f"{path}/acts?start={last}&end={number}") == found[last - 1:]
        self.expect(204, "GET", f"{path}/acts?start=1&end={number + 1}")

    def refuse_strangers(self):
        self.expect(400, "POST", "/acts", self._act("nobody of this name"))

    def delete_act(self):
        number = self.acts[0]["actId"]
        self.expect(200, "DELETE", f"/acts/{number}")
        self.expect(400, "DELETE", f"/acts/{number}")
        self.expect(400, "POST", "/acts/upvote", [number])
        del self.acts[0]

    def delete_ben(self):
        """His acts stay; he cannot post any more."""
        self.expect(200, "DELETE", f"/users/{self.ben}")
        self.expect(400, "DELETE", f"/users/{self.ben}")
        self.expect(400, "POST", "/acts", self._act(self.ben))
        self.ben = self.ann

    def all(self):
        self.sign_up()
        self.add_category()
        self.refuse_strangers()
        for _ in range(3):
            self.post()
        self.upvote()
        self.check()
        self.delete_act()
        self.upvote()
        self.check()

    def again(self, *others):
        """What was there is there, and it goes on: after something happened. others: see post()."""
        self.check()
        for connect in (None, *others):
            self.post(connect)
        self.upvote()
        self.check()

    def end(self):
        """As if it had never been here."""
        self.delete_ben()
        self.check()
        self.expect(200, "DELETE", f"/categories/{self.category}")
        self.expect(200, "DELETE", f"/users/{self.ann}")
        assert self.expect(200, "GET", "/acts/count") == [self.count + self.others]

    def users_away(self, leave, come_back):
        """No act can be posted meanwhile, which is said within the time for it; all else goes on. No restart of acts after."""
        leave()
        act, begin = self._act(), time.monotonic()
        self.expect(503, "POST", "/acts", act)
        assert time.monotonic() - begin < USERS_TIMEOUT_S + SLOW_S
        self.upvote()
        self.check()
        come_back()

        def posted():
            reply = self.ask("POST", "/acts", act)
            assert reply.status in (201, 503), reply
            return reply.status == 201
        wait_until(posted, 30, "an act can be posted again")
        self._acknowledged(act)
        self.again()
